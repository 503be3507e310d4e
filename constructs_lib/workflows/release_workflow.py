"""From a person's approval to the model that serves, and back again where it does not do well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.naming import named
from constructs_lib.place import Place
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.workflows.stack_update import stack_update
from constructs_lib.workflows.state_machine import StateMachine
from constructs_lib.workflows.states import (
    State,
    States,
    ask,
    ask_parameter,
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

NAME: Final = "release"
BAKE_MINUTES: Final = 15
"""How long a new model is watched, minute by minute; the endpoint's alarms take five minutes to be sure."""
MOST_HOURS: Final = 12
"""For all of it, the wait for a release before this one included."""

CHANGES: Final = ("Approved", "Rejected")
"""What a person can say of a version."""


def approval_events(group: str) -> dict[str, Any]:
    """Pattern of the events that start the workflow. They come for every change of a version, so the workflow asks again."""
    return {
        "source": ["aws.sagemaker"],
        "detail-type": ["SageMaker Model Package State Change"],
        "detail": {"ModelPackageGroupName": [group], "ModelApprovalStatus": list(CHANGES)},
    }


class ReleaseWorkflow(Construct):
    """The workflow ``overread-<env>-release``: its input is the event, or ``{"detail": {"ModelPackageArn": …}}`` by hand.

    One at a time, in the order of the approvals: so of two versions approved at once both are released, the later one last.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        registry: ModelRegistry,
        endpoint_stack: str,
        place: Place,
        notices: sns.ITopic,
    ) -> None:
        super().__init__(scope, id)
        self._registry, self._endpoint_stack, self._topic = registry, endpoint_stack, notices.topic_arn
        self.workflow = StateMachine(
            self, "Workflow", name=NAME, definition=self._definition(), place=place, statements=self._statements()
        )

    def _definition(self) -> Mapping[str, Any]:
        states: States = {
            **turn(mine="ReadPackage", others="NotYet"),
            "NotYet": pause(60, then="Queue"),
            **self._questions(),
            "PutApproved": self._put_parameter("$.package.arn", then="Update", caught="RollBack"),
            **stack_update("Update", stack=self._endpoint_stack, then="Watch", failed="RollBack"),
            **self._watch(),
            "RollBack": put({"cause.$": "$.problem.Cause"}, "$.why", then="PutFormer"),
            "PutFormer": self._put_parameter("$.served.arn", then="Restore", caught="TellStuck"),
            **stack_update("Restore", stack=self._endpoint_stack, then="TellRolledBack", failed="TellStuck"),
            **self._endings(),
        }
        return {
            "Comment": "Puts an approved model package into service, watches it, and takes it back if it does badly",
            "StartAt": "Settle",
            "TimeoutSeconds": MOST_HOURS * 3600,
            "States": states,
        }

    def _questions(self) -> States:
        """What is approved, what serves, which alarms ring already."""
        approved, rejected = ({"Variable": "$.package.approval", "StringEquals": change} for change in CHANGES)
        serves = {"Variable": "$.package.arn", "StringEqualsPath": "$.served.arn"}
        return {
            "ReadPackage": ask(
                "sagemaker",
                "describeModelPackage",
                {"ModelPackageName.$": "$.detail.ModelPackageArn"},
                select={"arn.$": "$.ModelPackageArn", "approval.$": "$.ModelApprovalStatus"},
                keep="$.package",
                then="ReadServed",
                caught="TellNotReleased",
            ),
            "ReadServed": ask_parameter(
                self._registry.approved_parameter, keep="$.served", then="Decide", caught="TellNotReleased"
            ),
            "Decide": choose(
                when(approved, serves, then="NothingToDo"),
                when(approved, then="ReadAlarms"),
                when(rejected, serves, then="TellRejected"),
                otherwise="NothingToDo",
            ),
            "ReadAlarms": self._read_alarms("$.before", then="PutApproved", caught="TellNotReleased"),
        }

    def _watch(self) -> States:
        """Only an alarm that did not ring before takes a model back: it may be the cure for one that did."""
        return {
            "Watch": put({"n": 0}, "$.minutes", then="Minute"),
            "Minute": pause(60, then="Listen"),
            "Listen": self._read_alarms("$.now", then="Ringing", caught="RollBack"),
            "Ringing": choose(when({"Variable": "$.now.ringing[0]", "IsPresent": True}, then="Compare"), otherwise="CountMinute"),
            "Compare": {
                "Type": "Map",
                "ItemsPath": "$.now.ringing",
                "ItemSelector": {"known.$": "States.ArrayContains($.before.ringing, $$.Map.Item.Value)"},
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "INLINE"},
                    "StartAt": "Compared",
                    "States": {"Compared": {"Type": "Pass", "End": True}},
                },
                "ResultPath": "$.compared",
                "Next": "Weigh",
            },
            "Weigh": put({"alarm.$": "States.ArrayContains($.compared[*].known, false)"}, "$.new", then="Weighed"),
            "Weighed": choose(
                when({"Variable": "$.new.alarm", "BooleanEquals": True}, then="AlarmRang"), otherwise="CountMinute"
            ),
            "CountMinute": count("$.minutes", then="Judge"),
            "Judge": choose(
                when({"Variable": "$.minutes.n", "NumericGreaterThanEquals": BAKE_MINUTES}, then="TellReleased"),
                otherwise="Minute",
            ),
            "AlarmRang": problem("AlarmRang", "Alarms ring: {}", "States.JsonToString($.now.ringing)", then="RollBack"),
        }

    def _endings(self) -> States:
        task = self._registry.task.value
        package, served, cause = "$.package.arn", "$.served.arn", "$.problem.Cause"
        return {
            "NothingToDo": done(),
            "TellReleased": self._tell(
                "released", f"{task} is now read by {{}}. Before it: {{}}.", package, served, then="Released"
            ),
            "Released": done(),
            "TellRejected": self._tell(
                "the serving model was rejected",
                f"{task} is still read by {{}}, which was rejected just now. Approve another version to replace it.",
                package,
                then="StillServes",
            ),
            "StillServes": done(),
            "TellNotReleased": self._tell(
                "not released",
                f"{task}: nothing was changed for {{}}. {{}}",
                "$.detail.ModelPackageArn",
                cause,
                then="NotReleased",
            ),
            "NotReleased": failed("NotReleased"),
            "TellRolledBack": self._tell(
                "rolled back", f"{task} is read by {{}} again, not by {{}}. {{}}", served, package, "$.why.cause", then="Blame"
            ),
            "Blame": put({"Cause.$": "$.why.cause"}, "$.problem", then="RolledBack"),
            "RolledBack": failed("RolledBack"),
            "TellStuck": self._tell(
                "release and rollback failed",
                f"{task} needs a person: {{}} failed ({{}}), and so did the way back to {{}} ({{}}).",
                *(package, "$.why.cause", served, cause),
                then="Stuck",
            ),
            "Stuck": failed("Stuck"),
        }

    def _tell(self, subject: str, message: str, *values: str, then: str) -> State:
        return tell(self._topic, f"{named(self, NAME)}: {subject}", message, *values, then=then)

    def _put_parameter(self, path: str, *, then: str, caught: str) -> State:
        arguments = {"Name": self._registry.approved_parameter, "Value.$": path, "Overwrite": True}
        return ask("ssm", "putParameter", arguments, then=then, caught=caught)

    def _read_alarms(self, keep: str, *, then: str, caught: str) -> State:
        """Those of the champion, whose names begin as CloudFormation's do: with the stack's and the construct's."""
        champion = self._registry.champion.role
        return ask(
            "cloudwatch",
            "describeAlarms",
            {"AlarmNamePrefix": f"{self._endpoint_stack}-{champion}", "StateValue": "ALARM", "AlarmTypes": ["MetricAlarm"]},
            select={"ringing.$": "$.MetricAlarms[*].AlarmName"},
            keep=keep,
            then=then,
            caught=caught,
        )

    def _statements(self) -> list[iam.PolicyStatement]:
        stack = Stack.of(self)
        group, colon = self._registry.group_name, ArnFormat.COLON_RESOURCE_NAME
        own = stack.format_arn(service="states", resource="stateMachine", resource_name=named(self, NAME), arn_format=colon)
        parameter = stack.format_arn(service="ssm", resource="parameter", resource_name=self._registry.approved_parameter[1:])
        may = {
            ("states:ListExecutions",): own,
            ("sagemaker:DescribeModelPackage",): stack.format_arn(
                service="sagemaker", resource="model-package", resource_name=f"{group}/*"
            ),
            ("ssm:GetParameter", "ssm:PutParameter"): parameter,
            ("cloudformation:DescribeStacks", "cloudformation:UpdateStack", "cloudformation:CancelUpdateStack"): stack.format_arn(
                service="cloudformation", resource="stack", resource_name=f"{self._endpoint_stack}/*"
            ),
            ("cloudwatch:DescribeAlarms",): stack.format_arn(
                service="cloudwatch", resource="alarm", resource_name="*", arn_format=colon
            ),
            ("sns:Publish",): self._topic,
            # CloudFormation reads the stack's parameters of this kind with the rights of who asks for the update
            ("ssm:GetParameters",): self._read_by_cloudformation(),
        }
        return [
            iam.PolicyStatement(actions=list(actions), resources=[where] if isinstance(where, str) else where)
            for actions, where in may.items()
        ]

    def _read_by_cloudformation(self) -> list[str]:
        """The registry's parameters, and the one that every CDK stack reads the bootstrap's version from."""
        names = (f"{self._registry.group_name}/*", "cdk-bootstrap/*")
        return [Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=name) for name in names]
