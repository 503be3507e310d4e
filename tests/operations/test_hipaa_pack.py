from __future__ import annotations

from aws_cdk import App
from cdk_nag import HIPAASecurityChecks

from operations.hipaa_pack import hipaa_rules
from tests.infra import Scope


def test_rules_are_read_with_what_they_look_at_and_what_for() -> None:
    rules = {rule.id: rule for rule in hipaa_rules()}
    versioning = rules["HIPAA.Security-S3BucketVersioningEnabled"]

    assert versioning.types == ("AWS::S3::Bucket",)
    assert {"164.308(a)(7)(ii)(A)", "164.312(c)(1)"} < set(versioning.safeguards)
    assert versioning.asks == "The S3 Bucket does not have versioning enabled."
    assert rules["HIPAA.Security-S3BucketSSLRequestsOnly"].types == ("AWS::S3::Bucket", "AWS::S3::BucketPolicy")


def test_every_rule_that_the_pack_applies_is_read() -> None:
    """The pack's methods, one a service, apply them; a rule that was missed would be missing from the evidence."""
    rules = hipaa_rules()

    assert len(rules) == len({rule.id for rule in rules}) >= 90
    assert all(rule.types and rule.safeguards and rule.asks for rule in rules)


def test_what_the_pack_finds_is_among_them() -> None:
    scope = Scope()
    scope.place(scope.keys())
    found = HIPAASecurityChecks(App()).validate_scope(scope.stage).violations

    assert found
    assert {violation.rule_name for violation in found} <= {rule.id for rule in hipaa_rules()}
