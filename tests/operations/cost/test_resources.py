"""What is there costs, used or not."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.errors import ConfigurationError
from operations.cost.__main__ import refuse_unknown
from operations.cost.prices import read_prices
from operations.cost.resources import comparing, fixed
from tests.operations.judge.broken import stack

prices = read_prices()
ALARM = "AWS::CloudWatch::Alarm"
VARIANT: dict[str, Any] = {"ServerlessConfig": {"MemorySizeInMB": 2048, "ProvisionedConcurrency": 1}}


def month(kind: str, **properties: Any) -> dict[str, float]:
    return fixed([stack({"Resources": {"It": {"Type": kind, "Properties": properties}}})], prices)


@pytest.mark.parametrize(
    ("kind", "properties", "item", "usd"),
    [
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b"]}, "VPC endpoints", 14.60),
        ("AWS::EC2::NatGateway", {}, "NAT gateways", 32.85),
        ("AWS::KMS::Key", {}, "keys", 1.0),
        (ALARM, {"MetricName": "Errors"}, "alarms", 0.10),
        (ALARM, {"Metrics": [{"MetricStat": {}}, {"MetricStat": {}}, {"Expression": "a/b"}]}, "alarms", 0.20),
        ("AWS::CloudWatch::CompositeAlarm", {}, "alarms", 0.50),
        ("AWS::CloudWatch::Dashboard", {}, "dashboards", 3.0),
        ("AWS::WAFv2::WebACL", {"Rules": [{}, {}, {}]}, "WAF", 8.0),
        ("AWS::ApiGateway::Stage", {"CacheClusterEnabled": True, "CacheClusterSize": "0.5"}, "API cache", 14.60),
        (
            "AWS::SageMaker::EndpointConfig",
            {"ProductionVariants": [{"InstanceType": "ml.m5.large", "InitialInstanceCount": 2}]},
            "endpoint instances",
            167.90,
        ),
        ("AWS::SageMaker::EndpointConfig", {"ProductionVariants": [VARIANT]}, "warm concurrency", 52.56),
    ],
)
def test_it_costs_this_much_a_month(kind: str, properties: dict[str, Any], item: str, usd: float) -> None:
    assert month(kind, **properties) == {item: pytest.approx(usd)}


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}),
        ("AWS::ApiGateway::Stage", {}),
        ("AWS::SageMaker::EndpointConfig", {"ProductionVariants": [{"ServerlessConfig": {"MemorySizeInMB": 2048}}]}),
        ("AWS::IAM::Role", {}),
    ],
)
def test_it_costs_nothing_while_nobody_uses_it(kind: str, properties: dict[str, Any]) -> None:
    assert month(kind, **properties) == {}


def test_the_challenger_is_counted_apart() -> None:
    config = {
        "Type": "AWS::SageMaker::EndpointConfig",
        "Condition": "HasModel",
        "Properties": {"ProductionVariants": [{"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]},
    }
    paths = {"One": "endpoint/Champion/Config", "Two": "endpoint/Challenger/Config"}
    found = [stack({"Resources": {"One": config, "Two": config}}, **paths)]

    assert fixed(found, prices) == {"endpoint instances": pytest.approx(83.95)}
    assert comparing(found, prices) == pytest.approx(83.95)


def test_a_kind_without_a_price_is_refused_by_name() -> None:
    found = {"dev": [stack({"Resources": {"It": {"Type": "AWS::Quantum::Reader"}}})]}

    with pytest.raises(ConfigurationError, match="no cost is known of AWS::Quantum::Reader"):
        refuse_unknown(found, prices)
