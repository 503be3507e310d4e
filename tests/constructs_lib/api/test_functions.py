"""What each function may do."""

from __future__ import annotations

import pytest

from constructs_lib.api.functions import RESULTS, UPLOADS
from constructs_lib.endpoints.asynchronous import ANSWERS
from constructs_lib.endpoints.model_endpoint import Kind
from model_code.lambdas import study_files
from model_code.lambdas.settings import Settings
from tests.api_site import PUBLIC, ApiSite
from tests.infra import Json, many, of_type, statements, text_of


@pytest.fixture(scope="module")
def template() -> Json:
    return ApiSite(PUBLIC).template()


def actions_of(template: Json, handler: str) -> dict[str, list[str]]:
    """What a function's policy allows: action → resources as text."""
    found: dict[str, list[str]] = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy" and name.startswith(f"Functions{handler}Policy"):
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                for action in many(statement["Action"]):
                    found.setdefault(action, []).extend(text_of(one) for one in many(statement["Resource"]))
    assert found
    return found


def test_functions_get_what_their_settings_ask_for(template: Json) -> None:
    functions = [f for f in of_type(template, "AWS::Lambda::Function") if "ENDPOINT_KIND" in f["Environment"]["Variables"]]

    assert len(functions) == 6
    for function in functions:
        variables = {name: text_of(value) for name, value in function["Environment"]["Variables"].items()}
        assert Settings.of(variables).endpoint_name == "overread-dev-chest14"


def test_nobody_changes_or_deletes_a_record(template: Json) -> None:
    tables = {action for s in statements(template) for action in many(s["Action"]) if action.startswith("dynamodb:")}
    mine = tables - {"dynamodb:CreateBackup", "dynamodb:DescribeTable", "dynamodb:ListTagsOfResource"}

    assert mine - {"dynamodb:StartAwsBackupJob", "dynamodb:DeleteBackup", "dynamodb:DescribeBackup"} == {
        "dynamodb:PutItem",
        "dynamodb:Query",
    }


def test_who_takes_studies_writes_below_uploads_and_reads_nothing(template: Json) -> None:
    actions = actions_of(template, "Studies")

    assert all("/uploads/*" in resource for resource in actions["s3:PutObject"])
    assert not [action for action in actions if action.startswith(("s3:Get", "s3:Delete", "sagemaker:", "states:"))]


def test_who_gives_results_reads_results_alone(template: Json) -> None:
    actions = actions_of(template, "StudyResult")

    assert not [action for action in actions if action.startswith(("s3:Put", "s3:Delete"))]
    assert all("uploads" not in resource for resource in actions["s3:GetObject*"])


def test_who_starts_trainings_starts_one_workflow_and_asks_no_model(template: Json) -> None:
    actions = actions_of(template, "Retrain")

    assert len(actions["states:StartExecution"]) == 1 and "retraining" in actions["states:StartExecution"][0]
    assert not [action for action in actions if action.startswith(("sagemaker:", "s3:"))]


def test_whatever_names_every_resource_has_none_to_name(template: Json) -> None:
    everything = {a for s in statements(template) if "*" in many(s["Resource"]) for a in many(s["Action"])}

    assert not [action for action in everything if not action.startswith(("ec2:Describe", "xray:Put"))]


def test_a_film_that_comes_wakes_its_reader(template: Json) -> None:
    (rule,) = of_type(template, "AWS::Events::Rule")

    assert rule["EventPattern"]["detail"]["object"] == {"key": [{"prefix": "uploads/"}]}
    (target,) = rule["Targets"]
    assert "FunctionsReadStudy" in text_of(target["Arn"]) and target["DeadLetterConfig"]["Arn"]


def test_an_asynchronous_environment_also_collects_answers() -> None:
    template = ApiSite(PUBLIC, Kind.ASYNC).template()
    prefixes = {rule["EventPattern"]["detail"]["object"]["key"][0]["prefix"] for rule in of_type(template, "AWS::Events::Rule")}

    assert prefixes == {"uploads/", "readings/"}


def test_both_sides_know_the_same_prefixes() -> None:
    ours = (UPLOADS, RESULTS, ANSWERS)

    assert ours == (study_files.UPLOADS, study_files.RESULTS, study_files.ANSWERS)
