"""The two data files: what was measured, and the prices."""

import math
import tomllib

import pytest

from devstack.estimate import measured, prices
from devstack.estimate.measured import Measured
from devstack.estimate.prices import Price, Prices

SEEN = tomllib.loads(measured.FILE.read_text(encoding="utf-8"))["seen"]
PRICES = Prices.load()


@pytest.mark.parametrize("name", SEEN)
def test_the_line_through_the_batches_keeps_close_to_each_of_them(name: str) -> None:
    records = int(name.rpartition("_")[2])
    reckoned = Measured.load().ingest(records)

    assert reckoned.cpu_ms + reckoned.wait_ms == pytest.approx(SEEN[name]["median_ms"], rel=0.3)


def test_what_was_measured_says_when_on_what_and_by_which_command() -> None:
    source = Measured.load().source

    assert source["command"] == "python -m bench.functions"
    assert {"date", "machine", "load", "python"} <= source.keys()


@pytest.mark.parametrize("name", PRICES.by_name)
def test_a_price_names_aws_page_of_it_and_since_when_it_is_known(name: str) -> None:
    price = PRICES[name]

    assert price.source.startswith(("https://aws.amazon.com/", "https://docs.aws.amazon.com/"))
    assert price.known >= PRICES.oldest
    assert all(usd > 0 for _, usd in price.tiers)
    ends = [end for end, _ in price.tiers]
    assert ends == sorted(ends)
    assert ends[-1] == math.inf


def test_each_tier_counts_for_what_lies_in_it() -> None:
    price = Price("GB", ((10, 5.0), (30, 2.0), (math.inf, 1.0)), "", PRICES.oldest)

    assert price.cost(0) == 0
    assert price.cost(10) == 50
    assert price.cost(12) == 50 + 4
    assert price.cost(100) == 50 + 40 + 70


def test_the_prices_say_that_they_are_to_be_checked() -> None:
    assert "CHECK THEM" in prices.FILE.read_text(encoding="utf-8")
