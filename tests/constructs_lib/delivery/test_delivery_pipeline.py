from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.delivery.delivery_pipeline import CDK_CLI, DeliveryPipeline
from tests.cli import REPOSITORY
from tests.delivery import DELIVERY, STAGES, delivered
from tests.infra import Json, many, of_type, statements, text_of

Actions = list[Json]


def of_category(actions: Actions, category: str) -> Actions:
    return [action for action in actions if action["ActionTypeId"]["Category"] == category]


def build_spec(project: Json) -> dict[str, Any]:
    spec = project["Source"]["BuildSpec"]
    return dict(json.loads(spec if spec.startswith("{") else (Path(delivered().app.outdir) / spec).read_text(encoding="utf-8")))


def commands(step: str) -> str:
    phases = build_spec(delivered().projects[step])["phases"]
    return "\n".join(command for phase in phases.values() for command in phase.get("commands", []))


def test_stages_follow_each_other_in_their_order() -> None:
    assert list(delivered().stages) == ["Source", "Build", "UpdatePipeline", "Assets", *STAGES]


def test_it_is_a_pipeline_of_the_second_version_that_goes_on_after_renewing_itself() -> None:
    (pipeline,) = of_type(delivered().template, "AWS::CodePipeline::Pipeline")

    assert pipeline["PipelineType"] == "V2"
    assert pipeline["RestartExecutionOnUpdate"] is True


def test_the_source_comes_by_the_connection() -> None:
    (action,) = delivered().stages["Source"]

    assert action["ActionTypeId"]["Provider"] == "CodeStarSourceConnection"
    assert action["Configuration"]["ConnectionArn"] == DELIVERY.connection_arn
    assert action["Configuration"]["FullRepositoryId"] == "hospital/overread"
    assert action["Configuration"]["BranchName"] == "main"


def test_nothing_is_synthesized_that_did_not_pass_the_tests() -> None:
    done = commands("Build/Synth").splitlines()

    assert done.index("make lint") < done.index("make test") < done.index("make synth ENV=delivery")
    assert build_spec(delivered().projects["Build/Synth"])["artifacts"]["secondary-artifacts"]


def test_the_pipeline_renews_itself_with_the_pinned_cli() -> None:
    assert f"aws-cdk@{CDK_CLI}" in commands("UpdatePipeline/SelfMutate")
    assert "deploy overread-delivery" in commands("UpdatePipeline/SelfMutate")
    assert f"CDK_CLI := {CDK_CLI}\n" in (REPOSITORY / "Makefile").read_text(encoding="utf-8")


def test_a_person_approves_the_last_stage_and_no_other() -> None:
    approvals = {name: of_category(actions, "Approval") for name, actions in delivered().stages.items()}

    assert [name for name, found in approvals.items() if found] == [STAGES[-1]]


def test_nothing_is_deployed_to_the_last_stage_before_the_approval() -> None:
    actions = delivered().stages[STAGES[-1]]
    (approval,) = of_category(actions, "Approval")

    assert all(approval["RunOrder"] < action["RunOrder"] for action in actions if action is not approval)
    assert STAGES[-1] in approval["Configuration"]["CustomData"]


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_ends_with_a_reading_through_its_own_api(stage: str) -> None:
    actions = delivered().stages[stage]
    (smoke,) = of_category(actions, "Build")

    assert all(smoke["RunOrder"] > action["RunOrder"] for action in of_category(actions, "Deploy"))
    assert f"operations.smoke --stage {stage} --film smoke/phantom.png" in commands(f"{stage}/Smoke")


