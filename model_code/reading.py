"""The Reading: the answer for one image, the same from CLI, HTTP, Lambda, batch and UI (schema ``overread.reading/1``)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Fraction = float


class Part(BaseModel):
    """Part of a Reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Model(Part):
    """Which model answered. ``sha256`` covers every file of the bundle."""

    name: str
    version: str
    sha256: str


Code = Literal[
    "unreadable",
    "too_small",
    "blank",
    "not_a_chest_film",
    "lateral_view",
    "inverted",
    "cropped",
    "out_of_distribution",
    "not_dermoscopy",
]
"""Why an image is not assessed. Part of the schema: codes are added, never changed."""


class Reason(Part):
    """Why an image was not assessed: a stable code, and a sentence for people that holds nothing of the file's content."""

    code: Code
    detail: str


class Point(Part):
    """A place as fractions of the image's width and height, from its top left corner."""

    x: float = Field(ge=0, le=1)
    y: float = Field(ge=0, le=1)


class PointReading(Part):
    """What an operating point says here, and how it did on ``n`` held-out films."""

    threshold: float
    positive: bool
    sensitivity: float
    specificity: float
    sensitivity_95: tuple[float, float]
    """Wilson's interval."""
    specificity_95: tuple[float, float]
    n: int
    ppv: float | None
    """Of films above the threshold, the share that has the finding at the local prevalence. Null where none was given."""
    npv: float | None


class OperatingPoints(Part):
    """Rule-out misses few, rule-in alarms falsely on few, balanced does both as well as can be."""

    rule_out: PointReading
    balanced: PointReading
    rule_in: PointReading


class Finding(Part):
    """One label's answer. ``decision`` is conformal, at the bundle's stated error rate."""

    label: str
    probability: float = Field(ge=0, le=1)
    decision: Literal["present", "absent", "uncertain"]
    operating_points: OperatingPoints
    peak: Point


class ImageFacts(Part):
    """The little about the picture that leaves with the answer; no header value, no file name. Null when it could not be read."""

    rows: int
    columns: int
    sha256: str
    photometric: str


class Timing(Part):
    """Milliseconds."""

    decode: float
    model: float
    total: float


class Reading(Part):
    """The answer for one image. ``findings`` is empty when it was not assessed, ``reasons`` when it was read."""

    schema_: Literal["overread.reading/1"] = Field(alias="schema")
    id: str
    task: str
    model: Model
    status: Literal["read", "not_assessed"]
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]
    image: ImageFacts | None
    timing_ms: Timing
    notice: str

    def to_json(self, *, indent: int | None = None) -> str:
        """JSON under the schema's own key names."""
        return self.model_dump_json(indent=indent, by_alias=True)
