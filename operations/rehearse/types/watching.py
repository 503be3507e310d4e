"""What watches: logs, alarms, trails, budgets, Prometheus; and the network's rules for what leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.rehearse.request import Json, Request
from operations.rehearse.types.kind import Kind, as_text, deep_small, lowered, picked, same

ALARM: Final = "arn:aws:cloudwatch:{place.region}:{place.account}:alarm:{request.AlarmName}"


def _log_group(properties: Json) -> Json:
    return lowered("RetentionInDays", "DataProtectionPolicy", "FieldIndexPolicies", "ResourcePolicyDocument")(properties)


def _retention(properties: Json, made: Json) -> list[Request]:
    if "RetentionInDays" not in properties:
        return []
    days = {"logGroupName": made["request"]["logGroupName"], "retentionInDays": properties["RetentionInDays"]}
    return [Request("logs", "PutRetentionPolicy", days)]


def _metric_filter(properties: Json) -> Json:
    changes = [deep_small(change) for change in properties["MetricTransformations"]]
    for change in changes:
        if "dimensions" in change:
            change["dimensions"] = {pair["key"]: pair["value"] for pair in change["dimensions"]}
    return lowered("MetricTransformations")(properties) | {"metricTransformations": changes}


def _log_policy(properties: Json) -> Json:
    return lowered()({**properties, "PolicyDocument": as_text(properties["PolicyDocument"])})


def _trail(properties: Json) -> Json:
    later = ("IsLogging", "EventSelectors", "AdvancedEventSelectors", "InsightSelectors", "Tags")
    return same(*later, TrailName="Name", KMSKeyId="KmsKeyId")(properties) | {"TagsList": properties.get("Tags", [])}


def _trail_settings(properties: Json, made: Json) -> list[Request]:
    name = made["request"]["Name"]
    selectors = picked(properties, "EventSelectors", "AdvancedEventSelectors")
    requests = [Request("cloudtrail", "PutEventSelectors", {"TrailName": name, **selectors})] if selectors else []
    return [*requests, Request("cloudtrail", "StartLogging", {"Name": name})] if properties.get("IsLogging") else requests


def _budget(properties: Json) -> Json:
    budget = dict(properties["Budget"])
    if "BudgetLimit" in budget:
        budget["BudgetLimit"] = {**budget["BudgetLimit"], "Amount": str(budget["BudgetLimit"]["Amount"])}
    return same("Budget")(properties) | {"Budget": budget}


def _budget_action(properties: Json) -> Json:
    threshold = properties["ActionThreshold"]
    return same()(properties) | {
        "ActionThreshold": {"ActionThresholdValue": threshold["Value"], "ActionThresholdType": threshold["Type"]},
        "Subscribers": [same(Type="SubscriptionType")(subscriber) for subscriber in properties["Subscribers"]],
    }


def _workspace(properties: Json) -> Json:
    return lowered("LoggingConfiguration", "AlertManagerDefinition", "WorkspaceConfiguration")(properties)


def _workspace_logs(properties: Json, made: Json) -> list[Request]:
    if "LoggingConfiguration" not in properties:
        return []
    group = properties["LoggingConfiguration"]["LogGroupArn"]
    return [Request("amp", "CreateLoggingConfiguration", {"workspaceId": made["answer"]["workspaceId"], "logGroupArn": group})]


def _rules(properties: Json) -> Json:
    workspace = properties["Workspace"].rsplit("/", 1)[-1]
    return lowered("Workspace", "Data")(properties) | {"workspaceId": workspace, "data": properties["Data"].encode()}


def _egress(properties: Json) -> Json:
    described = picked(properties, "Description")
    permission = picked(properties, "IpProtocol", "FromPort", "ToPort")
    destinations = (
        ("CidrIp", "IpRanges", "CidrIp"),
        ("DestinationSecurityGroupId", "UserIdGroupPairs", "GroupId"),
        ("DestinationPrefixListId", "PrefixListIds", "PrefixListId"),
    )
    for name, field, key in destinations:
        if name in properties:
            permission[field] = [{key: properties[name], **described}]
    unknown = same("Description", "IpProtocol", "FromPort", "ToPort", *(name for name, _, _ in destinations))(properties)
    return {**unknown, "IpPermissions": [permission]}


TYPES: Final[Mapping[str, Kind]] = {
    "AWS::APS::RuleGroupsNamespace": Kind("amp", "CreateRuleGroupsNamespace", _rules, "answer.arn", {"Arn": "answer.arn"}),
    "AWS::APS::Workspace": Kind(
        "amp",
        "CreateWorkspace",
        _workspace,
        "answer.arn",
        {"Arn": "answer.arn", "WorkspaceId": "answer.workspaceId"},
        follow=_workspace_logs,
    ),
    "AWS::Budgets::Budget": Kind("budgets", "CreateBudget", _budget, "request.Budget.BudgetName"),
    "AWS::Budgets::BudgetsAction": Kind(
        "budgets", "CreateBudgetAction", _budget_action, "answer.ActionId", {"ActionId": "answer.ActionId"}
    ),
    "AWS::CloudTrail::Trail": Kind(
        "cloudtrail", "CreateTrail", _trail, "request.Name", {"Arn": "answer.TrailARN"}, "TrailName", _trail_settings
    ),
    "AWS::CloudWatch::Alarm": Kind("cloudwatch", "PutMetricAlarm", same(), "request.AlarmName", {"Arn": ALARM}, "AlarmName"),
    "AWS::CloudWatch::CompositeAlarm": Kind(
        "cloudwatch", "PutCompositeAlarm", same(), "request.AlarmName", {"Arn": ALARM}, "AlarmName"
    ),
    "AWS::EC2::SecurityGroupEgress": Kind("ec2", "AuthorizeSecurityGroupEgress", _egress, "{request.GroupId}"),
    "AWS::EC2::SubnetRouteTableAssociation": Kind(
        "ec2", "AssociateRouteTable", same(), "answer.AssociationId", {"Id": "answer.AssociationId"}
    ),
    "AWS::Logs::LogGroup": Kind(
        "logs",
        "CreateLogGroup",
        _log_group,
        "request.logGroupName",
        {"Arn": "arn:aws:logs:{place.region}:{place.account}:log-group:{request.logGroupName}:*"},
        "LogGroupName",
        _retention,
    ),
    "AWS::Logs::MetricFilter": Kind("logs", "PutMetricFilter", _metric_filter, "request.filterName", name="FilterName"),
    "AWS::Logs::ResourcePolicy": Kind("logs", "PutResourcePolicy", _log_policy, "request.policyName", name="PolicyName"),
}
