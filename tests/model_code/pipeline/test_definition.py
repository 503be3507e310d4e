"""What of a definition can be executed, and what is said of the rest."""

from __future__ import annotations

import pytest

from model_code.errors import OverreadError, UsageError
from model_code.pipeline.definition import check, every_step, parameters_of, steps_of
from tests.model_code.pipeline.pipelines import condition, fail, of, parameter, processing

NEVER = {"Type": "Equals", "LeftValue": 1, "RightValue": 2}


def test_a_step_waits_for_those_it_names_and_those_it_uses() -> None:
    one = processing("one", "pass")
    two = processing("two", "pass", {"Std:Join": {"On": "/", "Values": [{"Get": "Steps.one.ProcessingJobName"}]}}, after=["zero"])

    assert steps_of([one, two])[1].waits_for == {"zero", "one"}


def test_a_condition_does_not_wait_for_what_is_inside_it() -> None:
    inner = processing("inner", "pass", {"Get": "Steps.gate.Outcome"})
    definition = of(condition(NEVER, [inner], [fail("no")]))

    check(definition)
    assert [step.name for step in every_step(definition["Steps"])] == ["gate", "inner", "refused"]
    assert steps_of(definition["Steps"])[0].waits_for == set()


@pytest.mark.parametrize(
    ("definition", "message"),
    [
        ({"Version": "2031-01-01", "Steps": []}, "the definition's version is '2031-01-01'; this runs 2020-12-01"),
        (of({"Name": "ask", "Type": "Callback"}), "the step 'ask' is of the type Callback, which needs AWS; one machine runs:"),
        (of(processing("a", ""), processing("a", "")), "two steps have the name 'a'"),
        (of(processing("a", "", after=["b"])), "the step 'a' waits for 'b', which the pipeline does not have"),
        (
            of(processing("a", "", after=["b"]), processing("b", "", after=["a"])),
            "the steps a, b wait for each other; this can never start",
        ),
    ],
)
def test_what_cannot_be_executed_is_said_before_anything_runs(definition: dict[str, object], message: str) -> None:
    with pytest.raises(OverreadError, match=message):
        check(definition)


def test_parameters_take_the_kind_that_the_pipeline_asks_for() -> None:
    definition = of(
        parameters=[
            parameter("Epochs", "3"),
            parameter("Machines", 1, "Integer"),
            parameter("Low", 0.5, "Float"),
            parameter("Spot", True, "Boolean"),
            parameter("Left", "alone"),
        ]
    )

    given = {"Epochs": "5", "Machines": "2", "Low": "0.75", "Spot": "False"}
    assert parameters_of(definition, given) == {"Epochs": "5", "Machines": 2, "Low": 0.75, "Spot": False, "Left": "alone"}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"Epoch": "5"}, "unknown parameter 'Epoch'; choose one of: Machines, Arch"),
        ({"Machines": "two"}, "the parameter Machines is 'two'; allowed: a value of the type Integer"),
        ({"Arch": "vgg"}, "the parameter Arch is 'vgg'; allowed: resnet18, resnet50"),
    ],
)
def test_a_wrong_parameter_is_refused(given: dict[str, str], message: str) -> None:
    definition = of(
        parameters=[parameter("Machines", 1, "Integer"), parameter("Arch", "resnet18", EnumValues=["resnet18", "resnet50"])]
    )
    with pytest.raises(UsageError, match=message):
        parameters_of(definition, given)


def test_a_parameter_without_a_default_must_be_given() -> None:
    with pytest.raises(UsageError, match="the parameter Films has no default; give it: --parameter Films=VALUE"):
        parameters_of(of(parameters=[{"Name": "Films", "Type": "String"}]), {})
