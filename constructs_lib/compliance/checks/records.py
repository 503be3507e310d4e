"""Records of who did what: on every film, kept long enough; and whose key lies on what is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from constructs_lib.compliance.checks.rule import Rule
from constructs_lib.compliance.checks.synthesized import Assembly, Resource, many

SIX_YEARS: Final = 2192
"""Days that documentation is kept for, 45 CFR 164.316(b)(2)(i), as CloudWatch Logs has them on its list."""

RECORDERS: Final = {
    "AWS::ApiGateway::Stage": (("AccessLogSetting", "DestinationArn"),),
    "AWS::ApiGatewayV2::Stage": (("AccessLogSettings", "DestinationArn"),),
    "AWS::CloudTrail::Trail": (("CloudWatchLogsLogGroupArn",),),
    "AWS::EC2::FlowLog": (("LogGroupName",), ("LogDestination",)),
    "AWS::WAFv2::LoggingConfiguration": (("LogDestinationConfigs",),),
}
"""What writes records of access, and where it says to which log group."""

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "AWS::APS::Workspace": ("KmsKeyArn",),
    "AWS::CodeBuild::Project": ("EncryptionKey",),
    "AWS::DynamoDB::Table": ("SSESpecification", "KMSMasterKeyId"),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamEncryptionConfigurationInput", "KeyARN"),
    "AWS::Logs::LogGroup": ("KmsKeyId",),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
    "AWS::SQS::Queue": ("KmsMasterKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::StepFunctions::StateMachine": ("EncryptionConfiguration", "KmsKeyId"),
}
"""Where each type names the key that it is encrypted with."""


def _kept(group: Resource, assembly: Assembly) -> list[str] | None:
    writers = [
        recorder
        for recorder in assembly.of_type(*RECORDERS)
        for path in RECORDERS[recorder.type]
        if any(assembly.target(value, recorder.stack) is group for value in many(recorder.get(*path)))
    ]
    days = group.get("RetentionInDays")
    if not writers:
        return None
    if isinstance(days, int) and days < SIX_YEARS:
        return [f"keeps the records of {writers[0].type} for {days} days; at least {SIX_YEARS}, six years, are required"]
    return []


def not_films(assembly: Assembly) -> list[Resource | None]:
    """Buckets of which it is known that they hold something else, with their copies; any other may hold films.

    Those of a trail, which would record itself without end; those of access logs; those of a delivery pipeline, which hold code.
    """
    named = [(trail.get("S3BucketName"), trail.stack) for trail in assembly.of_type("AWS::CloudTrail::Trail")]
    for bucket in assembly.of_type("AWS::S3::Bucket"):
        named.append((bucket.get("LoggingConfiguration", "DestinationBucketName"), bucket.stack))
    for pipeline in assembly.of_type("AWS::CodePipeline::Pipeline"):
        stores = [pipeline.get("ArtifactStore"), *(entry.get("ArtifactStore") for entry in many(pipeline.get("ArtifactStores")))]
        named += [(store.get("Location"), pipeline.stack) for store in stores if store]
    found = [assembly.target(value, stack) for value, stack in named]
    return [*found, *(copy for bucket in found if bucket for copy in _copies(bucket, assembly))]


def _copies(bucket: Resource, assembly: Assembly) -> Iterator[Resource | None]:
    for rule in many(bucket.get("ReplicationConfiguration", "Rules")):
        yield assembly.target(rule.get("Destination", {}).get("Bucket"), bucket.stack)


def _recorded(bucket: Resource, assembly: Assembly) -> list[str] | None:
    if bucket in not_films(assembly):
        return None
    watched = [target for trail in assembly.of_type("AWS::CloudTrail::Trail") for target in _watched(trail, assembly)]
    return [] if bucket in watched else ["may hold films, and no trail records who reads and writes them (S3 data events)"]


def _watched(trail: Resource, assembly: Assembly) -> Iterator[Resource | None]:
    """Buckets whose every read and write a trail records, in either way of saying so."""
    for selector in many(trail.get("EventSelectors")):
        if selector.get("ReadWriteType", "All") == "All":
            for data in many(selector.get("DataResources")):
                yield from (assembly.target(arn, trail.stack) for arn in many(data.get("Values")))
    for selector in many(trail.get("AdvancedEventSelectors")):
        fields = {entry.get("Field"): entry for entry in many(selector.get("FieldSelectors"))}
        if "readOnly" not in fields:
            arns: Any = fields.get("resources.ARN", {}).get("StartsWith")
            yield from (assembly.target(arn, trail.stack) for arn in many(arns))


def _customer_key(resource: Resource, _: Assembly) -> list[str]:
    path = KEYS[resource.type]
    key = resource.get(*path)
    if not key:
        return [f"names no customer key ({'.'.join(path)})"]
    return [f"uses the key of the service, {key}"] if isinstance(key, str) and "alias/aws/" in key else []


RULES: Final = (
    Rule(
        "RecordsKeptSixYears",
        "Log groups with records of access (trail, flow logs, API, firewall) keep them for six years.",
        ("164.312(b)", "164.316(b)(2)(i)"),
        ("AWS::Logs::LogGroup",),
        _kept,
    ),
    Rule(
        "FilmsRecorded",
        "A trail records every read and write in every bucket that may hold films, copies included.",
        ("164.312(b)", "164.308(a)(1)(ii)(D)", "164.308(a)(5)(ii)(C)"),
        ("AWS::S3::Bucket",),
        _recorded,
    ),
    Rule(
        "CustomerKey",
        "Log groups, queues, topics, tables, secrets, state machines and builds are encrypted with customer keys.",
        ("164.312(a)(2)(iv)", "164.312(e)(2)(ii)"),
        tuple(KEYS),
        _customer_key,
    ),
)
