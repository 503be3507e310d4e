from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.api.settings import ApiSettings
from constructs_lib.errors import ConfigurationError

GOOD: dict[str, Any] = {"private": True, "requests_per_second": 5, "burst": 10, "daily_quota": 1000}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("requests_per_second", 0, "requests_per_second is 0; allowed: 1 to 800"),
        ("burst", 0, "burst is 0; allowed: 1 to 800"),
        ("burst", 901, "burst is 901; allowed: 1 to 800"),  # as many calls are reserved, of the account's 1000
        ("burst", 4, "burst is 4 and requests_per_second 5; allowed: a burst of at least one"),
        ("daily_quota", 0, "daily_quota is 0; allowed: 1 to 10000000"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: int, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        ApiSettings(**{**GOOD, name: value})


@pytest.mark.parametrize(("per_second", "per_address"), [(1, 300), (5, 1500)])
def test_a_hospital_behind_one_address_is_not_locked_out(per_second: int, per_address: int) -> None:
    assert ApiSettings(**{**GOOD, "requests_per_second": per_second}).requests_per_address == per_address