@pytest.mark.parametrize("stage", STAGES)
def test_a_smoke_reading_may_ask_its_own_stage_and_nothing_else_of_the_platform(stage: str) -> None:
    role = {"Ref": delivered().projects[f"{stage}/Smoke"]["ServiceRole"]["Fn::GetAtt"][0]}
    granted = {
        action: [text_of(resource) for resource in many(statement["Resource"])]
        for policy in of_type(delivered().template, "AWS::IAM::ManagedPolicy")
        if role in policy["Roles"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in many(statement["Action"])
        if not action.startswith(("ec2:", "kms:", "logs:", "s3:"))  # of the build itself
    }
    protecting = granted.pop("cloudformation:UpdateTerminationProtection", [])

    assert [name.partition(":parameter")[2] for name in granted["ssm:GetParameter"]] == [f"/{stage}/*"]
    assert all(name.endswith("*/*/POST/machines/predict") for name in granted["execute-api:Invoke"])
    assert all("/apikeys/" in name for name in granted["apigateway:GET"])
    assert all(f":stack/{stage}-" in name for name in protecting)
    assert granted.keys() == {"ssm:GetParameter", "execute-api:Invoke", "apigateway:GET"}


def test_a_stage_that_keeps_data_is_protected_after_its_deployment_which_codepipeline_does_not_do() -> None:
    protecting = "update-termination-protection --enable-termination-protection --stack-name overread-prod-api"

    assert protecting in commands("overread-prod/Smoke")
    assert "update-termination-protection" not in commands("overread-dev/Smoke")


def test_only_the_project_that_builds_images_has_privileges() -> None:
    privileged = [step for step, project in delivered().projects.items() if project["Environment"]["PrivilegedMode"]]

    assert privileged == ["Assets/DockerAssets"]


def test_images_may_start_from_awss_own() -> None:
    registry = "763104351884.dkr.ecr.us-east-1.amazonaws.com"
    (pulled,) = [s for s in statements(delivered().template) if "ecr:BatchGetImage" in many(s["Action"])]

    assert registry in commands("Assets/DockerAssets")
    assert pulled["Resource"] == "arn:aws:ecr:us-east-1:763104351884:repository/pytorch"


def test_the_connection_is_allowed_under_the_name_that_its_arn_has() -> None:
    allowed = [s["Resource"] for s in statements(delivered().template) if "codeconnections:UseConnection" in many(s["Action"])]

    assert allowed == [DELIVERY.connection_arn]


def test_every_policy_is_managed() -> None:
    assert of_type(delivered().template, "AWS::IAM::Policy") == []
    assert not [role for role in of_type(delivered().template, "AWS::IAM::Role") if "Policies" in role]


def test_no_policy_is_longer_and_no_role_has_more_than_iam_allows() -> None:
    attached: dict[str, int] = {}
    for policy in of_type(delivered().template, "AWS::IAM::ManagedPolicy"):
        assert len(json.dumps(policy["PolicyDocument"], separators=(",", ":"))) < 6144
        for role in policy["Roles"]:
            attached[text_of(role)] = attached.get(text_of(role), 0) + 1

    assert max(attached.values()) <= 10


def test_every_resource_only_for_actions_that_know_none() -> None:
    everything = {action for s in statements(delivered().template) if "*" in many(s["Resource"]) for action in many(s["Action"])}

    assert all(action.startswith("ec2:Describe") or action == "ecr:GetAuthorizationToken" for action in everything)


def test_only_roles_that_bootstrapping_made_are_assumed() -> None:
    """And roles of the pipeline's own actions, which are named by reference."""
    assumed = {
        text_of(resource)
        for s in statements(delivered().template)
        if "sts:AssumeRole" in many(s["Action"])
        for resource in many(s["Resource"])
    }
    named = {name for name in assumed if "Fn::GetAtt" not in name}

    assert {name.partition("role/")[2].partition("-role-")[0] for name in named if "role/" in name} <= {
        "cdk-hnb659fds-deploy",
        "cdk-hnb659fds-file-publishing",
        "cdk-hnb659fds-image-publishing",
    }
    assert not [name for name in assumed if name.endswith("*")]


def test_it_is_made_of_one_construct() -> None:
    assert isinstance(delivered().stack.delivery, DeliveryPipeline)
