"""What the handlers' tests share: a deployed function's variables, fakes of AWS, and events as the gateway sends them."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from model_code.lambdas import clients, predict, release
from model_code.lambdas.settings import Settings, settings
from tests.aws import AwsError, FakeAws, stream
from tests.films import dicom, png, ramp

GROUP = "overread-test-chest14"
ACCOUNT = "123456789012"
VARIABLES = {
    "ENVIRONMENT": "test",
    "TASK": "chest14",
    "MODEL_GROUP": GROUP,
    "AUDIT_TABLE": "audit",
    "STUDIES_BUCKET": "studies-bucket",
    "STUDIES_KEY": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555",
    "ENDPOINT_KIND": "serverless",
    "ENDPOINT_NAME": GROUP,
    "CHALLENGER_NAME": f"{GROUP}-challenger",
    "MAX_BODY_BYTES": str(4 * 2**20),
    "RETRAINING_ARN": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:overread-test-retraining",
}
STUDY = "0f8fad5b-d9cb-469f-a165-70867728950e"
PERSON = "a1b2c3d4-5678-90ab-cdef-1234567890ab"
FILM = png(ramp(8))
PNG = {"Content-Type": "image/png"}
INVOKE = "sagemaker-runtime.InvokeEndpoint"
Event = dict[str, Any]


def package(version: int) -> str:
    return f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:model-package/{GROUP}/{version}"


def parameters(champion: str, challenger: str = "none", routing: str = "{}") -> dict[str, Any]:
    """An answer of SSM."""
    values = {"approved-model-package": champion, "challenger-model-package": challenger, "routing": routing}
    return {"Parameters": [{"Name": f"/{GROUP}/{name}", "Value": value, "Type": "String"} for name, value in values.items()]}


def reading(*, version: str = "7", positive: tuple[str, ...] = ("Mass",)) -> dict[str, Any]:
    """A Reading as an endpoint gives it."""
    measured = {"sensitivity": 0.9, "specificity": 0.8, "sensitivity_95": [0.8, 0.95], "specificity_95": [0.7, 0.9], "n": 100}
    point = {"threshold": 0.4, **measured, "positive": True, "ppv": None, "npv": None}
    findings = [
        {
            "label": label,
            "probability": 0.61,
            "decision": "uncertain",
            "operating_points": {"rule_out": point, "balanced": point, "rule_in": {**point, "positive": label in positive}},
            "peak": {"x": 0.5, "y": 0.5},
        }
        for label in ("Mass", "Nodule")
    ]
    return {
        "schema": "overread.reading/1",
        "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
        "task": "chest14",
        "model": {"name": "chest14-densenet121", "version": version, "sha256": "0" * 64},
        "status": "read",
        "reasons": [],
        "findings": findings,
        "image": {"rows": 64, "columns": 64, "sha256": "1" * 64, "photometric": "MONOCHROME2"},
        "timing_ms": {"decode": 1.0, "model": 2.0, "total": 3.0},
        "notice": "Research use only.",
    }


def inference(found: dict[str, Any]) -> dict[str, Any]:
    """An answer of SageMaker's runtime."""
    return {"Body": stream(json.dumps(found).encode()), "ContentType": "application/json", "InvokedProductionVariant": "main"}


