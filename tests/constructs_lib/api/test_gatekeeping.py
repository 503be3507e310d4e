from __future__ import annotations

import pytest
from aws_cdk import aws_wafv2 as waf

from constructs_lib.api.gatekeeping import BODY_RULES, COMMON, ApiGatekeeping
from tests.infra import Json, Scope, of_type


@pytest.fixture(scope="module")
def scope() -> Scope:
    built = Scope()
    ApiGatekeeping(built.stack, "Gate", place=built.place(built.keys()), requests_per_address=1500)
    return built


@pytest.fixture(scope="module")
def rules(scope: Scope) -> dict[str, Json]:
    (acl,) = of_type(scope.template().to_json(), "AWS::WAFv2::WebACL")
    assert [rule["Priority"] for rule in acl["Rules"]] == list(range(len(acl["Rules"])))
    return {rule["Name"]: rule for rule in acl["Rules"]}


def test_lists_of_aws_are_asked(rules: dict[str, Json]) -> None:
    assert rules.keys() >= {COMMON, "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet"}


def test_rules_about_bodies_only_count_in_the_common_set(rules: dict[str, Json]) -> None:
    overrides = rules[COMMON]["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]

    assert {one["Name"] for one in overrides} == {f"{rule}_BODY" for rule in BODY_RULES}
    assert "SizeRestrictions_BODY" in {one["Name"] for one in overrides}
    assert all(one["ActionToUse"] == {"Count": {}} for one in overrides)


def test_and_block_wherever_no_film_goes(rules: dict[str, Json]) -> None:
    rule = rules["BodiesWithoutFilms"]
    found, elsewhere = rule["Statement"]["AndStatement"]["Statements"]

    assert rule["Action"] == {"Block": {}}
    assert len(found["OrStatement"]["Statements"]) == len(BODY_RULES)
    assert elsewhere["NotStatement"]["Statement"]["ByteMatchStatement"]["SearchString"] == "/predict"
    assert rule["Priority"] > rules[COMMON]["Priority"]  # labels are there only afterwards


def test_an_address_that_asks_too_often_is_blocked(rules: dict[str, Json]) -> None:
    rule = rules["RequestsPerAddress"]

    assert rule["Statement"]["RateBasedStatement"]["Limit"] == 1500
    assert rule["Action"] == {"Block": {}}


def test_its_log_is_encrypted_and_holds_no_secret(scope: Scope) -> None:
    template = scope.template().to_json()
    (logging,) = of_type(template, "AWS::WAFv2::LoggingConfiguration")
    redacted = [one.get("SingleHeader", {}).get("Name") for one in logging["RedactedFields"]]
    (group,) = [g for g in of_type(template, "AWS::Logs::LogGroup") if str(g.get("LogGroupName", "")).startswith("aws-waf-logs-")]

    assert {"authorization", "x-api-key", "x-overread-study"} <= set(redacted)
    assert {"QueryString": {}} in logging["RedactedFields"]
    assert "KmsKeyId" in group and group["RetentionInDays"] == 2192


def test_nothing_is_found(scope: Scope) -> None:
    assert not [found for found in scope.findings() if "/Gate/" in found[1]]


def test_a_firewall_without_a_log_would_be_found() -> None:
    plain = Scope()
    seen = waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name="x", sampled_requests_enabled=False
    )
    allow = waf.CfnWebACL.DefaultActionProperty(allow={})
    waf.CfnWebACL(plain.stack, "Plain", scope="REGIONAL", default_action=allow, visibility_config=seen)

    assert "HIPAA.Security-WAFv2LoggingEnabled" in {rule for rule, _ in plain.findings()}
