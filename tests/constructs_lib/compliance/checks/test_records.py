from __future__ import annotations

import json
from typing import Any

import pytest

from constructs_lib.compliance.checks.records import KEYS
from tests.constructs_lib.compliance.checks.cases import Resources, complies, said

GROUP, BUCKET, TRAIL = "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::CloudTrail::Trail"
ARN = {"Fn::GetAtt": ["It", "Arn"]}


@pytest.mark.parametrize(
    ("kind", "recorder"),
    [
        (TRAIL, {"CloudWatchLogsLogGroupArn": ARN}),
        ("AWS::EC2::FlowLog", {"LogGroupName": {"Ref": "It"}}),
        ("AWS::ApiGateway::Stage", {"AccessLogSetting": {"DestinationArn": ARN}}),
        ("AWS::WAFv2::LoggingConfiguration", {"LogDestinationConfigs": [ARN]}),
    ],
)
def test_records_of_access_are_kept_for_six_years(kind: str, recorder: Any) -> None:
    others: Resources = {"Recorder": (kind, recorder)}

    assert complies("RecordsKeptSixYears", GROUP, {"RetentionInDays": 2192}, others)
    assert complies("RecordsKeptSixYears", GROUP, {}, others), "kept for ever"
    assert f"{kind} for 365 days" in str(said("RecordsKeptSixYears", GROUP, {"RetentionInDays": 365}, others))


def test_other_logs_may_end_sooner() -> None:
    assert said("RecordsKeptSixYears", GROUP, {"RetentionInDays": 7}) is None


def watching(*buckets: str, **more: Any) -> Resources:
    values = [{"Fn::Join": ["", [{"Fn::GetAtt": [name, "Arn"]}, "/"]]} for name in buckets]
    selector = {"ReadWriteType": "All", "DataResources": [{"Type": "AWS::S3::Object", "Values": values}], **more}
    return {"Trail": (TRAIL, {"EventSelectors": [selector]}), "Other": (BUCKET, {})}


def test_films_are_recorded() -> None:
    assert complies("FilmsRecorded", BUCKET, {}, watching("Other", "It"))


def test_the_newer_way_of_selecting_counts_too() -> None:
    fields = [{"Field": "eventCategory", "Equals": ["Data"]}, {"Field": "resources.ARN", "StartsWith": [ARN]}]
    reads = [*fields, {"Field": "readOnly", "Equals": ["true"]}]

    assert complies("FilmsRecorded", BUCKET, {}, {"Trail": (TRAIL, {"AdvancedEventSelectors": [{"FieldSelectors": fields}]})})
    assert said("FilmsRecorded", BUCKET, {}, {"Trail": (TRAIL, {"AdvancedEventSelectors": [{"FieldSelectors": reads}]})})


@pytest.mark.parametrize("others", [watching("Other"), watching("It", ReadWriteType="WriteOnly"), {}])
def test_films_that_nobody_records_are_found(others: Resources) -> None:
    assert "may hold films, and no trail" in str(said("FilmsRecorded", BUCKET, {}, others))


def test_copies_of_films_are_films() -> None:
    source: Resources = {"Source": (BUCKET, copied_to("It"))}

    assert said("FilmsRecorded", BUCKET, {}, {**source, **watching("Source")})
    assert complies("FilmsRecorded", BUCKET, {}, {**source, **watching("Source", "It")})


def copied_to(copy: str) -> dict[str, Any]:
    destination = {"Bucket": {"Fn::GetAtt": [copy, "Arn"]}}
    return {"ReplicationConfiguration": {"Rules": [{"Status": "Enabled", "Destination": destination}]}}


@pytest.mark.parametrize(
    "holder",
    [
        (TRAIL, {"S3BucketName": {"Ref": "Kept"}}),
        (BUCKET, {"LoggingConfiguration": {"DestinationBucketName": {"Ref": "Kept"}}}),
        ("AWS::CodePipeline::Pipeline", {"ArtifactStore": {"Location": {"Ref": "Kept"}}}),
    ],
)
def test_records_and_code_are_no_films_and_neither_are_their_copies(holder: Any) -> None:
    in_it: Resources = {"Holder": (holder[0], {**holder[1]})}
    itself = json.loads(json.dumps(in_it).replace("Kept", "It"))
    copy: Resources = {**in_it, "Kept": (BUCKET, copied_to("It"))}

    assert said("FilmsRecorded", BUCKET, {}, itself) is None
    assert said("FilmsRecorded", BUCKET, {}, copy) is None


@pytest.mark.parametrize(("kind", "path"), KEYS.items())
def test_what_is_kept_has_a_customer_key(kind: str, path: tuple[str, ...]) -> None:
    def under(key: Any) -> dict[str, Any]:
        properties: Any = key
        for name in reversed(path):
            properties = {name: properties}
        return dict(properties)

    assert complies("CustomerKey", kind, under({"Fn::GetAtt": ["Key", "Arn"]}))
    assert said("CustomerKey", kind, {}) == [f"names no customer key ({'.'.join(path)})"]
    assert said("CustomerKey", kind, under("alias/aws/sns")) == ["uses the key of the service, alias/aws/sns"]
