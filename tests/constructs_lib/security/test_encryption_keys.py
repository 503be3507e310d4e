from __future__ import annotations

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


def test_services_use_two_keys_and_each_only_for_this_account() -> None:
    found = {
        service: (key["Description"], statement["Condition"])
        for key in keys()
        for statement in key["KeyPolicy"]["Statement"]
        for service in many(statement["Principal"].get("Service", []))
    }
    writers = {f"logs.{REGION}.amazonaws.com", "cloudtrail.amazonaws.com"}
    messengers = {f"{name}.amazonaws.com" for name in MESSENGERS}

    assert found.keys() == writers | messengers
    for services in (writers, messengers):
        assert len({found[service][0] for service in services}) == 1
    assert all("AWS::AccountId" in str(condition) for _, condition in found.values())
