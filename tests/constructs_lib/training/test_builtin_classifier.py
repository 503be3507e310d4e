"""The built-in road: its requests judged by botocore's model of SageMaker, its settings by the algorithm's documented ranges."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from aws_cdk import App, Stack
from botocore.validate import ParamValidator

from constructs_lib.container_images import ServingImage
from constructs_lib.errors import ConfigurationError
from constructs_lib.training.builtin_classifier import BuiltinClassifier, BuiltinPlan, image_of
from constructs_lib.training.job_instance import JobInstance
from constructs_lib.training.model_registry import ModelRegistry
from model_code.builtin.training import BuiltinTraining
from model_code.cloud import requests
from model_code.cloud.deployed import Pipeline
from model_code.contract import Task
from tests.infra import Json, Scope, many, of_type, statements, text_of

OPERATIONS = {"train": "CreateTrainingJob", "model": "CreateModel", "score": "CreateTransformJob"}
NAMES = {"train": "TrainingJobName", "model": "ModelName", "score": "TransformJobName"}


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    keys, logs = built.keys(), built.access_logs()
    BuiltinClassifier(
        built.stack,
        "Builtin",
        plan=plan(),
        network=built.place(keys).network,
        shards=built.bucket("Shards", keys, logs),
        artifacts=built.bucket("Artifacts", keys, logs),
        registry=ModelRegistry(built.stack, "Registry", task=Task.CHEST14, image=ServingImage(built.stack, "Serving")),
    )
    return built


def plan(**changes: Any) -> BuiltinPlan:
    settings = {"classes": 14, "training_films": 80_000, "instance": JobInstance.G5_XLARGE, **changes}
    return BuiltinPlan(**settings)


@pytest.fixture(scope="module")
def steps(scope: Scope) -> dict[str, Json]:
    (pipeline,) = of_type(scope.template().to_json(), "AWS::SageMaker::Pipeline")
    definition = json.loads(text_of(pipeline["PipelineDefinition"]["PipelineDefinitionBody"]))
    return {step["Name"]: step for step in definition["Steps"]}


def known(value: Any) -> Any:
    """Expressions of the pipeline as some text."""
    if isinstance(value, dict):
        return "value" if value.keys() & {"Get", "Std:Join"} else {key: known(inner) for key, inner in value.items()}
    return [known(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", OPERATIONS)
def test_sagemaker_knows_every_field(name: str, steps: dict[str, Json]) -> None:
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(OPERATIONS[name])
    request = {NAMES[name]: "name", **known(steps[name]["Arguments"])}
    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()


def test_its_training_can_be_submitted_alone_with_the_options_of_a_data_set(steps: dict[str, Json]) -> None:
    training = BuiltinTraining(classes=14, training_films=500, layers=50, epochs=3)
    channels = training.channels("s3://shards/chest14")
    deployed = Pipeline("overread-test-chest14-builtin", {"Version": "2020-12-01", "Steps": [*steps.values()]})
    request = requests.builtin(deployed, job="j", hyperparameters=training.hyperparameters, channels=channels, spot=False)
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model("CreateTrainingJob")
    report = ParamValidator().validate(request, model.input_shape)

    assert not report.has_errors(), report.generate_report()
    assert request["HyperParameters"] == training.hyperparameters
    assert request["EnableManagedSpotTraining"] is False
    assert request["OutputDataConfig"]["S3OutputPath"].endswith("/builtin/j/model")


@pytest.mark.parametrize("name", ["train", "model"])
def test_films_stay_in_the_network(name: str, steps: dict[str, Json]) -> None:
    request = steps[name]["Arguments"]

    assert request["EnableNetworkIsolation"] is True
    assert len(request["VpcConfig"]["Subnets"]) == 2


def test_it_learns_from_recordio_on_spot(steps: dict[str, Json]) -> None:
    request = steps["train"]["Arguments"]

    assert {c["ChannelName"]: c["ContentType"] for c in request["InputDataConfig"]} == {
        "train": "application/x-recordio",
        "validation": "application/x-recordio",
    }
    assert request["EnableManagedSpotTraining"] is True
    assert request["HyperParameters"]["num_layers"] == "101"
    assert all(isinstance(value, str) for value in request["HyperParameters"].values())


def test_its_role_writes_below_its_own_prefix_alone(scope: Scope) -> None:
    writes = [s for s in statements(scope.template().to_json()) if "s3:PutObject" in many(s["Action"])]
    mine = [text_of(r) for s in writes for r in many(s["Resource"]) if "chest14" in text_of(r)]

    assert mine
    assert all(resource.endswith("/chest14/builtin/*") for resource in mine)


def test_its_role_may_pull_awss_image_which_is_in_another_account(scope: Scope) -> None:
    (pulling,) = (s for s in statements(scope.template().to_json()) if "ecr:BatchGetImage" in s["Action"])

    assert text_of(pulling["Resource"]).endswith(":ecr:us-east-1:811284229777:repository/image-classification")


def test_nothing_is_found(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Builtin/" in found[1]]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layers": 121}, "unknown number of layers '121'; allowed: 18, 34, 50, 101, 152, 200"),
        ({"classes": 1}, "classes is 1; allowed: 2 to 10000"),
        ({"batch_size": 64, "training_films": 50}, "batch_size is 64; allowed: 1 to 50"),
        ({"instance": JobInstance.M5_XLARGE}, "instance is ml.m5.xlarge; allowed: ml.g4dn.xlarge"),
    ],
)
def test_what_the_algorithm_refuses_is_refused_here(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        plan(**changes)


def test_a_region_without_the_algorithm_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="unknown region of the built-in algorithm 'mars-north-1'"):
        image_of("mars-north-1")
    with pytest.raises(ConfigurationError, match="the stack has no region"):
        image_of(Stack(App(), "anywhere").region)
