"""Each judge of files judges: its recorded words are understood, and, where it is installed, it finds the seeded fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from operations.judge import asl, cfn_lint, checkov, guard, parliament
from operations.judge.findings import Finding
from operations.judge.scene import JudgeFailedError, Opinion, Scene, Tools
from tests.operations.judge.broken import installed, recorded, scene, stack, tools

POLICY = "data/Policy"
EXPECTED = {
    "cfn_lint": [("E3002", "data/Open/Resource", "error"), ("WS1000", "data/Function", "warning")],
    "checkov": [("CKV_AWS_21", "data/Open/Resource", "error"), ("CKV_AWS_117", "data/Function", "error")],
    "guard": [("CT.LAMBDA.PR.3", "data/Function", "error"), ("CT.S3.PR.11", "data/Open/Resource", "error")],
    "parliament": [("RESOURCE_MISMATCH", POLICY, "error"), ("UNKNOWN_ACTION", POLICY, "error")],
    "asl": [
        ("MISSING_TRANSITION_TARGET", "data/Workflow", "error"),
        ("MISSING_TERMINAL_STATE", "data/Workflow", "error"),
    ],
}
RUN: dict[str, Callable[[Scene, Tools], Opinion]] = {
    "cfn_lint": cfn_lint.cfn_lint,
    "checkov": checkov.checkov,
    "guard": guard.guard,
    "parliament": parliament.parliament,
    "asl": asl.asl,
}


def understood(judge: str, output: str, at: Scene) -> Sequence[Finding]:
    if judge == "parliament":
        return parliament.findings(output, at, list(parliament.documents(at)))
    if judge == "asl":
        return asl.findings(output, at, list(asl.definitions(at)))
    readers = {"cfn_lint": cfn_lint.findings, "checkov": checkov.findings, "guard": guard.findings}
    return readers[judge](output, at)


@pytest.mark.parametrize("judge", EXPECTED)
def test_its_words_are_understood(judge: str, tmp_path: Path) -> None:
    findings = understood(judge, recorded(f"{judge}.json"), scene(tmp_path))

    assert [(found.rule, found.resource, found.level) for found in findings] == EXPECTED[judge]
    assert all(found.message and "\n" not in found.message for found in findings)


@pytest.mark.parametrize("output", ["", "Traceback (most recent call last):", "{}", "[[], [], [], []]", '[{"Rule": {}}]'])
@pytest.mark.parametrize("judge", EXPECTED)
def test_other_words_are_a_failure_and_never_no_findings(judge: str, output: str, tmp_path: Path) -> None:
    with pytest.raises(JudgeFailedError, match="unknown"):
        understood(judge, output, scene(tmp_path))


@installed
@pytest.mark.parametrize("judge", EXPECTED)
def test_it_finds_the_seeded_faults(judge: str, tmp_path: Path) -> None:
    opinion = RUN[judge](scene(tmp_path), tools)

    found = {(finding.rule, finding.resource, finding.level) for finding in opinion.findings}
    assert set(EXPECTED[judge]) <= found
    assert opinion.checked


@installed
@pytest.mark.parametrize("judge", ["cfn_lint", "parliament", "asl"])
def test_it_says_nothing_of_a_sound_template(judge: str, tmp_path: Path) -> None:
    sound = {
        "Resources": {
            "Policy": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": {
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::films"}],
                    }
                },
            },
            "Workflow": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {
                    "RoleArn": "arn:aws:iam::111122223333:role/r",
                    "Definition": {"StartAt": "End", "States": {"End": {"Type": "Succeed"}}},
                    "TracingConfiguration": {"Enabled": True},
                },
            },
        }
    }

    assert list(RUN[judge](scene(tmp_path, sound), tools).findings) == []


@pytest.mark.parametrize("judge", EXPECTED)
def test_one_that_is_not_installed_did_not_judge(judge: str, tmp_path: Path) -> None:
    with pytest.raises(JudgeFailedError, match="make judge"):
        RUN[judge](scene(tmp_path), Tools(tmp_path / "nowhere"))


def test_an_action_that_only_a_family_reaches_is_not_missed(tmp_path: Path) -> None:
    """``s3:List*`` on a bucket reaches actions on access points; the grant of the bucket's own is what was meant."""
    output = '[[["RESOURCE_MISMATCH", [{"action": "s3:ListAccessGrants", "required_format": "x"}], "MEDIUM"]]]'

    assert understood("parliament", output, scene(tmp_path)) == []


def test_a_workflow_that_is_no_json_is_a_failure(tmp_path: Path) -> None:
    machine = {"Type": "AWS::StepFunctions::StateMachine", "Properties": {"DefinitionString": "{", "RoleArn": "r"}}
    broken = Scene("dev", [stack({"Resources": {"Workflow": machine}})], tmp_path)

    with pytest.raises(JudgeFailedError, match="not JSON"):
        list(asl.definitions(broken))
