"""One update of a CloudFormation stack as states: the same template, the same parameters, what they point at read again."""

from __future__ import annotations

from typing import Final

from constructs_lib.workflows.states import States, ask, choose, count, pause, problem, put, when

LOOK_SECONDS: Final = 30
MOST_LOOKS: Final = 120
"""An hour: a fleet of instances is replaced in some ten minutes."""


def stack_update(name: str, *, stack: str, then: str, failed: str) -> States:
    """States whose first is ``name``. They go on to ``then`` once the stack is up to date, else to ``failed`` with a problem.

    The stack keeps the role that CloudFormation works with, so nobody passes one. A stack that is busy is waited for. What
    takes longer than an hour is cancelled, which makes CloudFormation go back by itself.
    """
    status, sent = "$.stack.now.StackStatus", {"Variable": "$.update.sent", "BooleanEquals": True}
    enough = {"Variable": "$.looks.n", "NumericGreaterThanEquals": MOST_LOOKS}
    busy = {"Variable": status, "StringMatches": "*_IN_PROGRESS"}
    look, wait, refused = f"{name}Look", f"{name}Wait", f"{name}Refused"
    return {
        name: put({"sent": False}, "$.update", then=f"{name}Begin"),
        f"{name}Begin": put({"n": 0}, "$.looks", then=look),
        look: ask(
            "cloudformation",
            "describeStacks",
            {"StackName": stack},
            select={"now.$": "$.Stacks[0]"},
            keep="$.stack",
            then=f"{name}Decide",
            caught=failed,
        ),
        f"{name}Decide": choose(
            when(sent, {"Variable": status, "StringEquals": "UPDATE_COMPLETE"}, then=then),
            when(enough, sent, then=f"{name}Slow"),
            when(enough, then=f"{name}Busy"),
            when(busy, then=wait),
            when(sent, then=f"{name}Undone"),
            otherwise=f"{name}Keep",
        ),
        wait: pause(LOOK_SECONDS, then=f"{name}Count"),
        f"{name}Count": count("$.looks", then=look),
        f"{name}Keep": {
            "Type": "Map",
            "ItemsPath": "$.stack.now.Parameters",
            "ItemSelector": {"ParameterKey.$": "$$.Map.Item.Value.ParameterKey", "UsePreviousValue": True},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                "StartAt": f"{name}Kept",
                "States": {f"{name}Kept": {"Type": "Pass", "End": True}},
            },
            "ResultPath": "$.parameters",
            "Next": f"{name}Send",
        },
        f"{name}Send": ask(
            "cloudformation",
            "updateStack",
            {
                "StackName": stack,
                "UsePreviousTemplate": True,
                "Parameters.$": "$.parameters",
                "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
            },
            then=f"{name}Sent",
            # a refusal has no name of its own, so its text decides
            refused={"CloudFormation.CloudFormationException": refused},
            caught=failed,
            retries=(),
        ),
        f"{name}Sent": put({"sent": True}, "$.update", then=wait),
        refused: choose(
            when({"Variable": "$.problem.Cause", "StringMatches": "*No updates are to be performed*"}, then=then),
            when({"Variable": "$.problem.Cause", "StringMatches": "*_IN_PROGRESS state and can not be updated*"}, then=wait),
            when({"Variable": "$.problem.Cause", "StringMatches": "*Rate exceeded*"}, then=wait),
            otherwise=failed,
        ),
        f"{name}Busy": problem("StackBusy", f"{stack} was busy with something else for an hour", then=failed),
        f"{name}Slow": problem("StackSlow", f"The update of {stack} took more than an hour", then=f"{name}Cancel"),
        f"{name}Cancel": ask("cloudformation", "cancelUpdateStack", {"StackName": stack}, then=failed, caught=failed),
        f"{name}Undone": problem("StackNotUpdated", f"CloudFormation left {stack} as {{}}", status, then=failed),
    }
