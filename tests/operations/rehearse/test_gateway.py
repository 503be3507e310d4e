"""A request finds its route and its function, and the function's policy must let the gateway call it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from botocore.response import StreamingBody

from operations.assembly import Json
from operations.rehearse.gateway import Gateway, function_in, matched, placeless
from operations.rehearse.start import RehearsalError
from tests.operations.rehearse.deployed import Deployed, deployed

FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:predict"
ALLOWED = "arn:aws:execute-api:us-east-1:123456789012:api/v1/GET/studies/*"


def served(work: Path, *, allowed: str = ALLOWED, service: str = "apigateway.amazonaws.com", kind: str = "AWS_IAM") -> Deployed:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Condition": {"ArnLike": {"AWS:SourceArn": allowed}}}

    def answer(asked: Json) -> Json:
        payload = json.dumps({"statusCode": 200, "body": asked["Payload"].decode()}).encode()
        return {"Payload": StreamingBody(io.BytesIO(payload), len(payload))}

    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
    return deployed(
        work,
        {
            "apigateway.GetResources": {"items": [{"id": "r", "path": "/studies/{id}", "resourceMethods": {"GET": {}}}]},
            "apigateway.GetMethod": {"authorizationType": kind, "methodIntegration": {"uri": uri}},
            "lambda.GetPolicy": {"Policy": json.dumps({"Statement": [statement]})},
            "lambda.Invoke": answer,
        },
    )


def test_a_machine_gets_what_the_function_answers(tmp_path: Path) -> None:
    running = served(tmp_path)
    event = Gateway(running, "api", "v1").ask("GET", "/studies/7").body

    assert running.aws.of("lambda.Invoke")[0]["FunctionName"] == FUNCTION
    assert (event["resource"], event["pathParameters"]) == ("/studies/{id}", {"id": "7"})
    assert "assumed-role" in event["requestContext"]["identity"]["userArn"]
    assert "authorizer" not in event["requestContext"]


def test_a_person_comes_with_the_claims_of_the_pool(tmp_path: Path) -> None:
    event = Gateway(served(tmp_path, kind="COGNITO_USER_POOLS"), "api", "v1").ask("GET", "/studies/7").body

    assert event["requestContext"]["authorizer"]["claims"]["cognito:groups"] == "engineer"
    assert event["requestContext"]["identity"]["userArn"] is None


def test_films_travel_as_base64(tmp_path: Path) -> None:
    api = Gateway(served(tmp_path), "api", "v1")

    event = api.ask("GET", "/studies/7", body=b"\xff\x00", headers={"Content-Type": "application/dicom"}).body

    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)


@pytest.mark.parametrize(
    ("allowed", "service"),
    [
        (ALLOWED.replace("GET", "POST"), "apigateway.amazonaws.com"),
        (ALLOWED.replace(":api/", ":other/"), "apigateway.amazonaws.com"),
        (ALLOWED, "events.amazonaws.com"),
    ],
)
def test_a_function_that_does_not_let_it_is_never_called(tmp_path: Path, allowed: str, service: str) -> None:
    running = served(tmp_path, allowed=allowed, service=service)

    with pytest.raises(RehearsalError, match=r"does not let GET /studies/\{id\} call it"):
        Gateway(running, "api", "v1").ask("GET", "/studies/7")
    assert not running.aws.of("lambda.Invoke")


def test_a_permission_without_a_condition_is_for_every_route(tmp_path: Path) -> None:
    running = served(tmp_path)
    anyone = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}}
    running.aws.replies["lambda.GetPolicy"] = {"Policy": json.dumps({"Statement": [anyone]})}

    assert Gateway(running, "api", "v1").ask("GET", "/studies/7").status == 200


def test_what_the_function_raised_is_said(tmp_path: Path) -> None:
    running = served(tmp_path)
    failure = b'{"errorType": "KeyError"}'
    running.aws.replies["lambda.Invoke"] = lambda _: {
        "FunctionError": "Unhandled",
        "Payload": StreamingBody(io.BytesIO(failure), len(failure)),
    }

    with pytest.raises(RehearsalError, match=r"GET /studies/7: the function raised .*KeyError"):
        Gateway(running, "api", "v1").ask("GET", "/studies/7")


def test_a_path_that_the_api_has_not(tmp_path: Path) -> None:
    api = Gateway(served(tmp_path), "api", "v1")

    assert api.routes() == [("GET", "/studies/{id}")]
    with pytest.raises(RehearsalError, match="the API has no /nowhere"):
        api.ask("GET", "/nowhere")


@pytest.mark.parametrize(
    ("pattern", "path", "values"),
    [
        ("/studies/{id}", "/studies/7", {"id": "7"}),
        ("/models", "/models", {}),
        ("/studies/{id}", "/studies", None),
        ("/studies/{id}", "/films/7", None),
    ],
)
def test_paths_fit_their_patterns(pattern: str, path: str, values: dict[str, str] | None) -> None:
    assert matched(pattern, path) == values


def test_permissions_write_stars_for_parameters() -> None:
    assert placeless("/m/studies/{id}/films/{film}") == "/m/studies/*/films/*"
    assert function_in(f"x/functions/{FUNCTION}/invocations") == FUNCTION
