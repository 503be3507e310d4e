"""The predictor behind HTTP: SageMaker's contract for endpoints and for batch transform, uploads, and metrics.

Contract: docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html and your-algorithms-batch-code.html
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Annotated, Any, Final

import structlog
from fastapi import FastAPI, File, Header, HTTPException, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.formparsers import MultiPartParser

from model_code import __version__
from model_code.contract import IMAGE_CONTENT_TYPES, READING_CONTENT_TYPE
from model_code.data.images import LIMITS, Limits
from model_code.predictor import Predictor
from model_code.reading import Reading
from model_code.serving.intake import PLACES, RETRY_AFTER_SECONDS, Intake
from model_code.serving.logs import reading_record
from model_code.serving.metrics import CONTENT_TYPE, CountRequests, Metrics
from model_code.serving.reader import Reader

log = structlog.get_logger()

DESCRIPTION: Final = "A second reader for medical images. Research use only; not a medical device."

JSON_LINES: Final = "application/jsonlines"
BATCH_CONCURRENT: Final = 2
"""One film is decoded while another is scored."""
BATCH_PAYLOAD_MB: Final = 100 // BATCH_CONCURRENT
"""Of all films at a time SageMaker's limit is 100 MB (CreateTransformJob)."""

# an upload beyond the default of 1 MB would be written to a temporary file on disk: films stay in memory
MultiPartParser.spool_max_size = LIMITS.max_bytes + 1


def build_app(predictor: Predictor | Future[Predictor], limits: Limits = LIMITS, *, places: int = PLACES) -> FastAPI:
    """The HTTP application over a predictor. One that is still being loaded is answered for with 503 until it is there."""
    loading: Future[Predictor] = predictor if isinstance(predictor, Future) else _loaded(predictor)
    metrics = Metrics()
    reader = Reader(loading, metrics)
    loading.add_done_callback(lambda done: None if done.exception() else metrics.loaded(done.result()))
    app = FastAPI(title="Overread", version=__version__, description=DESCRIPTION)
    # room for the multipart frame around the largest film
    app.add_middleware(Intake, max_bytes=limits.max_bytes + 65536, metrics=metrics, places=places)
    app.add_middleware(CountRequests, metrics=metrics)
    answers: Any = {
        200: {"model": Reading, "description": "The Reading; an image that cannot be read or assessed is answered too."},
        408: {"description": "The film did not come in time."},
        413: {"description": "The film is too large."},
        503: {"description": "The model is not loaded yet, or too many films are inside; Retry-After says when to try again."},
    }

    @app.get("/ping", summary="200 once the bundle is loaded and its sums held", responses={503: answers[503]})
    def ping() -> dict[str, str]:
        info = ready(reader).bundle.info
        return {"status": "ok", "model": info.name, "version": info.version}

    @app.get("/execution-parameters", summary="How batch transform should ask: one film a request")
    def execution_parameters() -> dict[str, int | str]:
        return {
            "MaxConcurrentTransforms": BATCH_CONCURRENT,
            "BatchStrategy": "SINGLE_RECORD",
            "MaxPayloadInMB": BATCH_PAYLOAD_MB,
        }

    @app.get("/metrics", summary="Counters for Prometheus", response_class=Response)
    def metrics_now() -> Response:
        return Response(metrics.exposition(), headers={"Content-Type": CONTENT_TYPE})

    @app.post(
        "/invocations",
        summary="Read one film from the request's body (SageMaker's contract)",
        responses={**answers, 415: {"description": "The content type is not one that is read."}},
        openapi_extra={"requestBody": {"required": True, "content": {kind: {} for kind in IMAGE_CONTENT_TYPES}}},
    )
    async def invocations(request: Request, accept: Annotated[str, Header()] = READING_CONTENT_TYPE) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in IMAGE_CONTENT_TYPES:
            raise HTTPException(415, f"the content type is not one of {', '.join(IMAGE_CONTENT_TYPES)}")
        reading = await read(reader, await request.body())
        if accept.partition(";")[0].strip().lower() == JSON_LINES:
            return Response(f"{reading}\n", media_type=JSON_LINES)
        return Response(reading, media_type=READING_CONTENT_TYPE)

    @app.post("/predict", summary="Read one uploaded film", responses={**answers, 400: {"description": "The upload is damaged."}})
    async def predict(file: Annotated[UploadFile, File(description="A DICOM, PNG or JPEG film")]) -> Response:
        return Response(await read(reader, await file.read()), media_type=READING_CONTENT_TYPE)

    @app.exception_handler(RequestValidationError)
    async def misunderstood(_: Request, error: RequestValidationError) -> JSONResponse:
        # FastAPI's own answer quotes what was sent
        told = [{key: found[key] for key in ("type", "loc", "msg")} for found in error.errors()]
        return JSONResponse({"detail": told}, status_code=422)

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        log.error("failed", error=type(error).__name__)
        return JSONResponse({"detail": "the server failed on this request; its log names the kind of failure"}, status_code=500)

    return app


async def read(reader: Reader, data: bytes) -> str:
    """The Reading of one file as one line of JSON, and its record in the log."""
    ready(reader)
    reading = await reader.read(data)
    log.info("reading", **reading_record(reading))
    return reading.to_json()


def ready(reader: Reader) -> Predictor:
    """The model; 503 as long as it is not loaded."""
    if reader.predictor is None:
        raise HTTPException(503, "the model is not loaded yet", headers={"Retry-After": str(RETRY_AFTER_SECONDS)})
    return reader.predictor


def _loaded(predictor: Predictor) -> Future[Predictor]:
    done: Future[Predictor] = Future()
    done.set_result(predictor)
    return done
