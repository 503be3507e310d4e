"""What the server tells Prometheus (``GET /metrics``): numbers by route, status, reason and label, and of nobody.

Every label's values are a closed list, so the number of series is bounded. The alert rules of the platform
(``constructs_lib/monitoring/alert_rules.yml``) read these names.
"""

from __future__ import annotations

from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_code.predictor import Predictor
from model_code.reading import Code, Reading, Timing

SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5, 2.5, 5, 10, 30, 60)
"""Edges of the histograms; 60 s is the longest that SageMaker waits."""
ROUTES: Final = ("/invocations", "/predict", "/ping", "/metrics", "/execution-parameters")
OTHER: Final = "other"
CONTENT_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4


class Metrics:
    """The counters of one application, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter("overread_requests", "Answers over HTTP.", ("route", "status"), registry=registry)
        self._readings = Counter("overread_readings", "Readings given.", ("status",), registry=registry)
        self._reasons = Counter("overread_reasons", "Reasons why films were not assessed.", ("reason",), registry=registry)
        self._positives = Counter("overread_positives", "Findings above their rule-in threshold.", ("label",), registry=registry)
        self._latency = Histogram(
            "overread_latency_seconds",
            "Time of a reading: decode and model without the waiting, total with it.",
            ("stage",),
            buckets=SECONDS,
            registry=registry,
        )
        self._passes = Histogram(
            "overread_films_a_pass", "Films that shared a pass of the model.", buckets=(1, 2, 3, 4), registry=registry
        )
        self._queue = Gauge("overread_queue_length", "Films inside, waiting or at work.", registry=registry)
        self._places = Gauge("overread_queue_places", "Films that may be inside; further ones are sent away.", registry=registry)
        self._loaded = Gauge("overread_model_loaded", "1 when the bundle is loaded and its sums held.", registry=registry)
        self._model = Gauge("overread_model_info", "The model.", ("name", "version", "sha256", "task"), registry=registry)
        for status in ("read", "not_assessed"):  # a series that is there from the start has a rate from its first event on
            self._readings.labels(status)
        for code in get_args(Code):
            self._reasons.labels(code)
        for stage in Timing.model_fields:
            self._latency.labels(stage)

    def loaded(self, predictor: Predictor) -> None:
        """The model is there."""
        info = predictor.bundle.info
        self._model.labels(info.name, info.version, predictor.bundle.sha256, info.task).set(1)
        self._loaded.set(1)
        for label in info.labels:
            self._positives.labels(label)

    def answered(self, reading: Reading, timing: Timing) -> None:
        """A Reading was given."""
        self._readings.labels(reading.status).inc()
        for reason in reading.reasons:
            self._reasons.labels(reason.code).inc()
        for finding in reading.findings:
            if finding.operating_points.rule_in.positive:
                self._positives.labels(finding.label).inc()
        for stage, milliseconds in timing:
            if milliseconds:  # a stage that the film did not come to is no fast one
                self._latency.labels(stage).observe(milliseconds / 1000)

    def passed(self, films: int) -> None:
        """The model has scored so many films in one pass."""
        self._passes.observe(films)

    def places(self, *, taken: int, of: int) -> None:
        """So many films are inside, and so many may be."""
        self._queue.set(taken)
        self._places.set(of)

    def requested(self, path: str, status: int) -> None:
        """A request was answered. Paths and statuses that are none of ours count as one each."""
        route = path if path in ROUTES else OTHER
        self._requests.labels(route, str(status) if 100 <= status < 600 else OTHER).inc()

    def exposition(self) -> bytes:
        """All of it in Prometheus's text format, version 0.0.4."""
        return generate_latest(self._registry)


class CountRequests:
    """Counts every answer, of whichever part of the application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500  # what an exception will be answered with, further out

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watched)
        finally:
            self.metrics.requested(scope["path"], status)
