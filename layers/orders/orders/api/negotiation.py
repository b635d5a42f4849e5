"""Negotiation: an Accept-Language or Accept-Encoding header in, what the client likes best out.

Quality values are respected (RFC 9110, section 12.4.2); what cannot be read is passed over.
"""

from collections.abc import Iterator
from typing import Final, Literal

Language = Literal["en", "ru"]

_LANGUAGES: Final[tuple[Language, ...]] = ("en", "ru")


def language(accept_language: str | None) -> Language:
    """Return the language to answer in: English, unless Russian is liked better.

    A range matches all that it begins, `ru` as well as `ru-RU`; both are answered as `ru`.
    """
    qualities = {wish.partition("-")[0]: q for wish, q in reversed(list(_wishes(accept_language)))}
    others = qualities.get("*", 0.0)
    return max(_LANGUAGES, key=lambda tag: qualities.get(tag, others))


def takes_gzip(accept_encoding: str | None) -> bool:
    """Tell whether a client wants gzip."""
    qualities = dict(_wishes(accept_encoding))
    return qualities.get("gzip", qualities.get("*", 0.0)) > 0


def _wishes(header: str | None) -> Iterator[tuple[str, float]]:
    for part in (header or "").split(","):
        name, _, parameter = part.partition(";")
        quality = _quality(parameter)
        if name.strip() and quality is not None:
            yield name.strip().lower(), quality


def _quality(parameter: str) -> float | None:
    if not parameter.strip():
        return 1.0
    name, _, value = parameter.partition("=")
    digits = value.strip()
    is_number = digits.isascii() and digits.replace(".", "", 1).isdigit()
    return min(float(digits), 1.0) if name.strip().lower() == "q" and is_number else None
