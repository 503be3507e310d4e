from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_code.lambdas.routing import SLOTS, Role, Routing, slot_of

percents = st.floats(0, 100, allow_nan=False)


@given(study=st.text() | st.binary(), salt=st.text(), percent=percents)
def test_a_study_always_goes_to_the_same_model(study: str | bytes, salt: str, percent: float) -> None:
    first = Routing(challenger_percent=percent).role_of(slot_of(study, salt=salt))

    assert Routing(challenger_percent=percent).role_of(slot_of(study, salt=salt)) is first
    assert 0 <= slot_of(study, salt=salt) < SLOTS


@given(slot=st.integers(0, SLOTS - 1), less=percents, more=percents)
def test_a_larger_share_takes_no_study_from_the_challenger(slot: int, less: float, more: float) -> None:
    less, more = sorted((less, more))
    if Routing(challenger_percent=less).role_of(slot) is Role.CHALLENGER:
        assert Routing(challenger_percent=more).role_of(slot) is Role.CHALLENGER


@pytest.mark.parametrize("percent", [1, 10, 50, 90])
def test_the_challenger_gets_its_share(percent: int) -> None:
    """Five standard deviations of a binomial share around what is asked for."""
    n = 20_000
    roles = [Routing(challenger_percent=percent).role_of(slot_of(f"study-{i}", salt="a")) for i in range(n)]
    share, p = roles.count(Role.CHALLENGER) / n, percent / 100

    assert abs(share - p) < 5 * (p * (1 - p) / n) ** 0.5


@given(slot=st.integers(0, SLOTS - 1))
def test_nobody_or_everybody(slot: int) -> None:
    assert Routing(challenger_percent=0).role_of(slot) is Role.CHAMPION
    assert Routing(challenger_percent=100).role_of(slot) is Role.CHALLENGER
    assert Routing(challenger_percent=100, shadow=True).role_of(slot) is Role.CHAMPION


def test_environments_share_out_independently() -> None:
    studies = [f"study-{i}" for i in range(2000)]
    one, other = ([slot_of(study, salt=salt) < SLOTS // 2 for study in studies] for salt in ("dev", "prod"))
    both = sum(a and b for a, b in zip(one, other, strict=True))

    assert 400 < both < 600  # a quarter


@given(percent=percents, shadow=st.booleans())
def test_the_parameter_is_read_as_it_was_written(percent: float, shadow: bool) -> None:
    written = json.dumps({"challenger_percent": percent, "shadow": shadow})

    assert Routing.of(written) == Routing(challenger_percent=percent, shadow=shadow)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "10", '{"percent": 10}', '{"challenger_percent": 101}', '{"challenger_percent": true}', '{"shadow": "no"}'],
)
def test_anything_else_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r"challenger_percent|Expecting value"):
        Routing.of(text)
