"""The benchmark counts what it says."""

from __future__ import annotations

from bench.gate import reader, table
from model_code.predictor import Predictor
from tests.films import png, ramp


def test_a_kind_is_one_line_and_the_share_is_of_all(film: bytes, predictor: Predictor) -> None:
    kinds = {"blank": {"grey": png(ramp(8) // 255)}, "films": {"one": film, "two": film, "three": film}}
    answer = reader(predictor)
    assert answer(film) == "read"
    shown, refused = table("wrong", kinds, answer, refuse=True)
    assert refused == 0.25
    assert shown.row_count == 3
    assert table("good", kinds, answer, refuse=False)[1] == 0.75
