"""Who may do what: no `*` where there is a name, no role handed to whoever asks, no caller that is everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from constructs_lib.compliance.checks.rule import Rule
from constructs_lib.compliance.checks.synthesized import Assembly, Json, Resource, many, text

IDENTITIES: Final = (
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::Group",
)
RESOURCE_POLICIES: Final = {
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
}

NO_RESOURCE: Final = {
    "application-autoscaling:Describe*": "no resource level",
    "ce:Get*": "cost belongs to the account",
    "cloudwatch:GetMetricData": "metrics have no ARN",
    "cloudwatch:GetMetricStatistics": "metrics have no ARN",
    "cloudwatch:ListMetrics": "metrics have no ARN",
    "ec2:Describe*": "EC2 lists without a resource",
    "ecr:GetAuthorizationToken": "the token is the registry's",
    "kms:ListAliases": "lists the account's",
    "sagemaker:List*": "lists the account's",
    "sagemaker:Search": "searches the account's",
    "sts:GetCallerIdentity": "asks for oneself",
    # Step Functions and API Gateway set up delivery of logs with the role's rights; none of these knows a resource
    "logs:CreateLogDelivery": "log delivery",
    "logs:DeleteLogDelivery": "log delivery",
    "logs:DescribeLogGroups": "lists the account's",
    "logs:DescribeResourcePolicies": "log delivery",
    "logs:GetLogDelivery": "log delivery",
    "logs:ListLogDeliveries": "log delivery",
    "logs:PutResourcePolicy": "log delivery",
    "logs:UpdateLogDelivery": "log delivery",
    "xray:GetSamplingRules": "traces have no ARN",
    "xray:GetSamplingTargets": "traces have no ARN",
    "xray:PutTelemetryRecords": "traces have no ARN",
    "xray:PutTraceSegments": "traces have no ARN",
}
"""Actions that the service authorization reference lists without a resource, and why `*` stands there."""

NAMED_BY_CONDITION: Final = {"cloudwatch:PutMetricData": "cloudwatch:namespace"}
"""Actions without a resource that a condition key confines instead."""

EVERY: Final = re.compile(r"\*|arn:[^:]*:[^:]*:[^:]*:[^:]*:\*")
"""Every resource there is, or every one of a service."""


def statements(resource: Resource) -> Iterator[Json]:
    """The statements of an identity policy that allow something, inline ones included."""
    documents = [resource.get("PolicyDocument"), *(policy.get("PolicyDocument") for policy in many(resource.get("Policies")))]
    for document in documents:
        for statement in many((document or {}).get("Statement")):
            if statement.get("Effect", "Allow") == "Allow":
                yield statement


def _condition_keys(statement: Json) -> set[str]:
    return {key.lower() for test in (statement.get("Condition") or {}).values() for key in test}


def _covers(pattern: str, action: str) -> bool:
    """IAM compares actions without regard to case; ``*`` and ``?`` stand for other letters."""
    return fnmatchcase(action.lower(), pattern.lower())


def _is_boundary(policy: Resource, assembly: Assembly) -> bool:
    """A permissions boundary grants nothing; it limits what other policies grant. One that is attached as well is a policy."""
    grants = any(policy.get(who) for who in ("Roles", "Users", "Groups"))
    limited = assembly.of_type("AWS::IAM::Role", "AWS::IAM::User")
    return not grants and any(assembly.target(r.get("PermissionsBoundary"), r.stack) is policy for r in limited)


def _pass_role(resource: Resource, assembly: Assembly) -> list[str] | None:
    if _is_boundary(resource, assembly):
        return None
    concerned = [s for s in statements(resource) if any(_covers(a, "iam:PassRole") for a in many(s.get("Action")))]
    wrong = []
    for statement in concerned:
        if any(re.search(r"\*$", text(arn)) for arn in many(statement.get("Resource"))):
            wrong.append("iam:PassRole on roles that are not named")
        if "iam:passedtoservice" not in _condition_keys(statement):
            wrong.append("iam:PassRole without a condition on iam:PassedToService")
    return wrong if concerned else None


def _named_resources(resource: Resource, assembly: Assembly) -> list[str] | None:
    if _is_boundary(resource, assembly):
        return None
    allowed = list(statements(resource))
    wrong = []
    for statement in allowed:
        if "NotAction" in statement or "NotResource" in statement:
            wrong.append("allows all but what it names (NotAction or NotResource)")
        elif any(EVERY.fullmatch(text(arn)) for arn in many(statement.get("Resource"))):
            keys = _condition_keys(statement)
            wrong += [f"{action} on every resource" for action in many(statement.get("Action")) if not _nameless(action, keys)]
    return wrong if allowed else None


def _nameless(action: str, condition_keys: set[str]) -> bool:
    if action in NAMED_BY_CONDITION:
        return NAMED_BY_CONDITION[action] in condition_keys
    return any(_covers(pattern, action) for pattern in NO_RESOURCE)


def _lambda_caller(resource: Resource, _: Assembly) -> Iterator[str]:
    """A service calls for many customers; without the source any of them could have it call ours."""
    if resource.type == "AWS::Lambda::Url":
        if resource.get("AuthType") != "AWS_IAM":
            yield "its address answers whoever knows it (AuthType is not AWS_IAM)"
        return
    principal = text(resource.get("Principal"))
    if principal == "*" or resource.get("FunctionUrlAuthType") == "NONE":
        yield "everybody may invoke it"
    elif principal.endswith(".amazonaws.com") and not (resource.get("SourceArn") or resource.get("SourceAccount")):
        yield f"{principal} may invoke it for any customer; name SourceArn or SourceAccount"


def _resource_policy(resource: Resource, _: Assembly) -> list[str] | None:
    document: Any = resource.get(RESOURCE_POLICIES[resource.type])
    if not document:
        return None
    return [
        f"everybody may {', '.join(many(statement.get('Action')))}"
        for statement in many(document.get("Statement"))
        if statement.get("Effect") == "Allow" and _everybody(statement.get("Principal")) and not statement.get("Condition")
    ]


def _everybody(principal: Any) -> bool:
    return principal == "*" or (isinstance(principal, dict) and "*" in many(principal.get("AWS")))


ACCESS: Final = ("164.308(a)(3)(i)", "164.308(a)(4)(ii)(B)", "164.312(a)(1)")

RULES: Final = (
    Rule("PassRoleNamed", "A role is passed by its name, and only to a service that is named.", ACCESS, IDENTITIES, _pass_role),
    Rule("ResourcesNamed", "Permissions name their resources wherever AWS has a name.", ACCESS, IDENTITIES, _named_resources),
    Rule(
        "LambdaCallerNamed",
        "Who may invoke a function is named, a service with its source.",
        ("164.312(a)(1)", "164.312(d)"),
        ("AWS::Lambda::Permission", "AWS::Lambda::Url"),
        _lambda_caller,
    ),
    Rule(
        "ResourcePolicyNamed",
        "Policies of keys, buckets, queues, topics and repositories let nobody in who is not named or confined.",
        ("164.312(a)(1)", "164.312(d)"),
        tuple(RESOURCE_POLICIES),
        _resource_policy,
    ),
)
