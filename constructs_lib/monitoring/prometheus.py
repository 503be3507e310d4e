"""A managed Prometheus workspace with the project's alert rules, for servers that run outside SageMaker."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aws_cdk import aws_aps as aps
from constructs import Construct

from constructs_lib.monitoring.alarm_board import Thresholds
from constructs_lib.naming import named
from constructs_lib.place import Place

RULES: Final = Path(__file__).with_name("alert_rules.yml")


def alert_rules(thresholds: Thresholds) -> str:
    """The rules file of Prometheus, with the environment's thresholds."""
    return RULES.read_text(encoding="utf-8").format(
        max_error_rate=thresholds.max_error_rate,
        max_p95_latency_seconds=thresholds.max_p95_latency_ms / 1000,
        max_not_assessed_rate=thresholds.max_not_assessed_rate,
    )


class Prometheus(Construct):
    """The workspace ``overread-<env>`` and its rules."""

    def __init__(self, scope: Construct, id: str, *, thresholds: Thresholds, place: Place) -> None:
        super().__init__(scope, id)
        group = place.log_group(self, "Logs", f"/aws/vendedlogs/prometheus/{named(self, 'metrics')}")
        self.workspace = aps.CfnWorkspace(
            self,
            "Workspace",
            alias=named(self, "metrics"),
            kms_key_arn=place.keys.messages.key_arn,
            logging_configuration=aps.CfnWorkspace.LoggingConfigurationProperty(log_group_arn=group.log_group_arn),
        )
        aps.CfnRuleGroupsNamespace(
            self, "Rules", name="overread", workspace=self.workspace.attr_arn, data=alert_rules(thresholds)
        )
