from __future__ import annotations

import json
from typing import Any

import pytest

from model_code.lambdas import retrain
from tests.aws import AwsError, FakeAws
from tests.model_code.lambdas.conftest import PERSON, VARIABLES, request

START = "stepfunctions.StartExecution"


def post(body: Any, **more: Any) -> dict[str, Any]:
    answer = retrain.handler(request("POST", "/retrain", body=body, **{"groups": "engineer", **more}), None)
    return {**answer, "body": json.loads(answer["body"])}


@pytest.fixture
def ready(aws: FakeAws) -> FakeAws:
    from datetime import UTC, datetime

    def started(call: Any) -> Any:
        arn = f"{VARIABLES['RETRAINING_ARN'].replace('stateMachine', 'execution')}:{call['name']}"
        return {"executionArn": arn, "startDate": datetime.now(UTC)}

    aws.replies["stepfunctions.StartExecution"] = started
    return aws


def test_an_engineer_starts_the_workflow(ready: FakeAws) -> None:
    answer = post({"reason": "drift"})
    (call,) = [params for name, params in ready.calls if name.endswith("StartExecution")]

    assert answer["statusCode"] == 202
    assert answer["body"]["execution"].endswith(answer["body"]["id"])
    assert call["stateMachineArn"] == VARIABLES["RETRAINING_ARN"]
    assert json.loads(call["input"]) == {"source": "api", "reason": "drift"}


def test_the_record_comes_first(ready: FakeAws) -> None:
    post({"reason": "new_data"})

    assert [name.partition(".")[2] for name, _ in ready.calls] == ["PutItem", "StartExecution"]
    assert ready.of("dynamodb.PutItem")[0]["Item"]["who"] == {"S": f"person:{PERSON}"}


def test_a_clinician_does_not(ready: FakeAws) -> None:
    assert post({"reason": "drift"}, groups="reader")["statusCode"] == 403
    assert ready.calls == []


def test_a_machine_that_a_policy_let_in_does(ready: FakeAws) -> None:
    assert post({"reason": "drift"}, machine=True)["statusCode"] == 202


@pytest.mark.parametrize("body", [{}, {"reason": "Mrs Zebra looked odd"}, {"reason": 1}])
def test_reasons_are_words_of_a_list(ready: FakeAws, body: Any) -> None:
    answer = post(body)

    assert answer["statusCode"] == 400
    assert "Zebra" not in answer["body"]["error"]
    assert ready.calls == []


def test_a_workflow_that_cannot_start_is_a_fault(ready: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    def gone(_: Any) -> Any:
        raise AwsError("StateMachineDoesNotExist")

    ready.replies["stepfunctions.StartExecution"] = gone

    assert (post({"reason": "drift"})["statusCode"]) == 500
    assert "planted" not in capsys.readouterr().out
