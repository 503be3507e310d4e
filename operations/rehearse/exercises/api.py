"""The API, by people's and by machines' routes: before a model is approved, and after."""

from __future__ import annotations

import json
import urllib.request
import uuid
from typing import Final

from operations.rehearse.exercises.films import real_film
from operations.rehearse.exercises.scene import AbsentError, Json, Scene, check
from operations.rehearse.gateway import Answer, Gateway

PIXEL: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6360000000020001e221bc330000000049454e44ae426082"
)
"""The smallest PNG; what reads it here is a stand-in."""
DICOM: Final = "application/dicom"
READING: Final = {
    "schema": "overread.reading/1",
    "id": "00000000-0000-4000-8000-00000000000a",
    "task": "chest14",
    "model": {"name": "rehearsal", "version": "1", "sha256": "0" * 64},
    "status": "read",
    "reasons": [],
    "findings": [],
    "image": {"rows": 1, "columns": 1, "sha256": "0" * 64, "photometric": "MONOCHROME2"},
    "timing_ms": {"decode": 1.0, "model": 1.0, "total": 2.0},
}
"""What the endpoint of the emulator answers."""


def gateway(scene: Scene) -> Gateway:
    """The deployed API.

    Raises:
        AbsentError: there is none.
    """
    apis, stages = scene.inventory.of("AWS::ApiGateway::RestApi"), scene.inventory.of("AWS::ApiGateway::Stage")
    if not (apis and stages and apis[0].physical_id and stages[0].physical_id):
        raise AbsentError("no API")
    return Gateway(scene.emulator, apis[0].physical_id, stages[0].physical_id)


def without_a_model(scene: Scene) -> str:
    """Before anything is approved the API says so, to people and to machines."""
    api = gateway(scene)
    asked = 0
    for method, path in api.routes():
        if path.endswith("/predict"):
            answer = api.ask(method, path, body=PIXEL, headers={"Content-Type": "image/png"})
            check(answer.status == 503 and answer.body["code"] == "no_model", f"{method} {path} answered {answer}")
            asked += 1
        elif path.endswith("/models"):
            answer = api.ask(method, path)
            check(answer.status == 200 and answer.body["models"] == [], f"{method} {path} answered {answer}")
            asked += 1
    check(asked > 0, "the API has neither /predict nor /models")
    return f"{asked} routes: 503 no_model, no models"


def wrong_use(scene: Scene) -> str:
    """What is no film, and a study that is nobody's, are refused with a code."""
    api = gateway(scene)
    text = api.ask("POST", "/predict", body=b"hello", headers={"Content-Type": "text/plain"})
    check(text.status == 415, f"a text was answered {text}")
    unknown = api.ask("GET", f"/studies/{uuid.uuid4()}")
    check(unknown.status == 404 and unknown.body["code"] == "unknown_study", f"an unknown study was answered {unknown}")
    return f"415 {text.body['code']}, 404 {unknown.body['code']}"


def a_study_before_a_model(scene: Scene) -> str:
    """A study is taken, its film arrives by the form that the API gave, and its reading ends with a reason."""
    state = study(scene)
    check(state["state"] == "failed" and state["code"] == "no_model", f"the study ended as {state}")
    return "form, upload, event, read_study: failed, no_model"


def a_study(scene: Scene) -> str:
    """The same with a model: the endpoint is asked, and whoever sent the film gets the Reading."""
    require_model(scene)
    queue(scene, 1)
    state = study(scene)
    check(state["state"] == "read", f"the study ended as {state}")
    return f"form, upload, event, read_study, endpoint: {state['reading']['status']}"


def a_prediction(scene: Scene) -> str:
    """With a model ``POST /predict`` answers with the endpoint's Reading, and somebody is told who asked."""
    require_model(scene)
    queue(scene, 1)
    answer = gateway(scene).ask("POST", "/predict", body=PIXEL, headers={"Content-Type": "image/png"})
    check(answer.status == 200 and answer.body["schema"] == READING["schema"], f"POST /predict answered {answer}")
    table = scene.function("predict").environment["AUDIT_TABLE"]
    items = scene.client("dynamodb").scan(TableName=table)["Items"]
    check(any(item.get("event", {}).get("S") == "predict" for item in items), "the audit table has no record of it")
    return f"200, {answer.body['status']}; {len(items)} records in the audit table"


def a_retraining(scene: Scene) -> str:
    """``POST /retrain`` starts the workflow."""
    answer = gateway(scene).ask("POST", "/retrain", body=b'{"reason": "test"}', headers={"Content-Type": "application/json"})
    check(answer.status == 202, f"POST /retrain answered {answer}")
    scene.notes["retraining"] = answer.body["execution"]
    return "202, an execution was started"


def study(scene: Scene) -> Json:
    """Sends the real film as a study of its own; its last state."""
    api, film = gateway(scene), real_film("RG1_J2KI")
    begun = api.ask(
        "POST", "/studies", body=json.dumps({"content_type": DICOM}).encode(), headers={"Content-Type": "application/json"}
    )
    check(begun.status == 201, f"POST /studies answered {begun}")
    upload(begun.body["upload"]["url"], begun.body["upload"]["fields"], film)

    def over() -> Answer | None:
        answer = api.ask("GET", f"/studies/{begun.body['id']}")
        return None if answer.body.get("state") == "pending" else answer

    return scene.wait("the study's result", over).body


def upload(url: str, fields: dict[str, str], film: bytes) -> None:
    """Sends a form with a file, as a browser does."""
    border = uuid.uuid4().hex
    parts = [f'--{border}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields.items()]
    file = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="film"\r\nContent-Type: {DICOM}\r\n\r\n'
    body = "".join([*parts, file]).encode() + film + f"\r\n--{border}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={border}"}
    request = urllib.request.Request(url, data=body, headers=kind)  # noqa: S310  the emulator's address
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        check(answer.status in (200, 201, 204), f"the upload was answered {answer.status}")


def require_model(scene: Scene) -> None:
    """Raises:
    AbsentError: nothing was released.
    """
    if "released" not in scene.notes:
        raise AbsentError("no model was released")


def queue(scene: Scene, answers: int) -> None:
    """The endpoint of the emulator gives this Reading next."""
    result = {"Body": json.dumps(READING), "ContentType": "application/json"}
    plan = {"region": scene.emulator.region, "results": [result] * answers}
    url = f"{scene.emulator.url}/moto-api/static/sagemaker/endpoint-results"
    request = urllib.request.Request(  # noqa: S310  the emulator's address
        url, data=json.dumps(plan).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        check(answer.status == 201, f"the emulator answered {answer.status}")
