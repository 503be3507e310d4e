"""A type of the table as the emulator's CloudFormation makes it: really, on paper, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError
from moto.cloudformation import parsing

from operations.rehearse.emulator.models import add_types, short
from operations.rehearse.record import Record
from tests.aws import AwsError, FakeAws, Reply

QUEUE = "AWS::SQS::Queue"


def refusing(code: str) -> Reply:
    def reply(_: Any) -> Any:
        raise AwsError(code)

    return reply


class Made:
    """Resources made by planted services."""

    def __init__(self, folder: Path) -> None:
        self.aws, self.record = FakeAws(), Record(folder / "record.jsonl")
        clients: Any = self.aws.client
        add_types(clients, self.record)

    def __call__(self, type: str, **properties: Any) -> Any:
        return parsing.resource_class_from_type(type).create_from_cloudformation_json(
            "generated-name", {"Properties": properties}, "123456789012", "us-east-1", LogicalId="It"
        )


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    monkeypatch.setattr(parsing, "resource_class_from_type", parsing.resource_class_from_type)
    return Made(tmp_path)


def test_it_is_called_what_its_service_answered(made: Made) -> None:
    made.aws.replies["sqs.CreateQueue"] = {"QueueUrl": "http://queue"}

    resource = made(QUEUE)

    assert resource.physical_resource_id == "http://queue"
    assert resource.get_cfn_attribute("Arn") == "arn:aws:sqs:us-east-1:123456789012:generated-name"
    assert resource.has_cfn_attr("Arn")
    assert not resource.has_cfn_attr("Colour")


def test_what_the_emulator_has_not_stands_on_paper(made: Made) -> None:
    made.aws.replies["cloudwatch.PutCompositeAlarm"] = refusing("404")

    resource = made("AWS::CloudWatch::CompositeAlarm", AlarmRule="TRUE")

    assert (resource.accepted, resource.physical_resource_id) == (True, "generated-name")
    assert made.record.read("accepted")[0]["reason"] == "the emulator has no PutCompositeAlarm"


def test_its_name_is_its_own_where_the_service_would_have_given_one(made: Made) -> None:
    made.aws.replies["backup.CreateBackupSelection"] = refusing("501")
    selection = {"SelectionName": "s", "IamRoleArn": "r"}

    names = {made("AWS::Backup::BackupSelection", BackupPlanId="p", BackupSelection=selection).physical_resource_id for _ in "ab"}

    assert len(names) == 2


def test_a_setting_that_the_emulator_has_not_is_dropped_and_noted(made: Made) -> None:
    made.aws.replies |= {"s3.CreateBucket": {}, "s3.PutBucketVersioning": refusing("501")}

    resource = made("AWS::S3::Bucket", BucketName="films", VersioningConfiguration={"Status": "Enabled"})

    assert not resource.accepted
    assert made.record.read("dropped")[0]["reason"] == "the emulator has no PutBucketVersioning"


def test_a_refusal_is_a_failure(made: Made) -> None:
    made.aws.replies["sqs.CreateQueue"] = refusing("QueueNameExists")

    with pytest.raises(ClientError, match="QueueNameExists"):
        made(QUEUE)


def test_a_property_that_the_service_does_not_know_is_one_too(made: Made) -> None:
    with pytest.raises(ParamValidationError, match="BucketColour"):
        made("AWS::S3::Bucket", BucketColour="blue")


def test_types_outside_of_the_table_are_the_emulators_own(made: Made) -> None:
    assert parsing.resource_class_from_type("AWS::EC2::VPC").__module__.startswith("moto.")


def test_a_generated_name_fits_everywhere_and_keeps_its_end() -> None:
    long = "overread-dev-data-" + "x" * 60 + "-1A2B3C4D"

    assert short("films") == "films"
    assert len(short(long)) <= 63
    assert short(long).endswith("1A2B3C4D")
