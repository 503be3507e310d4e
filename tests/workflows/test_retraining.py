"""A retraining in the interpreter, with the brake's own code deciding."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from constructs_lib.container_images import ServingImage
from constructs_lib.training.model_registry import NO_MODEL, ModelRegistry
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from constructs_lib.workflows.retraining_rules import RetrainingRules
from constructs_lib.workflows.retraining_workflow import RetrainingWorkflow
from model_code.contract import Task
from model_code.lambdas.retraining_brake import handler
from tests.infra import Scope
from tests.workflows.definitions import definition_of
from tests.workflows.interpreter import ME, Json, Refused, Reply, Run
from tests.workflows.test_release import running

PIPELINE = "overread-test-chest14-training"
EXECUTION = f"arn:aws:sagemaker:us-east-1:123456789012:pipeline/{PIPELINE}/execution/abc"
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/overread-test-chest14/3"
MODEL = "s3://artifacts/chest14/runs/1/evaluate/bundle/model.tar.gz"
DRIFT = {"source": "drift", "reason": "overread-test-drift"}

Execute = Callable[[Json, Json, dict[str, Reply]], Run]


@pytest.fixture(scope="module")
def definition() -> Json:
    scope = Scope()
    keys = scope.keys()
    RetrainingWorkflow(
        scope.stack,
        "Retraining",
        registry=ModelRegistry(scope.stack, "Registry", task=Task.CHEST14, image=ServingImage(scope.stack, "Serving")),
        rules=RetrainingRules(expected_run_usd=20, max_hours=1),
        place=scope.place(keys),
        notices=EncryptedTopic(scope.stack, "Notices", key=keys.messages).topic,
    )
    return definition_of(scope.template().to_json())


def brake(request: Json) -> Json:
    """As Lambda runs it: JSON in, JSON out."""
    answer = handler(json.loads(request["Payload"]), None)
    return {"StatusCode": 200, "Payload": json.dumps(answer).encode()}


def runs(*summaries: tuple[str, float]) -> Json:
    """Status, and days since the start."""
    now = datetime.now(UTC)
    listed = [
        {"PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": status, "StartTime": now - timedelta(days=days)}
        for status, days in summaries
    ]
    return {"PipelineExecutionSummaries": listed}


def budget(spent: str, limit: str = "500.0") -> Json:
    return {
        "Budget": {
            "BudgetName": "overread-test-budget",
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
            "BudgetLimit": {"Amount": limit, "Unit": "USD"},
            "CalculatedSpend": {"ActualSpend": {"Amount": spent, "Unit": "USD"}},
        }
    }


def champion() -> Json:
    containers = [{"Image": "image", "ModelDataUrl": MODEL}]
    return {
        "ModelPackageName": "p",
        "ModelPackageArn": PACKAGE,
        "CreationTime": datetime.now(UTC),
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {"ValidationStatuses": []},
        "InferenceSpecification": {"Containers": containers, "SupportedContentTypes": [], "SupportedResponseMIMETypes": []},
    }


def state(status: str, **more: str) -> Json:
    return {"PipelineExecutionArn": EXECUTION, "PipelineExecutionStatus": status, **more}


def replies(**changed: Reply) -> dict[str, Reply]:
    """The last model is a month old, there is money, and the run takes ten minutes."""
    usual: dict[str, Reply] = {
        "stepfunctions.ListExecutions": running(ME),
        "sagemaker.ListPipelineExecutions": runs(("Succeeded", 31)),
        "budgets.DescribeBudget": budget("120.5"),
        "lambda.Invoke": brake,
        "ssm.GetParameter": {"Parameter": {"Name": "n", "Type": "String", "Value": PACKAGE}},
        "sagemaker.DescribeModelPackage": champion(),
        "sagemaker.StartPipelineExecution": {"PipelineExecutionArn": EXECUTION},
        "sagemaker.DescribePipelineExecution": [state("Executing"), state("Succeeded")],
        "sagemaker.StopPipelineExecution": {"PipelineExecutionArn": EXECUTION},
        "sns.Publish": {"MessageId": "1"},
    }
    named = {name.split(".")[1]: name for name in usual}
    return usual | {named[operation]: reply for operation, reply in changed.items()}


def test_a_run_that_ends_well_waits_for_a_person(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies())

    assert (ended.status, ended.path[-1]) == ("SUCCEEDED", "Trained")
    (started,) = ended.services.of("sagemaker.StartPipelineExecution")
    assert started["PipelineName"] == PIPELINE
    assert started["PipelineExecutionDescription"] == "Retraining: drift (overread-test-drift)"
    ((subject, text),) = ended.said()
    assert subject == "overread-test-retraining: a model waits for approval"
    assert EXECUTION in text


def test_a_new_model_is_judged_against_the_one_that_serves(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies())

    (asked,) = ended.services.of("sagemaker.DescribeModelPackage")
    (started,) = ended.services.of("sagemaker.StartPipelineExecution")
    assert asked["ModelPackageName"] == PACKAGE
    assert started["PipelineParameters"] == [{"Name": "Champion", "Value": MODEL}]


def test_where_no_model_serves_yet_it_is_judged_alone(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies(GetParameter={"Parameter": {"Name": "n", "Type": "String", "Value": NO_MODEL}}))

    (started,) = ended.services.of("sagemaker.StartPipelineExecution")
    assert ended.path[-1] == "Trained" and "PipelineParameters" not in started
    assert not ended.services.of("sagemaker.DescribeModelPackage")


def test_a_champion_that_cannot_be_read_trains_nothing(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies(DescribeModelPackage=Refused("ResourceNotFound", "no such package")))

    assert (ended.status, ended.error) == ("FAILED", "RetrainingFailed")
    assert not ended.services.of("sagemaker.StartPipelineExecution")


def test_asked_twice_by_one_execution_sagemaker_starts_one_run(run: Execute, definition: Json) -> None:
    ended = run(
        definition, DRIFT, replies(StartPipelineExecution=[Refused("ThrottlingException"), {"PipelineExecutionArn": EXECUTION}])
    )

    first, second = ended.services.of("sagemaker.StartPipelineExecution")
    assert ended.path[-1] == "Trained"
    assert first["ClientRequestToken"] == second["ClientRequestToken"]
    assert len(first["ClientRequestToken"]) == 64


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"ListPipelineExecutions": runs(("Executing", 0.1))}, "a training run is under way"),
        ({"ListPipelineExecutions": runs(("Succeeded", 2))}, "the last model is younger than 7 days"),
        ({"ListPipelineExecutions": runs(*[("Failed", 1.0)] * 4)}, "4 runs were started within 30 days; allowed: 4"),
        ({"DescribeBudget": budget("490")}, "490 of 500 USD are spent this month; a run costs about 20"),
    ],
    ids=["under way", "cooling down", "too many", "too dear"],
)
def test_the_brake_holds_back_and_says_why(run: Execute, definition: Json, changed: dict[str, Reply], reason: str) -> None:
    ended = run(definition, DRIFT, replies(**changed))

    assert (ended.status, ended.path[-1]) == ("SUCCEEDED", "HeldBack")
    assert not ended.services.of("sagemaker.StartPipelineExecution")
    assert f"Nothing was trained: {reason}" in ended.said()[0][1]


def test_one_retraining_at_a_time(run: Execute, definition: Json) -> None:
    """The brake sees runs; between two that ask in the same minute there is none yet."""
    ended = run(definition, DRIFT, replies(ListExecutions=running(ME, "earlier")))

    assert ended.path[-1] == "HeldBack"
    assert "another retraining is under way" in ended.said()[0][1]
    assert not ended.services.of("lambda.Invoke")


def test_a_brake_that_does_not_answer_lets_nothing_through(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies(Invoke=Refused("ServiceException", "broken")))

    assert (ended.status, ended.error) == ("FAILED", "RetrainingFailed")
    assert not ended.services.of("sagemaker.StartPipelineExecution")


def test_a_budget_that_cannot_be_read_lets_nothing_through(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies(DescribeBudget=Refused("NotFoundException", "no such budget")))

    assert (ended.status, ended.error) == ("FAILED", "RetrainingFailed")
    assert not ended.services.of("sagemaker.StartPipelineExecution")


@pytest.mark.parametrize(
    ("last", "cause"),
    [
        (state("Failed", FailureReason="Step failure: gate"), "Step failure: gate"),
        (state("Failed"), "The run ended as Failed"),
        (state("Stopped"), "The run ended as Stopped"),
    ],
)
def test_a_run_that_ends_badly_is_told_with_its_reason(run: Execute, definition: Json, last: Json, cause: str) -> None:
    ended = run(definition, DRIFT, replies(DescribePipelineExecution=[state("Executing"), last]))

    assert (ended.status, ended.error, ended.cause) == ("FAILED", "RetrainingFailed", cause)
    assert ended.said() == [("overread-test-retraining: failed", f"Asked by drift (overread-test-drift). {cause}")]


def test_a_run_without_end_is_stopped(run: Execute, definition: Json) -> None:
    ended = run(definition, DRIFT, replies(DescribePipelineExecution=state("Executing")))

    assert ended.cause == "The run took more than 1 hours and was stopped"
    assert len(ended.services.of("sagemaker.DescribePipelineExecution")) == 12
    assert len(ended.services.of("sagemaker.StopPipelineExecution")) == 1


def test_who_does_not_say_who_asks_is_a_hand(run: Execute, definition: Json) -> None:
    ended = run(definition, {}, replies())

    (started,) = ended.services.of("sagemaker.StartPipelineExecution")
    assert started["PipelineExecutionDescription"] == "Retraining: hand (no reason given)"
