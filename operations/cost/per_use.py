"""What reading films costs: quantities that a month takes, times prices. Only what the templates have is counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from model_code.contract import METRICS_NAMESPACE
from operations.assembly import SynthesizedStack
from operations.cost import usage
from operations.cost.prices import DAYS, Prices
from operations.cost.resources import of_kind
from operations.cost.training import run_cost
from operations.cost.usage import Profile

Quantity = tuple[str, float, str]
"""Item, units a month, name of the price."""


def per_use(stacks: Sequence[SynthesizedStack], profile: Profile, prices: Prices) -> dict[str, float]:
    """USD a month by item."""
    items: dict[str, float] = {}
    for item, units, price in quantities(stacks, profile):
        items[item] = items.get(item, 0.0) + units * prices[price]
    training = run_cost(stacks, prices)
    if training:
        items["training"] = profile.training_runs * training.spot
    return items


def serverless_memory_gb(stacks: Sequence[SynthesizedStack]) -> float:
    """Memory of the serverless endpoint; 0 where there is none."""
    for config in of_kind(stacks, "AWS::SageMaker::EndpointConfig"):
        for variant in config.get("ProductionVariants", []):
            if "ServerlessConfig" in variant:
                return float(variant["ServerlessConfig"]["MemorySizeInMB"]) / 1024
    return 0.0


def quantities(stacks: Sequence[SynthesizedStack], profile: Profile) -> Iterator[Quantity]:
    """Everything that a month takes."""
    yield from _serving(stacks, profile)
    yield from _service(stacks, profile)
    yield from _storage(stacks, profile)
    yield from _records(stacks, profile)
    if of_kind(stacks, "AWS::StepFunctions::StateMachine"):
        yield "workflows", (profile.new_films + profile.training_runs) * usage.WORKFLOW_STEPS, "state_transition"
    if of_kind(stacks, "AWS::CodePipeline::Pipeline"):
        yield "delivery", usage.DEPLOYMENTS * 60, "pipeline_minute"
        yield "delivery", usage.DEPLOYMENTS * 60, "build_minute"


def _serving(stacks: Sequence[SynthesizedStack], profile: Profile) -> Iterator[Quantity]:
    memory = serverless_memory_gb(stacks)
    if memory:
        yield "model", profile.reads * memory * usage.MODEL_SECONDS, "serverless_gb_second"
        yield "model", profile.reads * profile.film_mb / 1024, "serverless_gb"
    for function in of_kind(stacks, "AWS::Lambda::Function"):
        command = " ".join(str(part) for part in function.get("ImageConfig", {}).get("Command", []))
        if "predict" in f"{function.get('Handler', '')} {command}":
            gigabytes = function.get("MemorySize", 128) / 1024
            yield "functions", profile.reads * gigabytes * usage.MODEL_SECONDS, "lambda_gb_second"
            yield "functions", profile.reads, "lambda_request"


def _service(stacks: Sequence[SynthesizedStack], profile: Profile) -> Iterator[Quantity]:
    requests = profile.reads * usage.API_REQUESTS
    if of_kind(stacks, "AWS::ApiGateway::RestApi"):
        yield "API requests", requests, "api_request"
        yield "API requests", profile.reads, "trace"
    if of_kind(stacks, "AWS::WAFv2::WebACL"):
        yield "API requests", requests, "waf_request"
    if of_kind(stacks, "AWS::Lambda::Function"):
        calls = profile.reads * usage.FUNCTION_CALLS + profile.new_films
        yield "functions", calls * usage.FUNCTION_SECONDS * 0.25, "lambda_gb_second"
        yield "functions", calls, "lambda_request"
    if of_kind(stacks, "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"):
        yield "table", profile.reads * 2, "dynamodb_write"
        yield "table", profile.reads * 2, "dynamodb_read"
        yield "table", profile.reads * usage.TABLE_KB / 1024**2, "dynamodb_gb_month"
    if of_kind(stacks, "AWS::Backup::BackupVault"):
        yield "table", usage.BACKUP_COPIES * profile.reads * usage.TABLE_KB / 1024**2, "backup_gb_month"
    if of_kind(stacks, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::Events::Rule"):
        yield "messages", profile.new_films + profile.reads, "sqs_request"
        yield "messages", profile.new_films, "event"
    if of_kind(stacks, "AWS::EC2::VPCEndpoint"):
        yield "data through endpoints", (profile.reads + profile.new_films) * profile.film_mb / 1024, "endpoint_gb"


def _storage(stacks: Sequence[SynthesizedStack], profile: Profile) -> Iterator[Quantity]:
    if of_kind(stacks, "AWS::S3::Bucket"):
        sent = profile.reads_a_day * usage.STUDY_DAYS * profile.film_mb / 1024
        yield "storage", 2 * profile.films_kept_gb + sent, "s3_gb_month"
        yield "storage", 3 * (profile.reads + profile.new_films), "s3_write"
        yield "storage", 4 * (profile.reads + profile.new_films), "s3_read"
    if of_kind(stacks, "AWS::SageMaker::Model"):
        yield "storage", usage.CONTAINER_GB, "ecr_gb_month"


def _records(stacks: Sequence[SynthesizedStack], profile: Profile) -> Iterator[Quantity]:
    handled = profile.reads + profile.new_films
    if of_kind(stacks, "AWS::CloudTrail::Trail"):
        yield "audit trail", handled * usage.DATA_EVENTS, "trail_data_event"
    if of_kind(stacks, "AWS::KMS::Key"):
        yield "key requests", handled * usage.KMS_REQUESTS, "kms_request"
    networks = len(of_kind(stacks, "AWS::EC2::FlowLog"))
    yield "logs", networks * usage.FLOW_LOG_GB, "log_gb"
    if of_kind(stacks, "AWS::Logs::LogGroup"):
        yield "logs", handled * usage.LOG_KB / 1024**2, "log_gb"
    alarms = of_kind(stacks, "AWS::CloudWatch::Alarm")
    metrics = {str(alarm.get("MetricName")) for alarm in alarms if alarm.get("Namespace") == METRICS_NAMESPACE}
    yield "own metrics", len(metrics), "custom_metric_month"
    if of_kind(stacks, "AWS::APS::Workspace"):
        yield "own metrics", 40 * DAYS * 24 * 60, "prometheus_sample"
    if of_kind(stacks, "AWS::Config::ConfigurationRecorder"):
        yield "configuration records", usage.CONFIG_ITEMS, "config_item"
        yield "configuration records", usage.CONFIG_ITEMS * 2, "config_evaluation"
