"""What is logged, cached, throttled and counted."""

from __future__ import annotations

import json

import pytest

from constructs_lib.api.routes import ROUTES
from constructs_lib.api.stage import LOGGED
from tests.api_site import PUBLIC, ApiSite
from tests.infra import Json, of_type, text_of


@pytest.fixture(scope="module")
def template() -> Json:
    return ApiSite(PUBLIC).template()


@pytest.fixture(scope="module")
def stage(template: Json) -> Json:
    (found,) = of_type(template, "AWS::ApiGateway::Stage")
    return found


def test_access_logs_hold_no_body_no_query_and_no_header(stage: Json) -> None:
    logged = json.loads(stage["AccessLogSetting"]["Format"])

    assert logged == LOGGED
    assert not [value for value in logged.values() if any(word in value.lower() for word in ("input", "query", "header", "body"))]
    assert "$context.path" not in logged.values()  # a path holds ids; the route does not


def test_executions_are_logged_without_what_they_carry(template: Json, stage: Json) -> None:
    groups = [text_of(group.get("LogGroupName", "")) for group in of_type(template, "AWS::Logs::LogGroup")]

    assert any(name.startswith("API-Gateway-Execution-Logs_") and name.endswith("/v1") for name in groups)
    for settings in stage["MethodSettings"]:
        assert (settings["LoggingLevel"], settings["DataTraceEnabled"]) == ("ERROR", False)


def test_every_method_is_throttled(stage: Json) -> None:
    for settings in stage["MethodSettings"]:
        assert settings["ThrottlingRateLimit"] == PUBLIC.api.requests_per_second
        assert settings["ThrottlingBurstLimit"] == PUBLIC.api.burst


def test_only_what_is_about_nobody_is_cached_and_that_encrypted(stage: Json) -> None:
    off = {s["ResourcePath"].replace("~1", "/")[1:] for s in stage["MethodSettings"] if s["CachingEnabled"] is False}
    (everything,) = [s for s in stage["MethodSettings"] if s["ResourcePath"] == "/*"]

    assert everything["CacheDataEncrypted"] is True
    for route in ROUTES:
        assert {f"/{route.path}", f"/machines/{route.path}"} <= off or route.path == "models"


def test_machines_have_a_quota(template: Json) -> None:
    (plan,) = of_type(template, "AWS::ApiGateway::UsagePlan")

    assert plan["Quota"] == {"Limit": PUBLIC.api.daily_quota, "Period": "DAY"}
    assert plan["Throttle"] == {"RateLimit": PUBLIC.api.requests_per_second, "BurstLimit": PUBLIC.api.burst}


def test_the_gateway_is_traced_and_shows_who_it_is(stage: Json) -> None:
    assert stage["ClientCertificateId"] and stage["TracingEnabled"] is True
