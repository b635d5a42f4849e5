"""Lines of functions are shown with the function's name and kept in its file."""

import io
from pathlib import Path

from devstack.runtime.function_log import MAX_FILE_BYTES, FunctionLog


class ClosedOutput(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError(text)


def test_a_line_is_prefixed_on_the_output_and_bare_in_the_file(tmp_path: Path) -> None:
    output = io.StringIO()
    log = FunctionLog(output, tmp_path / "logs")

    log.write("IngestOrdersFunction", "stored 3")
    log.announce("ready")
    log.close()

    assert output.getvalue() == "IngestOrdersFunction | stored 3\nready\n"
    assert (tmp_path / "logs" / "IngestOrdersFunction.log").read_text() == "stored 3\n"


def test_a_reader_that_has_gone_does_not_stop_the_file(tmp_path: Path) -> None:
    log = FunctionLog(ClosedOutput(), tmp_path)

    log.write("F", "one")
    log.write("F", "two")
    log.close()

    assert (tmp_path / "F.log").read_text() == "one\ntwo\n"


def test_a_file_that_has_grown_large_begins_anew(tmp_path: Path) -> None:
    file = tmp_path / "F.log"
    file.write_bytes(b"x" * (MAX_FILE_BYTES + 1))
    log = FunctionLog(io.StringIO(), tmp_path)

    log.write("F", "new")
    log.close()

    assert file.read_text() == "new\n"
