"""Drift and the calendar start retraining, in every environment, and its brake is told the environment's rules."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from stacks.environments import ENVIRONMENTS, Environment
from tests.infra import Platform, findings, many, of_type, statements
from tests.workflows.definitions import definition_of, resolved, tasks


def environment_of(platform: Platform) -> Environment:
    return ENVIRONMENTS[str(platform.stage.stage_name).removeprefix("overread-")]


def requests(platform: Platform) -> dict[str, Any]:
    return {name: state["Parameters"] for name, state in tasks(definition_of(platform.templates["retraining"]))}


def test_drift_starts_it(platform: Platform) -> None:
    template = platform.templates["retraining"]
    (rule,) = (r for r in of_type(template, "AWS::Events::Rule") if "aws.cloudwatch" in str(r["EventPattern"]))
    (prefix,) = rule["EventPattern"]["detail"]["alarmName"]
    alarms = [str(alarm.get("AlarmName")) for alarm in platform.every("AWS::CloudWatch::Alarm")]

    assert rule["EventPattern"]["detail"]["state"] == {"value": ["ALARM"]}
    assert [name for name in alarms if name.startswith(prefix["prefix"])] == [f"{platform.stage.stage_name}-drift"]


def test_the_calendar_starts_it(platform: Platform) -> None:
    (schedule,) = of_type(platform.templates["retraining"], "AWS::Scheduler::Schedule")

    assert schedule["ScheduleExpression"] == environment_of(platform).retraining.schedule


def test_it_starts_the_pipeline_of_its_own_environment(platform: Platform) -> None:
    (pipeline,) = of_type(platform.templates["training"], "AWS::SageMaker::Pipeline")[:1]

    assert requests(platform)["Start"]["PipelineName"] == pipeline["PipelineName"]
    assert requests(platform)["ReadRuns"]["PipelineName"] == pipeline["PipelineName"]


def test_the_brake_reads_the_budget_that_there_is_and_is_told_the_rules(platform: Platform) -> None:
    (budget,) = platform.every("AWS::Budgets::Budget")
    rules = asdict(environment_of(platform).retraining)

    assert requests(platform)["ReadBudget"]["BudgetName"] == budget["Budget"]["BudgetName"]
    told = requests(platform)["Brake"]["Payload"]["rules"]
    assert told == {name: rules[name] for name in ("cooldown_days", "runs_in_30_days", "expected_run_usd")}


def test_a_run_fits_into_the_month() -> None:
    """Otherwise the brake would let none through."""
    for environment in ENVIRONMENTS.values():
        assert environment.retraining.expected_run_usd <= environment.monthly_usd / 2


def test_only_the_workflow_calls_the_brake(platform: Platform) -> None:
    template = platform.templates["retraining"]
    (called,) = (s for s in statements(template) if "lambda:InvokeFunction" in many(s["Action"]))

    assert resolved(called["Resource"]) == requests(platform)["Brake"]["FunctionName"]
    assert of_type(template, "AWS::Lambda::Permission") == []


def test_nothing_is_found(platform: Platform) -> None:
    assert not [found for found in findings(platform.stage) if found[1].startswith("retraining/")]
