"""cdk-nag's packs beside HIPAA.Security, which fails synthesis itself; in this process: they read constructs, not templates."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from cdk_nag import AwsSolutionsChecks, NagPack, NIST80053R5Checks
from constructs import Construct

from operations.assembly import below_stage
from operations.judge.findings import ERROR, WARNING, Finding
from operations.judge.scene import Opinion

PACKS: Final[dict[str, type[NagPack]]] = {
    "AwsSolutions": AwsSolutionsChecks,
    "NIST 800-53 R5": NIST80053R5Checks,
}
PREFIXES: Final = ("AwsSolutions-", "NIST.800.53.R5-")


def nag(name: str, scope: Construct, environment: str, resources: int) -> Opinion:
    """What one pack says of an application, or of a part of one."""
    report = PACKS[name](scope).validate_scope(scope)
    findings = [
        Finding(
            judge=name,
            rule=_rule(found.rule_name, environment),
            resource=below_stage(resource.construct_path or resource.resource_logical_id or "?"),
            message=" ".join(found.description.split()),
            environment=environment,
            level=WARNING if str(found.severity).lower().endswith("warning") else ERROR,
        )
        for found in report.violations
        for resource in found.violating_resources
    ]
    return Opinion(name, version("cdk-nag"), resources, findings)


def _rule(name: str, environment: str) -> str:
    """The rule without its pack, and alike in all environments: AwsSolutions puts the offending value into the name."""
    for prefix in PREFIXES:
        name = name.removeprefix(prefix)
    return name.replace(f"overread-{environment}", "overread-ENV")
