"""The pack as the CDK runs it; its rules one by one are tried in ``checks/``."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from aws_cdk import Acknowledgment, App, Stack, Stage, Validations
from aws_cdk import aws_sns as sns

from constructs_lib.compliance.overread_checks import RULES, OverreadChecks

CASES = Path(__file__).parent / "checks"


class Synthesis:
    """An application with one topic that has no customer key, in a stage as the platform is."""

    def __init__(self, outdir: Path) -> None:
        self.outdir = outdir
        self.app = App(outdir=str(outdir), builtin_cloud_formation_validation=False)
        self.topic = sns.Topic(Stack(Stage(self.app, "overread-test"), "stack"), "Topic")
        Validations.of(self.app).add_plugins(OverreadChecks())

    def report(self) -> list[dict[str, object]]:
        reports = json.loads((self.outdir / "validation-report.json").read_text())["pluginReports"]
        return [dict(report) for report in reports]


def test_a_finding_fails_synthesis_and_says_where_and_what(tmp_path: Path) -> None:
    synthesis = Synthesis(tmp_path)

    with pytest.raises(RuntimeError, match=r"(?s)names no customer key \(KmsMasterKeyId\).*overread-test/stack/Topic/Resource"):
        synthesis.app.synth()


def test_an_acknowledged_one_does_not_and_stays_in_the_report(tmp_path: Path) -> None:
    synthesis = Synthesis(tmp_path)
    Validations.of(synthesis.topic).acknowledge(Acknowledgment(id="Overread::Overread-CustomerKey", reason="a test"))

    synthesis.app.synth()

    (report,) = synthesis.report()
    assert (report["pluginName"], report["conclusion"]) == ("Overread", "success")
    assert '"reason": "a test"' in json.dumps(report["suppressedViolations"])


def test_every_rule_says_what_it_wants_and_what_for() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.demand.endswith(".")
        assert rule.types
        assert all(re.fullmatch(r"164\.3\d\d(\([A-Za-z0-9]+\))+", safeguard) for safeguard in rule.safeguards)
        assert rule.safeguards


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_every_rule_is_tried_on_what_complies_and_on_what_does_not(rule: str) -> None:
    cases = "\n".join(file.read_text() for file in CASES.glob("test_*.py"))

    assert re.search(rf'(complies|not said)\("{rule}"', cases)
    assert re.search(rf'(?<!not )said\("{rule}"', cases)