def request(
    method: str = "POST",
    path: str = "/predict",
    *,
    body: bytes | dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
    groups: str | None = "reader",
    machine: bool = False,
    study: str | None = None,
) -> Event:
    """A proxy event of a REST API, field by field as the gateway documents them."""
    binary = isinstance(body, bytes)
    text = base64.b64encode(body).decode() if isinstance(body, bytes) else json.dumps(body) if body is not None else None
    claims = {"sub": PERSON, "token_use": "access", "scope": "overread/read", "client_id": "abc", "exp": "1"}
    identity = dict.fromkeys(("accountId", "caller", "accessKey", "user", "userArn", "cognitoIdentityId"))
    if machine:
        identity |= {
            "accountId": ACCOUNT,
            "accessKey": "ASIAEXAMPLE",
            "caller": "AROAEXAMPLE:jane@hospital.example",
            "user": "AROAEXAMPLE:jane@hospital.example",
            "userArn": f"arn:aws:sts::{ACCOUNT}:assumed-role/pacs-gateway/jane@hospital.example",
        }
    else:
        claims |= {"cognito:groups": groups} if groups is not None else {}
    context = {
        "resourceId": "abc123",
        "resourcePath": path,
        "httpMethod": method,
        "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
        "requestTimeEpoch": 1770000000000,
        "accountId": ACCOUNT,
        "apiId": "a1b2c3",
        "stage": "v1",
        "identity": {**identity, "sourceIp": "203.0.113.7", "userAgent": "test"},
        **({} if machine else {"authorizer": {"claims": claims}}),
    }
    return {
        "resource": path,
        "path": path,
        "httpMethod": method,
        "headers": {"Host": "a1b2c3.execute-api.us-east-1.amazonaws.com", **(headers or {})},
        "multiValueHeaders": {key: [value] for key, value in (headers or {}).items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": {"study": study} if study else None,
        "stageVariables": None,
        "requestContext": context,
        "body": text,
        "isBase64Encoded": binary,
    }


def post(film: bytes = FILM, **more: Any) -> dict[str, Any]:
    event = request(body=film, **{"headers": PNG, **more})
    answer = predict.handler(event, None)
    return {**answer, "body": json.loads(answer["body"])}


def asked(aws: FakeAws) -> list[str]:
    return [call["EndpointName"] for call in aws.of(INVOKE)]


def arrival(key: str, bucket: str = "studies-bucket") -> Event:
    """S3's event of a new object, as EventBridge delivers it."""
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": ACCOUNT,
        "time": "2026-02-01T10:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 5, "etag": "0", "sequencer": "0"}},
    }


def item(**fields: str | int) -> dict[str, Any]:
    """An item of the audit table as DynamoDB gives it."""
    return {name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in fields.items()}


@pytest.fixture(autouse=True)
def deployed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is a function of the environment ``test``."""
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    release.forget()
    yield
    settings.cache_clear()
    release.forget()


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Deploys it with other variables."""

    def changed(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return settings()

    return changed


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> FakeAws:
    """An account where a model is approved and records can be written."""
    fake = FakeAws()
    fake.replies["ssm.GetParameters"] = parameters(package(7))
    fake.replies["dynamodb.PutItem"] = {}
    monkeypatch.setattr(clients, "make", cache(fake.client))
    return fake


@pytest.fixture
def serving(aws: FakeAws) -> FakeAws:
    aws.replies[INVOKE] = lambda _: inference(reading())
    return aws


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What the function logged."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


RESULT = f"results/{STUDY}.json"


class Store:
    """The bucket of studies."""

    def __init__(self, aws: FakeAws) -> None:
        self.objects: dict[str, bytes] = {}
        aws.replies |= {"s3.GetObject": self._get, "s3.PutObject": self._put}
        aws.replies["dynamodb.Query"] = lambda _: {"Items": [self.sent] if self.sent else []}
        aws.replies["sagemaker-runtime.InvokeEndpoint"] = lambda _: inference(reading())
        self.send(dicom(ramp(12)))

    def send(self, film: bytes, content_type: str = "application/dicom", slot: int = 42) -> None:
        self.objects[f"uploads/{STUDY}"] = film
        self.sent: dict[str, Any] | None = item(
            subject=STUDY,
            at="2026-02-01T09:59:00.000000+00:00#sent",
            event="sent",
            who=f"person:{PERSON}",
            slot=slot,
            content_type=content_type,
        )

    @property
    def result(self) -> dict[str, Any]:
        return dict(json.loads(self.objects[RESULT]))

    def _get(self, call: Any) -> Any:
        if call["Key"] not in self.objects:
            raise AwsError("NoSuchKey", 404)
        return {"Body": stream(self.objects[call["Key"]])}

    def _put(self, call: Any) -> Any:
        assert (call["ServerSideEncryption"], call["Bucket"]) == ("aws:kms", "studies-bucket")
        self.objects[call["Key"]] = call["Body"]
        return {}


@pytest.fixture
def store(aws: FakeAws) -> Store:
    return Store(aws)
