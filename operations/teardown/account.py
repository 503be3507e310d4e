"""The account that a teardown works in: real clients, and the few things that are done with them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from operations.teardown.plan import BUCKET, IMAGES, PACKAGES, VAULT

POLL_SECONDS: Final = 5.0
GIVE_UP_SECONDS: Final = 3600.0
"""Network interfaces of functions in a VPC take up to 40 minutes to go."""
BATCH: Final = 1000
"""Objects that S3 deletes at once."""


class TeardownError(RuntimeError):
    """AWS did not do what was asked; what is left is said."""


@dataclass(frozen=True)
class Outcome:
    """How the deletion of a stack ended."""

    status: str
    """``DELETE_COMPLETE``, ``DELETE_FAILED`` or ``ABSENT``."""
    failed: Mapping[str, str]
    """What could not be deleted, and why, by logical id."""


@dataclass(frozen=True)
class Account:
    """One region of one account. ``client`` makes a botocore client of a service."""

    client: Callable[[str], Any]
    say: Callable[[str], None]
    sleep: Callable[[float], None] = time.sleep

    def identity(self) -> str:
        """The account's number."""
        return str(self.client("sts").get_caller_identity()["Account"])

    def stack_id(self, name: str) -> tuple[str, bool] | None:
        """A stack's id and whether it is protected; None where there is no such stack."""
        cloudformation = self.client("cloudformation")
        try:
            stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        except cloudformation.exceptions.ClientError as error:
            if "does not exist" in str(error):
                return None
            raise
        return str(stack["StackId"]), bool(stack.get("EnableTerminationProtection"))

    def physical_ids(self, stack_id: str) -> dict[str, str]:
        """What a stack's resources are called, by logical id."""
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for resource in self._resources(stack_id)
            if resource.get("PhysicalResourceId") and resource["ResourceStatus"] != "DELETE_COMPLETE"
        }

    def unprotect(self, name: str) -> None:
        """Lets a stack be deleted."""
        self.client("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=False)

    def stop_trail(self, name: str) -> None:
        """Stops a trail from writing."""
        self.client("cloudtrail").stop_logging(Name=name)

    def empty(self, kind: str, name: str) -> int:
        """Empties a bucket, a model package group, an image repository or a vault; says how much was deleted."""
        empty = {BUCKET: self._empty_bucket, PACKAGES: self._empty_packages, IMAGES: self._empty_images, VAULT: self._empty_vault}
        return empty[kind](name)

    def delete_stack(self, stack_id: str, name: str, retain: tuple[str, ...] = ()) -> Outcome:
        """Deletes a stack and waits. ``retain`` may name only what failed to be deleted before.

        Raises:
            TeardownError: it takes longer than an hour.
        """
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=stack_id, **({"RetainResources": list(retain)} if retain else {}))
        left, waited = -1, 0.0
        while waited < GIVE_UP_SECONDS:
            status = str(cloudformation.describe_stacks(StackName=stack_id)["Stacks"][0]["StackStatus"])
            if status in ("DELETE_COMPLETE", "DELETE_FAILED"):
                return Outcome(status, self._failed(stack_id) if status == "DELETE_FAILED" else {})
            now = len(self.physical_ids(stack_id))
            if now != left:
                left = now
                self.say(f"{name}: {status}, {left} resources left")
            self.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
        raise TeardownError(
            f"{name} is still being deleted after an hour; look at its events in the console, then run this again"
        )

    def _resources(self, stack_id: str) -> Iterator[dict[str, Any]]:
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_id)
        for page in pages:
            yield from page["StackResourceSummaries"]

    def _failed(self, stack_id: str) -> dict[str, str]:
        return {
            resource["LogicalResourceId"]: resource.get("ResourceStatusReason", "no reason given")
            for resource in self._resources(stack_id)
            if resource["ResourceStatus"] == "DELETE_FAILED"
        }

    def _empty_bucket(self, name: str) -> int:
        s3, deleted = self.client("s3"), 0
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=name):
            objects = [
                {"Key": version["Key"], "VersionId": version["VersionId"]}
                for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            ]
            for start in range(0, len(objects), BATCH):
                batch = objects[start : start + BATCH]
                answer = s3.delete_objects(Bucket=name, Delete={"Objects": batch, "Quiet": True})
                if answer.get("Errors"):
                    error = answer["Errors"][0]
                    raise TeardownError(f"{name}: {len(answer['Errors'])} objects stay, the first for {error.get('Code')}")
                deleted += len(batch)
                if deleted % (10 * BATCH) == 0:
                    self.say(f"{name}: {deleted:,} versions deleted")
        for page in s3.get_paginator("list_multipart_uploads").paginate(Bucket=name):
            for upload in page.get("Uploads", []):
                s3.abort_multipart_upload(Bucket=name, Key=upload["Key"], UploadId=upload["UploadId"])
        return deleted

    def _empty_packages(self, name: str) -> int:
        sagemaker, deleted = self.client("sagemaker"), 0
        for page in sagemaker.get_paginator("list_model_packages").paginate(ModelPackageGroupName=name):
            for package in page["ModelPackageSummaryList"]:
                sagemaker.delete_model_package(ModelPackageName=package["ModelPackageArn"])
                deleted += 1
        return deleted

    def _empty_images(self, name: str) -> int:
        ecr, deleted = self.client("ecr"), 0
        for page in ecr.get_paginator("list_images").paginate(repositoryName=name, PaginationConfig={"PageSize": 100}):
            images = [{"imageDigest": digest} for digest in sorted({image["imageDigest"] for image in page["imageIds"]})]
            if images:
                ecr.batch_delete_image(repositoryName=name, imageIds=images)
                deleted += len(images)
        return deleted

    def _empty_vault(self, name: str) -> int:
        """Backups go a while after the request; until then the vault cannot go."""
        backup, asked, waited = self.client("backup"), set[str](), 0.0
        while waited < GIVE_UP_SECONDS:
            pages = backup.get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=name)
            left = {str(point["RecoveryPointArn"]) for page in pages for point in page["RecoveryPoints"]}
            if not left:
                return len(asked)
            for arn in sorted(left - asked):
                backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=arn)
            asked |= left
            self.sleep(POLL_SECONDS)
            waited += POLL_SECONDS
        raise TeardownError(
            f"{name} still holds {len(left)} backups after an hour; delete them in the console, then run this again"
        )
