"""The page's pure functions, called in the browser they are made for."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.frontend.site import Site

CALL = """async ([name, ...values]) => {
  const reading = await import('/reading.js');
  const result = reading[name](...values);
  return result instanceof Date ? result.toISOString() : result;
}"""


@pytest.fixture(scope="module")
def reading(browser: Browser, running_site: Site) -> Iterator[Page]:
    page = browser.new_page(locale="en-GB")
    page.goto(running_site.address)
    yield page
    page.close()


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (["isOrderUid", "b563feb7b2b84b6test"], True),
        (["isOrderUid", "A._~-9"], True),
        (["isOrderUid", "x" * 64], True),
        (["isOrderUid", "x" * 65], False),
        (["isOrderUid", ""], False),
        (["isOrderUid", ".x"], False),
        (["isOrderUid", "x\n"], False),
        (["isOrderUid", "x/y"], False),
        (["text", 1234567], "1,234,567"),
        (["text", "1234567"], "1234567"),
        (["text", 0], "0"),
        (["text", ""], "—"),
        (["text", None], "—"),
        (["money", 1817, "USD"], "1,817\u00a0USD"),
        (["counted", 1, "item"], "1 item"),
        (["counted", 0, "item"], "0 items"),
        (["counted", 5000, "item"], "5,000 items"),
        (["label", "payment_dt"], "Payment time"),
        (["label", "internal_signature"], "Internal signature"),
        (["duration", 0.0123], "0.012\u00a0ms"),
        (["duration", 47.6], "48\u00a0ms"),
        (["moment", "2021-11-26T06:22:19Z"], "2021-11-26T06:22:19.000Z"),
        (["moment", "2021-11-26T06:22:19+03:00"], "2021-11-26T03:22:19.000Z"),
        (["moment", 1637907727], "2021-11-26T06:22:07.000Z"),
        (["serverTimings", None], []),
        (["serverTimings", "cache;dur=0.5"], ["cache 0.5\u00a0ms"]),
        (["serverTimings", "miss, db;dur=53, app;dur=47.2"], ["db 53\u00a0ms", "app 47\u00a0ms"]),
        (["serverTimings", 'db;desc="the store";dur="2"'], ["db 2\u00a0ms"]),
        (["parseJson", "<html>"], None),
        (["parseJson", '{"a": [1, "2", 1.5, null, true]}'], {"a": [1, "2", 1.5, None, True]}),
    ],
    ids=str,
)
def test_a_person_reads_what_was_meant(reading: Page, call: list[Any], expected: object) -> None:
    assert reading.evaluate(CALL, call) == expected


def test_no_digit_is_lost_between_the_service_and_the_reader(reading: Page) -> None:
    shown = reading.evaluate(
        """async (json) => {
          const { parseJson, text } = await import('/reading.js');
          return parseJson(json).map(text);
        }""",
        "[9223372036854775807, -9007199254740993, 9007199254740991, 1e300]",
    )

    assert shown[:3] == [
        "9,223,372,036,854,775,807",
        "-9,007,199,254,740,993",
        "9,007,199,254,740,991",
    ]
