"""Inline policies of library constructs, made managed and narrow.

CDK Pipelines makes roles of its own and grants by inline policies, some on every resource; most of these roles cannot be passed
in. HIPAA.Security wants managed policies, which can be reviewed and attached in one place, so the resource below each
``iam.Policy`` is replaced in the construct tree: the template, the checks and everything that depends on a policy see one truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import jsii
from aws_cdk import IResolveContext, IStableAnyProducer, Lazy, Stack
from aws_cdk import aws_iam as iam
from constructs import IConstruct

Statement = dict[str, Any]
Narrow = Mapping[str, Sequence[str]]
"""Action → the resources it gets where it was allowed on resources by a pattern (``…*``); none takes it away."""


def manage_policies(scope: IConstruct, narrow: Narrow) -> None:
    """Replaces every inline policy below ``scope`` by a managed one of the same construct. What is granted later is in it too.

    ``narrow`` is for what the library grants more widely than it must; actions that it does not name stay as they are.
    """
    for construct in scope.node.find_all():
        if isinstance(construct, iam.Policy):
            _replace(construct, narrow)


def _replace(policy: iam.Policy, narrow: Narrow) -> None:
    inline = policy.node.default_child
    assert isinstance(inline, iam.CfnPolicy)
    policy.node.try_remove_child(inline.node.id)
    if not policy.document.is_empty:
        iam.CfnManagedPolicy(
            policy, inline.node.id, policy_document=Lazy.any(cast(Any, _Narrowed(policy, narrow))), roles=inline.roles
        )


@jsii.implements(IStableAnyProducer)
class _Narrowed:
    """The policy's document as it is when the template is written."""

    def __init__(self, policy: iam.Policy, narrow: Narrow) -> None:
        self._policy, self._narrow = policy, narrow

    def produce(self, context: IResolveContext | None = None) -> Any:  # noqa: ARG002 - the library passes it
        document = Stack.of(self._policy).resolve(self._policy.document)
        return {**document, "Statement": [kept for s in document["Statement"] for kept in narrowed(s, self._narrow)]}


def narrowed(statement: Statement, narrow: Narrow) -> list[Statement]:
    """The statement with its actions divided into those that keep their resources and those that get others."""
    if not any(map(_is_pattern, _many(statement["Resource"]))):
        return [statement]
    kept = [action for action in _many(statement["Action"]) if action not in narrow]
    by_resources: dict[tuple[str, ...], list[str]] = {}
    for action in _many(statement["Action"]):
        if action in narrow:
            by_resources.setdefault(tuple(narrow[action]), []).append(action)
    return [
        *([{**statement, "Action": kept}] if kept else []),
        *({**statement, "Action": actions, "Resource": list(names)} for names, actions in by_resources.items() if names),
    ]


def _is_pattern(resource: Any) -> bool:
    """Whether an ARN, as text or as a CloudFormation function that makes text, ends open."""
    if isinstance(resource, Mapping):
        resource = resource["Fn::Join"][1][-1] if "Fn::Join" in resource else resource.get("Fn::Sub")
    return isinstance(resource, str) and resource.endswith("*")


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
