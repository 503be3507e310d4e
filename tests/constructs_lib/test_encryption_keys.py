from __future__ import annotations

from tests.infra import REGION, Scope, of_type


def test_every_key_rotates_and_stays() -> None:
    scope = Scope()
    scope.keys()
    template = scope.template()

    template.all_resources_properties("AWS::KMS::Key", {"EnableKeyRotation": True})
    template.all_resources("AWS::KMS::Key", {"DeletionPolicy": "Retain"})
    template.resource_count_is("AWS::KMS::Key", 4)
    assert not scope.findings()


def test_only_the_audit_key_serves_aws_services_and_each_only_for_this_account() -> None:
    scope = Scope()
    scope.keys()
    keys = of_type(scope.template().to_json(), "AWS::KMS::Key")

    services = {
        statement["Principal"]["Service"]: (key["Description"], statement["Condition"])
        for key in keys
        for statement in key["KeyPolicy"]["Statement"]
        if "Service" in statement["Principal"]
    }

    assert services.keys() == {f"logs.{REGION}.amazonaws.com", "cloudtrail.amazonaws.com"}
    assert len({description for description, _ in services.values()}) == 1
    assert all("AWS::AccountId" in str(condition) for _, condition in services.values())
