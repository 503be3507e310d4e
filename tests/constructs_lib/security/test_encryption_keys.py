from __future__ import annotations

import pytest

from constructs_lib.security.encryption_keys import MESSENGERS
from tests.infra import REGION, Json, Scope, many, of_type


def keys() -> list[Json]:
    scope = Scope()
    scope.keys()
    return of_type(scope.template().to_json(), "AWS::KMS::Key")


def test_every_key_stays_and_every_one_that_encrypts_rotates() -> None:
    scope = Scope()
    scope.keys()
    template = scope.template()
    encrypting = [key for key in of_type(template.to_json(), "AWS::KMS::Key") if "KeySpec" not in key]

    assert encrypting
    assert all(key["EnableKeyRotation"] is True for key in encrypting)
    template.all_resources("AWS::KMS::Key", {"DeletionPolicy": "Retain"})
    assert not scope.findings()


def test_the_key_of_the_pseudonyms_makes_names_and_nothing_else() -> None:
    (key,) = [key for key in keys() if "KeySpec" in key]

    assert (key["KeySpec"], key["KeyUsage"]) == ("HMAC_256", "GENERATE_VERIFY_MAC")
    assert "EnableKeyRotation" not in key  # KMS refuses it, and the names would change


def conditions() -> dict[str, list[tuple[str, Json]]]:
    """Description of the key and condition of every statement, by the service that it lets in."""
    found: dict[str, list[tuple[str, Json]]] = {}
    for key in keys():
        for statement in key["KeyPolicy"]["Statement"]:
            for service in many(statement["Principal"].get("Service", [])):
                found.setdefault(service.removesuffix(".amazonaws.com"), []).append((key["Description"], statement["Condition"]))
    return found


def test_services_use_two_keys_and_each_only_for_this_account() -> None:
    found = conditions()
    writers, messengers = {f"logs.{REGION}", "cloudtrail"}, set(MESSENGERS)

    assert found.keys() == writers | messengers
    for services in (writers, messengers):
        assert len({description for service in services for description, _ in found[service]}) == 1
    assert all("AWS::AccountId" in str(condition) for several in found.values() for _, condition in several)


@pytest.mark.parametrize(
    ("service", "contexts"),
    [("events", {"aws:sns:topicArn", "aws:sqs:arn"}), ("delivery.logs", {"SourceArn"})],
)
def test_services_that_tell_kms_no_source_are_known_by_what_they_encrypt(service: str, contexts: set[str]) -> None:
    """With EventBridge's notices a condition on ``aws:SourceAccount`` never holds (SNS's guide says so): they would not come."""
    alone = [set().union(*condition.values()) for _, condition in conditions()[service]]

    assert {"aws:SourceAccount"} in alone
    assert [asked for asked in alone if asked != {"aws:SourceAccount"}] == [
        {f"kms:EncryptionContext:{context}"} for context in sorted(contexts)
    ]


def test_cloudtrail_may_write_large_files_and_under_a_buckets_key() -> None:
    (actions,) = [
        set(many(statement["Action"]))
        for key in keys()
        for statement in key["KeyPolicy"]["Statement"]
        if statement["Principal"].get("Service") == "cloudtrail.amazonaws.com"
    ]

    assert actions == {"kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey*"}
