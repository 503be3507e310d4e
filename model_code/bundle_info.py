"""``bundle.json`` as types: what a bundle says about its model. Steps of the line add sections; nothing else may stand in it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model_code.contract import Precision, Runtime


class Record(BaseModel):
    """A section of ``bundle.json``; unknown keys are refused, so that a misspelt one cannot pass unnoticed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class InputSpec(Record):
    """What the graph looks at: (N, channels, side, side) uint8, made by ``data.transforms.to_model_input``."""

    side: int
    channels: Literal[1, 3] = 1


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
    code_sha256: str | None = None
    """Of the code that trained it (see ``code_sum``); None in a bundle of an earlier version, or of weights that others made."""


class ReducedRecord(Record):
    """What a reduced precision changes on the validation split. It ships only where no label loses more than the limit."""

    precision: Precision
    calibration_films: int
    """Films of the training split that the ranges are from; 0 where none are needed."""
    films: int
    limit: float
    auroc_loss: dict[str, float]
    """By label, how far its AUROC falls from float32's; negative where it rises."""

    @property
    def failed(self) -> tuple[str, ...]:
        """The labels that lose more than the limit."""
        return tuple(label for label, loss in self.auroc_loss.items() if loss > self.limit)


class GraphRecord(Record):
    """The exported graph: what it computes in, and on which runtime that was measured and its scores are calibrated."""

    precision: Precision
    runtime: Runtime
    parity: float
    """Largest difference of a probability from the trained network's, of the graph in float32."""
    parity_films: int
    reduced: ReducedRecord | None = None
    """What was measured of a reduced precision that was asked for."""


class Share(Record):
    """A share of ``n`` films, with its 95% Wilson interval."""

    value: float
    low: float
    high: float
    n: int


class Rates(Record):
    """How an operating point does on a split: what it finds of films with the finding, and leaves alone of films without."""

    sensitivity: Share
    specificity: Share


class OperatingPoint(Record):
    """A threshold on the calibrated probability, chosen on validation for a purpose; measured on test by ``evaluate``."""

    threshold: float
    validation: Rates
    test: Rates | None = None


class Sigmoid(Record):
    """probability = sigmoid(slope * logit + intercept)."""

    kind: Literal["sigmoid"]
    slope: float = Field(ge=0)
    intercept: float


class Isotonic(Record):
    """Straight lines between points, level beyond the first and the last; both sequences rise."""

    kind: Literal["isotonic"]
    logits: tuple[float, ...] = Field(min_length=1)
    probabilities: tuple[float, ...]

    @model_validator(mode="after")
    def _rises(self) -> Isotonic:
        if len(self.logits) != len(self.probabilities):
            raise ValueError("there are not as many probabilities as logits")
        if any(list(values) != sorted(values) for values in (self.logits, self.probabilities)):
            raise ValueError("logits and probabilities do not rise")
        return self


class LabelCalibration(Record):
    """From a logit to a probability, and what to say at which probability."""

    curve: Annotated[Sigmoid | Isotonic, Field(discriminator="kind")]
    log_loss: dict[str, float]
    """Of the curves that were compared, cross-validated on validation, nats a film; empty where films were too few to compare."""
    present_from: float
    absent_to: float
    rule_out: OperatingPoint
    balanced: OperatingPoint
    rule_in: OperatingPoint


class CalibrationRecord(Record):
    """Everything chosen on the validation split."""

    error_rate: float
    labels: dict[str, LabelCalibration]


class FilmGateRecord(Record):
    """Limits outside of which a picture is not assessed; the references they refer to are in ``film_gate.safetensors``."""

    min_side: int
    """Pixels along the longer side: as many as the model looks at."""
    min_contrast: float
    max_aspect: float
    max_colour: float
    max_noise: float
    min_margin: float
    """Log odds of a frontal view against the likeliest other one."""
    max_layout_distance: float
    max_embedding_distance: float


class DermoscopyGateRecord(Record):
    """The same for dermoscopies, which may lie any way round."""

    min_side: int
    """Pixels along the longer side: as many as the model looks at."""
    min_contrast: float
    min_colour: float
    min_hues: float
    max_aspect: float
    max_noise: float
    max_distance: float
    """Of colours and shades from those of known dermoscopies."""
    min_margin: float
    """Log odds of a dermoscopy against a picture of something else, by colours and shades."""
    max_embedding_distance: float


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


class Bin(Record):
    """Films with about the same probability: what was said of them on average, and the share that has the finding."""

    said: float
    found: Share


class Reliability(Record):
    """Whether a label's probabilities are true: the expected calibration error of the raw network and of what is said, 0 to 1."""

    error_before: Interval
    error: Interval
    curve: tuple[Bin, ...]


class Coverage(Record):
    """The conformal decision on films that decided nothing: how often the right answer stays possible, or all stays open."""

    present: Share
    """Of films with the finding, those not called absent."""
    absent: Share
    """Of films without it, those not called present."""
    uncertain: Share
    """Of all films."""


class LabelFigures(Record):
    """A label's figures with 95% intervals; null where there are too few films of a kind to say."""

    positives: int
    negatives: int
    auroc: Interval | None = None
    average_precision: Interval | None = None
    f1: Interval | None = None
    """At the balanced operating point, as the next two."""
    sensitivity: Interval | None = None
    specificity: Interval | None = None
    calibration_error: Interval | None = None


class PointFigures(Record):
    """An operating point's rates with intervals that resample patients (those in ``calibration`` count films)."""

    sensitivity: Interval
    specificity: Interval


class Subgroup(Record):
    """Films that share an attribute. It is listed however few they are; what cannot be said of so few is null."""

    films: int
    groups: int
    macro_auroc: Interval | None
    """Mean over the labels that have enough films of both kinds here."""
    labels: dict[str, LabelFigures]


class Exclusive(Record):
    """Where exactly one label is true: how often the likeliest is. ``confusion`` has a row a true label, a column a given one."""

    accuracy: Interval
    balanced_accuracy: Interval
    confusion: tuple[tuple[int, ...], ...]


class Probe(Record):
    """What AUROC is left when a part of every film is hidden."""

    macro_auroc: Interval
    auroc: dict[str, Interval]


class Probes(Record):
    """Shortcut probes on the same films: as they are, without what findings lie in, and without what markers lie in."""

    films: int
    intact: Probe
    without_centre: Probe
    without_corners: Probe


class Metrics(Record):
    """What the shipped graph does on held-out films."""

    manifest_sha256: str
    split: str
    films: int
    macro_auroc: Interval
    auroc: dict[str, Interval]
    reliability: dict[str, Reliability]
    coverage: dict[str, Coverage]
    not_assessed: int
    pointing: Pointing | None = None
    groups: int = 0
    """Patients or lesions; they are what the intervals resample."""
    labels: dict[str, LabelFigures] = {}
    points: dict[str, dict[str, PointFigures]] = {}
    """By label and operating point."""
    subgroups: dict[str, dict[str, Subgroup]] = {}
    """By attribute (sex, age, view, site) and value."""
    exclusive: Exclusive | None = None
    probes: Probes | None = None


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
    film_gate: FilmGateRecord | DermoscopyGateRecord | None = None
    metrics: Metrics | None = None

    def to_json(self) -> str:
        """Indented JSON under the file's own key names."""
        return self.model_dump_json(indent=2, by_alias=True) + "\n"
