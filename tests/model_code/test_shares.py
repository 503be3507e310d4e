from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from model_code.shares import share


@settings(deadline=None, derandomize=True, max_examples=60)
@given(st.integers(1, 5000), st.data())
def test_intervals_are_scipys(of: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, of))
    found, expected = share(hits, of), binomtest(hits, of).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_of_none_nothing_is_known() -> None:
    found = share(0, 0)
    assert (found.value, found.low, found.high, found.n) == (0, 0, 1, 0)
