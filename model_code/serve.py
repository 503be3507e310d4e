"""``overread serve``: the predictor behind HTTP, on SageMaker's contract (``/ping``, ``/invocations``) and with uploads.

Logs are JSON lines with the reading record alone: no pixels, no header values, no file names, no addresses.
"""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import MutableMapping
from typing import Annotated, Any

import structlog
import uvicorn
from fastapi import FastAPI, File, HTTPException, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import JSONResponse
from starlette.formparsers import MultiPartParser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_code import __version__
from model_code.contract import IMAGE_CONTENT_TYPES, READING_CONTENT_TYPE
from model_code.data.images import LIMITS, Limits
from model_code.errors import OverreadError
from model_code.predictor import Predictor
from model_code.reading import Reading

log = structlog.get_logger()

DESCRIPTION = "A second reader for medical images. Research use only; not a medical device."

# an upload beyond the default of 1 MB would be written to a temporary file on disk: films stay in memory
MultiPartParser.spool_max_size = LIMITS.max_bytes + 1


def build_app(predictor: Predictor, limits: Limits = LIMITS) -> FastAPI:
    """The HTTP application over a loaded predictor."""
    app = FastAPI(title="Overread", version=__version__, description=DESCRIPTION)
    # room for the multipart frame around the largest film
    app.add_middleware(BodyLimit, max_bytes=limits.max_bytes + 65536)
    answer: Any = {
        200: {"model": Reading, "description": "The Reading; an image that cannot be read or assessed is answered too."}
    }

    @app.get("/ping", summary="Healthy once the model is loaded")
    def ping() -> dict[str, str]:
        return {"status": "ok", "model": predictor.bundle.info.name, "version": predictor.bundle.info.version}

    @app.post(
        "/invocations",
        summary="Read one film from the request's body (SageMaker's contract)",
        responses=answer,
        openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in IMAGE_CONTENT_TYPES}}},
    )
    async def invocations(request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in IMAGE_CONTENT_TYPES:
            raise HTTPException(415, f"the content type is not one of {', '.join(IMAGE_CONTENT_TYPES)}")
        return await _answer(predictor, await request.body())

    @app.post("/predict", summary="Read one uploaded film", responses=answer)
    async def predict(file: Annotated[UploadFile, File(description="A DICOM, PNG or JPEG film")]) -> Response:
        return await _answer(predictor, await file.read())

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        log.error("failed", error=type(error).__name__)
        return JSONResponse({"detail": "the server failed on this request; its log names the kind of failure"}, status_code=500)

    return app


async def _answer(predictor: Predictor, data: bytes) -> Response:
    reading = await run_in_threadpool(predictor.read, data)
    log.info("reading", **reading_record(reading))
    return Response(reading.to_json(), media_type=READING_CONTENT_TYPE)


def reading_record(reading: Reading) -> dict[str, Any]:
    """The PHI-free line that monitoring reads: what was answered, by which model, how fast."""
    return {
        "reading": reading.id,
        "model": reading.model.name,
        "version": reading.model.version,
        "status": reading.status,
        "reasons": [reason.code for reason in reading.reasons],
        "scores": {finding.label: round(finding.probability, 4) for finding in reading.findings},
        "rows": reading.image.rows if reading.image else None,
        "columns": reading.image.columns if reading.image else None,
        "timing_ms": reading.timing_ms.model_dump(),
    }


class BodyLimit:
    """Refuses a request body beyond ``max_bytes`` with 413 before anything parses it, whether or not its length was announced."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app, self.max_bytes = app, max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body, more = bytearray(), True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self.max_bytes:
                refusal = JSONResponse(
                    {"detail": f"the body is larger than the {self.max_bytes} bytes that are read"}, status_code=413
                )
                await refusal(scope, receive, send)
                return
        unread: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        await self.app(scope, replay, send)


def serve(predictor: Predictor, *, host: str, port: int) -> None:
    """Serves until stopped. Port 0 takes a free one; the address is printed to standard output once the socket is open.

    Raises:
        OverreadError: the port is in use or must not be opened.
    """
    configure_logs()
    listener = _listen(host, port)
    address, bound = listener.getsockname()[:2]
    print(f"http://{f'[{address}]' if ':' in address else address}:{bound}", flush=True)
    server = uvicorn.Server(uvicorn.Config(build_app(predictor), log_config=None, access_log=False, server_header=False))
    server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(128)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a port"
        raise OverreadError(f"cannot listen on {host}:{port} ({reason}); choose another --port, or 0 for a free one") from error
    return listener


def configure_logs() -> None:
    """JSON lines on standard error, for our own events and uvicorn's; of an exception only its type is told."""
    shared: list[Any] = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True), _exception_type]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer()], logger_factory=structlog.PrintLoggerFactory(sys.stderr)
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, structlog.processors.JSONRenderer()],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)


def _exception_type(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A traceback can quote what it failed on; its type is enough to find it."""
    info = event.pop("exc_info", None)
    if info:
        error = info[1] if isinstance(info, tuple) else sys.exc_info()[1]
        event["error"] = type(error).__name__
    return event
