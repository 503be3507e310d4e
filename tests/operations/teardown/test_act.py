"""A teardown against real clients whose answers are planted: order, emptiness, protection, and what is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from constructs_lib.errors import ConfigurationError
from operations.assembly import Json
from operations.teardown.account import Account, TeardownError
from operations.teardown.act import Left, consent, tear_down
from operations.teardown.plan import plan
from stacks.environments import DEV, PROD
from tests.aws import AwsError, FakeAws
from tests.operations.judge.broken import stack

DATA = "overread-dev-data"
BUCKET: Json = {"Type": "AWS::S3::Bucket"}
LOCKED: Json = {"Type": "AWS::S3::Bucket", "Properties": {"ObjectLockEnabled": True}}


@dataclass
class Cloud:
    """CloudFormation and S3 with one stack, and a list of what it should say to each deletion."""

    resources: Sequence[str]
    endings: list[dict[str, str]] = field(default_factory=lambda: [{}])
    """For each request to delete: what cannot be deleted, and why."""
    objects: int = 2
    protected: bool = False
    refuse_objects: bool = False
    backups: list[list[Json]] = field(default_factory=list)
    """What the vault holds, each time that it is asked."""
    polls: int = 1
    """How often a deletion is seen in progress."""

    def __post_init__(self) -> None:
        self.aws = FakeAws()
        self.status = dict.fromkeys(self.resources, "CREATE_COMPLETE")
        self.stack_status = "CREATE_COMPLETE"
        self.seen = 0
        self.ending: dict[str, str] = {}
        self.said: list[str] = []
        self.aws.replies = {
            "sts.GetCallerIdentity": {"Account": "111122223333"},
            "cloudformation.DescribeStacks": self._describe,
            "cloudformation.ListStackResources": self._list,
            "cloudformation.DeleteStack": self._delete,
            "cloudformation.UpdateTerminationProtection": {},
            "cloudtrail.StopLogging": {},
            "s3.ListObjectVersions": lambda _: {"Versions": [{"Key": f"k{n}", "VersionId": "v"} for n in range(self.objects)]},
            "s3.ListMultipartUploads": {"Uploads": [{"Key": "half", "UploadId": "u"}]},
            "s3.AbortMultipartUpload": {},
            "s3.DeleteObjects": lambda _: {"Errors": [{"Code": "AccessDenied"}]} if self.refuse_objects else {},
            "sagemaker.ListModelPackages": {"ModelPackageSummaryList": [PACKAGE]},
            "sagemaker.DeleteModelPackage": {},
            "backup.ListRecoveryPointsByBackupVault": lambda _: {"RecoveryPoints": self.backups.pop(0)},
            "backup.DeleteRecoveryPoint": {},
        }
        self.account = Account(self.aws.client, self.said.append, sleep=lambda _: None)

    def _describe(self, asked: Json) -> Json:
        if asked["StackName"].endswith("absent"):
            raise AwsError("Stack with id absent does not exist")
        if self.stack_status == "DELETE_IN_PROGRESS":
            self.seen += 1
            if self.seen > self.polls:
                self._finish()
        one = {"StackName": DATA, "StackId": f"arn:{DATA}", "CreationTime": 0, "StackStatus": self.stack_status}
        return {"Stacks": [{**one, "EnableTerminationProtection": self.protected}]}

    def _list(self, _: Json) -> Json:
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": name,
                    "PhysicalResourceId": f"{name.lower()}-in-aws",
                    "ResourceType": "T",
                    "ResourceStatus": status,
                    "LastUpdatedTimestamp": 0,
                    "ResourceStatusReason": self.ending.get(name, ""),
                }
                for name, status in self.status.items()
            ]
        }

    def _delete(self, asked: Json) -> Json:
        failing = self.endings.pop(0)
        self.ending = {name: why for name, why in failing.items() if name not in asked.get("RetainResources", [])}
        self.skipped = asked.get("RetainResources", [])
        self.stack_status, self.seen = "DELETE_IN_PROGRESS", 0
        return {}

    def _finish(self) -> None:
        for name in self.status:
            failed = name in self.ending
            self.status[name] = "DELETE_FAILED" if failed else "DELETE_SKIPPED" if name in self.skipped else "DELETE_COMPLETE"
        self.stack_status = "DELETE_FAILED" if self.ending else "DELETE_COMPLETE"

    def tear_down(self, environment: Any = DEV, **resources: Json) -> Left:
        return tear_down(plan(environment, [stack({"Resources": resources}, DATA)]), self.account)


PACKAGE = {
    "ModelPackageArn": "arn:aws:sagemaker:us-east-1:111122223333:model-package/overread-dev-chest14/1",
    "CreationTime": 0,
    "ModelPackageStatus": "Completed",
}


def test_a_bucket_is_emptied_before_its_stack_goes() -> None:
    cloud = Cloud(["Films"])

    left = cloud.tear_down(Films=BUCKET)

    order = [name for name, _ in cloud.aws.calls]
    assert order.index("s3.DeleteObjects") < order.index("cloudformation.DeleteStack")
    assert cloud.aws.of("s3.DeleteObjects")[0]["Bucket"] == "films-in-aws"
    assert cloud.aws.of("s3.AbortMultipartUpload")
    assert left == Left()


def test_more_than_a_batch_of_versions_goes_in_batches() -> None:
    cloud = Cloud(["Films"], objects=2500)

    cloud.tear_down(Films=BUCKET)

    assert [len(asked["Delete"]["Objects"]) for asked in cloud.aws.of("s3.DeleteObjects")] == [1000, 1000, 500]


def test_a_trail_is_stopped_before_its_bucket_is_emptied() -> None:
    cloud = Cloud(["Films", "Trail"])

    cloud.tear_down(Films=BUCKET, Trail={"Type": "AWS::CloudTrail::Trail"})

    order = [name for name, _ in cloud.aws.calls]
    assert order.index("cloudtrail.StopLogging") < order.index("s3.DeleteObjects")


def test_model_packages_go_before_their_group() -> None:
    cloud = Cloud(["Group"])

    cloud.tear_down(Group={"Type": "AWS::SageMaker::ModelPackageGroup"})

    assert cloud.aws.of("sagemaker.DeleteModelPackage") == [{"ModelPackageName": PACKAGE["ModelPackageArn"]}]


def test_backups_go_before_their_vault_which_waits_until_they_are_gone() -> None:
    night = {"RecoveryPointArn": "arn:aws:backup:us-east-1:111122223333:recovery-point:1", "Status": "COMPLETED"}
    cloud = Cloud(["Vault"], backups=[[night], [{**night, "Status": "DELETING"}], []])

    assert cloud.tear_down(Vault={"Type": "AWS::Backup::BackupVault"}) == Left()
    assert [asked["RecoveryPointArn"] for asked in cloud.aws.of("backup.DeleteRecoveryPoint")] == [night["RecoveryPointArn"]]
    assert cloud.aws.calls[-1][0].startswith("cloudformation.")


def test_what_an_attempt_deleted_is_not_emptied_by_the_next() -> None:
    """S3 knows no bucket of that name any more, which would end the teardown halfway."""
    cloud = Cloud(["Films", "Logs"], endings=[{"Logs": "The bucket you tried to delete is not empty"}, {}])

    assert cloud.tear_down(Films=BUCKET, Logs=BUCKET) == Left()
    assert [asked["Bucket"] for asked in cloud.aws.of("s3.DeleteObjects")] == ["films-in-aws", "logs-in-aws", "logs-in-aws"]


def test_a_bucket_that_filled_up_again_is_emptied_again() -> None:
    cloud = Cloud(["Films"], endings=[{"Films": "The bucket you tried to delete is not empty"}, {}])

    assert cloud.tear_down(Films=BUCKET) == Left()
    assert len(cloud.aws.of("s3.DeleteObjects")) == 2


def test_a_locked_bucket_is_never_touched_and_is_left_in_peace() -> None:
    cloud = Cloud(["Records"], endings=[{"Records": "not empty"}, {"Records": "not empty"}])

    left = cloud.tear_down(Records=LOCKED)

    assert not cloud.aws.of("s3.DeleteObjects")
    assert [asked.get("RetainResources") for asked in cloud.aws.of("cloudformation.DeleteStack")] == [None, ["Records"]]
    assert len(left.retained) == 1
    assert "data/Records (records-in-aws): Object Lock" in left.retained[0]
    assert not left.undeleted


def test_what_cannot_be_deleted_is_named_with_its_reason() -> None:
    cloud = Cloud(["Role"], endings=[{"Role": "in use"}] * 3)

    assert cloud.tear_down(Role={"Type": "AWS::IAM::Role"}).undeleted == ["data/Role (role-in-aws): in use"]


def test_objects_that_stay_end_it() -> None:
    with pytest.raises(TeardownError, match="films-in-aws: 1 objects stay, the first for AccessDenied"):
        Cloud(["Films"], refuse_objects=True).tear_down(Films=BUCKET)


def test_a_deletion_without_end_is_given_up() -> None:
    with pytest.raises(TeardownError, match="after an hour"):
        Cloud(["Role"], polls=100_000).tear_down(Role={"Type": "AWS::IAM::Role"})


def test_protection_is_lifted_where_nothing_is_kept() -> None:
    cloud = Cloud(["Role"], protected=True)

    cloud.tear_down(Role={"Type": "AWS::IAM::Role"})

    assert cloud.aws.of("cloudformation.UpdateTerminationProtection")[0]["EnableTerminationProtection"] is False


def test_protection_is_respected_where_data_is_kept() -> None:
    cloud = Cloud(["Role"], protected=True)

    with pytest.raises(ConfigurationError, match="is protected and keeps data; nothing was done"):
        cloud.tear_down(PROD, Role={"Type": "AWS::IAM::Role"})
    assert not cloud.aws.of("cloudformation.DeleteStack")


def test_a_stack_that_is_not_there_is_passed_over() -> None:
    cloud = Cloud([])
    absent = replace(stack({"Resources": {"Films": BUCKET}}), name="absent")

    assert tear_down(plan(DEV, [absent]), cloud.account) == Left()
    assert cloud.said == ["absent: is not there"]


@pytest.mark.parametrize(
    ("environment", "yes", "answer", "complaint"),
    [
        (DEV, False, "prod", "that is not 'dev'"),
        (DEV, False, "", "that is not 'dev'"),
        (PROD, True, "prod", "--yes is not enough"),
    ],
)
def test_without_consent_nothing_is_done(environment: Any, yes: bool, answer: str, complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        consent(plan(environment, []), yes=yes, ask=lambda _: answer)


def test_the_name_or_yes_is_consent() -> None:
    consent(plan(DEV, []), yes=True, ask=lambda _: pytest.fail("nobody should be asked"))
    consent(plan(PROD, []), yes=False, ask=lambda _: "prod")


def test_what_the_templates_protect_forbids_all_of_it() -> None:
    table = {"Type": "AWS::DynamoDB::Table", "Properties": {"DeletionProtectionEnabled": True}}

    with pytest.raises(ConfigurationError, match="1 resources of dev are protected"):
        consent(plan(DEV, [stack({"Resources": {"Table": table}})]), yes=True, ask=lambda _: "dev")
