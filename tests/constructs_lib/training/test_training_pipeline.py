"""The pipeline's requests, judged offline: by botocore's model of SageMaker, and by our own command line."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
import typer.main
from aws_cdk import RemovalPolicy
from botocore.exceptions import ParamValidationError
from botocore.validate import ParamValidator

from constructs_lib.code_asset import CodeAsset
from constructs_lib.container_images import ServingImage, TrainingImage
from constructs_lib.errors import ConfigurationError
from constructs_lib.security.isolated_network import IsolatedNetwork
from constructs_lib.training.job_instance import JobInstance
from constructs_lib.training.job_role import Workplace
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.training.pipeline_steps import TrainingStep
from constructs_lib.training.training_pipeline import NO_CHAMPION as NO_CHAMPION_FOLDER
from constructs_lib.training.training_pipeline import TrainingPipeline, TrainingPlan
from model_code import evidence
from model_code.__main__ import app as cli
from model_code.contract import NO_CHAMPION, PASSED, Architecture, Preset, Task, Verb
from model_code.judging import policy
from model_code.training.config import TrainConfig, gather, make_config, presets, read_preset
from tests.infra import Json, Scope, many, of_type, text_of

OPERATIONS = {"Processing": "CreateProcessingJob", "Training": "CreateTrainingJob", "RegisterModel": "CreateModelPackage"}
TO_RUN = ["prepare", "train", "export", "calibrate", "evaluate", "gate", "evidence"]
NAMED_BY_THE_PIPELINE = {"Processing": "ProcessingJobName", "Training": "TrainingJobName"}
ORDER = [*TO_RUN, "verdict"]


def build(training: JobInstance = JobInstance.M5_2XLARGE) -> tuple[Scope, TrainingPipeline]:
    scope = Scope()
    stack, keys, logs = scope.stack, scope.keys(), scope.access_logs()
    plan = TrainingPlan(preset=Preset.CHEST14, training=training, processing=JobInstance.M5_XLARGE)
    network = IsolatedNetwork(stack, "Network", zones=2, logs_key=keys.audit, removal_policy=RemovalPolicy.RETAIN)
    image = TrainingImage(stack, "TrainingImage", accelerator=training.accelerator)
    pipeline = TrainingPipeline(
        stack,
        "Line",
        plan=plan,
        workplace=Workplace(image=image, code=CodeAsset(stack, "Code"), network=network),
        films=scope.bucket("Films", keys, logs),
        shards=scope.bucket("Shards", keys, logs),
        artifacts=scope.bucket("Artifacts", keys, logs),
        registry=ModelRegistry(stack, "Registry", task=Task.CHEST14, image=ServingImage(stack, "Serving")),
    )
    return scope, pipeline


def definition_of(scope: Scope) -> Json:
    (pipeline,) = of_type(scope.template().to_json(), "AWS::SageMaker::Pipeline")
    return dict(json.loads(text_of(pipeline["PipelineDefinition"]["PipelineDefinitionBody"])))


@pytest.fixture(scope="module")
def definition() -> Json:
    return definition_of(build()[0])


@pytest.fixture(scope="module")
def steps(definition: Json) -> dict[str, Json]:
    verdict = definition["Steps"][-1]["Arguments"]
    return {step["Name"]: step for step in (*definition["Steps"], *verdict["IfSteps"], *verdict["ElseSteps"])}


def at_run_time(value: Any, parameters: dict[str, str]) -> Any:
    """The value that the service works with: expressions put in."""
    if isinstance(value, dict) and value.keys() == {"Get"}:
        return parameters.get(value["Get"].removeprefix("Parameters."), f"<{value['Get']}>")
    if isinstance(value, dict) and value.keys() == {"Std:JsonGet"}:
        return f"<{value['Std:JsonGet']['PropertyFile']['Get']}: {value['Std:JsonGet']['Path']}>"
    if isinstance(value, dict) and value.keys() == {"Std:Join"}:
        join = value["Std:Join"]
        return join["On"].join(at_run_time(part, parameters) for part in join["Values"])
    if isinstance(value, dict):
        return {key: at_run_time(inner, parameters) for key, inner in value.items()}
    return [at_run_time(inner, parameters) for inner in value] if isinstance(value, list) else value


def arguments(step: Json, definition: Json) -> Json:
    parameters = {parameter["Name"]: parameter["DefaultValue"] for parameter in definition["Parameters"]}
    return dict(at_run_time(step["Arguments"], parameters))


def check(step: Json, request: Json) -> None:
    """As the service's client would.

    Raises:
        ParamValidationError: a field is unknown, missing or of the wrong kind.
    """
    named = {NAMED_BY_THE_PIPELINE[step["Type"]]: "pipelines-1-step"} if step["Type"] in NAMED_BY_THE_PIPELINE else {}
    model = botocore.session.get_session().get_service_model("sagemaker").operation_model(OPERATIONS[step["Type"]])
    report = ParamValidator().validate({**request, **named}, model.input_shape)
    if report.has_errors():
        raise ParamValidationError(report=report.generate_report())


def test_the_steps_run_in_the_order_of_the_line(definition: Json) -> None:
    assert definition["Version"] == "2020-12-01"
    assert [step["Name"] for step in definition["Steps"]] == ORDER
    assert [step.get("DependsOn", []) for step in definition["Steps"]] == [[], *([name] for name in ORDER[:-1])]


@pytest.mark.parametrize("name", [*TO_RUN, "register"])
def test_sagemaker_knows_every_field(name: str, steps: dict[str, Json], definition: Json) -> None:
    check(steps[name], arguments(steps[name], definition))


def test_a_misspelt_field_is_named(steps: dict[str, Json], definition: Json) -> None:
    request = copy.deepcopy(arguments(steps["train"], definition))
    request["CheckpointConfig"]["S3Url"] = request["CheckpointConfig"].pop("S3Uri")

    with pytest.raises(ParamValidationError, match="S3Url"):
        check(steps["train"], request)


@pytest.mark.parametrize("name", TO_RUN)
def test_every_job_runs_a_command_that_there_is(name: str, steps: dict[str, Json], definition: Json) -> None:
    request = arguments(steps[name], definition)
    container = request.get("AppSpecification") or request["AlgorithmSpecification"]
    verb, *options = container["ContainerArguments"]

    assert container["ContainerEntrypoint"] == ["python", "-m", "model_code"]
    assert verb == name == Verb(name)
    # click refuses unknown options and leaves none over
    context = typer.main.get_command(cli).commands[verb].make_context(verb, list(options))  # type: ignore[attr-defined]
    assert context.args == []


def mounts(request: Json) -> Iterator[str]:
    for entry in request.get("ProcessingInputs", []):
        yield entry["S3Input"]["LocalPath"]
    for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", []):
        yield entry["S3Output"]["LocalPath"]
    for channel in request.get("InputDataConfig", []):
        yield f"/opt/ml/input/data/{channel['ChannelName']}"
    if "CheckpointConfig" in request:
        yield from (request["CheckpointConfig"]["LocalPath"], "/opt/ml/model")


@pytest.mark.parametrize("name", TO_RUN)
def test_every_path_that_a_command_names_is_mounted(name: str, steps: dict[str, Json], definition: Json) -> None:
    request = arguments(steps[name], definition)
    container = request.get("AppSpecification") or request["AlgorithmSpecification"]
    folders = list(mounts(request))
    named = [a for a in container["ContainerArguments"] if a.startswith("/opt/ml")] + [request["Environment"]["PYTHONPATH"]]

    assert all(any(path == folder or path.startswith(f"{folder}/") for folder in folders) for path in named), (named, folders)


def test_what_a_step_reads_an_earlier_one_wrote(steps: dict[str, Json], definition: Json) -> None:
    films = str(definition["Parameters"][0]["DefaultValue"])
    written = [films, arguments(steps["train"], definition)["Environment"]["PYTHONPATH"].rpartition("/")[2], "<Steps.train."]
    written.append(next(str(one["DefaultValue"]) for one in definition["Parameters"] if one["Name"] == "Champion"))
    for step in definition["Steps"][:-1]:
        request = arguments(step, definition)
        read = [entry["S3Input"]["S3Uri"] for entry in request.get("ProcessingInputs", [])]
        read += [channel["DataSource"]["S3DataSource"]["S3Uri"] for channel in request.get("InputDataConfig", [])]
        assert all(any(known in uri for known in written) for uri in read), (step["Name"], read, written)
        written += [entry["S3Output"]["S3Uri"] for entry in request.get("ProcessingOutputConfig", {}).get("Outputs", [])]
    register = arguments(steps["register"], definition)
    (container,) = register["InferenceSpecification"]["Containers"]
    assert any(container["ModelDataUrl"] == f"{uri}/model.tar.gz" for uri in written)
    assert any(register["ModelMetrics"]["ModelQuality"]["Statistics"]["S3Uri"] == f"{uri}/metrics.json" for uri in written)


@pytest.mark.parametrize("name", TO_RUN)
def test_every_job_is_isolated_and_encrypted(name: str, steps: dict[str, Json], definition: Json) -> None:
    request = arguments(steps[name], definition)
    network = request.get("NetworkConfig", request)
    cluster = request.get("ResourceConfig") or request["ProcessingResources"]["ClusterConfig"]
    output = request.get("OutputDataConfig") or request["ProcessingOutputConfig"]

    assert network["EnableNetworkIsolation"] is True
    assert network["EnableInterContainerTrafficEncryption"] is True
    assert len(network["VpcConfig"]["Subnets"]) == 2
    assert "KeysImages" in cluster["VolumeKmsKeyId"]
    assert "KeysImages" in output["KmsKeyId"]


def test_training_is_on_spot_and_goes_on_from_its_checkpoints(steps: dict[str, Json], definition: Json) -> None:
    request = arguments(steps["train"], definition)

    assert request["EnableManagedSpotTraining"] is True
    assert request["StoppingCondition"]["MaxWaitTimeInSeconds"] >= request["StoppingCondition"]["MaxRuntimeInSeconds"]
    assert request["CheckpointConfig"]["S3Uri"].endswith("/train/checkpoints")


def test_only_a_model_that_passes_the_gate_is_registered(steps: dict[str, Json], definition: Json) -> None:
    verdict = steps["verdict"]["Arguments"]
    (condition,) = verdict["Conditions"]
    look = condition["LeftValue"]["Std:JsonGet"]

    assert (condition["Type"], condition["RightValue"], look["Path"]) == ("Equals", PASSED, "verdict")
    assert look["PropertyFile"] == {"Get": "Steps.gate.PropertyFiles.report"}
    assert [step["Name"] for step in verdict["IfSteps"]] == ["register"]
    assert [step["Type"] for step in verdict["ElseSteps"]] == ["Fail"]


def test_later_steps_look_into_files_that_there_are(steps: dict[str, Json], definition: Json) -> None:
    looks = [steps["verdict"]["Arguments"]["Conditions"][0]["LeftValue"]["Std:JsonGet"]]
    looks.append(steps["register"]["Arguments"]["CustomerMetadataProperties"]["evidence_sha256"]["Std:JsonGet"])
    for look in looks:
        _, step, _, name = look["PropertyFile"]["Get"].split(".")
        (file,) = steps[step]["PropertyFiles"]
        outputs = arguments(steps[step], definition)["ProcessingOutputConfig"]["Outputs"]
        assert (file["PropertyFileName"], file["OutputName"]) == (name, outputs[0]["OutputName"])
    assert steps["gate"]["PropertyFiles"][0]["FilePath"] == policy.FILE_NAME
    assert steps["evidence"]["PropertyFiles"][0]["FilePath"] == evidence.PACK
    assert "verdict" in policy.Verdict.model_fields


def test_the_gate_judges_the_evaluated_model_and_always_ends_well(steps: dict[str, Json], definition: Json) -> None:
    request = arguments(steps["gate"], definition)
    given = request["AppSpecification"]["ContainerArguments"]
    mounted = {entry["InputName"]: entry["S3Input"]["S3Uri"] for entry in request["ProcessingInputs"]}

    assert "--record" in given and given[given.index("--minimum-auroc") + 1] == "0.75"
    assert mounted["bundle"].endswith("/evaluate/bundle/model.tar.gz")
    assert steps["gate"]["Arguments"]["ProcessingInputs"][4]["S3Input"]["S3Uri"] == {"Get": "Parameters.Champion"}


def test_a_first_model_is_told_by_an_asset_that_jobs_may_read() -> None:
    scope, pipeline = build()
    definition = definition_of(scope)
    default = next(str(one["DefaultValue"]) for one in definition["Parameters"] if one["Name"] == "Champion")
    template = scope.template().to_json()
    (policy_,) = (r["Properties"] for name, r in template["Resources"].items() if name.startswith("LineJobsPolicy"))
    readable = [text_of(one) for s in policy_["PolicyDocument"]["Statement"] for one in many(s["Resource"])]

    (key,) = re.findall(r"[0-9a-f]{64}\.zip", default)
    assert any(one.endswith(key) for one in readable)
    assert pipeline.name.endswith("-training")
    (marker,) = NO_CHAMPION_FOLDER.iterdir()
    assert marker.read_text() == NO_CHAMPION


def test_approval_is_of_an_evidence_pack(steps: dict[str, Json], definition: Json) -> None:
    properties = arguments(steps["register"], definition)["CustomerMetadataProperties"]

    assert properties["evidence"].endswith(f"/evidence/report/{evidence.PAGE}")
    assert properties["evidence_sha256"] == "<Steps.evidence.PropertyFiles.report: sha256>"


def test_films_are_shared_among_the_machines_but_everyone_has_the_table(steps: dict[str, Json]) -> None:
    request = steps["prepare"]["Arguments"]
    shares = {entry["InputName"]: entry["S3Input"]["S3DataDistributionType"] for entry in request["ProcessingInputs"]}

    assert shares == {"code": "FullyReplicated", "films": "ShardedByS3Key", "table": "FullyReplicated"}
    assert request["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == {"Get": "Parameters.PreparationMachines"}


@pytest.mark.parametrize("name", TO_RUN)
def test_faults_of_aws_are_tried_again_and_ours_are_not(name: str, steps: dict[str, Json]) -> None:
    kinds = {kind for policy in steps[name]["RetryPolicies"] for kind in policy["ExceptionType"]}

    assert kinds == {"Step.SERVICE_FAULT", "Step.THROTTLING", "SageMaker.CAPACITY_ERROR"}


def test_a_run_may_take_another_machine_that_fits_the_same_request(definition: Json) -> None:
    parameters = {parameter["Name"]: parameter for parameter in definition["Parameters"]}
    allowed = parameters["TrainingInstanceType"]["EnumValues"]

    assert parameters["TrainingInstanceType"]["DefaultValue"] in allowed
    assert "ml.g5.xlarge" not in allowed  # another image, and a disk that takes no key


def test_a_model_waits_for_a_person(steps: dict[str, Json]) -> None:
    request = steps["register"]["Arguments"]

    assert request["ModelApprovalStatus"] == "PendingManualApproval"
    assert text_at(request["ModelPackageGroupName"], "chest14") == "overread-test-chest14"


def text_at(group: Json, task: str) -> str:
    """The group's name, were the evidence pack of a model for this task."""
    prefix, looked_up = group["Std:Join"]["Values"]
    assert looked_up["Std:JsonGet"] == {"PropertyFile": {"Get": "Steps.evidence.PropertyFiles.report"}, "Path": "task"}
    return str(group["Std:Join"]["On"].join([prefix, task]))


@pytest.fixture(scope="module")
def template() -> Json:
    return dict(build()[0].template().to_json())


@pytest.mark.parametrize("task", Task)
def test_a_tasks_models_have_a_group_that_the_pipeline_may_fill(task: Task, steps: dict[str, Json], template: Json) -> None:
    name = text_at(steps["register"]["Arguments"]["ModelPackageGroupName"], task)
    (policy,) = (r["Properties"] for key, r in template["Resources"].items() if key.startswith("LineStarterPolicy"))
    (registering,) = (s for s in policy["PolicyDocument"]["Statement"] if "sagemaker:CreateModelPackage" in many(s["Action"]))
    groups = {made["ModelPackageGroupName"] for made in of_type(template, "AWS::SageMaker::ModelPackageGroup")}

    assert name in groups
    allowed = [text_of(resource).rpartition(":")[2] for resource in registering["Resource"]]
    assert {f"model-package-group/{name}", f"model-package/{name}/*"} <= set(allowed)


@pytest.mark.parametrize("task", Task)
def test_the_jobs_may_read_the_films_of_every_task(task: Task, template: Json) -> None:
    (policy,) = (r["Properties"] for name, r in template["Resources"].items() if name.startswith("LineJobsPolicy"))
    readable = [text_of(one) for s in policy["PolicyDocument"]["Statement"] for one in many(s["Resource"])]

    assert any("Films" in one and one.endswith(f"/{task}/*") for one in readable)


def options_of(step: Json, definition: Json, **given: str) -> dict[str, Any]:
    """What the command is told, where a run gives these parameters."""
    parameters = {one["Name"]: one["DefaultValue"] for one in definition["Parameters"]} | given
    request = at_run_time(step["Arguments"], parameters)
    verb, *options = (request.get("AppSpecification") or request["AlgorithmSpecification"])["ContainerArguments"]
    return dict(typer.main.get_command(cli).commands[verb].make_context(verb, options).params)  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", ["prepare", "train"])
def test_a_presets_own_values_win_unless_a_parameter_is_given(step: str, steps: dict[str, Json], definition: Json) -> None:
    left = options_of(steps[step], definition, Preset="skin8-resnet50")
    given = options_of(steps[step], definition, ImageSize="64")

    assert (left["preset"], left["image_size"]) == ("skin8-resnet50", None)
    assert (given["preset"], given["image_size"]) == ("chest14", 64)


def test_what_trains_is_what_the_preset_says_but_for_what_is_given(steps: dict[str, Json], definition: Json) -> None:
    def config(**given: str) -> TrainConfig:
        options = options_of(steps["train"], definition, **given)
        settings = {"preset": options["preset"], "architecture": options["arch"], "epochs": options["epochs"]}
        return gather({}, None, {key: value for key, value in settings.items() if value is not None})

    for preset in Preset:
        assert config(Preset=preset) == make_config(read_preset(preset))
    changed = config(Preset="pneumonia", Epochs="3", Architecture="mobilenet_v2")
    assert (changed.task, changed.architecture, changed.epochs, changed.select) == ("pneumonia", "mobilenet_v2", 3, "accuracy")


def test_a_run_may_choose_every_preset_and_architecture(definition: Json) -> None:
    allowed = {one["Name"]: one.get("EnumValues") for one in definition["Parameters"]}

    assert allowed["Preset"] == presets()
    assert allowed["Architecture"] == ["preset", *Architecture]


def test_a_machine_with_a_local_disk_gets_no_key_for_it() -> None:
    """SageMaker refuses one: the disk is encrypted by its hardware."""
    scope, _ = build(JobInstance.G5_2XLARGE)
    definition = definition_of(scope)
    train = next(step for step in definition["Steps"] if step["Name"] == "train")

    assert "VolumeKmsKeyId" not in train["Arguments"]["ResourceConfig"]
    assert arguments(train, definition)["ResourceConfig"]["InstanceType"] == "ml.g5.2xlarge"


def test_the_pipeline_starts_jobs_as_the_jobs_role_and_reads_no_film() -> None:
    scope, _ = build()
    template = scope.template().to_json()
    (policy,) = (r["Properties"] for name, r in template["Resources"].items() if name.startswith("LineStarterPolicy"))
    statements = policy["PolicyDocument"]["Statement"]
    (passing,) = (s for s in statements if s["Action"] == "iam:PassRole")

    assert "LineJobsRole" in str(passing["Resource"])
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    assert not [s for s in statements if "Films" in str(s["Resource"]) or "Shards" in str(s["Resource"])]
    assert not [s for s in statements if "*" in many(s["Resource"])]


