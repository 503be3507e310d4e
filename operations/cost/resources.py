"""What each kind of resource costs for being there; the kinds that cost by use or nothing stand in ``prices.json``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from operations.assembly import Json, SynthesizedStack
from operations.cost.prices import HOURS, Prices

Line = tuple[str, float]
"""Item and USD a month."""


def _interface(properties: Json, prices: Prices) -> Iterator[Line]:
    if properties.get("VpcEndpointType") == "Interface":
        yield "VPC endpoints", len(properties["SubnetIds"]) * HOURS * prices["endpoint_hour"]


def _alarm(properties: Json, prices: Prices) -> Iterator[Line]:
    metrics = sum("MetricStat" in metric for metric in properties.get("Metrics", [])) or 1
    yield "alarms", metrics * prices["alarm_metric_month"]


def _acl(properties: Json, prices: Prices) -> Iterator[Line]:
    yield "WAF", prices["waf_acl_month"] + len(properties.get("Rules", [])) * prices["waf_rule_month"]


def _api_stage(properties: Json, prices: Prices) -> Iterator[Line]:
    if properties.get("CacheClusterEnabled"):
        yield "API cache", HOURS * prices[f"api_cache_hour_{properties.get('CacheClusterSize', '0.5')}"]


def _endpoint_config(properties: Json, prices: Prices) -> Iterator[Line]:
    for variant in [*properties.get("ProductionVariants", []), *properties.get("ShadowProductionVariants", [])]:
        if "InstanceType" in variant:
            count = variant.get("InitialInstanceCount", 1)
            yield "endpoint instances", count * HOURS * prices[f"instance_hour_{variant['InstanceType']}"]
        serverless = variant.get("ServerlessConfig", {})
        warm = serverless.get("ProvisionedConcurrency", 0)
        if warm:
            gigabytes = serverless["MemorySizeInMB"] / 1024
            yield "warm concurrency", warm * gigabytes * HOURS * 3600 * prices["serverless_provisioned_gb_second"]


def _alias(properties: Json, prices: Prices) -> Iterator[Line]:
    """Warm copies of a function, at 1 GB each: its memory stands with the function, not with the alias."""
    warm = properties.get("ProvisionedConcurrencyConfig", {}).get("ProvisionedConcurrentExecutions", 0)
    if warm:
        yield "warm concurrency", warm * HOURS * 3600 * prices["lambda_provisioned_gb_second"]


def _monthly(item: str, price: str, times: float = 1) -> Callable[[Json, Prices], Iterator[Line]]:
    def cost(_: Json, prices: Prices) -> Iterator[Line]:
        yield item, times * prices[price]

    return cost


FIXED: Final[dict[str, Callable[[Json, Prices], Iterator[Line]]]] = {
    "AWS::ApiGateway::Stage": _api_stage,
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _monthly("alarms", "composite_alarm_month"),
    "AWS::CloudWatch::Dashboard": _monthly("dashboards", "dashboard_month"),
    "AWS::EC2::NatGateway": _monthly("NAT gateways", "nat_hour", HOURS),
    "AWS::EC2::VPCEndpoint": _interface,
    "AWS::KMS::Key": _monthly("keys", "kms_key_month"),
    "AWS::KMS::ReplicaKey": _monthly("keys", "kms_key_month"),
    "AWS::Lambda::Alias": _alias,
    "AWS::Lambda::Version": _alias,
    "AWS::SageMaker::EndpointConfig": _endpoint_config,
    "AWS::SageMaker::MlflowTrackingServer": _monthly("MLflow server", "tracking_server_hour", HOURS),
    "AWS::SecretsManager::Secret": _monthly("secrets", "secret_month"),
    "AWS::WAFv2::WebACL": _acl,
}
"""Costs for being there."""


def unknown(stacks: Sequence[SynthesizedStack], prices: Prices) -> list[str]:
    """Kinds of resources that no list has: their cost would be left out without a word."""
    kinds = {str(resource["Type"]) for stack in stacks for resource in stack.resources.values()}
    return sorted(kinds - FIXED.keys() - prices.per_use - prices.free)


def fixed(stacks: Sequence[SynthesizedStack], prices: Prices) -> dict[str, float]:
    """USD a month by item, whether or not anybody reads; the challenger, which is there only at times, left out."""
    return _sum(stacks, prices, challenger=False)


def comparing(stacks: Sequence[SynthesizedStack], prices: Prices) -> float:
    """USD a month more while a challenger is there."""
    return sum(_sum(stacks, prices, challenger=True).values())


def _sum(stacks: Sequence[SynthesizedStack], prices: Prices, *, challenger: bool) -> dict[str, float]:
    items: dict[str, float] = {}
    for stack in stacks:
        for logical_id, resource in stack.resources.items():
            priced = FIXED.get(resource["Type"])
            if priced and _is_challengers(stack, logical_id) is challenger:
                for item, usd in priced(resource.get("Properties", {}), prices):
                    items[item] = items.get(item, 0.0) + usd
    return items


def _is_challengers(stack: SynthesizedStack, logical_id: str) -> bool:
    """Its endpoint's resources are conditional on a second model; what watches over it is there always."""
    return "Condition" in stack.resources[logical_id] and "/Challenger/" in stack.path(logical_id)


def of_kind(stacks: Sequence[SynthesizedStack], *kinds: str) -> list[Json]:
    """Properties of the resources of these kinds."""
    return [
        resource.get("Properties", {}) for stack in stacks for resource in stack.resources.values() if resource["Type"] in kinds
    ]
