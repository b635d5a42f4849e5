"""Lines of functions are shown with the function's name."""

import io

from devstack.runtime.function_log import FunctionLog


class OutputClosedAtFirst(io.StringIO):
    refusals = 1

    def write(self, text: str) -> int:
        if self.refusals:
            self.refusals -= 1
            raise BrokenPipeError(text)
        return super().write(text)


def test_a_line_of_a_function_is_prefixed_and_one_of_the_process_is_not() -> None:
    output = io.StringIO()
    log = FunctionLog(output)

    log.write("IngestOrdersFunction", "stored 3")
    log.announce("ready")
    log.close()

    assert output.getvalue() == "IngestOrdersFunction | stored 3\nready\n"


def test_a_reader_that_has_gone_does_not_stop_the_log() -> None:
    output = OutputClosedAtFirst()
    log = FunctionLog(output)

    log.write("F", "one")
    log.write("F", "two")
    log.close()

    assert output.getvalue() == "F | two\n"
