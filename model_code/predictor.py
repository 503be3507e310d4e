"""The only inference path: setup, decode, predict, encode. CLI, server, Lambda, batch and UI all go through here.

Needs ONNX Runtime, not torch.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_code.bundle import Bundle, open_bundle
from model_code.bundle_info import LabelCalibration, OperatingPoint
from model_code.calibration_curve import probability_of
from model_code.contract import Runtime
from model_code.data.images import LIMITS, DecodedImage, Limits, decode
from model_code.data.transforms import to_film_fractions, to_model_input
from model_code.errors import ImageError
from model_code.film_gate.kinds import Gate, load_gate
from model_code.graph import Graph, Scores
from model_code.model_card import NOT_A_DEVICE, PHANTOMS_ONLY
from model_code.prevalence import predictive_values, read_prevalence
from model_code.reading import Finding, ImageFacts, Model, OperatingPoints, Point, PointReading, Reading, Reason, Timing

COMPLETE: Final = ("graph", "calibration", "film_gate", "metrics")
"""What a bundle that answers must have."""

PEAK_GRID = 64
"""Maps are enlarged to this many cells a side before the peak is taken."""


class Predictor:
    """A loaded bundle that answers. Thread-safe."""

    def __init__(
        self, bundle: Bundle, graph: Graph, gate: Gate, limits: Limits, prevalence: Mapping[str, float] | None = None
    ) -> None:
        assert bundle.info.calibration is not None  # setup has asked for it
        self.bundle = bundle
        self.calibration = bundle.info.calibration.labels
        self.gate = gate
        self._graph, self._limits = graph, limits
        self._prevalence = prevalence or {}
        self._model = Model(name=bundle.info.name, version=bundle.info.version, sha256=bundle.sha256)
        self._notice = f"{NOT_A_DEVICE} {PHANTOMS_ONLY}" if bundle.info.data.phantoms else NOT_A_DEVICE

    @classmethod
    def setup(
        cls, folder: Path, limits: Limits = LIMITS, *, prevalence: Path | None = None, runtime: Runtime | None = None
    ) -> Self:
        """Loads a complete bundle; with a file of the local prevalence, readings have predictive values.

        Raises:
            BundleError: it is incomplete or altered.
            UsageError: the file cannot be used (see ``read_prevalence``), or the runtime not (see ``Graph``).
        """
        return cls.of(open_bundle(folder, needs=COMPLETE), limits, prevalence, runtime)

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        limits: Limits = LIMITS,
        prevalence: Path | None = None,
        runtime: Runtime | None = None,
    ) -> Self:
        """A predictor over an opened bundle that is calibrated (``evaluate`` measures one before it is complete)."""
        common = read_prevalence(prevalence, bundle.info.labels) if prevalence else None
        return cls(bundle, Graph(bundle, runtime), load_gate(bundle), limits, common)

    def read(self, data: bytes) -> Reading:
        """The answer for one file's bytes. What cannot be read or assessed is answered too, with its reasons."""
        started = time.perf_counter()
        try:
            image = self.decode(data)
        except ImageError as error:
            timing = Timing(decode=_milliseconds(started), model=0.0, total=_milliseconds(started))
            return self.refuse(error).model_copy(update={"timing_ms": timing})
        decoded = _milliseconds(started)
        scores = self.predict(image)
        modelled = _milliseconds(started) - decoded
        reading = self.encode(image, scores)
        timing = Timing(decode=decoded, model=round(modelled, 2), total=_milliseconds(started))
        return reading.model_copy(update={"timing_ms": timing})

    def decode(self, data: bytes) -> DecodedImage:
        """Bytes to pixels; raises ImageError."""
        return decode(data, self._limits)

    def predict(self, image: DecodedImage) -> Scores:
        """One pass of the graph over one film (a batch of one)."""
        return self._graph.score(image)

    def predict_many(self, images: Sequence[DecodedImage]) -> list[Scores]:
        """One pass of the graph over several films; the scores of each as ``predict`` gives them."""
        look = self.bundle.info.input
        films = np.stack([to_model_input(image.pixels, look.side, look.channels) for image in images])
        scores = self._graph.run(films)
        return [Scores(*(part[[index]] for part in scores)) for index in range(len(images))]

    def refuse(self, error: ImageError) -> Reading:
        """The answer for a file that gave no image."""
        reason = Reason(code="too_small" if error.code == "too_small" else "unreadable", detail=error.detail)
        return self._reading((reason,), (), None, Timing(decode=0.0, model=0.0, total=0.0))

    def encode(self, image: DecodedImage, scores: Scores) -> Reading:
        """Scores to a Reading: the gate first, then calibration, decisions and peaks."""
        facts = ImageFacts(rows=image.rows, columns=image.columns, sha256=image.sha256, photometric=image.photometric)
        reasons = self.gate.reasons(image, scores.embedding[0])
        findings = () if reasons else self._findings(image, scores)
        return self._reading(reasons, findings, facts, Timing(decode=0.0, model=0.0, total=0.0))

    def would_give(self, reading: Reading) -> bool:
        """Whether a Reading of before stands: it is of this very bundle, with predictive values for the same prevalence."""
        return (reading.model, reading.notice) == (self._model, self._notice) and all(
            self._points(finding.label, finding.probability) == finding.operating_points for finding in reading.findings
        )

    def probabilities(self, logits: NDArray[np.float32]) -> NDArray[np.float64]:
        """Calibrated probabilities of logits (N, K)."""
        curves = [self.calibration[label].curve for label in self.bundle.info.labels]
        return np.stack([probability_of(curve, logits[:, index]) for index, curve in enumerate(curves)], axis=1)

    def _findings(self, image: DecodedImage, scores: Scores) -> tuple[Finding, ...]:
        answers = zip(self.bundle.info.labels, self.probabilities(scores.logits)[0], scores.maps[0], strict=True)
        return tuple(self._finding(label, float(probability), evidence, image) for label, probability, evidence in answers)

    def _finding(self, label: str, probability: float, evidence: NDArray[np.float32], image: DecodedImage) -> Finding:
        calibration = self.calibration[label]
        x, y = to_film_fractions(*peak_of(evidence), image.rows, image.columns)
        return Finding(
            label=label,
            probability=probability,
            decision=decide(probability, calibration),
            operating_points=self._points(label, probability),
            peak=Point(x=x, y=y),
        )

    def _points(self, label: str, probability: float) -> OperatingPoints:
        calibration = self.calibration[label]
        return OperatingPoints(
            rule_out=self._point(label, calibration.rule_out, probability),
            balanced=self._point(label, calibration.balanced, probability),
            rule_in=self._point(label, calibration.rule_in, probability),
        )

    def _point(self, label: str, point: OperatingPoint, probability: float) -> PointReading:
        measured = point.test or point.validation
        found, left = measured.sensitivity, measured.specificity
        common = self._prevalence.get(label)
        ppv, npv = (None, None) if common is None else predictive_values(found.value, left.value, common)
        return PointReading(
            threshold=point.threshold,
            positive=probability >= point.threshold,
            sensitivity=found.value,
            specificity=left.value,
            sensitivity_95=(found.low, found.high),
            specificity_95=(left.low, left.high),
            n=found.n + left.n,
            ppv=ppv,
            npv=npv,
        )

    def _reading(
        self, reasons: tuple[Reason, ...], findings: tuple[Finding, ...], facts: ImageFacts | None, timing: Timing
    ) -> Reading:
        return Reading(
            schema="overread.reading/1",
            id=str(uuid.uuid4()),
            task=self.bundle.info.task,
            model=self._model,
            status="not_assessed" if reasons else "read",
            reasons=reasons,
            findings=findings,
            image=facts,
            timing_ms=timing,
            notice=self._notice,
        )


def decide(probability: float, calibration: LabelCalibration) -> Literal["present", "absent", "uncertain"]:
    """The conformal decision: definite only where the other answer is excluded at the bundle's error rate."""
    present, absent = probability >= calibration.present_from, probability <= calibration.absent_to
    if present == absent:  # both stay possible, or neither
        return "uncertain"
    return "present" if present else "absent"


def enlarge(label_map: NDArray[np.float32]) -> NDArray[np.float32]:
    """One label's map (h, w) enlarged smoothly to (PEAK_GRID, PEAK_GRID)."""
    picture = Image.fromarray(label_map).resize((PEAK_GRID, PEAK_GRID), Image.Resampling.BICUBIC)
    return np.asarray(picture, np.float32)


def peak_of(label_map: NDArray[np.float32]) -> tuple[float, float]:
    """Where the evidence is strongest: (x, y) as fractions of the model's square input."""
    row, column = np.unravel_index(int(enlarge(label_map).argmax()), (PEAK_GRID, PEAK_GRID))
    return (float(column) + 0.5) / PEAK_GRID, (float(row) + 0.5) / PEAK_GRID


def _milliseconds(since: float) -> float:
    return round((time.perf_counter() - since) * 1000, 2)
