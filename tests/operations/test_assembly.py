"""What synthesis wrote is read back whole: nested assemblies, names below the stage, protection and order."""

from __future__ import annotations

from pathlib import Path

import pytest
from aws_cdk import App, Environment, Stack, Stage
from aws_cdk import aws_s3 as s3

from constructs_lib.errors import ConfigurationError
from operations.assembly import SynthesizedStack, below_stage, read


@pytest.fixture
def stacks(tmp_path: Path) -> dict[str, SynthesizedStack]:
    app = App(outdir=str(tmp_path))
    stage = Stage(app, "overread-dev", env=Environment(region="eu-west-1"))
    films = s3.Bucket(Stack(stage, "data"), "Films")
    audit = Stack(stage, "audit", termination_protection=True)
    s3.CfnBucket(audit, "Copy", bucket_name=films.bucket_name)
    s3.Bucket(Stack(app, "overread-delivery"), "Artifacts")
    app.synth()
    return {stack.name: stack for stack in read(tmp_path, "dev")}


def test_stacks_of_stages_and_outside_of_them_are_found(stacks: dict[str, SynthesizedStack]) -> None:
    assert set(stacks) == {"overread-dev-data", "overread-dev-audit", "overread-delivery"}


def test_a_resource_is_named_by_its_path_below_the_stage(stacks: dict[str, SynthesizedStack]) -> None:
    data, delivery = stacks["overread-dev-data"], stacks["overread-delivery"]

    assert [data.path(name) for name in data.resources] == ["data/Films/Resource"]
    assert [delivery.path(name) for name in delivery.resources] == ["overread-delivery/Artifacts/Resource"]
    assert data.path("Unheard") == "data/Unheard"


def test_region_order_and_protection_are_those_of_the_stack(stacks: dict[str, SynthesizedStack]) -> None:
    data, audit = stacks["overread-dev-data"], stacks["overread-dev-audit"]

    assert data.region == "eu-west-1"
    assert data.artifact in audit.depends_on
    assert (data.protected, audit.protected) == (False, True)


@pytest.mark.parametrize(
    ("path", "below"),
    [
        ("/overread-dev/data/Films", "data/Films"),
        ("overread-prod/audit", "audit"),
        ("overread-delivery/Pipeline/overread-dev/Smoke", "overread-delivery/Pipeline/overread-dev/Smoke"),
    ],
)
def test_only_the_environments_own_stage_is_left_out(path: str, below: str) -> None:
    assert below_stage(path) == below


def test_a_folder_that_is_no_assembly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"holds no manifest\.json"):
        list(read(tmp_path, "dev"))
