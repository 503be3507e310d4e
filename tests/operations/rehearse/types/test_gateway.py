"""What a template says of a method or a stage in one piece, API Gateway is told in several."""

from __future__ import annotations

from tests.operations.rehearse.types.asked import accepted

WHERE = {"restApiId": "a", "resourceId": "r", "httpMethod": "POST"}


def test_a_method_its_integration_and_its_answers() -> None:
    asked = accepted(
        "AWS::ApiGateway::Method",
        {
            "RestApiId": "a",
            "ResourceId": "r",
            "HttpMethod": "POST",
            "AuthorizationType": "AWS_IAM",
            "Integration": {
                "Type": "AWS_PROXY",
                "IntegrationHttpMethod": "POST",
                "Uri": "u",
                "IntegrationResponses": [{"StatusCode": "200"}],
            },
            "MethodResponses": [{"StatusCode": "200", "ResponseModels": {"application/json": "Reading"}}],
        },
    )

    assert asked["PutMethod"] == {**WHERE, "authorizationType": "AWS_IAM"}
    assert asked["PutMethodResponse"] == {**WHERE, "statusCode": "200", "responseModels": {"application/json": "Reading"}}
    assert asked["PutIntegration"] == {**WHERE, "type": "AWS_PROXY", "integrationHttpMethod": "POST", "uri": "u"}
    assert asked["PutIntegrationResponse"] == {**WHERE, "statusCode": "200"}


def test_the_settings_of_a_stage_are_patches() -> None:
    asked = accepted(
        "AWS::ApiGateway::Stage",
        {
            "RestApiId": "a",
            "StageName": "v1",
            "DeploymentId": "d",
            "ClientCertificateId": "c",
            "AccessLogSetting": {"DestinationArn": "arn", "Format": "{}"},
            "MethodSettings": [
                {"ResourcePath": "/studies/{id}", "HttpMethod": "GET", "ThrottlingRateLimit": 5, "DataTraceEnabled": False}
            ],
        },
    )

    assert asked["CreateStage"] == {"restApiId": "a", "stageName": "v1", "deploymentId": "d"}
    patches = {patch["path"]: patch["value"] for patch in asked["UpdateStage"]["patchOperations"]}
    assert patches == {
        "/accessLogSettings/destinationArn": "arn",
        "/accessLogSettings/format": "{}",
        "/clientCertificateId": "c",
        "/studies~1{id}/GET/throttling/rateLimit": "5",
        "/studies~1{id}/GET/logging/dataTrace": "false",
    }


def test_the_account_is_patched_too() -> None:
    asked = accepted("AWS::ApiGateway::Account", {"CloudWatchRoleArn": "r"})

    assert asked["UpdateAccount"]["patchOperations"] == [{"op": "replace", "path": "/cloudwatchRoleArn", "value": "r"}]


def test_policies_and_schemas_are_text_and_limits_are_spelt_small() -> None:
    api = accepted("AWS::ApiGateway::RestApi", {"Name": "a", "Policy": {}, "EndpointConfiguration": {"Types": ["PRIVATE"]}})
    model = accepted(
        "AWS::ApiGateway::Model", {"RestApiId": "a", "ContentType": "application/json", "Schema": {"type": "object"}}
    )
    plan = accepted("AWS::ApiGateway::UsagePlan", {"UsagePlanName": "p", "Throttle": {"RateLimit": 5, "BurstLimit": 9}})

    assert (api["CreateRestApi"]["policy"], api["CreateRestApi"]["endpointConfiguration"]) == ("{}", {"types": ["PRIVATE"]})
    assert model["CreateModel"]["schema"] == '{"type": "object"}'
    assert plan["CreateUsagePlan"]["throttle"] == {"rateLimit": 5, "burstLimit": 9}
