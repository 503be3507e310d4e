"""The endpoint stack of each kind, in a whole platform: wired, silent without a model, and without findings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

import pytest
from aws_cdk import Stage

from app import build_app
from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.endpoints.settings import Async, EndpointSettings, OnLambda, Realtime, Serverless
from constructs_lib.training.pipeline_steps import SERVING_INSTANCES
from stacks.environments import DEV, PROD, STAGING
from tests.infra import Json, Platform, findings, of_type, text_of

ENVIRONMENTS: Final = {"serverless": "dev", "realtime": "prod"}
OTHERS: Final[dict[str, EndpointSettings]] = {
    "async": Async(instance=ServingInstance.M5_LARGE, max_instances=2),
    "lambda": OnLambda(memory_mb=3008, concurrency=5),
}


@pytest.fixture(scope="module")
def stage_of(platform_of: Callable[[str], Platform]) -> Callable[[str], Stage]:
    """The environment that serves in this way; where none does, dev as if it did."""

    @cache
    def build(kind: str) -> Stage:
        if kind in ENVIRONMENTS:
            return platform_of(ENVIRONMENTS[kind]).stage
        stage = build_app(replace(DEV, endpoint=OTHERS[kind])).node.find_child("overread-dev")
        assert isinstance(stage, Stage)
        return stage

    return build


@pytest.fixture(params=[*ENVIRONMENTS, *OTHERS])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def template(kind: str, stage_of: Callable[[str], Stage]) -> Json:
    stage = stage_of(kind)
    return dict(stage.synth().get_stack_by_name(f"{stage.stage_name}-endpoint").template)


def test_nothing_is_found_in_any_kind(kind: str, stage_of: Callable[[str], Stage]) -> None:
    assert not [found for found in findings(stage_of(kind)) if found[1].startswith("endpoint/")]


def test_programs_find_name_and_kind_by_parameters(kind: str, template: Json) -> None:
    told = {made["Name"]: made["Value"] for made in of_type(template, "AWS::SSM::Parameter")}
    group = f"overread-{ENVIRONMENTS.get(kind, 'dev')}-chest14"

    assert told == {
        f"/{group}/champion-endpoint/name": group,
        f"/{group}/champion-endpoint/kind": kind,
        f"/{group}/challenger-endpoint/name": f"{group}-challenger",
        f"/{group}/challenger-endpoint/kind": kind,
    }


def test_people_are_shown_what_there_is(template: Json) -> None:
    shown = {name: output for name, output in template["Outputs"].items() if "Export" not in output}

    assert shown.keys() == {f"{role}Endpoint{what}" for role in ("Champion", "Challenger") for what in ("", "Kind")}
    assert all("Condition" in output for output in shown.values())


def test_no_other_stack_imports_what_may_not_exist(template: Json) -> None:
    conditional = {name for name, resource in template["Resources"].items() if "Condition" in resource}
    exported = [text_of(output["Value"]) for output in template["Outputs"].values() if "Export" in output]

    assert not [(name, value) for name in conditional for value in exported if name in value]


def test_the_environments_serve_as_they_should() -> None:
    assert isinstance(DEV.endpoint, Serverless), "costs nothing while nobody tries it"
    for environment in (STAGING, PROD):
        assert isinstance(environment.endpoint, Realtime)
        assert environment.endpoint.fewest >= 2, "a release tries one of two machines first"
        assert environment.endpoint.instance.type_name in SERVING_INSTANCES, "packages are registered for others"
    assert isinstance(PROD.endpoint, Realtime)
    assert (PROD.endpoint.fewest, PROD.endpoint.max_instances) == (2, 5)
    assert PROD.endpoint.quiet_hours
