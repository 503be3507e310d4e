"""What is used costs by how much: per reading, per training run, per host."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from operations.cost.hosts import hosts
from operations.cost.per_use import per_use
from operations.cost.prices import read_prices
from operations.cost.report import as_data, sections
from operations.cost.training import run_cost
from operations.cost.usage import CLINIC, HOSPITAL, PROFILES
from tests.operations.judge.broken import stack

prices = read_prices()


def step(name: str, kind: str, cluster: dict[str, Any], **more: Any) -> dict[str, Any]:
    where = {"ResourceConfig": cluster} if kind == "Training" else {"ProcessingResources": {"ClusterConfig": cluster}}
    return {"Name": name, "Type": kind, "Arguments": {**where, **more}}


DEFINITION = {
    "Parameters": [{"Name": "Instance", "Type": "String", "DefaultValue": "ml.g5.xlarge"}],
    "Steps": [
        step("prepare", "Processing", {"InstanceType": "ml.m5.xlarge", "InstanceCount": 2}),
        step("train", "Training", {"InstanceType": {"Get": "Parameters.Instance"}}, EnableManagedSpotTraining=True),
        {
            "Name": "gate",
            "Type": "Condition",
            "Arguments": {"IfSteps": [step("register", "Processing", {"InstanceType": "ml.m5.xlarge"})], "ElseSteps": []},
        },
    ],
}


def platform(memory: int = 4096) -> Any:
    endpoint = {"ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": memory}}]}
    return stack(
        {
            "Resources": {
                "Bucket": {"Type": "AWS::S3::Bucket"},
                "Key": {"Type": "AWS::KMS::Key"},
                "Trail": {"Type": "AWS::CloudTrail::Trail"},
                "Api": {"Type": "AWS::ApiGateway::RestApi"},
                "Endpoint": {"Type": "AWS::SageMaker::EndpointConfig", "Properties": endpoint},
                "Pipeline": {
                    "Type": "AWS::SageMaker::Pipeline",
                    "Properties": {"PipelineDefinition": {"PipelineDefinitionBody": json.dumps(DEFINITION)}},
                },
            }
        }
    )


def test_the_model_costs_its_memory_times_its_seconds_and_its_data() -> None:
    assert per_use([platform()], CLINIC, prices)["model"] == pytest.approx(CLINIC.reads * (4 * 0.00002 + 7 / 1024 * 0.016))


def test_every_item_grows_with_the_reads() -> None:
    small, large = (per_use([platform()], profile, prices) for profile in (CLINIC, HOSPITAL))

    assert all(large[item] > small[item] for item in small if small[item])


def test_only_what_is_in_the_templates_is_counted() -> None:
    assert sum(per_use([stack({"Resources": {}})], HOSPITAL, prices).values()) == 0


def test_more_runs_cost_more() -> None:
    twice = replace(CLINIC, training_runs=2)

    assert per_use([platform()], twice, prices)["training"] == pytest.approx(
        2 * per_use([platform()], CLINIC, prices)["training"]
    )


def test_a_run_costs_what_the_pipeline_itself_names_spot_only_where_it_says_so() -> None:
    run = run_cost([platform()], prices)

    assert run is not None
    others = 0.23 * 2 + 0.23
    assert run.instance == "ml.g5.xlarge"
    assert run.on_demand == pytest.approx(others + 6 * 1.408)
    assert run.spot == pytest.approx(others + 6 * 1.408 * prices["spot_share"])


def test_without_a_pipeline_there_is_no_run() -> None:
    assert run_cost([stack({"Resources": {}})], prices) is None


def test_beyond_the_break_even_the_instance_is_cheaper_and_before_it_is_not() -> None:
    at = hosts([platform()], prices)
    reads = at.break_even(at.serverless_read)

    assert at.realtime_month < 1.01 * reads * at.serverless_read
    assert at.realtime_month > 0.99 * reads * at.serverless_read
    assert at.lambda_read < at.serverless_read


def test_more_memory_brings_the_break_even_nearer() -> None:
    small, large = hosts([platform(2048)], prices), hosts([platform(6144)], prices)

    assert large.break_even(large.serverless_read) < small.break_even(small.serverless_read)


def test_tables_and_data_say_the_same() -> None:
    found = {"dev": [platform()]}
    environment = as_data(found, prices)["environments"]["dev"]
    totals = next(section for section in sections(found, prices) if section.title.startswith("Altogether"))

    for profile, row in zip(PROFILES, totals.rows, strict=True):
        used = sum(environment["per_use"][profile.name].values())
        assert float(row[2].replace(",", "")) == pytest.approx(used, rel=0.01)


def test_markdown_has_as_many_cells_in_every_row() -> None:
    for section in sections({"dev": [platform()]}, prices):
        lines = section.markdown().splitlines()[2:]
        assert {line.count("|") for line in lines} == {len(section.columns) + 1}
