"""What a client likes best, by its headers."""

import pytest

from orders.api.negotiation import language, takes_gzip


@pytest.mark.parametrize(
    ("accept_language", "expected"),
    [
        (None, "en"),
        ("", "en"),
        ("ru", "ru"),
        ("RU-ru", "ru"),
        ("en-GB, ru;q=0.9", "en"),
        ("en;q=0.1, ru;q=0.2", "ru"),
        ("ru;q=0.5, en;q=0.5", "en"),
        ("ru;q=0", "en"),
        ("en-GB, en;q=0.1, ru;q=0.5", "en"),
        ("de, *;q=0.5", "en"),
        ("en;q=0, *", "ru"),
        ("*, en;q=0.1", "ru"),
        ("fr-CH, fr;q=0.9", "en"),
        ("ru;q=high", "en"),
        ("ru;level=1", "en"),
        ("ru ; Q=0.4 , en ; q=.3", "ru"),
        (",;,ru;q=1.", "ru"),
        ("ru;q=٣", "en"),
    ],
)
def test_russian_is_spoken_to_those_who_like_it_better_than_english(
    accept_language: str | None, expected: str
) -> None:
    assert language(accept_language) == expected


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (None, False),
        ("gzip", True),
        ("br, GZIP;q=0.1", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("*", True),
        ("*;q=0", False),
        ("identity", False),
        ("xgzip", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(accept_encoding: str | None, expected: bool) -> None:  # noqa: FBT001 - a case
    assert takes_gzip(accept_encoding) is expected
