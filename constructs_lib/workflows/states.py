"""States of workflows as data (Amazon States Language, JSONPath), rendered by small typed builders.

A ``$`` value is a path into the execution's data; keys of such values end in ``.$``. Requests are checked against botocore's
service models by a test, and whole definitions run there in an interpreter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from aws_cdk import Aws

State = dict[str, Any]
States = dict[str, State]

RETRIES: Final = [
    # SageMaker's and CloudFormation's general error is also what they answer when they are asked too often
    {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5, "BackoffRate": 2.0, "MaxAttempts": 3, "JitterStrategy": "FULL"}
]
"""For requests that may be made twice: questions, and writes of the same value."""

PROBLEM: Final = "$.problem"
"""Where a failure is kept: ``Error`` and ``Cause``."""


DROPPED: Final = "$.dropped"
"""Where an answer goes that nobody needs: the CDK takes ``null``, which would drop it at once, out of the JSON it writes."""


def call(
    service: str,
    operation: str,
    arguments: Mapping[str, Any],
    *,
    then: str,
    keep: str | None = None,
    select: Mapping[str, Any] | None = None,
    caught: str | None = None,
    refused: Mapping[str, str] | None = None,
    retries: Sequence[Mapping[str, Any]] = RETRIES,
) -> State:
    """One request. ``keep`` is the path of the answer, or of what ``select`` takes of it (None: nobody needs it).

    ``refused`` maps an error's name to the state that deals with it, ``caught`` is for every other error; both find the
    failure at ``PROBLEM``. Without them an error ends the execution.
    """
    catchers = [*(refused or {}).items(), *([("States.ALL", caught)] if caught else [])]
    return {
        "Type": "Task",
        "Resource": f"arn:{Aws.PARTITION}:states:::{service}:{operation}",
        "Parameters": dict(arguments),
        **({"ResultSelector": dict(select)} if select else {}),
        "ResultPath": keep or DROPPED,
        **({"Retry": [dict(retry) for retry in retries]} if retries else {}),
        **({"Catch": [{"ErrorEquals": [e], "ResultPath": PROBLEM, "Next": state} for e, state in catchers]} if catchers else {}),
        "TimeoutSeconds": 60,
        "Next": then,
    }


def ask(service: str, operation: str, arguments: Mapping[str, Any], **more: Any) -> State:
    """A request of the service's own API (``aws-sdk``)."""
    return call(f"aws-sdk:{service}", operation, arguments, **more)


def ask_parameter(name: str, *, keep: str, then: str, caught: str) -> State:
    """Asks Systems Manager for a parameter's value, and keeps it as ``arn``."""
    select = {"arn.$": "$.Parameter.Value"}
    return ask("ssm", "getParameter", {"Name": name}, select=select, keep=keep, then=then, caught=caught)


def tell(topic: str, subject: str, message: str, *values: str, then: str) -> State:
    """Publishes ``message`` with ``values`` (paths) in the places of its ``{}``. Not being heard changes nothing."""
    return call(
        "sns",
        "publish",
        {"TopicArn": topic, "Subject": subject, **_text("Message", message, values)},
        then=then,
        caught=then,
    )


def put(value: Mapping[str, Any], at: str, *, then: str) -> State:
    """Keeps a value, which may name paths, at ``at``."""
    return {"Type": "Pass", "Parameters": dict(value), "ResultPath": at, "Next": then}


def problem(error: str, cause: str, *values: str, then: str) -> State:
    """Keeps a failure that is no error of a service."""
    return put({"Error": error, **_text("Cause", cause, values)}, PROBLEM, then=then)


def _text(field: str, text: str, values: Sequence[str]) -> State:
    """A field whose text has ``values`` (paths) in the places of its ``{}``."""
    if not values:
        return {field: text}
    quoted = text.replace("'", r"\'")
    return {f"{field}.$": f"States.Format('{quoted}', {', '.join(values)})"}


def pause(seconds: int, *, then: str) -> State:
    return {"Type": "Wait", "Seconds": seconds, "Next": then}


def choose(*rules: Mapping[str, Any], otherwise: str) -> State:
    """The ``then`` of the first rule that holds."""
    return {"Type": "Choice", "Choices": [dict(rule) for rule in rules], "Default": otherwise}


def when(*tests: Mapping[str, Any], then: str) -> State:
    """A rule: all of ``tests`` hold."""
    return {**tests[0], "Next": then} if len(tests) == 1 else {"And": [dict(test) for test in tests], "Next": then}


def count(at: str, *, then: str) -> State:
    """Adds one to the counter at ``at``, which began as ``put({"n": 0}, at)``."""
    return put({"n.$": f"States.MathAdd({at}.n, 1)"}, at, then=then)


def done() -> State:
    return {"Type": "Succeed"}


def failed(error: str) -> State:
    """Ends as failed, with the cause that was kept."""
    return {"Type": "Fail", "Error": error, "CausePath": f"{PROBLEM}.Cause"}


def turn(*, mine: str, others: str) -> States:
    """States ``Settle`` … ``MyTurn``: goes to ``mine`` if no execution of this workflow that started before still runs.

    So there is one at a time without a lock that somebody would have to take off: an execution that ended, however it
    ended, is no longer listed. The pause is for the list, which is a moment behind.
    """
    return {
        "Settle": pause(10, then="Queue"),
        "Queue": ask(
            "sfn",
            "listExecutions",
            {"StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING", "MaxResults": 1000},
            select={
                "me.$": "$$.Execution.Id",
                # the newest comes first
                "first.$": "States.ArrayGetItem($.Executions[*].ExecutionArn, "
                "States.MathAdd(States.ArrayLength($.Executions), -1))",
            },
            keep="$.turn",
            then="MyTurn",
        ),
        "MyTurn": choose(when({"Variable": "$.turn.first", "StringEqualsPath": "$.turn.me"}, then=mine), otherwise=others),
    }
