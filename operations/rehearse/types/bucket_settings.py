"""What a bucket of a template is told after it was made, because the emulator's CloudFormation makes bare buckets."""

from __future__ import annotations

from typing import Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.kind import same

TOLD_AFTERWARDS: Final = (
    "VersioningConfiguration",
    "PublicAccessBlockConfiguration",
    "BucketEncryption",
    "NotificationConfiguration",
    "LifecycleConfiguration",
    "LoggingConfiguration",
)
NOT_REHEARSED: Final = ("ObjectLockConfiguration", "OwnershipControls", "ReplicationConfiguration", "Tags")
"""Of no consequence for what is exercised."""
LIFECYCLE: Final = (
    "Status",
    "Prefix",
    "Id",
    "ExpirationInDays",
    "ExpiredObjectDeleteMarker",
    "NoncurrentVersionExpiration",
    "AbortIncompleteMultipartUpload",
    "Transitions",
)


def settings_of(bucket: str, properties: Json) -> list[Request]:
    """The requests; each goes through a real client, which refuses what S3 does not know."""
    requests = []
    if "VersioningConfiguration" in properties:
        requests.append(_put("PutBucketVersioning", bucket, VersioningConfiguration=properties["VersioningConfiguration"]))
    if "PublicAccessBlockConfiguration" in properties:
        block = properties["PublicAccessBlockConfiguration"]
        requests.append(_put("PutPublicAccessBlock", bucket, PublicAccessBlockConfiguration=block))
    if "BucketEncryption" in properties:
        rules = [_encryption(rule) for rule in properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]]
        requests.append(_put("PutBucketEncryption", bucket, ServerSideEncryptionConfiguration={"Rules": rules}))
    if "EventBridgeConfiguration" in properties.get("NotificationConfiguration", {}):
        requests.append(
            _put("PutBucketNotificationConfiguration", bucket, NotificationConfiguration={"EventBridgeConfiguration": {}})
        )
    if "LifecycleConfiguration" in properties:
        rules = [_lifecycle(rule) for rule in properties["LifecycleConfiguration"]["Rules"]]
        requests.append(_put("PutBucketLifecycleConfiguration", bucket, LifecycleConfiguration={"Rules": rules}))
    if "LoggingConfiguration" in properties and "DestinationBucketName" in properties["LoggingConfiguration"]:
        logging = properties["LoggingConfiguration"]
        enabled = {"TargetBucket": logging["DestinationBucketName"], "TargetPrefix": logging.get("LogFilePrefix", "")}
        requests.append(_put("PutBucketLogging", bucket, BucketLoggingStatus={"LoggingEnabled": enabled}))
    return requests


def _put(operation: str, bucket: str, **parameters: Json) -> Request:
    return Request("s3", operation, {"Bucket": bucket, **parameters})


def _encryption(rule: Json) -> Json:
    default = rule.get("ServerSideEncryptionByDefault")
    renamed = {"ApplyServerSideEncryptionByDefault": default} if default else {}
    return {**renamed, **{name: value for name, value in rule.items() if name != "ServerSideEncryptionByDefault"}}


def _lifecycle(rule: Json) -> Json:
    """CloudFormation spells the rules of a life cycle in its own way."""
    made: Json = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}, **same(*LIFECYCLE)(rule)}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        made["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "ExpiredObjectDeleteMarker" in rule:
        made.setdefault("Expiration", {})["ExpiredObjectDeleteMarker"] = rule["ExpiredObjectDeleteMarker"]
    if "NoncurrentVersionExpiration" in rule:
        old = rule["NoncurrentVersionExpiration"]
        made["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": int(old["NoncurrentDays"]),
            **({"NewerNoncurrentVersions": old["NewerNoncurrentVersions"]} if "NewerNoncurrentVersions" in old else {}),
        }
    if "AbortIncompleteMultipartUpload" in rule:
        made["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        }
    if "Transitions" in rule:
        made["Transitions"] = [
            {"Days": int(step["TransitionInDays"]), "StorageClass": step["StorageClass"]} for step in rule["Transitions"]
        ]
    return made
