"""The price file is complete and honest."""

from __future__ import annotations

import datetime

import pytest

from constructs_lib.errors import ConfigurationError
from operations.cost.prices import read_prices
from operations.cost.resources import FIXED

prices = read_prices()


@pytest.mark.parametrize("name", prices.entries)
def test_a_price_has_unit_source_and_says_whether_it_was_checked(name: str) -> None:
    entry = prices.entries[name]

    assert entry["usd"] > 0
    assert entry["unit"]
    assert entry["source"].startswith("https://aws.amazon.com/")
    assert entry["checked"] is ("checked_at" in entry)


def test_the_file_has_a_day_and_a_region() -> None:
    assert datetime.date.fromisoformat(prices.date)
    assert prices.region == "us-east-1"


def test_a_price_that_is_not_there_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no price 'instance_hour_ml\.x9\.huge'"):
        prices["instance_hour_ml.x9.huge"]


def test_no_kind_stands_in_two_lists() -> None:
    assert not prices.free & prices.per_use
    assert not FIXED.keys() & (prices.free | prices.per_use)
