"""``POST /predict``: one film in the body, its Reading in the answer."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from model_code.contract import IMAGE_CONTENT_TYPES
from model_code.lambdas import audit, emf, release
from model_code.lambdas.endpoint_client import Reading, ask
from model_code.lambdas.routing import Role, slot_of
from model_code.lambdas.settings import Settings
from model_code.lambdas.web import GROUPS, NO_MODEL, Answer, Refusal, Request, handler_of

STUDY_HEADER: Final = "x-overread-study"
"""The caller's own key of the study: its films go to the same model. It is hashed at once and kept nowhere."""


def predict(request: Request, settings: Settings) -> Answer:
    """A film is answered by the model that its study belongs to; without a study's key the film is its own study."""
    request.require(*GROUPS)
    film = _film(request, settings)
    now = release.current(settings)
    if Role.CHAMPION not in now.packages:
        raise NO_MODEL
    study = request.header(STUDY_HEADER) or hashlib.sha256(film).digest()
    role = now.role_of(slot_of(study, salt=settings.model_group))
    if now.shadowed:
        reading = _beside_a_shadow(settings, film, request.content_type)
    else:
        reading = ask(settings, role, film, request.content_type)
    # no answer leaves without a record of who was given it
    audit.write(
        settings,
        subject=reading["id"],
        event="predict",
        who=request.who,
        model=reading["model"]["version"],
        role=role.value,
        status=reading["status"],
    )
    emf.answered(settings, reading, role=role, latency_ms=time.time() * 1000 - request.arrived_ms)
    return Answer(200, reading, {"X-Overread-Role": role.value})


def _film(request: Request, settings: Settings) -> bytes:
    if settings.endpoint_kind == "async":
        raise Refusal(400, "use_studies", "this environment reads by reference; send the film to POST /studies")
    if request.content_type not in IMAGE_CONTENT_TYPES:
        raise Refusal(415, "unsupported_type", f"the content type is not one of {', '.join(IMAGE_CONTENT_TYPES)}")
    film = request.body
    if not film:
        raise Refusal(400, "empty", "the body holds no film; send a DICOM, PNG or JPEG file's bytes")
    if len(film) > settings.direct_max_bytes:
        raise Refusal(
            413,
            "too_large",
            f"the film has {len(film)} bytes; at most {settings.direct_max_bytes} are read here; send it to POST /studies",
        )
    return film


def _beside_a_shadow(settings: Settings, film: bytes, content_type: str) -> Reading:
    """Asks both at once; the challenger's answer, or its failure, is recorded and goes nowhere."""
    with ThreadPoolExecutor(1) as pool:
        shadow = pool.submit(ask, settings, Role.CHALLENGER, film, content_type)
        reading = ask(settings, Role.CHAMPION, film, content_type)
    record_shadow(shadow.result)
    return reading


def record_shadow(answer: Callable[[], Reading]) -> None:
    """Records what the challenger would have said; that it failed must not hurt anybody."""
    try:
        emf.shadowed(answer(), role=Role.CHALLENGER)
    except Exception as error:
        print(json.dumps({"event": "shadow_failed", "error": type(error).__name__, "code": getattr(error, "code", None)}))


handler = handler_of(predict)
