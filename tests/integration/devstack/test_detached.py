"""A process that goes on by itself once it is up."""

import os
import sys
from pathlib import Path

import pytest

from devstack import detached
from devstack.errors import UserError

GOES_ON = """
import os, signal, sys
from pathlib import Path
print("starting", flush=True)
written = Path(sys.argv[1] + ".new")
written.write_text(str(os.getpid()))
written.rename(sys.argv[1])
signal.pause()
"""
ENDS = "print('no room'); raise SystemExit(1)"


def test_it_runs_in_a_session_of_its_own_when_it_is_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up = tmp_path / "up"

    process = detached.start([sys.executable, "-c", GOES_ON, str(up)], os.environ, up.exists)

    try:
        assert capsys.readouterr().out == "starting\n"
        assert process.poll() is None
        assert os.getsid(process.pid) == process.pid
    finally:
        process.terminate()
        process.wait()


def test_what_it_said_is_told_when_it_ends_before(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="the reason stands above"):
        detached.start([sys.executable, "-c", ENDS], os.environ, lambda: False)

    assert capsys.readouterr().out == "no room\n"


def test_it_ends_with_whoever_gives_up_waiting(tmp_path: Path) -> None:
    up = tmp_path / "up"

    def give_up() -> bool:
        if up.exists():
            raise KeyboardInterrupt
        return False

    with pytest.raises(KeyboardInterrupt):
        detached.start([sys.executable, "-c", GOES_ON, str(up)], os.environ, give_up)

    with pytest.raises(ProcessLookupError):
        os.kill(int(up.read_text()), 0)
