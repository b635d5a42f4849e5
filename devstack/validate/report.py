"""Report: findings in, lines for people or for programs out."""

import json
from typing import Final

from devstack.validate.checking import Counts, Finding, PlacedFault
from orders.record import Fault

LANGUAGES: Final = ("en", "ru")


def as_text(finding: Finding, language: str) -> str:
    """Write a line for each fault, as compilers do: FILE:LINE: /field: sentence (code)."""
    return "".join(
        f"{_printable(_line(finding.file, placed, language))}\n" for placed in finding.faults
    )


def as_json(finding: Finding, language: str) -> str:
    """Write a finding for programs, on one line."""
    document = {
        **finding._asdict(),
        "faults": [
            {
                "line": line,
                "path": fault.path,
                "code": fault.code,
                "sentence": _sentence(fault, language),
                "value": fault.value,
            }
            for line, fault in finding.faults
        ],
    }
    return json.dumps(document, ensure_ascii=False) + "\n"


def summary(counts: Counts, language: str) -> str:
    """Tell in one line how many orders there were, and of what kind."""
    if language == "ru":
        repeated = f", повторов: {counts.duplicates}" if counts.duplicates else ""
        return f"заказов: {counts.orders}, с ошибками: {counts.faulty}{repeated}\n"
    orders = "order" if counts.orders == 1 else "orders"
    duplicates = "duplicate" if counts.duplicates == 1 else "duplicates"
    repeated = f", {counts.duplicates} {duplicates}" if counts.duplicates else ""
    return f"{counts.orders} {orders}, {counts.faulty} with faults{repeated}\n"


def _line(file: str, placed: PlacedFault, language: str) -> str:
    fault = placed.fault
    path = f"{fault.path}: " if fault.path else ""
    return f"{file}:{placed.line}: {path}{_sentence(fault, language)} ({fault.code})"


def _sentence(fault: Fault, language: str) -> str:
    return fault.russian if language == "ru" else fault.sentence


def _printable(text: str) -> str:
    """Write out what would break the line, or command the terminal."""
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text
    )
