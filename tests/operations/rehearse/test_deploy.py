"""The CDK CLI as a process: its failure has the emulator's reason, and it ends in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from operations.rehearse import deploy as module
from operations.rehearse.deploy import bootstrap, deploy, placed, publish_images
from operations.rehearse.start import RehearsalError
from tests.aws import Reply
from tests.operations.rehearse.deployed import STAGE, Deployed, deployed
from tests.operations.rehearse.test_start import gone, stand_in


@pytest.fixture
def running(tmp_path: Path) -> Deployed:
    return deployed(tmp_path, {"cloudformation.DescribeStacks": stacks("CREATE_COMPLETE")})


def stacks(status: str) -> Reply:
    return {"Stacks": [{"StackName": "overread-dev-data", "StackStatus": status, "CreationTime": 0}]}


def cdk(monkeypatch: pytest.MonkeyPatch, running: Deployed, body: str) -> None:
    monkeypatch.setattr(module, "CDK", stand_in(running.work, body))


def test_every_stack_that_is_done_is_said(running: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    cdk(monkeypatch, running, "echo ' ✅  overread-dev/data (overread-dev-data)'; echo 'Stack ARN:'; echo \"$@\"")
    said: list[str] = []

    deploy(running, running.work, STAGE, said.append)

    assert said == ["overread-dev/data"]
    assert "deploy overread-dev/*" in (running.work / "cdk-deploy.log").read_text()


def test_a_failure_has_the_reason_that_the_emulator_recorded(running: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    cdk(monkeypatch, running, "echo ' ❌  overread-dev/data failed'; exit 1")
    running.record.write("failed", stack="overread-dev-data", status="ROLLBACK_COMPLETE", reason="Films (AWS::S3::Bucket): no")

    with pytest.raises(RehearsalError, match=r"cdk deploy ended with code 1: overread-dev-data is ROLLBACK_COMPLETE: Films"):
        deploy(running, running.work, STAGE, lambda _: None)


@pytest.mark.parametrize(("said", "reason"), [("echo; echo '‣   no   such stage'", "‣ no such stage"), ("", "did not say why")])
def test_where_the_emulator_knows_nothing_the_cli_is_quoted(
    running: Deployed, monkeypatch: pytest.MonkeyPatch, said: str, reason: str
) -> None:
    cdk(monkeypatch, running, f"{said}\nexit 3")

    with pytest.raises(RehearsalError, match=f"cdk bootstrap ended with code 3: .*{reason}"):
        bootstrap(running, running.work)


def test_one_that_hangs_is_ended_with_what_it_started(running: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_SECONDS", 0.3)
    cdk(monkeypatch, running, f"sleep 60 & echo $! > {running.work}/child; wait")

    with pytest.raises(RehearsalError, match=r"cdk bootstrap did not end within 0\.3 s"):
        bootstrap(running, running.work)
    assert gone(running.work, "pid", "child")


def test_an_interruption_ends_it(running: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    cdk(monkeypatch, running, "echo ' ✅  overread-dev/data (x)'; sleep 60")

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deploy(running, running.work, STAGE, interrupted)
    assert gone(running.work)


def test_a_stack_that_is_not_complete_is_a_failure_whatever_the_cli_says(
    running: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdk(monkeypatch, running, "exit 0")
    running.aws.replies["cloudformation.DescribeStacks"] = stacks("ROLLBACK_COMPLETE")

    with pytest.raises(RehearsalError, match="the stack overread-dev-data is ROLLBACK_COMPLETE"):
        deploy(running, running.work, STAGE, lambda _: None)


def test_its_files_stay_in_the_folder_of_the_run(running: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    cdk(monkeypatch, running, "pwd; echo $TMPDIR")

    bootstrap(running, running.work)

    assert (running.work / "cdk-bootstrap.log").read_text().split() == [str(running.work)] * 2


def test_a_stand_in_for_every_image_of_the_assembly_is_published_once(tmp_path: Path) -> None:
    name = "cdk-images-${AWS::AccountId}-us-east-1"
    image = {"destinations": {"here": {"repositoryName": name, "imageTag": "abc"}}}
    for file in ("one.assets.json", "nested/two.assets.json"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(json.dumps({"dockerImages": {"abc": image}}), encoding="utf-8")
    (tmp_path / "three.assets.json").write_text('{"files": {}}', encoding="utf-8")
    running = deployed(tmp_path, {"ecr.PutImage": {}})

    assert publish_images(running, tmp_path) == 1
    (asked,) = running.aws.of("ecr.PutImage")
    assert (asked["repositoryName"], asked["imageTag"]) == ("cdk-images-123456789012-us-east-1", "abc")
    assert json.loads(asked["imageManifest"])["schemaVersion"] == 2


def test_the_account_stands_in_names() -> None:
    assert placed("${AWS::Partition}-${AWS::AccountId}") == "aws-123456789012"
