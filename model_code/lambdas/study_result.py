"""``GET /studies/{study}``: how far a study is, and its Reading once there is one. Only whoever sent it is told."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from model_code.lambdas import audit
from model_code.lambdas.settings import Settings
from model_code.lambdas.study_files import is_id, result_of
from model_code.lambdas.web import GROUPS, Answer, Refusal, Request, handler_of

PATIENCE_S: Final = {"async": 7 * 3600}
"""After so long nobody waits any more. An asynchronous endpoint keeps requests for six hours."""
DEFAULT_PATIENCE_S: Final = 3600

UNKNOWN: Final = Refusal(404, "unknown_study", "there is no study of yours by this id; studies and readings are kept for 7 days")


def study_result(request: Request, settings: Settings) -> Answer:
    """``state`` is ``pending`` (also before the film has come), ``read`` with the Reading, or ``failed`` with code and error."""
    request.require(*GROUPS)
    study = request.path("study")
    sent = audit.first(settings, study) if is_id(study) else None
    if sent is None or sent["event"] != "sent" or sent["who"] != request.who:
        raise UNKNOWN
    result = result_of(settings, study) or _not_yet(sent, settings)
    if result["state"] == "read":
        audit.write(settings, subject=study, event="result", who=request.who, reading=result["reading"]["id"])
    return Answer(200, {"id": study, **result})


def _not_yet(sent: dict[str, Any], settings: Settings) -> dict[str, Any]:
    waited = datetime.now(UTC) - datetime.fromisoformat(sent["at"].partition("#")[0])
    if waited.total_seconds() <= PATIENCE_S.get(settings.endpoint_kind, DEFAULT_PATIENCE_S):
        return {"state": "pending"}
    return {"state": "failed", "code": "no_answer", "error": "no film came, or its reading failed; send the study again"}


handler = handler_of(study_result)
