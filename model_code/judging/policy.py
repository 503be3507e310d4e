"""What a model must show to pass the gate, and what the gate writes."""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from model_code.bundle_info import Record
from model_code.errors import UsageError

FILE_NAME: Final = "gate.json"


class Policy(Record):
    """Limits of the gate. AUROCs and their differences are on the scale 0 to 1."""

    minimum_macro_auroc: float = Field(0.75, ge=0, lt=1)
    """The lower end of the macro AUROC's interval must reach it."""
    minimum_label_auroc: float = Field(0.6, ge=0, lt=1)
    """A label whose whole interval lies below it stops the model."""
    maximum_calibration_error: float = Field(0.1, gt=0, le=1)
    """A label whose expected calibration error lies above it with its whole interval stops the model."""
    margin_macro: float = Field(0.01, ge=0, le=0.5)
    """By how much the challenger may at most be worse than the champion, in macro AUROC."""
    margin_label: float = Field(0.03, ge=0, le=0.5)
    """Likewise in a label's AUROC."""
    margin_subgroup: float = Field(0.03, ge=0, le=0.5)
    """Likewise in a subgroup's macro AUROC."""
    margin_cell: float = Field(0.05, ge=0, le=0.5)
    """Likewise in a label's AUROC within a subgroup; there only a fall that is shown stops the model.

    So it is, with their own margins, of labels and subgroups with too few patients to show that a model is within them: some 45
    of each kind at a label's 0.03."""
    maximum_gap: float = Field(0.1, gt=0, le=1)
    """Between the macro AUROCs of an attribute's best and worst subgroup; a gap that is surely larger stops the model."""
    maximum_without_centre: float = Field(0.65, gt=0.5, le=1)
    """Macro AUROC that may survive without the middle of the film, where findings are; only a whole interval above it stops."""
    maximum_label_without_centre: float = Field(0.75, gt=0.5, le=1)
    """Likewise of a label, which other signs of a patient (age, the bed) may tell of; only a whole interval above it stops."""
    maximum_corner_fall: float = Field(0.03, ge=0, le=1)
    """Macro AUROC that may be lost with the film's corners, where markers are; judged by its value, not by its interval."""
    maximum_not_assessed: float = Field(0.05, ge=0, le=1)
    """Share of a patient's films, over all and in a subgroup but a view, that the film gate may leave unanswered; only
    surely more stops."""
    margin_answered: float = Field(0.02, ge=0, le=1)
    """By how much the share of films answered may be smaller than the champion's; only surely more stops."""
    enough: int = Field(10, ge=2)
    """Patients (lesions) with films of each kind that a comparison of a label needs; with fewer it is listed as not judged."""


Outcome = Literal["passed", "refused", "not judged"]


class Check(Record):
    """One question of the gate and its answer."""

    rule: str
    scope: str
    """What it was asked of: the whole, a label, a subgroup."""
    outcome: Outcome
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    films: int | None = None
    reason: str
    """One sentence for a person."""


class Party(Record):
    """A model before the gate."""

    model: str
    answers: str
    """SHA-256 of graph and calibration."""


class Verdict(Record):
    """``gate.json``."""

    schema_: Literal["overread.gate/1"] = Field("overread.gate/1", alias="schema")
    verdict: Literal["passed", "refused"]
    reasons: tuple[str, ...]
    """Why it was refused; empty when it passed."""
    challenger: Party
    champion: Party | None
    manifest_sha256: str
    split: str
    films: int
    groups: int
    method: str
    multiplicity: str
    policy: Policy
    checks: tuple[Check, ...]


def read_policy(path: Path | None) -> Policy:
    """The limits in a JSON file; what it leaves out stays as it is here.

    Raises:
        UsageError: it cannot be read, names a limit that there is not, or a value that is not allowed.
    """
    if path is None:
        return Policy()
    try:
        return Policy.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read the policy '{path}' ({error.strerror}); give a JSON file of limits") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UsageError(
            f"the policy '{path}' is not valid at {where} ({first['msg']}); limits are: {', '.join(Policy.model_fields)}"
        ) from None
