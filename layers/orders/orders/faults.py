"""Faults: what pydantic found wrong in, the same in our stable codes and sentences out."""

import math
from typing import Final

from pydantic_core import ErrorDetails

from orders.model import CURRENCY_PATTERN, ORDER_UID_PATTERN
from orders.record import Fault

_LONGEST_NAME: Final = 80
_FORMATS: Final = {
    ORDER_UID_PATTERN: "1 to 64 letters, digits or . _ ~ -, beginning with a letter or a digit",
    CURRENCY_PATTERN: "three capital letters, as in ISO 4217",
}
# pydantic's error type -> our stable code, and the sentence for people.
_RULES: Final = {
    "missing": ("missing_field", "{name} is missing; an order has all its fields."),
    "extra_forbidden": (
        "unknown_field",
        "{name} is no field of an order; remove it or correct its spelling.",
    ),
    "int_type": ("wrong_type", "{name} must be a whole number, not {found}."),
    "string_type": ("wrong_type", "{name} must be a text, not {found}."),
    "list_type": ("wrong_type", "{name} must be an array, not {found}."),
    "model_type": ("wrong_type", "{name} must be an object, not {found}."),
    "greater_than_equal": ("out_of_range", "{name} must not be less than {ge}."),
    "less_than_equal": ("out_of_range", "{name} must not be more than {le}."),
    "string_too_long": ("too_long", "{name} must have at most {max_length} characters."),
    "too_long": ("too_long", "{name} must have at most {max_length} entries."),
    "too_short": ("too_short", "{name} must have at least {min_length} entry."),
    "string_pattern_mismatch": ("bad_format", "{name} must be {format}."),
    "bad_timestamp": (
        "bad_format",
        "{name} must be a time as in RFC 3339, such as 2021-11-26T06:22:19Z.",
    ),
}
_JSON_TYPES: Final = {
    "NoneType": "null",
    "bool": "true or false",
    "int": "a number",
    "str": "a text",
    "list": "an array",
    "dict": "an object",
}

Path = tuple[str | int, ...]
"""Where a field is: the names and indices on the way to it."""


def explain(detail: ErrorDetails) -> Fault:
    """Say what pydantic found wrong with one field."""
    context = detail.get("ctx", {})
    code, sentence = _RULES.get(detail["type"], ("bad_format", "{name}: {message}."))
    return Fault(
        pointer(detail["loc"]),
        code,
        sentence.format(
            **{
                **context,
                "name": name(detail["loc"]),
                "found": _json_type(detail["input"]),
                "format": _FORMATS.get(context.get("pattern", ""), "of the right format"),
                "message": detail["msg"],
            }
        ),
    )


def _json_type(value: object) -> str:
    if isinstance(value, float):
        return "a fraction" if math.isfinite(value) else "NaN or Infinity"
    return _JSON_TYPES.get(type(value).__name__, "something else")


def pointer(path: Path) -> str:
    """Write a JSON pointer (RFC 6901, section 3)."""
    return "".join(
        "/" + _printable(str(part)).replace("~", "~0").replace("/", "~1") for part in path
    )


def name(path: Path) -> str:
    """Write a path as people do, such as items[0].price."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in path)
    return "".join(parts).removeprefix(".") or "The order"


def _printable(part: str) -> str:
    return escaped(part[:_LONGEST_NAME])


def escaped(text: str) -> str:
    """Write out the characters that PostgreSQL cannot hold."""
    return text.replace("\0", "\\u0000").encode(errors="backslashreplace").decode()
