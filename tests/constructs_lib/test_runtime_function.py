from __future__ import annotations

import json

import pytest
from aws_cdk import aws_lambda as lambda_

from constructs_lib.container_images import FunctionImage
from constructs_lib.runtime_function import RuntimeFunction
from tests.infra import Json, Scope, many, of_type, statements


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    place = built.place(built.keys())
    RuntimeFunction(built.stack, "Light", handler="predict", place=place, environment={"TASK": "chest14"}, concurrency=3)
    RuntimeFunction(built.stack, "Heavy", handler="deidentify", place=place, image=FunctionImage(built.stack, "Image"))
    return built


@pytest.fixture(scope="module")
def functions(scope: Scope) -> dict[str, Json]:
    found = of_type(scope.template().to_json(), "AWS::Lambda::Function")
    return {function.get("PackageType", "Zip"): function for function in found}


def test_a_light_function_runs_its_handler_on_the_managed_runtime(functions: dict[str, Json]) -> None:
    assert functions["Zip"]["Handler"] == "model_code.lambdas.predict.handler"
    assert functions["Zip"]["Runtime"] == "python3.13"


def test_a_heavy_one_runs_its_handler_from_the_image(functions: dict[str, Json]) -> None:
    assert functions["Image"]["ImageConfig"]["Command"] == ["model_code.lambdas.deidentify.handler"]
    assert "ImageUri" in functions["Image"]["Code"]


@pytest.mark.parametrize("kind", ["Zip", "Image"])
def test_it_is_in_the_network_limited_traced_and_loses_nothing(functions: dict[str, Json], kind: str) -> None:
    function = functions[kind]

    assert len(function["VpcConfig"]["SubnetIds"]) == 2
    assert function["DeadLetterConfig"]["TargetArn"]
    assert function["ReservedConcurrentExecutions"] == (3 if kind == "Zip" else 5)
    assert function["TracingConfig"] == {"Mode": "Active"}
    assert "LogGroup" in function["LoggingConfig"]


def test_logs_and_queues_have_customer_keys(scope: Scope) -> None:
    template = scope.template().to_json()

    assert all("KmsKeyId" in group and group["RetentionInDays"] == 2192 for group in of_type(template, "AWS::Logs::LogGroup"))
    assert all("KmsMasterKeyId" in queue for queue in of_type(template, "AWS::SQS::Queue"))


def test_whatever_names_every_resource_has_none_to_name(scope: Scope) -> None:
    actions = {
        action
        for statement in statements(scope.template().to_json())
        if "*" in many(statement["Resource"])
        for action in many(statement["Action"])
    }

    assert not [action for action in actions if not action.startswith(("ec2:Describe", "xray:Put"))]


def test_nothing_is_found_and_nothing_is_inline(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Light/" in found[1] or "/Heavy/" in found[1]]
    assert of_type(scope.template().to_json(), "AWS::IAM::Policy") == []


def test_a_plain_function_would_be_found() -> None:
    plain = Scope()
    code = lambda_.Code.from_inline("def handler(event, context): return 1")
    lambda_.Function(plain.stack, "Plain", code=code, handler="index.handler", runtime=lambda_.Runtime.PYTHON_3_13)

    rules = {rule.removeprefix("HIPAA.Security-") for rule, _ in plain.findings()}
    assert {"LambdaDLQ", "LambdaInsideVPC", "LambdaConcurrency"} <= rules, json.dumps(sorted(rules))
