"""What a report says, as codes that other systems know: SNOMED CT and DICOM's own, as PS3.16 uses them."""

from __future__ import annotations

from typing import Final, Literal

from pydicom.sr.coding import Code

from model_code.contract import Task

SCHEME: Final = "99OVERREAD"
"""Our own codes, for what no public scheme says; names that begin with 99 are private ones (PS3.3 section 8.2)."""
MEANING_LENGTH: Final = 64
"""Longest meaning of a code, and longest text of a device's name (value representation LO)."""

_FINDINGS: Final = {
    "Atelectasis": ("46621007", "Atelectasis"),
    "Cardiomegaly": ("8186001", "Cardiomegaly"),
    "Effusion": ("60046008", "Pleural effusion"),
    "Infiltration": ("409609008", "Radiologic infiltrate of lung"),
    "Mass": ("4147007", "Mass"),
    "Nodule": ("27925004", "Nodule"),
    "Pneumonia": ("233604007", "Pneumonia"),
    "PNEUMONIA": ("233604007", "Pneumonia"),
    "MEL": ("1162635006", "Malignant melanoma"),
    "AK": ("201101007", "Actinic keratosis"),
    "SCC": ("254651007", "Squamous cell carcinoma of skin"),
    "Pneumothorax": ("36118008", "Pneumothorax"),
    "Consolidation": ("95436008", "Lung consolidation"),
    "Edema": ("19242006", "Pulmonary edema"),
    "Emphysema": ("87433001", "Pulmonary emphysema"),
    "Fibrosis": ("51615001", "Fibrosis of lung"),
    "Hernia": ("39839004", "Diaphragmatic hernia"),  # NIH's label is for hernias of the diaphragm, hiatal ones too
}

DECISIONS: Final[dict[Literal["present", "absent", "uncertain"], Code]] = {
    "present": Code("52101004", "SCT", "Present"),
    "absent": Code("272519000", "SCT", "Absent"),
    "uncertain": Code("121059", "DCM", "Presence Undetermined"),
}
"""The conformal decision: CID 240, and DICOM's code for a presence that could not be told."""

PRESENCE: Final = Code("121052", "DCM", "Presence of property")
PROBABILITY: Final = Code("122157", "DCM", "Probability")
RATIO: Final = Code("1", "UCUM", "no units")
PLAIN_RADIOGRAPHY: Final = Code("168537006", "SCT", "Plain radiography")
DERMOSCOPY: Final = Code("446078004", "SCT", "Dermoscopic photography (procedure)")
COMMENT: Final = Code("121106", "DCM", "Comment")
QUALITY_ISSUE: Final = Code("113010", "DCM", "Quality Issue")
DEVICE: Final = Code("121007", "DCM", "Device")
SUMMARY: Final = Code("111017", "DCM", "CAD Processing and Findings Summary")

WITH_FINDINGS: Final = Code("111242", "DCM", "All algorithms succeeded; with findings")
WITHOUT_FINDINGS: Final = Code("111241", "DCM", "All algorithms succeeded; without findings")
NOT_ASSESSED: Final = Code("111245", "DCM", "No algorithms succeeded; without findings")
"""CID 6047."""


def procedure_code(task: str) -> Code:
    """The procedure that a task's pictures come from."""
    return DERMOSCOPY if task == Task.SKIN8 else PLAIN_RADIOGRAPHY


def finding_code(label: str) -> Code:
    """The code of a label: SNOMED CT where we know one, else our own, which is the label itself."""
    if label in _FINDINGS:
        value, meaning = _FINDINGS[label]
        return Code(value, "SCT", meaning)
    return own_code(label)


def own_code(name: str) -> Code:
    """A code of our own scheme. Values have 16 characters at most (SH); a longer name is cut, its meaning says it in full."""
    return Code(name[:16].upper(), SCHEME, name.replace("_", " ")[:MEANING_LENGTH])
