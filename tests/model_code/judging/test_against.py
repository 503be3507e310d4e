"""A challenger as good as the champion passes; one that is worse overall, of one label or in one subgroup does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from model_code.errors import OverreadError
from model_code.judging.against import non_inferiority, same_films, subsets
from model_code.judging.policy import Check, Policy
from tests.model_code.judging.drawn import LABELS, scores, worse

CHAMPION = scores()
EVERYONE = np.ones(len(CHAMPION), bool)


def refused(checks: list[Check]) -> set[str]:
    return {check.scope for check in checks if check.outcome == "refused"}


def test_the_champion_itself_and_another_as_good_pass_every_check() -> None:
    for challenger in (CHAMPION, scores(noise=1)):
        checks = list(non_inferiority(CHAMPION, challenger, Policy()))
        assert not refused(checks)
        assert {check.outcome for check in checks} == {"passed"}


def test_a_worse_label_is_named_and_the_other_is_not() -> None:
    found = refused(list(non_inferiority(CHAMPION, worse(CHAMPION, EVERYONE, 1, to=0.3), Policy())))
    assert {"all labels", "B"} <= found and "A" not in found


def test_a_fall_in_one_subgroup_that_the_whole_hides_is_found() -> None:
    rows = (CHAMPION.attributes["view"] == "AP") & (CHAMPION.attributes["sex"] == "F")
    small = replace(CHAMPION, attributes={"site": np.where(rows, "here", "elsewhere")})
    lenient = Policy(margin_macro=0.5, margin_label=0.5, margin_subgroup=0.5)
    found = refused(list(non_inferiority(small, worse(small, rows, 0), lenient)))
    assert found == {"A in site here"}


def test_by_chance_alone_a_model_that_is_as_good_hardly_ever_falls_in_a_cell() -> None:
    """Holm over the cells: with a margin of 0 a difference is shown in about one of forty runs."""
    policy = Policy(margin_cell=0.0)
    runs = [refused([c for c in non_inferiority(scores(patients=60, seed=s), scores(patients=60, seed=s, noise=1), policy)
                     if c.rule.startswith("label within")]) for s in range(40)]  # fmt: skip
    assert sum(map(bool, runs)) <= 4


def test_a_model_that_is_worse_by_more_than_the_margin_does_not_pass_by_luck() -> None:
    """The error of the test: of 60 challengers worse than the margin, some 2.5% may pass the macro check."""
    passed = 0
    for seed in range(60):
        champion = scores(patients=80, seed=seed)
        challenger = worse(worse(champion, np.ones(len(champion), bool), 0, to=0.8), np.ones(len(champion), bool), 1, to=0.8)
        macro = next(iter(non_inferiority(champion, challenger, Policy(margin_macro=0.005))))
        passed += macro.outcome == "passed"
    assert passed <= 4


@pytest.mark.parametrize(("patients", "films"), [(8, 1), (12, 60)])
def test_where_too_few_patients_have_films_of_both_kinds_nothing_is_shown_so_the_challenger_is_refused(
    patients: int, films: int
) -> None:
    champion = scores(patients=patients, films=films)
    macro, *others = non_inferiority(champion, champion, Policy())
    assert macro.outcome == "refused" and "nothing shows it no worse than the champion; add test films" in macro.reason
    assert {check.outcome for check in others} == {"not judged"}
    assert "too few films" in others[0].reason


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"manifest_sha256": "2" * 64}, "different test sets"),
        ({"labels": ("A", "C")}, "different labels"),
        ({"images": np.roll(CHAMPION.images, 1)}, "different films"),
        ({"targets": 1 - CHAMPION.targets}, "different truths"),
    ],
)
def test_models_of_other_films_are_not_compared(change: dict[str, Any], said: str) -> None:
    with pytest.raises(OverreadError, match=f"scored on {said}"):
        same_films(CHAMPION, replace(CHAMPION, **change))
    same_films(CHAMPION, scores(noise=1))


def test_an_attribute_with_one_value_makes_no_subgroup() -> None:
    drawn = replace(CHAMPION, attributes={"site": np.full(len(CHAMPION), "here"), "sex": CHAMPION.attributes["sex"]})
    assert [(attribute, value) for attribute, value, _ in subsets(drawn)] == [("sex", "F"), ("sex", "M")]
    assert drawn.labels == LABELS
