from __future__ import annotations

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk.assertions import Match

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.errors import ConfigurationError
from constructs_lib.security.audit_trail import AuditTrail
from tests.infra import Scope, text_of


class Watched:
    def __init__(self) -> None:
        self.scope = Scope()
        self.keys = self.scope.keys()
        logs = self.scope.access_logs()
        self.films, self.storage = (self.scope.bucket(name, self.keys, logs) for name in ("Films", "Storage"))

    def trail(self, audited: list[PhiBucket]) -> AuditTrail:
        return AuditTrail(
            self.scope.stack,
            "Trail",
            audited=audited,
            storage=self.storage,
            key=self.keys.audit,
            removal_policy=RemovalPolicy.RETAIN,
        )


def test_every_object_of_the_watched_buckets_and_of_their_copies_is_recorded() -> None:
    watched = Watched()
    watched.trail([watched.films])
    (trail,) = watched.scope.template().find_resources("AWS::CloudTrail::Trail").values()
    (selector,) = trail["Properties"]["EventSelectors"]

    assert selector["ReadWriteType"] == "All"
    assert selector["IncludeManagementEvents"] is True
    (resource,) = selector["DataResources"]
    assert resource["Type"] == "AWS::S3::Object"
    assert all(text_of(arn).endswith("/") for arn in resource["Values"])
    assert ["FilmsBucket" in text_of(arn) or "FilmsReplicaBucket" in text_of(arn) for arn in resource["Values"]] == [True, True]


def test_the_trail_is_validated_encrypted_everywhere_and_watched_by_nobody_else() -> None:
    watched = Watched()
    watched.trail([watched.films])

    watched.scope.template().has_resource_properties(
        "AWS::CloudTrail::Trail",
        {
            "EnableLogFileValidation": True,
            "IsLogging": True,
            "IsMultiRegionTrail": True,
            "KMSKeyId": {"Fn::GetAtt": [Match.string_like_regexp("KeysAudit.*"), "Arn"]},
            "CloudWatchLogsLogGroupArn": Match.any_value(),
        },
    )
    assert not [finding for finding in watched.scope.findings() if "/Trail/" in finding[1]]


def test_the_trail_waits_for_what_lets_it_be_delivered() -> None:
    """CloudTrail refuses a trail whose role cannot write to the log group yet, or whose bucket does not let it in."""
    watched = Watched()
    watched.trail([watched.films])
    template = watched.scope.template()
    (trail,) = template.find_resources("AWS::CloudTrail::Trail").values()
    (delivery,) = (name for name in template.find_resources("AWS::IAM::ManagedPolicy") if "TrailDelivery" in name)
    (policy,) = (name for name in template.find_resources("AWS::S3::BucketPolicy") if name.startswith("StorageBucket"))

    assert {delivery, policy} <= set(trail["DependsOn"])


@pytest.mark.parametrize(("audits", "message"), [("nothing", "audits no bucket"), ("itself", "would record itself")])
def test_a_trail_of_nothing_or_of_itself_is_refused(audits: str, message: str) -> None:
    watched = Watched()

    with pytest.raises(ConfigurationError, match=message):
        watched.trail([] if audits == "nothing" else [watched.storage])


def test_the_checks_find_a_trail_without_encryption() -> None:
    scope = Scope()
    cloudtrail.CfnTrail(scope.stack, "Plain", is_logging=True, s3_bucket_name="records")

    assert {rule.partition("-")[2] for rule, _ in scope.findings()} >= {
        "CloudTrailCloudWatchLogsEnabled",
        "CloudTrailEncryptionEnabled",
        "CloudTrailLogFileValidationEnabled",
    }
