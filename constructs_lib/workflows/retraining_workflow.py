"""Training again: whoever asks, a brake decides, and a person hears what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from aws_cdk import ArnFormat, Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.monitoring.spending_limit import BUDGET
from constructs_lib.naming import named
from constructs_lib.place import Place
from constructs_lib.runtime_function import RuntimeFunction
from constructs_lib.training.model_registry import NO_MODEL, ModelRegistry
from constructs_lib.training.training_pipeline import CHAMPION
from constructs_lib.workflows.retraining_rules import RetrainingRules
from constructs_lib.workflows.state_machine import StateMachine
from constructs_lib.workflows.states import (
    State,
    States,
    ask,
    ask_parameter,
    call,
    choose,
    count,
    done,
    failed,
    pause,
    problem,
    put,
    tell,
    turn,
    when,
)

NAME: Final = "retraining"
LOOK_MINUTES: Final = 5
MOST_RUNS_READ: Final = 100
FIGURES: Final = ("cooldown_days", "runs_in_30_days", "expected_run_usd")
"""Of the rules, what the brake is told."""


def drift_events(environment_prefix: str) -> dict[str, Any]:
    """Pattern of the event that the drift alarm, or one of several, began to ring."""
    return {
        "source": ["aws.cloudwatch"],
        "detail-type": ["CloudWatch Alarm State Change"],
        "detail": {"alarmName": [{"prefix": f"{environment_prefix}-drift"}], "state": {"value": ["ALARM"]}},
    }


class RetrainingWorkflow(Construct):
    """The workflow ``overread-<env>-retraining``. Its input says who asks: ``{"source": "api", "reason": "new_data"}``."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        registry: ModelRegistry,
        rules: RetrainingRules,
        place: Place,
        notices: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._registry, self._rules, self._topic = registry, rules, notices.topic_arn
        self._pipeline, self._budget = registry.training_name, named(self, BUDGET)
        self.brake = RuntimeFunction(self, "Brake", handler="retraining_brake", place=place, concurrency=1)
        self.workflow = StateMachine(
            self, "Workflow", name=NAME, definition=self._definition(), place=place, statements=self._statements()
        )
        self.brake.grant_invoke(self.workflow.policy)

    def _definition(self) -> Mapping[str, Any]:
        named_asker = ({"Variable": f"$.{field}", "IsString": True} for field in ("source", "reason"))
        states: States = {
            "Asked": choose(when(*named_asker, then="Settle"), otherwise="ByHand"),
            "ByHand": {"Type": "Pass", "Result": {"source": "hand", "reason": "no reason given"}, "Next": "Settle"},
            **turn(mine="ReadRuns", others="AnotherRuns"),
            "AnotherRuns": put({"reason": "another retraining is under way"}, "$.brake", then="TellHeldBack"),
            **self._brake(),
            **self._against(),
            **self._run(),
            **self._endings(),
        }
        return {
            "Comment": "Trains again, if the brake lets it, and tells when a model waits for approval",
            "StartAt": "Asked",
            "TimeoutSeconds": (self._rules.max_hours + 4) * 3600,
            "States": states,
        }

    def _brake(self) -> States:
        figures = asdict(self._rules)
        return {
            "ReadRuns": ask(
                "sagemaker",
                "listPipelineExecutions",
                {
                    "PipelineName": self._pipeline,
                    "SortBy": "CreationTime",
                    "SortOrder": "Descending",
                    "MaxResults": MOST_RUNS_READ,
                },
                keep="$.runs",
                then="ReadBudget",
                caught="TellFailed",
            ),
            "ReadBudget": ask(
                "budgets",
                "describeBudget",
                {"AccountId": Aws.ACCOUNT_ID, "BudgetName": self._budget},
                keep="$.budget",
                then="Brake",
                caught="TellFailed",
            ),
            "Brake": call(
                "lambda",
                "invoke",
                {
                    "FunctionName": self.brake.function.function_arn,
                    "Payload": {
                        "now.$": "$$.State.EnteredTime",
                        "runs.$": "$.runs",
                        "budget.$": "$.budget.Budget",
                        "rules": {figure: figures[figure] for figure in FIGURES},
                    },
                },
                select={"allowed.$": "$.Payload.allowed", "reason.$": "$.Payload.reason"},
                keep="$.brake",
                then="MayRun",
                caught="TellFailed",
            ),
            "MayRun": choose(
                when({"Variable": "$.brake.allowed", "BooleanEquals": True}, then="ReadServed"), otherwise="TellHeldBack"
            ),
        }

    def _against(self) -> States:
        """The new model must not be worse than the one that serves, if one does."""
        return {
            "ReadServed": ask_parameter(self._registry.approved_parameter, keep="$.served", then="Serves", caught="TellFailed"),
            "Serves": choose(
                when({"Variable": "$.served.arn", "StringEquals": NO_MODEL}, then="Start"), otherwise="ReadChampion"
            ),
            "ReadChampion": ask(
                "sagemaker",
                "describeModelPackage",
                {"ModelPackageName.$": "$.served.arn"},
                select={"model.$": "States.ArrayGetItem($.InferenceSpecification.Containers[*].ModelDataUrl, 0)"},
                keep="$.champion",
                then="StartAgainst",
                caught="TellFailed",
            ),
            "StartAgainst": self._start({"PipelineParameters": [{"Name": CHAMPION, "Value.$": "$.champion.model"}]}),
        }

    def _start(self, more: Mapping[str, Any]) -> State:
        return ask(
            "sagemaker",
            "startPipelineExecution",
            {
                "PipelineName": self._pipeline,
                "PipelineExecutionDescription.$": "States.Format('Retraining: {} ({})', $.source, $.reason)",
                # asked twice for one execution of this workflow, SageMaker starts one
                "ClientRequestToken.$": "States.Hash($$.Execution.Id, 'SHA-256')",
                **more,
            },
            keep="$.started",
            then="Begin",
            caught="TellFailed",
        )

    def _run(self) -> States:
        status = "$.run.PipelineExecutionStatus"
        return {
            "Start": self._start({}),
            "Begin": put({"n": 0}, "$.looks", then="Wait"),
            "Wait": pause(LOOK_MINUTES * 60, then="Look"),
            "Look": ask(
                "sagemaker",
                "describePipelineExecution",
                {"PipelineExecutionArn.$": "$.started.PipelineExecutionArn"},
                keep="$.run",
                then="Count",
                caught="TellFailed",
            ),
            "Count": count("$.looks", then="Ended"),
            "Ended": choose(
                when({"Variable": status, "StringEquals": "Succeeded"}, then="TellTrained"),
                when(
                    {"Variable": status, "StringEquals": "Failed"},
                    {"Variable": "$.run.FailureReason", "IsPresent": True},
                    then="Reason",
                ),
                when({"Or": [{"Variable": status, "StringEquals": end} for end in ("Failed", "Stopped")]}, then="NoReason"),
                when(
                    {"Variable": "$.looks.n", "NumericGreaterThanEquals": self._rules.max_hours * 60 // LOOK_MINUTES},
                    then="Slow",
                ),
                otherwise="Wait",
            ),
            "Reason": problem("RunFailed", "{}", "$.run.FailureReason", then="TellFailed"),
            "NoReason": problem("RunFailed", "The run ended as {}", status, then="TellFailed"),
            "Slow": problem("RunSlow", f"The run took more than {self._rules.max_hours} hours and was stopped", then="Stop"),
            "Stop": ask(
                "sagemaker",
                "stopPipelineExecution",
                {
                    "PipelineExecutionArn.$": "$.started.PipelineExecutionArn",
                    "ClientRequestToken.$": "States.Hash($$.Execution.Id, 'SHA-256')",
                },
                then="TellFailed",
                caught="TellFailed",
            ),
        }

    def _endings(self) -> States:
        asked = ("$.source", "$.reason")
        return {
            "TellHeldBack": self._tell(
                "held back", "Asked by {} ({}). Nothing was trained: {}.", *asked, "$.brake.reason", then="HeldBack"
            ),
            "HeldBack": done(),
            "TellTrained": self._tell(
                "a model waits for approval",
                f"Asked by {{}} ({{}}). {self._pipeline} ended well: {{}}. A person approves or rejects the new version.",
                *(*asked, "$.started.PipelineExecutionArn"),
                then="Trained",
            ),
            "Trained": done(),
            "TellFailed": self._tell("failed", "Asked by {} ({}). {}", *asked, "$.problem.Cause", then="Failed"),
            "Failed": failed("RetrainingFailed"),
        }

    def _tell(self, subject: str, message: str, *values: str, then: str) -> State:
        return tell(self._topic, f"{named(self, NAME)}: {subject}", message, *values, then=then)

    def _statements(self) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        colon = ArnFormat.COLON_RESOURCE_NAME
        own = stack.format_arn(service="states", resource="stateMachine", resource_name=named(self, NAME), arn_format=colon)
        pipeline = stack.format_arn(service="sagemaker", resource="pipeline", resource_name=self._pipeline)
        budget = stack.format_arn(service="budgets", region="", resource="budget", resource_name=self._budget)
        served = stack.format_arn(service="ssm", resource="parameter", resource_name=self._registry.approved_parameter[1:])
        packages = stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{self._registry.group_name}/*")
        may = {
            ("ssm:GetParameter",): served,
            ("sagemaker:DescribeModelPackage",): packages,
            ("states:ListExecutions",): own,
            ("sagemaker:ListPipelineExecutions", "sagemaker:StartPipelineExecution"): pipeline,
            ("sagemaker:DescribePipelineExecution", "sagemaker:StopPipelineExecution"): f"{pipeline}/execution/*",
            ("budgets:ViewBudget",): budget,
            ("sns:Publish",): self._topic,
        }
        return [iam.PolicyStatement(actions=list(actions), resources=[where]) for actions, where in may.items()]
