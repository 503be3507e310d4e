"""A challenger as good as the champion passes; one that is worse overall, of one label or in one subgroup does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from model_code.errors import OverreadError
from model_code.judging.against import answered, non_inferiority, same_films, subsets
from model_code.judging.policy import Check, Policy
from model_code.judging.scores import Scores
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


def drawn_pairs(
    positives: int, negatives: int, before: float, after: float, alike: float, count: int = 200
) -> Iterator[tuple[Scores, Scores]]:
    """Two models on one film a patient, with true AUROCs of one label; ``alike`` is how far their scores go together."""
    rng, films = np.random.default_rng(4), positives + negatives
    truth: NDArray[np.float64] = (np.arange(films) < positives).astype(float)
    base = replace(scores(patients=films, films=1), labels=("A",), targets=truth[:, None], attributes={})
    for _ in range(count):
        shared, own = rng.normal(size=(2, films))
        said = (shared, alike * shared + np.sqrt(1 - alike**2) * own)
        apart = (NormalDist().inv_cdf(area) * np.sqrt(2) * truth for area in (before, after))
        one, other = (replace(base, probabilities=(a + b)[:, None]) for a, b in zip(said, apart, strict=True))
        yield one, other


def passes(pairs: Iterator[tuple[Scores, Scores]], rule: str, policy: Policy | None = None) -> float:
    """In what share of the draws the check of the one label passes; it must be asked."""
    policy = policy or Policy()
    found = [{check.rule: check.outcome for check in non_inferiority(*pair, policy)}[rule] for pair in pairs]
    return found.count("passed") / len(found)


@pytest.mark.parametrize(
    ("positives", "negatives", "before", "after", "alike"),
    [(50, 500, 0.995, 0.965, 0.5), (60, 700, 0.97, 0.94, 0.9), (100, 1000, 0.99, 0.96, 0.7), (80, 80, 0.99, 0.96, 0.7)],
)
def test_at_the_margin_a_model_hardly_passes_though_positives_are_few_and_aurocs_near_1(
    positives: int, negatives: int, before: float, after: float, alike: float
) -> None:
    """By DeLong's variance alone 7 to 12% passed."""
    assert passes(drawn_pairs(positives, negatives, before, after, alike), "AUROC against the champion") <= 0.025


def test_at_the_margin_a_model_hardly_passes_by_its_macro_auroc_either() -> None:
    policy = Policy(margin_macro=0.03)
    assert passes(drawn_pairs(50, 500, 0.995, 0.965, 0.5), "macro AUROC against the champion", policy) <= 0.025


def test_with_enough_patients_models_that_are_equal_pass() -> None:
    assert passes(drawn_pairs(100, 1000, 0.97, 0.97, 0.95, 60), "AUROC against the champion") >= 0.95


def test_where_patients_are_too_few_to_show_it_only_a_shown_fall_refuses_a_label() -> None:
    """With 20 patients not even the same model twice would be shown to be within the margin."""
    rule = "fall of AUROC against the champion"
    assert passes(drawn_pairs(20, 500, 0.97, 0.97, 0.9, 60), rule) == 1
    assert passes(drawn_pairs(20, 500, 0.97, 0.94, 0.9), rule) >= 0.975
    assert passes(drawn_pairs(20, 500, 0.97, 0.6, 0.9, 60), rule) == 0


def test_a_subgroup_too_small_to_show_it_is_refused_for_a_shown_fall_alone() -> None:
    small = replace(CHAMPION, attributes={"site": np.where(CHAMPION.groups < 40, "small", "large")})
    rule, rows = "fall of subgroup's macro AUROC against the champion", CHAMPION.groups < 40
    policy = Policy(margin_subgroup=0.01)
    for challenger, outcome in ((small, "passed"), (worse(worse(small, rows, 0), rows, 1), "refused")):
        (found,) = [check for check in non_inferiority(small, challenger, policy) if check.rule == rule]
        assert (found.scope, found.outcome) == ("site small", outcome)


def test_a_challenger_that_answers_surely_fewer_films_is_refused() -> None:
    fewer = replace(CHAMPION, assessed=CHAMPION.groups % 20 != 0)
    one = replace(CHAMPION, assessed=CHAMPION.groups != 0)
    for challenger, outcome in ((CHAMPION, "passed"), (one, "passed"), (fewer, "refused")):
        assert answered(CHAMPION, challenger, Policy()).outcome == outcome
    assert answered(fewer, CHAMPION, Policy()).outcome == answered(fewer, fewer, Policy()).outcome == "passed"
    tiny = scores(patients=5)
    assert answered(tiny, replace(tiny, assessed=~tiny.assessed), Policy()).outcome == "not judged"


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
