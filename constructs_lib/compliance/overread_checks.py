"""The project's own pack: what the HIPAA pack does not ask of SageMaker, permissions, records, functions and callers.

It stands beside the HIPAA pack as a validation plugin of the CDK, so that a finding fails synthesis just as well. It reads the
synthesized templates and not the constructs: no call into the CDK's own process for each rule and resource, so it takes
milliseconds, and its rules can be tried on a few lines of a template.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import jsii
from aws_cdk import (
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
)

from constructs_lib.compliance.checks import callers, endpoints, functions, jobs, permissions, records, schedules
from constructs_lib.compliance.checks.rule import PACK, Result, Rule, judge
from constructs_lib.compliance.checks.synthesized import read

RULES: Final[tuple[Rule, ...]] = (
    *jobs.RULES,
    *endpoints.RULES,
    *permissions.RULES,
    *records.RULES,
    *functions.RULES,
    *schedules.RULES,
    *callers.RULES,
)


@jsii.implements(IPolicyValidationPlugin)
class OverreadChecks:
    """``Validations.of(app).add_plugins(OverreadChecks())``; acknowledgements name ``Overread::Overread-<rule>``."""

    @property
    def name(self) -> str:
        """The pack's, which acknowledgements of its rules begin with."""
        return PACK

    @property
    def version(self) -> str:
        """Of the pack."""
        return "1.0.0"

    @property
    def rule_ids(self) -> list[str]:
        """Every rule that it asks about."""
        return [rule.id for rule in RULES]

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """What is wrong in the templates that the CDK hands over."""
        templates = [Path(template.template_path) for template in context.stack_templates]
        results = [result for assembly in read(templates) for result in judge(RULES, assembly)]
        return _report(result for result in results if result.wrong)


def _report(results: Iterable[Result]) -> PolicyValidationPluginReport:
    """One violation for each resource: each says what is wrong with that one."""
    violations = [
        PolicyViolation(
            rule_name=result.rule.id,
            description=f"{'; '.join(result.wrong)}. {result.rule.demand} (Control IDs: {', '.join(result.rule.safeguards)})",
            severity="error",
            violating_resources=[
                PolicyViolatingResource(
                    construct_path=result.resource.path or None,
                    resource_logical_id=result.resource.logical_id,
                    template_path=str(result.resource.template),
                    locations=["Properties"],
                )
            ],
        )
        for result in results
    ]
    return PolicyValidationPluginReport(success=not violations, violations=violations)
