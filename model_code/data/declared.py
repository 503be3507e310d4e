"""What a DICOM header says about the kind of picture, as far as that rules out a frontal chest film.

Only the header's codes are compared with tables; none of its text goes any further. A header that says nothing, or something
that stands in no table, rules nothing out: the pixels decide.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:  # pydicom takes long to load, and pictures need none
    from pydicom import Dataset

FILMS: Final = frozenset({"CR", "DX", "RG", "RF", "XA", "OT", "SC", "PX", "IO", ""})
"""Modalities (PS3.3 C.7.3.1.1.1) that a chest film can come under: projections, digitised films, and what does not say."""

CAMERAS: Final = frozenset({"XC", "DMS", "GM"})
"""Modalities of photographs: external cameras, dermoscopes, microscopes."""

ELSEWHERE: Final = frozenset({
    "ABDOMEN", "ABDOMENPELVIS", "ANKLE", "ARM", "BREAST", "BRAIN", "CALCANEUS", "CALF", "CALVARIUM", "CAROTID", "CSPINE",
    "ELBOW", "EXTREMITY", "EYE", "FACE", "FEMUR", "FINGER", "FOOT", "FOREARM", "HAND", "HEAD", "HEADNECK", "HIP", "HUMERUS",
    "JAW", "KIDNEY", "KNEE", "LEG", "LIVER", "LOWERLEG", "LSPINE", "MANDIBLE", "MAXILLA", "NECK", "ORBIT", "PANCREAS", "PELVIS",
    "RADIUSULNA", "SACRUM", "SHOULDER", "SKULL", "SSPINE", "TEETH", "THIGH", "THUMB", "TIBIAFIBULA", "TMJ", "TOE", "TSPINE",
    "UPPERARM", "WHOLEBODY", "WRIST",
})  # fmt: skip
"""Body Part Examined (PS3.16 annex L), without blanks: those that no chest film is labelled with."""

LATERAL: Final = frozenset({"LL", "RL", "LAT", "LATERAL", "LLAT", "RLAT", "LEFTLATERAL", "RIGHTLATERAL", "RLO", "LLO"})
"""View Position (PS3.3 C.8.7.1 and C.8.11.7, and what is often written in its place): lateral and oblique ones."""


class Declared(Enum):
    """What the header rules a frontal chest film out with."""

    MODALITY = "not_a_chest_film", "its header names a modality that makes no chest films"
    CAMERA = "not_a_chest_film", "its header says that it is a photograph"
    BODY_PART = "not_a_chest_film", "its header names another part of the body"
    LATERAL = "lateral_view", "its header says that the view is lateral or oblique; only frontal films are assessed"

    @property
    def code(self) -> Literal["not_a_chest_film", "lateral_view"]:
        """The reading's code."""
        return self.value[0]

    @property
    def detail(self) -> str:
        return self.value[1]


def declared(dataset: Dataset) -> Declared | None:
    """What rules it out; None when nothing does."""
    modality = _word(dataset, "Modality")
    if modality not in FILMS:
        return Declared.CAMERA if modality in CAMERAS else Declared.MODALITY
    if _word(dataset, "BodyPartExamined") in ELSEWHERE:
        return Declared.BODY_PART
    if _word(dataset, "ViewPosition") in LATERAL or _rows_run_along_the_depth(dataset):
        return Declared.LATERAL
    return None


def _word(dataset: Dataset, keyword: str) -> str:
    value = dataset.get(keyword)
    return "".join(character for character in str(value or "").upper() if character.isalnum())


def _rows_run_along_the_depth(dataset: Dataset) -> bool:
    """Patient Orientation (PS3.3 C.7.6.1.1.1): rows that run to the front or the back belong to a lateral view."""
    return str((dataset.get("PatientOrientation") or ("",))[0]).upper().startswith(("A", "P"))
