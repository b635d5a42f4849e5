"""The log of a process is whole before its answer is given."""

import asyncio
import os

from devstack.runtime.invocation import exited
from devstack.runtime.logs import TAIL_BYTES, LogPipe


def test_drain_takes_all_that_was_written_before_it() -> None:
    lines: list[str] = []

    async def main() -> bytes:
        pipe = LogPipe(lines.append)
        os.write(pipe.writer, b"one\ntwo\nthr")
        pipe.drain()  # no turn of the event loop in between
        tail = pipe.take_tail()
        pipe.close_writer()
        pipe.close()
        return tail

    tail = asyncio.run(main())

    assert tail == b"one\ntwo\nthr"
    assert lines == ["one", "two", "thr"]


def test_the_lines_of_one_error_are_lines() -> None:
    lines: list[str] = []

    async def main() -> None:
        pipe = LogPipe(lines.append)
        os.write(pipe.writer, b"[ERROR] ValueError: x\rTraceback\r\xc2\xa0 File\n\xff\n")
        pipe.close_writer()
        pipe.drain()

    asyncio.run(main())

    assert lines == ["[ERROR] ValueError: x", "Traceback", "\xa0 File", "\ufffd"]


def test_the_tail_is_bounded_and_begins_anew() -> None:
    async def main() -> tuple[bytes, bytes]:
        pipe = LogPipe(lambda _: None)
        for _ in range(100):
            pipe.write("x" * 1000)
        pipe.report(exited("id", 3))
        tails = pipe.take_tail(), pipe.take_tail()
        pipe.close_writer()
        pipe.close()
        return tails

    first, second = asyncio.run(main())

    assert len(first) == TAIL_BYTES
    assert first.endswith(b"exit status 3\nRuntime.ExitError\n")
    assert second == b""
