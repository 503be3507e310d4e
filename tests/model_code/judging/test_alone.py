"""Minima, gaps and probes refuse a model for what is shown, with the reason."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Interval, Metrics, Probe, Probes
from model_code.judging.alone import gaps, minima, shortcuts, unanswered
from model_code.judging.policy import Check, Policy
from model_code.judging.scores import Scores
from tests.model_code.judging.drawn import LABELS, metrics, scores, worse

POLICY = Policy()
DRAWN = scores()


def figure(value: float, half: float = 0.02) -> Interval:
    return Interval(value=value, low=value - half, high=value + half)


def outcomes(checks: list[Check]) -> dict[str, str]:
    return {f"{check.rule}, {check.scope}": check.outcome for check in checks}


def test_the_macro_aurocs_lower_end_must_reach_its_minimum() -> None:
    for low, outcome in ((0.75, "passed"), (0.74, "refused")):
        assert outcomes(list(minima(metrics(low), DRAWN, POLICY)))["minimum macro AUROC, all labels"] == outcome


def changed(label: str, **update: Interval | int | None) -> Metrics:
    before = metrics()
    return before.model_copy(update={"labels": {**before.labels, label: before.labels[label].model_copy(update=update)}})


def test_a_label_is_refused_only_where_its_whole_interval_misses() -> None:
    found = outcomes(list(minima(changed("B", auroc=figure(0.57, 0.02)), DRAWN, POLICY)))
    assert (found["minimum AUROC, A"], found["minimum AUROC, B"]) == ("passed", "refused")
    assert outcomes(list(minima(changed("B", auroc=figure(0.57, 0.05)), DRAWN, POLICY)))["minimum AUROC, B"] == "passed"
    assert outcomes(list(minima(changed("B", auroc=None), DRAWN, POLICY)))["minimum AUROC, B"] == "not judged"
    error = outcomes(list(minima(changed("A", calibration_error=figure(0.2)), DRAWN, POLICY)))
    assert error["maximum calibration error, A"] == "refused"


def of_patients(positive: int, films: int) -> Scores:
    """The drawn films, of which ``films`` have the label B, all of them of so many patients."""
    targets, groups = DRAWN.targets.copy(), DRAWN.groups.copy()
    targets[:, 1] = 0
    targets[:films, 1], groups[:films] = 1, np.arange(films) % positive
    return replace(DRAWN, targets=targets, groups=groups)


def test_a_label_of_a_few_patients_with_many_films_stops_no_model() -> None:
    bad = changed("B", auroc=figure(0.3, 0.0), calibration_error=figure(0.2))
    for patients, outcome in ((1, "not judged"), (9, "not judged"), (10, "refused")):
        found = next(check for check in minima(bad, of_patients(patients, films=60), POLICY) if check.scope == "B")
        assert found.outcome == outcome
    (few, *_) = [check for check in minima(bad, of_patients(1, films=12), POLICY) if check.scope == "B"]
    assert few.reason.startswith("B: too few patients to judge it by: 1 with it, ")


def test_calibration_is_judged_by_patients_not_by_films() -> None:
    bad = changed("A", calibration_error=figure(0.2))
    for patients, outcome in ((199, "not judged"), (200, "refused")):
        found = outcomes(list(minima(bad, scores(patients=patients, films=4), POLICY)))
        assert found["maximum calibration error, A"] == outcome


def unread(rows: NDArray[np.bool_]) -> Scores:
    return replace(DRAWN, assessed=~rows)


def test_a_model_whose_film_gate_refuses_films_is_refused() -> None:
    assert {check.outcome for check in unanswered(DRAWN, POLICY)} == {"passed"}
    everyone = np.ones(len(DRAWN), bool)
    assert {check.outcome for check in unanswered(unread(everyone), POLICY)} == {"refused"}
    women = DRAWN.attributes["sex"] == "F"
    found = outcomes(list(unanswered(unread(women & (DRAWN.groups % 8 == 0)), POLICY)))
    assert (found["films not assessed, sex F"], found["films not assessed, sex M"]) == ("refused", "passed")
    few = outcomes(list(unanswered(unread(DRAWN.groups % 50 == 0), POLICY)))
    assert set(few.values()) == {"passed"}


def test_a_film_gate_may_refuse_all_films_of_a_view() -> None:
    lateral = DRAWN.groups % 30 == 0
    views = replace(unread(lateral), attributes={"view": np.where(lateral, "LL", "PA")})
    assert outcomes(list(unanswered(views, POLICY))) == {"films not assessed, all films": "passed"}


def test_films_of_one_patient_or_of_a_few_do_not_refuse_a_film_gate() -> None:
    site = np.where(DRAWN.groups < 9, "tiny", "large")
    tiny = replace(unread(site == "tiny"), attributes={"site": site})
    assert outcomes(list(unanswered(tiny, POLICY)))["films not assessed, site tiny"] == "not judged"
    groups = np.maximum(DRAWN.groups - 200, 0)  # half of the films are of one patient
    assert {check.outcome for check in unanswered(replace(unread(groups == 0), groups=groups), POLICY)} == {"passed"}


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
    assert {check.outcome for check in shortcuts(with_probes(0.5, 0.9), DRAWN, POLICY)} == {"passed"}
    rim = outcomes(list(shortcuts(with_probes(0.8, 0.9), DRAWN, POLICY)))
    assert rim["macro AUROC without the middle of the film, all labels"] == "refused"
    assert rim["AUROC without the middle of the film, A"] == "refused"
    corner = outcomes(list(shortcuts(with_probes(0.5, 0.7), DRAWN, POLICY)))
    assert [name for name, outcome in corner.items() if outcome == "refused"] == [
        "macro AUROC lost with the corners of the film, all labels"
    ]


def test_what_may_be_chance_without_the_middle_stops_no_model() -> None:
    found = outcomes(list(shortcuts(with_probes(0.66, 0.9), DRAWN, POLICY)))
    assert found["macro AUROC without the middle of the film, all labels"] == "passed"


def test_a_label_of_a_few_probed_patients_stops_no_model() -> None:
    found = outcomes(list(shortcuts(with_probes(0.8, 0.9), of_patients(9, films=60), POLICY)))
    assert found["AUROC without the middle of the film, B"] == "not judged"
    assert found["AUROC without the middle of the film, A"] == "refused"


def test_a_model_that_was_not_probed_is_not_judged_by_probes() -> None:
    (check,) = shortcuts(metrics(), DRAWN, POLICY)
    assert check.outcome == "not judged" and np.isnan(check.value or np.nan)
