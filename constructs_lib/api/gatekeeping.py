"""The firewall before the API and the sign-in: AWS's rules, a limit for each address, and a log without secrets."""

from __future__ import annotations

from typing import Any, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

from constructs_lib.naming import named
from constructs_lib.place import Place

LISTS: Final = ("AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesKnownBadInputsRuleSet")
COMMON: Final = "AWSManagedRulesCommonRuleSet"

BODY_RULES: Final = ("SizeRestrictions", "CrossSiteScripting", "GenericLFI", "GenericRFI", "EC2MetaDataSSRF")
"""Rules of the common set that look at bodies. A film is long, and its bytes mean nothing to them: there they only count."""

FILMS: Final = "/predict"
NEVER_LOGGED: Final = ("authorization", "x-api-key", "x-amz-security-token", "x-overread-study")

Rule = waf.CfnWebACL.RuleProperty
Statement = waf.CfnWebACL.StatementProperty


class ApiGatekeeping(Construct):
    """A regional web ACL; ``guard`` puts it before an API's stage or a user pool."""

    def __init__(self, scope: Construct, id: str, *, place: Place, requests_per_address: int) -> None:
        super().__init__(scope, id)
        rules = [*map(_managed, LISTS), _common(), _bodies(), _rate(requests_per_address)]
        for priority, rule in enumerate(rules):
            rule["priority"] = priority
        self.acl = waf.CfnWebACL(
            self,
            "Acl",
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=[Rule(**rule, visibility_config=_seen(rule["name"])) for rule in rules],
            visibility_config=_seen("Requests"),
        )
        self._log(place)

    def guard(self, id: str, arn: str) -> waf.CfnWebACLAssociation:
        """Lets no request to ``arn`` pass unseen."""
        return waf.CfnWebACLAssociation(self, id, resource_arn=arn, web_acl_arn=self.acl.attr_arn)

    def _log(self, place: Place) -> None:
        group = place.log_group(self, "Logs", f"aws-waf-logs-{named(self, 'api')}")  # the service takes no other prefix
        group_arn = Stack.of(self).format_arn(
            service="logs", resource="log-group", resource_name=group.log_group_name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )
        field = waf.CfnLoggingConfiguration.FieldToMatchProperty
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.acl.attr_arn,
            log_destination_configs=[group_arn],
            redacted_fields=[*(field(single_header={"Name": name}) for name in NEVER_LOGGED), field(query_string={})],
        )


def _managed(name: str) -> dict[str, Any]:
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=name)
    return _group(name, group)


def _common() -> dict[str, Any]:
    counted = [
        waf.CfnWebACL.RuleActionOverrideProperty(name=f"{rule}_BODY", action_to_use=waf.CfnWebACL.RuleActionProperty(count={}))
        for rule in BODY_RULES
    ]
    group = waf.CfnWebACL.ManagedRuleGroupStatementProperty(vendor_name="AWS", name=COMMON, rule_action_overrides=counted)
    return _group(COMMON, group)


def _bodies() -> dict[str, Any]:
    """What the common set only counted is blocked after all, except where films go."""
    found = [
        Statement(
            label_match_statement=waf.CfnWebACL.LabelMatchStatementProperty(
                scope="LABEL", key=f"awswaf:managed:aws:core-rule-set:{rule}_Body"
            )
        )
        for rule in BODY_RULES
    ]
    films = Statement(
        byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
            field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
            positional_constraint="ENDS_WITH",
            search_string=FILMS,
            text_transformations=[waf.CfnWebACL.TextTransformationProperty(priority=0, type="NONE")],
        )
    )
    elsewhere = Statement(not_statement=waf.CfnWebACL.NotStatementProperty(statement=films))
    any_found = Statement(or_statement=waf.CfnWebACL.OrStatementProperty(statements=found))
    both = waf.CfnWebACL.AndStatementProperty(statements=[any_found, elsewhere])
    return _blocking("BodiesWithoutFilms", Statement(and_statement=both))


def _rate(limit: int) -> dict[str, Any]:
    rate = waf.CfnWebACL.RateBasedStatementProperty(limit=limit, aggregate_key_type="IP", evaluation_window_sec=300)
    return _blocking("RequestsPerAddress", Statement(rate_based_statement=rate))


def _group(name: str, group: waf.CfnWebACL.ManagedRuleGroupStatementProperty) -> dict[str, Any]:
    as_they_say = waf.CfnWebACL.OverrideActionProperty(none={})
    return {"name": name, "statement": Statement(managed_rule_group_statement=group), "override_action": as_they_say}


def _blocking(name: str, statement: waf.CfnWebACL.StatementProperty) -> dict[str, Any]:
    return {"name": name, "statement": statement, "action": waf.CfnWebACL.RuleActionProperty(block={})}


def _seen(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    """Counted by CloudWatch; samples of requests, which show headers, are not kept."""
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
