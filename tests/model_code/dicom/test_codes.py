from __future__ import annotations

import pytest
from pydicom.sr.codedict import codes as dictionary

from model_code.dicom import codes
from model_code.tasks import TASKS

LABELS = [label for spec in TASKS.values() for label in spec.labels]


@pytest.mark.parametrize("label", LABELS)
def test_every_label_has_a_code_that_fits_its_element(label: str) -> None:
    code = codes.finding_code(label)

    assert 0 < len(code.value) <= 16
    assert 0 < len(code.meaning) <= 64
    assert code.scheme_designator in ("SCT", codes.SCHEME)


def test_no_two_labels_of_a_task_share_a_code() -> None:
    for spec in TASKS.values():
        assert len({codes.finding_code(label).value for label in spec.labels}) == len(spec.labels)


def test_codes_of_the_dictionary_are_those_of_the_dictionary() -> None:
    known = {
        codes.DECISIONS["present"]: dictionary.SCT.Present,
        codes.DECISIONS["absent"]: dictionary.SCT.Absent,
        codes.DECISIONS["uncertain"]: dictionary.DCM.PresenceUndetermined,
        codes.PRESENCE: dictionary.DCM.PresenceOfProperty,
        codes.PROBABILITY: dictionary.DCM.Probability,
        codes.procedure_code("chest14"): dictionary.SCT.PlainRadiography,
        codes.procedure_code("skin8"): dictionary.SCT.DermoscopicPhotography,
        codes.finding_code("MEL"): dictionary.SCT.MalignantMelanoma,
        codes.finding_code("AK"): dictionary.SCT.ActinicKeratosis,
        codes.finding_code("SCC"): dictionary.SCT.SquamousCellCarcinomaOfSkin,
        codes.COMMENT: dictionary.DCM.Comment,
        codes.QUALITY_ISSUE: dictionary.DCM.QualityIssue,
        codes.DEVICE: dictionary.DCM.Device,
        codes.SUMMARY: dictionary.DCM.CADProcessingAndFindingsSummary,
        codes.WITH_FINDINGS: dictionary.DCM.AllAlgorithmsSucceededWithFindings,
        codes.WITHOUT_FINDINGS: dictionary.DCM.AllAlgorithmsSucceededWithoutFindings,
        codes.NOT_ASSESSED: dictionary.DCM.NoAlgorithmsSucceededWithoutFindings,
        codes.finding_code("Effusion"): dictionary.SCT.PleuralEffusion,
        codes.finding_code("Pneumothorax"): dictionary.SCT.Pneumothorax,
        codes.finding_code("Edema"): dictionary.SCT.PulmonaryEdema,
        codes.finding_code("Mass"): dictionary.SCT.Mass,
        codes.finding_code("Nodule"): dictionary.SCT.Nodule,
    }

    for ours, theirs in known.items():
        assert (ours.value, ours.scheme_designator, ours.meaning) == (theirs.value, theirs.scheme_designator, theirs.meaning)


def test_what_no_scheme_says_is_said_in_our_own() -> None:
    code = codes.finding_code("Pleural_Thickening")

    assert (code.scheme_designator, code.meaning) == ("99OVERREAD", "Pleural Thickening")
