"""Docker for tests: this machine in, the image of the functions' containers, or a reason, out.

`python -m tests.targets.docker` sees to the image by itself. Where no registry can be reached, a
stand-in is made of Debian's Python 3.13 and AWS's own runtime client: it is no Amazon Linux.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from devstack import install
from devstack.errors import UserError
from devstack.sam_local.docker import IMAGE, check, has_image, run
from tests.servers import TOOLS
from tests.targets import debian

_PULL_SECONDS = 120
_PACKAGES = (
    "base-files",
    "coreutils",
    "dash",
    "libstdc++6",
    "libpython3.13-stdlib",
    "python3.13-minimal",
)
_BOOTSTRAP = """\
#!/bin/sh
exec /usr/bin/python3.13 -m awslambdaric "$_HANDLER"
"""
_ENVIRONMENT = "ENV LANG=C.UTF-8 PYTHONPATH=/opt/python:/var/runtime LAMBDA_TASK_ROOT=/var/task"
_RUNTIME = TOOLS / "runtime" / "lib" / "python3.13" / "site-packages"


def require() -> None:
    """Skip where Docker is not there or has no image; in CI, fail."""
    try:
        ensure_image()
    except UserError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"no Docker here: {error}")


@cache
def ensure_image() -> None:
    """See to the functions' image; raises `UserError` when there is none and none can be made."""
    check()
    if not has_image() and not _is_pulled():
        with TemporaryDirectory() as folder:
            _make_stand_in(Path(folder))


def _is_pulled() -> bool:
    try:
        pulled = run("pull", "--quiet", IMAGE, seconds=_PULL_SECONDS)
    except subprocess.TimeoutExpired:
        return False
    return pulled.returncode == 0


def _make_stand_in(folder: Path) -> None:
    install.install("runtime")
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(_BOOTSTRAP)
    bootstrap.chmod(0o755)
    places = {
        "/": debian.unpacked(_PACKAGES, folder),
        "/var/runtime": _RUNTIME,
        "/var/runtime/bootstrap": bootstrap,
    }
    debian.make_image(IMAGE, places, [_ENVIRONMENT, "WORKDIR /var/task"], folder)


if __name__ == "__main__":
    try:
        ensure_image()
    except UserError as error:
        sys.exit(str(error))
