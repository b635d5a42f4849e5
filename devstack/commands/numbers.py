"""Numbers on a command line: text in, a checked number out; argparse tells what was expected."""

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def number(
    parse: Callable[[str], Number], holds: Callable[[float], bool], expected: str
) -> Callable[[str], Number]:
    """Return a reader of numbers for which something holds."""

    def read(text: str) -> Number:
        try:
            found = parse(text)
        except ValueError:
            found = None
        if found is None or math.isnan(found) or not holds(found):
            message = f"{text} is not {expected}"
            raise ArgumentTypeError(message)
        return found

    return read


whole = number(int, lambda found: found >= 0, "a whole number, 0 or more")
positive_whole = number(int, lambda found: found > 0, "a whole number over 0")
positive = number(float, lambda found: found > 0, "a number over 0")
share = number(float, lambda found: 0 <= found <= 1, "a number from 0 to 1")
