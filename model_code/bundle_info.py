"""``bundle.json`` as types: what a bundle says about its model. Steps of the line add sections; nothing else may stand in it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Record(BaseModel):
    """A section of ``bundle.json``; unknown keys are refused, so that a misspelt one cannot pass unnoticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputSpec(Record):
    """What the graph looks at: (N, 1, side, side) float32 in [0, 1], made by ``data.transforms.to_model_input``."""

    side: int
    channels: Literal[1] = 1


class DataRecord(Record):
    """The data that the model was made from."""

    manifest_sha256: str
    films: dict[str, int]
    phantoms: bool


class TrainingRecord(Record):
    """The run: its configuration, its epochs, and which of them was kept."""

    config: dict[str, Any]
    epochs: list[dict[str, Any]]
    best_epoch: int
    torch: str


class GraphRecord(Record):
    """The exported graph and how far its probabilities are from the trained network's on real input."""

    precision: Literal["float32"]
    parity: float
    parity_films: int


class Rates(Record):
    """How an operating point does on a split: positives found, negatives left alone, and how many of each there were."""

    sensitivity: float
    specificity: float
    positives: int
    negatives: int


class OperatingPoint(Record):
    """A threshold on the calibrated probability, chosen on validation for a purpose; measured on test by ``evaluate``."""

    threshold: float
    validation: Rates
    test: Rates | None = None


class LabelCalibration(Record):
    """probability = sigmoid(slope * logit + intercept) (Platt 1999), and what to say at which probability."""

    slope: float
    intercept: float
    present_from: float
    absent_to: float
    rule_out: OperatingPoint
    rule_in: OperatingPoint


class CalibrationRecord(Record):
    """Everything chosen on the validation split."""

    error_rate: float
    labels: dict[str, LabelCalibration]


class FilmGateRecord(Record):
    """Limits outside of which a picture is not assessed; the references they refer to are in ``film_gate.safetensors``."""

    min_contrast: float
    max_aspect: float
    max_colour: float
    max_noise: float
    min_layout: float
    max_distance: float


class Interval(Record):
    """A figure with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


class Pointing(Record):
    """The pointing test on phantoms: is the map's peak inside the drawn sign, over true positives at the rule-in threshold."""

    hits: int
    films: int
    labels: dict[str, tuple[int, int]]

    @property
    def accuracy(self) -> float:
        """Share of peaks inside the sign."""
        return self.hits / self.films if self.films else 0.0

    def __str__(self) -> str:
        return f"the map's peak lies inside the drawn sign in {self.hits} of {self.films} true positives ({self.accuracy:.0%})"


class Metrics(Record):
    """What the shipped graph does on held-out films."""

    manifest_sha256: str
    split: str
    films: int
    macro_auroc: Interval
    auroc: dict[str, Interval]
    not_assessed: int
    pointing: Pointing | None = None


class BundleInfo(Record):
    """``bundle.json``. A section that is null has not been made yet."""

    schema_: Literal["overread.bundle/1"] = Field(alias="schema")
    name: str
    version: str
    code_version: str
    task: str
    labels: tuple[str, ...]
    input: InputSpec
    data: DataRecord
    training: TrainingRecord
    graph: GraphRecord | None = None
    calibration: CalibrationRecord | None = None
    film_gate: FilmGateRecord | None = None
    metrics: Metrics | None = None

    def to_json(self) -> str:
        """Indented JSON under the file's own key names."""
        return self.model_dump_json(indent=2, by_alias=True) + "\n"
