"""Minima, gaps and probes refuse a model for what is shown, with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from model_code.bundle_info import Interval, Metrics, Probe, Probes
from model_code.judging.alone import gaps, minima, shortcuts
from model_code.judging.policy import Check, Policy
from tests.model_code.judging.drawn import LABELS, metrics, scores, worse

POLICY = Policy()


def figure(value: float, half: float = 0.02) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def outcomes(checks: list[Check]) -> dict[str, str]:
    return {f"{check.rule}, {check.scope}": check.outcome for check in checks}


def test_the_macro_aurocs_lower_end_must_reach_its_minimum() -> None:
    for low, outcome in ((0.75, "passed"), (0.74, "refused")):
        assert outcomes(list(minima(metrics(low), POLICY)))["minimum macro AUROC, all labels"] == outcome


def changed(label: str, **update: Interval | int | None) -> Metrics:
    before = metrics()
    return before.model_copy(update={"labels": {**before.labels, label: before.labels[label].model_copy(update=update)}})


def test_a_label_is_refused_only_where_its_whole_interval_misses() -> None:
    found = outcomes(list(minima(changed("B", auroc=figure(0.57, 0.02)), POLICY)))
    assert (found["minimum AUROC, A"], found["minimum AUROC, B"]) == ("passed", "refused")
    assert outcomes(list(minima(changed("B", auroc=figure(0.57, 0.05)), POLICY)))["minimum AUROC, B"] == "passed"
    assert outcomes(list(minima(changed("B", auroc=None), POLICY)))["minimum AUROC, B"] == "not judged"
    error = outcomes(list(minima(changed("A", calibration_error=figure(0.2)), POLICY)))
    assert error["maximum calibration error, A"] == "refused"
    few = outcomes(list(minima(changed("A", calibration_error=figure(0.2), positives=12), POLICY)))
    assert few["maximum calibration error, A"] == "not judged"


def test_a_label_with_hardly_any_films_stops_no_model() -> None:
    checks = list(minima(changed("B", auroc=figure(0.3, 0.0), positives=2), POLICY))
    (found,) = [check for check in checks if check.scope == "B"]
    assert found.outcome == "not judged" and found.reason.startswith("B: 2 films with it and ")


def test_a_gap_between_subgroups_is_refused_where_it_is_sure() -> None:
    drawn = scores()
    assert {check.outcome for check in gaps(drawn, POLICY)} == {"passed"}
    women = drawn.attributes["sex"] == "F"
    unfair = worse(worse(drawn, women, 0), women, 1)
    found = {check.scope: check for check in gaps(unfair, POLICY)}
    assert found["sex: M over F"].outcome == "refused"
    assert "limit 0.1" in found["sex: M over F"].reason


def test_a_sure_gap_is_not_hidden_by_a_larger_one_that_may_be_chance() -> None:
    drawn = scores()
    patients = drawn.groups
    site = np.where(patients < 12, "tiny", np.where(patients < 200, "worse", "better"))
    unfair = replace(drawn, attributes={"site": site})
    for rows, to in ((site == "worse", 0.4), (site == "tiny", 0.3)):
        unfair = worse(worse(unfair, rows, 0, to=to), rows, 1, to=to)
    (check,) = gaps(unfair, Policy(enough=2, maximum_gap=0.05))
    assert (check.scope, check.outcome) == ("site: better over worse", "refused")


def test_a_gap_needs_two_subgroups_with_films() -> None:
    few = scores(patients=8, films=1)
    assert {check.outcome for check in gaps(few, POLICY)} == {"not judged"}


def with_probes(centre: float, corners: float) -> Metrics:
    def probe(value: float) -> Probe:
        return Probe(macro_auroc=figure(value), auroc=dict.fromkeys(LABELS, figure(value)))

    found = Probes(films=400, intact=probe(0.9), without_centre=probe(centre), without_corners=probe(corners))
    return metrics().model_copy(update={"probes": found})


def test_shortcuts_stop_a_model() -> None:
    assert {check.outcome for check in shortcuts(with_probes(0.5, 0.9), POLICY)} == {"passed"}
    rim = outcomes(list(shortcuts(with_probes(0.8, 0.9), POLICY)))
    assert rim["macro AUROC without the middle of the film, all labels"] == "refused"
    assert rim["AUROC without the middle of the film, A"] == "refused"
    corner = outcomes(list(shortcuts(with_probes(0.5, 0.7), POLICY)))
    assert [name for name, outcome in corner.items() if outcome == "refused"] == [
        "macro AUROC lost with the corners of the film, all labels"
    ]


def test_a_label_of_which_hardly_a_film_was_probed_stops_no_model() -> None:
    before = with_probes(0.8, 0.9)
    few = before.labels["A"].model_copy(update={"positives": 2})
    found = outcomes(list(shortcuts(before.model_copy(update={"labels": {**before.labels, "A": few}}), POLICY)))
    assert found["AUROC without the middle of the film, A"] == "not judged"
    assert found["AUROC without the middle of the film, B"] == "refused"


def test_a_model_that_was_not_probed_is_not_judged_by_probes() -> None:
    (check,) = shortcuts(metrics(), POLICY)
    assert check.outcome == "not judged" and np.isnan(check.value or np.nan)
