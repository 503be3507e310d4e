"""``POST /retrain``: starts the retraining workflow, whose own brake decides whether anything is trained. For engineers."""

from __future__ import annotations

import json
import uuid
from typing import Final

from model_code.lambdas import audit
from model_code.lambdas.clients import client
from model_code.lambdas.settings import Settings
from model_code.lambdas.web import ENGINEER, Answer, Refusal, Request, handler_of

REASONS: Final = ("drift", "new_data", "calibration", "test")
"""Words of a list: free text could name a patient."""


def retrain(request: Request, settings: Settings) -> Answer:
    """Says which execution was started."""
    request.require(ENGINEER)
    reason = request.json().get("reason")
    if reason not in REASONS:
        raise Refusal(400, "bad_request", f"reason is not one of {', '.join(REASONS)}")
    run = str(uuid.uuid4())
    # the record first: what is started and not recorded would be worse than the reverse
    audit.write(settings, subject=run, event="retrain", who=request.who, reason=reason)
    started = client("stepfunctions").start_execution(
        stateMachineArn=settings.retraining_arn, name=run, input=json.dumps({"source": "api", "reason": reason})
    )
    return Answer(202, {"id": run, "execution": started["executionArn"]})


handler = handler_of(retrain)
