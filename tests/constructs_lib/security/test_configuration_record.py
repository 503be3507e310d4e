from __future__ import annotations

from constructs_lib.security.configuration_record import RULES, ConfigurationRecord
from tests.infra import Scope, many, of_type, statements, text_of


def built() -> Scope:
    scope = Scope()
    ConfigurationRecord(scope.stack, "Configuration", storage=scope.access_logs())
    return scope


def test_everything_is_recorded_and_delivered_beside_the_access_logs() -> None:
    template = built().template()
    (channel,) = of_type(template.to_json(), "AWS::Config::DeliveryChannel")

    template.has_resource_properties(
        "AWS::Config::ConfigurationRecorder", {"RecordingGroup": {"AllSupported": True, "IncludeGlobalResourceTypes": True}}
    )
    assert channel["S3KeyPrefix"] == "config"
    assert "AccessLogsBucket" in str(channel["S3BucketName"])


def test_the_recorder_writes_below_its_prefix_only() -> None:
    written = [text_of(s["Resource"]) for s in statements(built().template().to_json()) if "s3:PutObject" in many(s["Action"])]

    assert len(written) == 1
    assert "/config/AWSLogs/" in written[0]


def test_the_recorder_may_hand_its_files_over() -> None:
    """It writes with the list ``bucket-owner-full-control``, which S3 counts as another right."""
    (writing,) = [s for s in statements(built().template().to_json()) if "s3:PutObject" in many(s["Action"])]

    assert set(many(writing["Action"])) == {"s3:PutObject", "s3:PutObjectAcl"}


def test_the_rules_wait_for_the_recorder() -> None:
    template = built().template().to_json()
    rules = [resource for resource in template["Resources"].values() if resource["Type"] == "AWS::Config::ConfigRule"]

    assert {rule["Properties"]["Source"]["SourceIdentifier"] for rule in rules} == set(RULES)
    assert all(any("Recorder" in name for name in many(rule["DependsOn"])) for rule in rules)


def test_nothing_is_found() -> None:
    assert not [found for found in built().findings() if "/Configuration/" in found[1]]
