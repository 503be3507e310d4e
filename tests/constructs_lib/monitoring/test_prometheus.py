from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.monitoring.prometheus import Prometheus, alert_rules
from model_code.serving.metrics import Metrics
from tests.infra import Scope, of_type
from tests.prometheus import promtool

THRESHOLDS = Thresholds(max_error_rate=0.02, max_p95_latency_ms=1500, max_not_assessed_rate=0.2)
ALERTS = {"OverreadErrors", "OverreadSlow", "OverreadNotLoaded", "OverreadFull", "OverreadNotAssessed"}


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    path = tmp_path / "rules.yml"
    path.write_text(alert_rules(THRESHOLDS))
    return path


def test_the_rules_have_the_environments_thresholds() -> None:
    rules = alert_rules(THRESHOLDS)

    assert rules.count("> 0.02\n") == 2 and "> 1.5\n" in rules and "> 0.2\n" in rules
    assert "{max" not in rules
    assert set(re.findall(r"- alert: (\w+)", rules)) == ALERTS
    assert len(re.findall(r"labels: \{severity: (?:page|ticket)\}", rules)) == len(ALERTS)


def test_the_rules_read_what_the_server_tells() -> None:
    told = Metrics().exposition().decode()
    series = set(re.findall(r"^# TYPE (\w+) ", told, re.MULTILINE))
    # a histogram's buckets go by its own name with a suffix
    asked = {name.removesuffix("_bucket") for name in re.findall(r"\boverread_\w+", alert_rules(THRESHOLDS))}
    assert asked and asked <= series


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


def test_promtool_finds_the_rules_right(rules: Path) -> None:
    done = promtool("check", "rules", "--lint-fatal", rules)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(ALERTS)} rules found" in done.stdout


# --- what fires, and what does not, after three hours of one kind of traffic -------------------------------------------

MINUTES = 180


def steady(a_minute: int) -> str:
    """A counter that grows evenly, in promtool's notation."""
    return f"0+{a_minute}x{MINUTES}"


def requests(**a_minute: int) -> dict[str, str]:
    """Films sent, by the answer's status (``_200=98`` is 98 a minute)."""
    return {
        f'overread_requests_total{{route="/invocations", status="{status[1:]}"}}': steady(count)
        for status, count in a_minute.items()
    }


def readings(*, read: int, not_assessed: int) -> dict[str, str]:
    return {
        'overread_readings_total{status="read"}': steady(read),
        'overread_readings_total{status="not_assessed"}': steady(not_assessed),
    }


def latencies(*, stage: str, slow: int) -> dict[str, str]:
    """100 readings a minute, of which so many take between 1.5 and 2.5 s, the others at most 1 s."""
    return {
        f'overread_latency_seconds_bucket{{stage="{stage}", le="{edge}"}}': steady(count)
        for edge, count in (("1.0", 100 - slow), ("1.5", 100 - slow), ("2.5", 100), ("+Inf", 100))
    }


CASES = [
    ("errors above the limit", requests(_200=97, _500=3), {"OverreadErrors"}),
    ("errors within the limit", requests(_200=99, _500=1), set()),
    ("no error at all", requests(_200=100), set()),
    ("what clients did wrong", requests(_200=50, _415=40, _413=10), set()),
    ("no traffic", requests(_200=0, _500=0), set()),
    ("nothing told", {}, set()),
    ("too many films sent away", requests(_200=90, _503=10), {"OverreadFull"}),
    ("few films sent away", requests(_200=99, _503=1), set()),
    ("failing pings are not readings", {'overread_requests_total{route="/ping", status="500"}': steady(10)}, set()),
    ("slow", latencies(stage="total", slow=10), {"OverreadSlow"}),
    ("fast", latencies(stage="total", slow=2), set()),
    ("slow in a part, not as a whole", latencies(stage="decode", slow=50), set()),
    ("many films not assessed", readings(read=7, not_assessed=3), {"OverreadNotAssessed"}),
    ("some films not assessed", readings(read=9, not_assessed=1), set()),
    ("no model", {'overread_model_loaded{instance="here"}': f"0x{MINUTES}"}, {"OverreadNotLoaded"}),
    ("a model after a while", {'overread_model_loaded{instance="here"}': f"0x8 1x{MINUTES}"}, set()),
]


def case(series: dict[str, str], firing: set[str]) -> dict[str, Any]:
    """A test of promtool: the firing alerts are exactly these."""
    count = [
        {
            "expr": f'count(ALERTS{{alertname="{alert}", alertstate="firing"}}) or vector(0)',
            "eval_time": f"{MINUTES}m",
            "exp_samples": [{"labels": "{}", "value": int(alert in firing)}],
        }
        for alert in sorted(ALERTS)
    ]
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": count,
    }


@pytest.mark.parametrize(("series", "firing"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_promtool_sees_what_fires(series: dict[str, str], firing: set[str], rules: Path, tmp_path: Path) -> None:
    tests = tmp_path / "tests.yml"  # JSON is YAML
    tests.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [case(series, firing)]}))
    done = promtool("test", "rules", tests)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case_that_fires() -> None:
    assert set().union(*(firing for _, _, firing in CASES)) == ALERTS
