"""Paths: the names and indices on the way to a field in, a JSON pointer or people's words out.

Whatever a sender calls its fields, PostgreSQL can hold what comes out.
"""

from typing import Final

_LONGEST_NAME: Final = 80

Path = tuple[str | int, ...]
"""Where a field is: the names and indices on the way to it."""


def pointer(path: Path) -> str:
    """Write a JSON pointer (RFC 6901, section 3)."""
    return "".join(
        "/" + _printable(str(part)).replace("~", "~0").replace("/", "~1") for part in path
    )


def name(path: Path) -> str:
    """Write a path as people do, such as items[0].price; the whole document has no name."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in path)
    return "".join(parts).removeprefix(".")


def escaped(text: str) -> str:
    """Write out the characters that PostgreSQL cannot hold."""
    return text.replace("\0", "\\u0000").encode(errors="backslashreplace").decode()


def _printable(part: str) -> str:
    return escaped(part[:_LONGEST_NAME])
