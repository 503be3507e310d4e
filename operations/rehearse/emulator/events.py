"""Events reach what the rules of templates name: functions, workflows, topics.

The emulator by itself knows queues and logs alone.
"""

from __future__ import annotations

import json
import threading
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError
from moto.events.models import Rule
from moto.events.utils import EventTemplateParser

from operations.rehearse.emulator.models import Clients
from operations.rehearse.record import Record

OURS = ("lambda", "states", "sns")


def deliver_events(clients: Clients, record: Record) -> None:
    """Extends the emulator's rules."""
    before = Rule.send_to_targets

    def send(self: Rule, original_event: Any, transform_input: bool = True) -> None:
        if not self.event_pattern.matches_event(original_event):
            return
        targets = list(self.targets)
        for target in targets:
            if target["Arn"].split(":")[2] in OURS:
                event = _event(target, original_event, transform_input)
                arguments = (clients, record, self.arn, target, event)
                threading.Thread(target=_deliver, args=arguments, daemon=True).start()
        rest = [target for target in targets if target["Arn"].split(":")[2] not in OURS]
        if rest:
            self.targets = rest
            try:
                before(self, original_event, transform_input)
            finally:
                self.targets = targets

    Rule.send_to_targets = send  # type: ignore[method-assign]


def _event(target: Any, event: Any, transform: bool) -> Any:
    if "Input" in target:
        return json.loads(target["Input"])
    transformer = target.get("InputTransformer") if transform else None
    if transformer is None:
        return event
    return EventTemplateParser.parse(
        input_template=transformer.get("InputTemplate"), input_paths_map=transformer.get("InputPathsMap", {}), event=event
    )


def _deliver(clients: Clients, record: Record, rule: str, target: Any, event: Any) -> None:
    arn, problem = target["Arn"], None
    text = event if isinstance(event, str) else json.dumps(event, default=str)
    try:
        service = arn.split(":")[2]
        if service == "lambda":
            if not may_invoke(_policy(clients, arn), rule):
                raise PermissionError("the function's policy does not let this rule call it")
            clients("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=text.encode())
        elif service == "states":
            clients("stepfunctions").start_execution(stateMachineArn=arn, input=text)
        else:
            clients("sns").publish(TopicArn=arn, Message=text)
    except (ClientError, PermissionError) as error:
        problem = " ".join(str(error).split())
    record.write("delivered", rule=rule.rsplit("/", 1)[-1], target=arn, problem=problem)


def _policy(clients: Clients, arn: str) -> Any:
    try:
        return json.loads(clients("lambda").get_policy(FunctionName=arn)["Policy"])
    except ClientError:
        return {"Statement": []}


def may_invoke(policy: Any, rule: str) -> bool:
    """Whether a function's resource policy lets EventBridge call it for this rule."""
    for statement in policy.get("Statement", ()):
        principal = statement.get("Principal")
        service = principal.get("Service") if isinstance(principal, dict) else principal
        condition = statement.get("Condition", {})
        sources = [
            value
            for operator in ("ArnLike", "ArnEquals", "StringEquals")
            for name, value in condition.get(operator, {}).items()
            if name.lower() == "aws:sourcearn"
        ]
        if statement["Effect"] != "Allow" or service != "events.amazonaws.com":
            continue
        if not sources or any(fnmatchcase(rule, source) for source in sources):
            return True
    return False
