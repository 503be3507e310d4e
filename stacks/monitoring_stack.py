"""What is watched, and who is called."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.monitoring.alarm_board import AlarmBoard
from constructs_lib.monitoring.prometheus import Prometheus
from constructs_lib.monitoring.service_dashboard import ServiceDashboard
from constructs_lib.monitoring.service_metrics import ServiceMetrics
from constructs_lib.monitoring.spending_limit import SpendingLimit
from constructs_lib.monitoring.trail_alarms import TrailAlarms
from stacks.audit_stack import AuditStack
from stacks.environments import Environment
from stacks.security_stack import SecurityStack
from stacks.training_stack import TrainingStack


class MonitoringStack(Stack):
    """Dashboard, alarms, the trail's alarms, the budget, and Prometheus for servers outside SageMaker."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        security: SecurityStack,
        audit: AuditStack,
        training: TrainingStack,
        watched: tuple[Stack, ...],
    ) -> None:
        super().__init__(scope, construct_id)
        metrics = ServiceMetrics(environment.name, training.pipeline.registry)
        thresholds, notices = environment.thresholds, security.notices
        place = security.place
        board = AlarmBoard(self, "Alarms", thresholds=thresholds, metrics=metrics, notices=notices)
        board.watch([part for stack in watched for part in stack.node.find_all() if isinstance(part, sqs.Queue)])
        board.sum_up()
        ServiceDashboard(self, "Service", metrics=metrics, thresholds=thresholds)
        TrailAlarms(self, "TrailAlarms", trail=audit.trail.group, notices=notices)
        SpendingLimit(
            self,
            "Spending",
            environment=environment.name,
            monthly_usd=environment.monthly_usd,
            notices=notices,
            stops=training.pipeline.starter.role,
        )
        Prometheus(self, "Prometheus", thresholds=thresholds, place=place)
