from __future__ import annotations

import pytest
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns

from constructs_lib.monitoring.trail_alarms import WATCHED, TrailAlarms
from tests.infra import Json, Scope, of_type


@pytest.fixture(scope="module")
def template() -> Json:
    scope = Scope()
    keys = scope.keys()
    group = logs.LogGroup(scope.stack, "Trail", encryption_key=keys.audit)
    TrailAlarms(scope.stack, "Alarms", trail=group, notices=sns.Topic(scope.stack, "Notices", master_key=keys.messages))
    return dict(scope.template().to_json())


def test_each_filter_feeds_the_alarm_of_its_name(template: Json) -> None:
    filters = of_type(template, "AWS::Logs::MetricFilter")
    fed = {f["MetricTransformations"][0]["MetricName"] for f in filters}
    watched = {a["MetricName"] for a in of_type(template, "AWS::CloudWatch::Alarm")}

    assert fed == watched == {f"overread-test-{name}" for name in WATCHED}
    assert all(f["LogGroupName"] == {"Ref": next(n for n in template["Resources"] if n.startswith("Trail"))} for f in filters)


@pytest.mark.parametrize("name", WATCHED)
def test_a_filter_is_balanced(name: str) -> None:
    pattern, too_many = WATCHED[name]

    assert pattern.startswith("{ ") and pattern.endswith(" }")
    assert pattern.count("(") == pattern.count(")")
    assert pattern.count('"') % 2 == 0
    assert too_many > 0


def test_root_and_the_records_call_at_once(template: Json) -> None:
    alarms = {a["AlarmName"]: a for a in of_type(template, "AWS::CloudWatch::Alarm")}

    assert alarms["overread-test-root-at-work"]["Threshold"] == 1
    assert alarms["overread-test-records-endangered"]["Threshold"] == 1
    assert all(alarm["AlarmActions"] for alarm in alarms.values())
