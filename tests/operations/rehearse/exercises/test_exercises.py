"""One exercise that fails does not keep the others from being done, and what is absent is no failure."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.rehearse.exercises import EXERCISES, Exercise, exercise
from operations.rehearse.exercises.scene import AbsentError, ExerciseError, Scene
from operations.rehearse.start import RehearsalError
from tests.operations.rehearse.deployed import deployed, scene


def raising(problem: BaseException) -> Exercise:
    def work(_: Scene) -> str:
        raise problem

    return work


def test_all_are_done_in_order_whatever_happens(tmp_path: Path) -> None:
    said: list[str] = []
    work: dict[str, Exercise] = {
        "absent": raising(AbsentError("no API")),
        "wrong": raising(ExerciseError("text was\nanswered 200")),
        "refused": raising(RehearsalError("not allowed")),
        "missing": raising(KeyError("code")),
        "well": lambda _: "seen",
    }

    outcomes = exercise(scene(deployed(tmp_path)), said.append, work)

    assert [(one.name, one.result, one.detail) for one in outcomes] == [
        ("absent", "absent", "not in this deployment: no API"),
        ("wrong", "failed", "text was answered 200"),
        ("refused", "failed", "not allowed"),
        ("missing", "failed", "KeyError('code')"),
        ("well", "done", "seen"),
    ]
    assert said[-1] == "well: done"


def test_an_interruption_is_none_of_these(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        exercise(scene(deployed(tmp_path)), lambda _: None, {"it": raising(KeyboardInterrupt())})


def test_of_an_empty_deployment_every_exercise_says_that_nothing_is_there(tmp_path: Path) -> None:
    outcomes = exercise(scene(deployed(tmp_path)), lambda _: None, EXERCISES)

    assert {one.name: one.detail for one in outcomes if one.result != "absent"} == {}
