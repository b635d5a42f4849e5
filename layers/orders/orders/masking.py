"""Masking: a value that was refused in, a short text of it out that people may see.

Only a plain value in a field that the model knows, and does not call personal, is shown as it is.
No JSON value is too odd, too deep or too long for it, and PostgreSQL can hold what comes out.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from json.encoder import encode_basestring
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel

from orders.model import PERSONAL, Order
from orders.paths import Path, escaped

LONGEST: Final = 64
"""In characters, the ellipsis among them."""

_BARELY_MASKED: Final = 4
"""Of texts with more letters and digits than this, the first and the last stay."""
_LITERALS: Final = frozenset({"null", "true", "false", "NaN", "Infinity", "-Infinity"})
# In JSON: an escape, which stays as it is; or a letter, a digit, or anything beyond ASCII.
_SIGN: Final = re.compile(r"\\(?:u[0-9a-f]{4}|.)|([A-Za-z0-9]|[^\x00-\x7f])")


def shown(value: object, path: Path) -> str:
    """Write the value at `path` as compact JSON, cut, and masked where it may be personal."""
    text = _beginning(value)
    seen = text if len(text) <= LONGEST else text[: LONGEST - 1]
    if not (seen in _LITERALS or _is_public(value, path)):
        seen = _masked(seen)
    return seen if len(text) <= LONGEST else f"{seen}…"


def _is_public(value: object, path: Path) -> bool:
    """Tell it of plain values only: what an object or an array holds in their place is unknown."""
    place = tuple(0 if isinstance(part, int) else part for part in path)
    return place in _public_places() and not isinstance(value, dict | list)


@cache
def _public_places() -> frozenset[Path]:
    return frozenset(_places(Order, ()))


def _places(kind: Any, path: Path) -> Iterator[Path]:  # noqa: ANN401 - an annotation
    if get_origin(kind) is list:
        (entry,) = get_args(kind)
        yield from _places(entry, (*path, 0))
    elif not issubclass(kind, BaseModel):
        yield path
    else:
        for name, field in kind.model_fields.items():
            if PERSONAL not in (field.json_schema_extra or {}):
                yield from _places(field.annotation, (*path, name))


def _masked(text: str) -> str:
    signs = [match.start() for match in _SIGN.finditer(text) if match[1]]
    hidden = set(signs[1:-1] if len(signs) > _BARELY_MASKED else signs)
    return "".join("*" if place in hidden else sign for place, sign in enumerate(text))


def _beginning(value: object) -> str:
    """Write at least one character more than is shown, if there is more."""
    text = ""
    for piece in _pieces(value):
        text += piece
        if len(text) > LONGEST:
            break
    return escaped(text)


def _pieces(value: object) -> Iterator[str]:
    """Write JSON piece by piece, so that what nobody will see is never written."""
    if isinstance(value, dict):
        comma = ""
        yield "{"
        for key, entry in value.items():
            yield f"{comma}{_text(key)}:"
            yield from _pieces(entry)
            comma = ","
        yield "}"
    elif isinstance(value, list):
        comma = ""
        yield "["
        for entry in value:
            yield comma
            yield from _pieces(entry)
            comma = ","
        yield "]"
    else:
        yield _plain(value)


def _plain(value: object) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _number(value)
    return json.dumps(value)


def _text(text: str) -> str:
    return encode_basestring(text[: LONGEST + 1])


def _number(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return f"{value:#x}"
