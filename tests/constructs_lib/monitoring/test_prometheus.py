from __future__ import annotations

import re

from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.monitoring.prometheus import Prometheus, alert_rules
from tests.infra import Scope, of_type


def test_the_rules_have_the_environments_thresholds() -> None:
    rules = alert_rules(Thresholds(max_error_rate=0.02, max_p95_latency_ms=1500))

    assert "> 0.02\n" in rules
    assert "> 1.5\n" in rules
    assert "{max" not in rules
    assert len(re.findall(r"- alert: \w+", rules)) == len(re.findall(r"labels: \{severity: \w+\}", rules)) == 3


def test_the_workspace_is_under_a_customer_key_and_has_the_rules() -> None:
    scope = Scope()
    thresholds = Thresholds()
    Prometheus(scope.stack, "Prometheus", thresholds=thresholds, place=scope.place(scope.keys()))
    template = scope.template().to_json()
    (workspace,) = of_type(template, "AWS::APS::Workspace")
    (rules,) = of_type(template, "AWS::APS::RuleGroupsNamespace")

    assert "KeysMessages" in str(workspace["KmsKeyArn"])
    assert workspace["Alias"] == "overread-test-metrics"
    assert rules["Data"] == alert_rules(thresholds)
    assert not [found for found in scope.findings() if "/Prometheus/" in found[1]]
