"""What trains a model again, and what keeps that from happening too often."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct

from constructs_lib.naming import named
from constructs_lib.workflows.event_trigger import EventTrigger
from constructs_lib.workflows.notices import BadEndings
from constructs_lib.workflows.retraining_workflow import RetrainingWorkflow, drift_events
from constructs_lib.workflows.workflow_schedule import WorkflowSchedule
from stacks.environments import Environment
from stacks.security_stack import SecurityStack
from stacks.training_stack import TrainingStack


class RetrainingStack(Stack):
    """By drift, by the calendar, or by ``POST /retrain``, which starts ``workflow`` itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: Environment,
        security: SecurityStack,
        training: TrainingStack,
    ) -> None:
        super().__init__(scope, construct_id)
        self.add_stack_dependency(training, "its pipeline is what is started")
        retraining = RetrainingWorkflow(
            self,
            "Retraining",
            registry=training.pipeline.registry,
            rules=environment.retraining,
            place=security.place,
            notices=security.notices,
        )
        self.workflow = retraining.workflow
        EventTrigger(
            self,
            "Drift",
            description="Readings drifted from what the model was trained on",
            pattern=drift_events(named(self)),
            workflow=self.workflow,
            input={"source": "drift", "reason": "$.detail.alarmName"},
        )
        WorkflowSchedule(
            self,
            "Monthly",
            name="retraining",
            expression=environment.retraining.schedule,
            workflow=self.workflow,
            input={"source": "schedule", "reason": environment.retraining.schedule},
        )
        BadEndings(self, "BadEndings", workflow=self.workflow, notices=security.notices)
