"""Text: bytes of a record in, what a person can read of them on a terminal out.

What came from outside never drives the terminal: control characters are written out.
"""

import json
import re
import unicodedata
from itertools import pairwise
from typing import Final

_BYTE_ORDER_MARK: Final = "\ufeff"
_SUSPECTS: Final = re.compile(r"[^\x20-\x7e\n\t]")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of controls, directions, half surrogates and line breaks."""
_TOKENS: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
_DUMPED_BYTES: Final = 256
_DUMP_WIDTH: Final = 16
_LETTERS: Final = {byte: chr(byte) for byte in range(0x20, 0x7F)}


def readable(value: bytes) -> str:
    """Show bytes: JSON with one value a line, other text as it is, the rest in hexadecimal."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return hexadecimal(value)
    return printable(indented(text))


def short(value: bytes) -> str:
    """Show a key or a header on one line."""
    try:
        return one_line(value.decode())
    except UnicodeDecodeError:
        return f"0x{value[:_DUMPED_BYTES].hex()}"


def indented(text: str) -> str:
    """Lay JSON out over lines; every token stays as it is written. Other text is left alone."""
    try:
        json.loads(text.removeprefix(_BYTE_ORDER_MARK))
    except (ValueError, RecursionError):
        return text
    lines, depth = "", 0
    tokens = _TOKENS.findall(text.removeprefix(_BYTE_ORDER_MARK))
    for before, token in pairwise(["", *tokens]):
        depth -= token in {"}", "]"}
        lines += _gap(before, token, depth) + token
        depth += token in {"{", "["}
    return lines


def _gap(before: str, token: str, depth: int) -> str:
    """Return what stands between two tokens."""
    if before == ":":
        return " "
    is_empty = before + token in {"{}", "[]"}
    if before in {"{", "[", ","} or token in {"}", "]"}:
        return "" if is_empty else "\n" + "  " * depth
    return ""


def hexadecimal(value: bytes) -> str:
    """Dump the first bytes, 16 a line, with the letters among them."""
    shown = value[:_DUMPED_BYTES]
    lines = [
        _dump_line(start, shown[start : start + _DUMP_WIDTH])
        for start in range(0, len(shown), _DUMP_WIDTH)
    ]
    if len(value) > len(shown):
        lines.append(f"… {len(value) - len(shown)} more bytes; --raw writes them all")
    return "\n".join(lines)


def _dump_line(start: int, part: bytes) -> str:
    letters = "".join(_LETTERS.get(byte, ".") for byte in part)
    return f"{start:08x}  {part.hex(' '):<{3 * _DUMP_WIDTH}} {letters}"


def printable(text: str) -> str:
    """Write out what would move the cursor, colour the screen or turn the writing around."""
    return _SUSPECTS.sub(lambda found: _written_out(found[0]), text)


def _written_out(character: str) -> str:
    is_unseen = unicodedata.category(character) in _UNSEEN
    return f"\\u{ord(character):04x}" if is_unseen else character


def one_line(text: str) -> str:
    """Write out line breaks and tabs too."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def cut(text: str, most: int) -> str:
    """Keep the beginning of a text, and say that it is only that."""
    return text if len(text) <= most else f"{text[:most]}\n… {len(text) - most} more characters"
