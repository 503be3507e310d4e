"""Who may ask what, and how."""

from __future__ import annotations

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.api.routes import ROUTES
from constructs_lib.security.permissions_boundary import PermissionsBoundary
from tests.api_site import PRIVATE, PUBLIC, ApiSite
from tests.infra import Json, of_type, text_of


@pytest.fixture(scope="module")
def template() -> Json:
    return ApiSite(PUBLIC).template()


@pytest.fixture(scope="module")
def private() -> Json:
    return ApiSite(PRIVATE).template()


def paths(template: Json) -> dict[str, Json]:
    """``POST /predict`` → the method's properties."""
    resources = template["Resources"]

    def path(name: str) -> str:
        properties = resources[name]["Properties"]
        parent = properties["ParentId"]
        return (path(parent["Ref"]) if "Ref" in parent else "") + f"/{properties['PathPart']}"

    methods = of_type(template, "AWS::ApiGateway::Method")
    return {f"{m['HttpMethod']} {path(m['ResourceId']['Ref'])}": m for m in methods}


def test_every_route_has_two_doors_and_no_third(template: Json) -> None:
    routes = {f"{route.method} /{route.path}" for route in ROUTES}
    machines = {route.replace(" /", " /machines/") for route in routes}

    assert paths(template).keys() == routes | machines


def test_no_method_is_open(template: Json) -> None:
    for name, method in paths(template).items():
        machine = "/machines/" in name
        assert method["AuthorizationType"] == ("AWS_IAM" if machine else "COGNITO_USER_POOLS")
        assert method["ApiKeyRequired"] is machine
        assert machine or method["AuthorizationScopes"] == ["overread/train" if "retrain" in name else "overread/read"]


def test_every_request_is_validated(template: Json) -> None:
    validators = {
        name: resource["Properties"]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::RequestValidator"
    }
    for name, method in paths(template).items():
        validator = validators[method["RequestValidatorId"]["Ref"]]
        assert validator["ValidateRequestParameters"] is True
        if "RequestModels" in method:
            assert validator["ValidateRequestBody"] is True
            assert method["RequestModels"].keys() == {"$default"}  # of whatever type the body says it is
        elif name.startswith("POST"):
            assert method["RequestParameters"] == {"method.request.header.Content-Type": True}


def test_schemas_let_nothing_pass_that_they_do_not_name(template: Json) -> None:
    schemas = [model["Schema"] for model in of_type(template, "AWS::ApiGateway::Model")]

    assert len(schemas) == 2
    assert all(schema["additionalProperties"] is False and schema["required"] for schema in schemas)


def test_connections_are_modern(template: Json) -> None:
    (api,) = of_type(template, "AWS::ApiGateway::RestApi")

    assert api["SecurityPolicy"].startswith("SecurityPolicy_TLS13_1_2")


def test_the_role_that_stays_in_the_account_does_not_hold_the_boundary_back() -> None:
    """IAM deletes no policy that is still somebody's boundary, and then the security stack would not go."""
    site = ApiSite(PUBLIC)
    PermissionsBoundary(site.api, "Boundary").enclose(site.api)
    roles = [r for r in site.template()["Resources"].values() if r["Type"] == "AWS::IAM::Role"]
    staying = [role for role in roles if role.get("DeletionPolicy") == "Retain"]

    assert [role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] for role in staying] == [
        {"Service": "apigateway.amazonaws.com"}
    ]
    assert [role for role in roles if "PermissionsBoundary" not in role["Properties"]] == staying


def test_a_private_api_answers_its_network_alone(private: Json, template: Json) -> None:
    (api,) = of_type(private, "AWS::ApiGateway::RestApi")
    allow, deny = api["Policy"]["Statement"]

    assert api["EndpointConfiguration"]["Types"] == ["PRIVATE"]
    assert (allow["Effect"], deny["Effect"]) == ("Allow", "Deny")
    assert allow["Condition"]["StringEquals"].keys() == deny["Condition"]["StringNotEquals"].keys() == {"aws:SourceVpce"}
    (regional,) = of_type(template, "AWS::ApiGateway::RestApi")
    assert regional["EndpointConfiguration"]["Types"] == ["REGIONAL"] and "Policy" not in regional


def test_a_machine_may_be_let_in_to_ask_and_not_to_train() -> None:
    site = ApiSite(PUBLIC)
    site.api.api.grant_invoke(iam.ManagedPolicy(site.api, "Gateway"))
    policies = [
        resource["Properties"]
        for name, resource in site.template()["Resources"].items()
        if name.startswith("Gateway") and resource["Type"] == "AWS::IAM::ManagedPolicy"
    ]
    (statement,) = [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
    routes = [text_of(arn) for arn in statement["Resource"]]

    assert len(routes) == 4
    assert all("/machines/" in route for route in routes)
    assert not [route for route in routes if "retrain" in route]
