from __future__ import annotations

from tests.constructs_lib.endpoints.conftest import Built
from tests.infra import many, statements, text_of


def test_the_reader_runs_from_the_image_with_the_slots_model(on_lambda: Built) -> None:
    function = on_lambda.the("AWS::Lambda::Function")

    assert function["PackageType"] == "Image"
    assert function["ImageConfig"]["Command"] == ["model_code.lambdas.serve.handler"]
    assert function["Environment"]["Variables"] == {"MODEL_PACKAGE": {"Ref": "ChampionModelPackage"}}
    assert function["FunctionName"] == "overread-test-chest14"


def test_it_is_as_large_as_the_settings_say_with_room_for_a_bundle(on_lambda: Built) -> None:
    function = on_lambda.the("AWS::Lambda::Function")

    assert (function["MemorySize"], function["ReservedConcurrentExecutions"]) == (3008, 10)
    assert function["EphemeralStorage"] == {"Size": 2048}


def test_it_is_in_the_network_and_loses_nothing(on_lambda: Built) -> None:
    function = on_lambda.the("AWS::Lambda::Function")

    assert len(function["VpcConfig"]["SubnetIds"]) == 2
    assert function["DeadLetterConfig"]["TargetArn"]


def test_it_may_look_up_packages_of_its_group_alone(on_lambda: Built) -> None:
    resources = [
        text_of(resource)
        for statement in statements(on_lambda.part("Champion"))
        if "sagemaker:DescribeModelPackage" in many(statement["Action"])
        for resource in many(statement["Resource"])
    ]

    assert len(resources) == 1
    assert resources[0].endswith(":model-package/overread-test-chest14/*")
