"""What docs/nats.md tells publishers to do, done."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack import jetstream, samples
from tests.servers import ROOT, NatsServer, running_nats

PAGE = (ROOT / "docs" / "nats.md").read_text()
STREAM = "orders"


@pytest.fixture
def server() -> Iterator[NatsServer]:
    """Give a server whose stream has the name that the page's programs write to."""
    with running_nats() as server:
        jetstream.ensure_stream(server.url, STREAM)
        yield server


def test_the_python_program_of_the_page_stores_an_order_once(
    server: NatsServer, tmp_path: Path
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    order = samples.sample().value or b""
    (tmp_path / "publish.py").write_text(program)
    (tmp_path / "order.json").write_bytes(order)

    said = [_run(tmp_path, server.url, samples.SAMPLE_ORDER_UID, "order.json") for _ in range(2)]

    assert said == ["stored in orders as message 1\n"] * 2
    stored = jetstream.asked(server.url, None, lambda nats: nats.jetstream().get_msg(STREAM, 1))
    assert (stored.subject, stored.data) == (f"{STREAM}.{samples.SAMPLE_ORDER_UID}", order)


def _run(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "publish.py", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout
