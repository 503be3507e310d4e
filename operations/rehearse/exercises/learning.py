"""A model comes and goes into service: retraining with its brake, approval, release."""

from __future__ import annotations

import json
from typing import Any

from operations.rehearse.exercises.scene import AbsentError, Scene, check
from operations.rehearse.exercises.workflow import ended, run

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/overread:rehearsal"


def the_brake_holds(scene: Scene) -> str:
    """Asked by the API or by hand, the workflow asks its real brake, which lets nothing train while one trains, or twice."""
    machine = scene.workflow("retraining")
    asked = scene.notes.get("retraining")
    first = ended(scene, asked) if asked else run(scene, machine, {"source": "hand", "reason": "rehearsal"})
    check(first.status == "SUCCEEDED", f"the workflow is {first.status} after {first.path}: {first.cause}")
    runs = scene.client("sagemaker").list_pipeline_executions(PipelineName=pipeline(scene))["PipelineExecutionSummaries"]
    second = run(scene, machine, {"source": "hand", "reason": "rehearsal"})
    check(second.status == "SUCCEEDED", f"asked again, the workflow is {second.status} after {second.path}: {second.cause}")
    again = scene.client("sagemaker").list_pipeline_executions(PipelineName=pipeline(scene))["PipelineExecutionSummaries"]
    check(len(again) == len(runs), "the brake let a second training begin at once")
    return f"{first.path[-2]} after {len(first.path)} states, {len(runs)} training; again: {second.path[-2]}"


def a_schedule_starts_it(scene: Scene) -> str:
    """What the calendar starts is the workflow, with an input that it understands."""
    schedules = scene.inventory.of("AWS::Scheduler::Schedule")
    if not schedules:
        raise AbsentError("no schedule")
    shown = scene.client("scheduler").get_schedule(Name=schedules[0].physical_id)
    ran = run(scene, shown["Target"]["Arn"], json.loads(shown["Target"]["Input"]))
    check(ran.status == "SUCCEEDED", f"what {shown['Name']} starts is {ran.status} after {ran.path}: {ran.cause}")
    return f"{shown['ScheduleExpression']}: {ran.path[-2]}"


def an_approval_releases(scene: Scene) -> str:
    """A person approves a version: by its event it goes into the parameter, the endpoint's stack makes it serve."""
    machine, group = scene.workflow("release"), model_group(scene)
    package = package_in(scene, group)
    event = {
        "Source": "aws.sagemaker",
        "DetailType": "SageMaker Model Package State Change",
        "Detail": json.dumps(
            {
                "ModelPackageGroupName": group,
                "ModelPackageArn": package,
                "ModelApprovalStatus": "Approved",
                "ModelPackageStatus": "Completed",
            }
        ),
    }
    scene.client("events").put_events(Entries=[event])
    states = scene.client("stepfunctions")

    def started() -> str | None:
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        return str(listed[0]["executionArn"]) if listed else None

    ran = ended(scene, scene.wait("the release", started))
    check(ran.status == "SUCCEEDED", f"the release is {ran.status} after {ran.path[-6:]}: {ran.cause}")
    served = scene.client("ssm").get_parameter(Name=f"/{group}/approved-model-package")["Parameter"]["Value"]
    check(served == package, f"{served} is approved, not {package}")
    endpoints = scene.client("sagemaker").list_endpoints()["Endpoints"]
    check(bool(endpoints), "the stack was updated, but there is no endpoint")
    scene.notes["released"] = package
    scene.start_anew()  # functions keep for a minute what they read of a release
    return (
        f"event, {len(ran.path)} states, {ran.path[-1]}; endpoint {endpoints[0]['EndpointName']} {endpoints[0]['EndpointStatus']}"
    )


def model_group(scene: Scene) -> str:
    """The registry's group of the task: the one that a parameter says the approved version of."""
    parameters = {str(made.physical_id) for made in scene.inventory.of("AWS::SSM::Parameter")}
    for made in scene.inventory.of("AWS::SageMaker::ModelPackageGroup"):
        group = str(made.physical_id).rsplit("/", 1)[-1]
        if f"/{group}/approved-model-package" in parameters:
            return group
    raise AbsentError("no model package group with a parameter for what is approved in it")


def pipeline(scene: Scene) -> str:
    """The training pipeline's name."""
    return str(scene.inventory.of("AWS::SageMaker::Pipeline")[0].physical_id)


def package_in(scene: Scene, group: str) -> str:
    """A new version, approved."""
    container: dict[str, Any] = {"Image": IMAGE, "ModelDataUrl": "s3://rehearsal/model.tar.gz"}
    specification = {
        "Containers": [container],
        "SupportedContentTypes": ["image/png"],
        "SupportedResponseMIMETypes": ["application/json"],
    }
    made = scene.client("sagemaker").create_model_package(
        ModelPackageGroupName=group, InferenceSpecification=specification, ModelApprovalStatus="Approved"
    )
    return str(made["ModelPackageArn"])
