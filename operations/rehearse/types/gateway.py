"""API Gateway and the firewall before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.kind import Build, Follow, Kind, as_text, deep_small, lowered, nothing_more, picked, same

METHOD_SETTINGS: Final = {
    "LoggingLevel": "logging/loglevel",
    "DataTraceEnabled": "logging/dataTrace",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}
"""Where an update finds what a template says of a method."""


def _of(
    operation: str,
    ref: str,
    build: Build | None = None,
    attributes: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
    follow: Follow = nothing_more,
) -> Kind:
    return Kind("apigateway", operation, build or lowered(), ref, attributes or {}, name, follow)


def _account(properties: Json) -> Json:
    return {"patchOperations": [_patch("cloudwatchRoleArn", properties["CloudWatchRoleArn"])]}


def _api(properties: Json) -> Json:
    endpoint = (
        {"endpointConfiguration": deep_small(properties["EndpointConfiguration"])}
        if "EndpointConfiguration" in properties
        else {}
    )
    policy = {"policy": as_text(properties["Policy"])} if "Policy" in properties else {}
    return lowered("EndpointConfiguration", "Policy", "Mode", "Parameters")(properties) | endpoint | policy


def _method(properties: Json) -> Json:
    return lowered("Integration", "MethodResponses", "AuthorizationType")(properties) | {
        "authorizationType": properties.get("AuthorizationType", "NONE")
    }


def _method_parts(properties: Json, made: Json) -> list[Request]:
    """What stands behind the method, and what it may answer."""
    where = {name: made["request"][name] for name in ("restApiId", "resourceId", "httpMethod")}
    requests = [
        Request(
            "apigateway", "PutMethodResponse", where | deep_small(picked(answer, "StatusCode")) | lowered("StatusCode")(answer)
        )
        for answer in properties.get("MethodResponses", ())
    ]
    integration = properties.get("Integration")
    if integration:
        parts = lowered("IntegrationHttpMethod", "IntegrationResponses")(integration)
        method = {"integrationHttpMethod": integration["IntegrationHttpMethod"]} if "IntegrationHttpMethod" in integration else {}
        requests.append(Request("apigateway", "PutIntegration", where | parts | method))
        requests += [
            Request("apigateway", "PutIntegrationResponse", where | lowered()(answer))
            for answer in integration.get("IntegrationResponses", ())
        ]
    return requests


def _model(properties: Json) -> Json:
    return lowered()({**properties, "Schema": as_text(properties.get("Schema", {}))})


def _stage_settings(properties: Json, made: Json) -> list[Request]:
    """What only an update takes: methods' settings, the access log, the client certificate."""
    log = properties.get("AccessLogSetting", {})
    patches = [
        _patch(path, value)
        for path, value in (
            ("accessLogSettings/destinationArn", log.get("DestinationArn")),
            ("accessLogSettings/format", log.get("Format")),
            ("clientCertificateId", properties.get("ClientCertificateId")),
        )
        if value is not None
    ]
    for setting in properties.get("MethodSettings", ()):
        resource = setting["ResourcePath"].removeprefix("/").replace("/", "~1")
        patches += [
            _patch(f"{resource}/{setting['HttpMethod']}/{path}", setting[name])
            for name, path in METHOD_SETTINGS.items()
            if name in setting
        ]
    where = {name: made["request"][name] for name in ("restApiId", "stageName")}
    return [Request("apigateway", "UpdateStage", {**where, "patchOperations": patches})] if patches else []


def _patch(path: str, value: object) -> Json:
    return {"op": "replace", "path": f"/{path}", "value": as_text(value)}


def _usage_plan(properties: Json) -> Json:
    parts: Json = deep_small(picked(properties, "ApiStages", "Quota", "Throttle"))
    return lowered("ApiStages", "Quota", "Throttle", UsagePlanName="name")(properties) | parts


TYPES: Final[Mapping[str, Kind]] = {
    "AWS::ApiGateway::Account": _of("UpdateAccount", "account", _account),
    "AWS::ApiGateway::ApiKey": _of("CreateApiKey", "answer.id", None, {"APIKeyId": "answer.id"}, name="Name"),
    "AWS::ApiGateway::Authorizer": _of("CreateAuthorizer", "answer.id", None, {"AuthorizerId": "answer.id"}),
    "AWS::ApiGateway::ClientCertificate": _of(
        "GenerateClientCertificate", "answer.clientCertificateId", None, {"ClientCertificateId": "answer.clientCertificateId"}
    ),
    "AWS::ApiGateway::Deployment": _of("CreateDeployment", "answer.id", None, {"DeploymentId": "answer.id"}),
    "AWS::ApiGateway::GatewayResponse": _of("PutGatewayResponse", "{request.restApiId}|{request.responseType}"),
    "AWS::ApiGateway::Method": _of(
        "PutMethod", "{request.restApiId}|{request.resourceId}|{request.httpMethod}", _method, follow=_method_parts
    ),
    "AWS::ApiGateway::Model": _of("CreateModel", "request.name", _model, name="Name"),
    "AWS::ApiGateway::RequestValidator": _of("CreateRequestValidator", "answer.id", name="Name"),
    "AWS::ApiGateway::Resource": _of("CreateResource", "answer.id", None, {"ResourceId": "answer.id"}),
    "AWS::ApiGateway::RestApi": _of(
        "CreateRestApi", "answer.id", _api, {"RestApiId": "answer.id", "RootResourceId": "answer.rootResourceId"}, name="Name"
    ),
    "AWS::ApiGateway::Stage": _of(
        "CreateStage",
        "request.stageName",
        lowered("AccessLogSetting", "MethodSettings", "ClientCertificateId"),
        follow=_stage_settings,
    ),
    "AWS::ApiGateway::UsagePlan": _of("CreateUsagePlan", "answer.id", _usage_plan, {"Id": "answer.id"}, name="UsagePlanName"),
    "AWS::ApiGateway::UsagePlanKey": _of("CreateUsagePlanKey", "{request.keyId}:{request.usagePlanId}"),
    "AWS::WAFv2::LoggingConfiguration": Kind(
        "wafv2",
        "PutLoggingConfiguration",
        lambda properties: {"LoggingConfiguration": properties},
        "request.LoggingConfiguration.ResourceArn",
    ),
    "AWS::WAFv2::WebACL": Kind(
        "wafv2",
        "CreateWebACL",
        same(),
        "{request.Name}|{answer.Summary.Id}|{request.Scope}",
        {"Arn": "answer.Summary.ARN", "Id": "answer.Summary.Id"},
        name="Name",
    ),
    "AWS::WAFv2::WebACLAssociation": Kind("wafv2", "AssociateWebACL", same(), "{request.WebACLArn}|{request.ResourceArn}"),
}
