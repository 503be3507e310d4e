from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.compliance.checks.rule import judge
from constructs_lib.compliance.checks.synthesized import read
from constructs_lib.compliance.overread_checks import RULES
from model_code.contract import SageMakerPaths
from tests.infra import Json, Scope, many, of_type, text_of
from tests.intake import intake
from tests.workflows.definitions import check_task, definition_of, tasks


@pytest.fixture(scope="module")
def scope() -> Scope:
    return intake().scope


@pytest.fixture(scope="module")
def definition(scope: Scope) -> Json:
    return definition_of(scope.template().to_json())


@pytest.fixture
def job(definition: Json) -> Json:
    request: Json = definition["States"]["Clean"]["Parameters"]
    return request


def test_the_services_know_every_call_and_every_field(definition: Json) -> None:
    for _, state in tasks(definition):
        check_task(state)


def test_the_job_is_that_of_the_verb_and_reads_what_is_mounted(job: Json) -> None:
    arguments = job["AppSpecification"]["ContainerArguments"]
    mounted = {entry["InputName"]: entry["S3Input"] for entry in job["ProcessingInputs"]}
    options = dict(zip(arguments[1::2], arguments[2::2], strict=True))

    assert arguments[0] == "deidentify"
    assert options["--task"] == "chest14"
    assert options["--root"] == mounted["films"]["LocalPath"]
    assert options["--key"] == f"{mounted['key']['LocalPath']}/pseudonyms"
    assert {options["--out"], options["--report"]} == {
        entry["S3Output"]["LocalPath"] for entry in job["ProcessingOutputConfig"]["Outputs"]
    }
    assert options["--out"].startswith(str(SageMakerPaths.PROCESSING_OUTPUT))


def test_what_the_execution_knows_is_filled_in_and_nothing_else(job: Json) -> None:
    (films,) = [entry for entry in job["ProcessingInputs"] if entry["InputName"] == "films"]

    assert films["S3Input"]["S3Uri.$"] == "States.Format('s3://{}/{}', $.detail.bucket.name, $.detail.object.key)"
    assert "S3Uri" not in films["S3Input"]
    assert "States.UUID()" in job["ProcessingJobName.$"]
    assert "$$.Execution.Name" in str(job["ProcessingOutputConfig"])


def test_the_job_has_no_network_and_only_customer_keys(scope: Scope, job: Json) -> None:
    (stack,) = scope.stage.synth(force=True).stacks
    results = [result for assembly in read([Path(stack.template_full_path)]) for result in judge(RULES, assembly)]
    wrong = [result for result in results if result.wrong and "Archives" in result.resource.path]

    assert not wrong
    assert job["NetworkConfig"]["EnableNetworkIsolation"] is True


def test_the_key_is_there_before_the_job_and_every_failure_leaves_a_reason(definition: Json) -> None:
    states = definition["States"]

    assert definition["StartAt"] == "LayKey"
    assert states["LayKey"]["Parameters"]["Payload"] == {"wanted": "key"}
    assert states["LayKey"]["Next"] == "Clean"
    assert all(states[name]["Catch"][0]["Next"] == "Reason" for name in ("LayKey", "Clean"))
    assert "quarantine/{}.reason.json" in states["Reason"]["Parameters"]["Key.$"]
    assert states["Reason"]["Next"] == states["Reason"]["Catch"][0]["Next"] == "Failed"
    assert states["Failed"]["Type"] == "Fail"


def test_a_job_that_failed_is_not_run_again(definition: Json) -> None:
    errors = {error for retry in definition["States"]["Clean"]["Retry"] for error in retry["ErrorEquals"]}

    assert all(error.startswith("SageMaker.") for error in errors)


def test_the_job_reads_arrivals_and_writes_clean_films_and_reports(scope: Scope) -> None:
    resources: dict[str, list[str]] = {}
    for name, resource in scope.template().to_json()["Resources"].items():
        if name.startswith("ArchivesJobsPolicy"):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for action in many(statement["Action"]):
                    resources.setdefault(action, []).extend(text_of(arn) for arn in many(statement["Resource"]))

    written = sorted(arn[arn.rindex(">") + 1 :] for arn in resources["s3:PutObject"])
    assert written == ["/chest14/*", "/quarantine/jobs/*"]
    assert not [action for action in resources if action.startswith("s3:Delete")]


def test_only_sagemaker_gets_the_role(scope: Scope) -> None:
    passed = [
        statement
        for policy in of_type(scope.template().to_json(), "AWS::IAM::ManagedPolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "iam:PassRole" in many(statement["Action"])
    ]

    assert [statement["Condition"] for statement in passed] == [
        {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    ]