def test_the_pipeline_may_look_at_what_its_gate_and_its_registration_need() -> None:
    """SageMaker reads property files, and looks up a registered image and model, with the rights of the pipeline's own role."""
    scope, _ = build()
    template = scope.template().to_json()
    (policy,) = (r["Properties"] for name, r in template["Resources"].items() if name.startswith("LineStarterPolicy"))
    (reading, opening, looking) = (
        next(s for s in policy["PolicyDocument"]["Statement"] if action in many(s["Action"]))
        for action in ("s3:GetObject*", "kms:Decrypt", "ecr:DescribeImages")
    )

    assert [text_of(r) for r in reading["Resource"]][1].endswith("/chest14/runs/*")
    assert not [action for action in many(reading["Action"]) if "Put" in action or "Delete" in action]
    assert "KeysImages" in str(opening["Resource"])
    assert looking["Action"] == ["ecr:BatchGetImage", "ecr:DescribeImages"]


def test_the_only_findings_are_those_of_its_surroundings() -> None:
    scope, _ = build()

    assert not [finding for finding in scope.findings() if "/Line/" in finding[1]]


@pytest.mark.parametrize("machines", [0, 21])
def test_a_plan_without_sense_is_refused(machines: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"preparation_machines is {machines}; allowed: 1 to 20"):
        TrainingPlan(
            preset=Preset.PNEUMONIA,
            training=JobInstance.M5_XLARGE,
            processing=JobInstance.M5_XLARGE,
            preparation_machines=machines,
        )


def test_a_spot_job_that_may_wait_less_than_it_may_run_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"max_wait_hours is 12, less than max_hours \(24\)"):
        TrainingStep(arguments=[], data="", output="", checkpoints="", instance=JobInstance.M5_XLARGE, max_wait_hours=12)


@pytest.mark.parametrize("minimum", [0.49, 1.0])
def test_a_gate_that_all_or_none_pass_is_refused(minimum: float) -> None:
    with pytest.raises(ConfigurationError, match=rf"minimum_auroc is {minimum}; allowed: 0.5 \(chance\) to below 1"):
        TrainingPlan(
            preset=Preset.CHEST14,
            training=JobInstance.M5_XLARGE,
            processing=JobInstance.M5_XLARGE,
            minimum_auroc=minimum,
        )
