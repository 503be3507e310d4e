"""Sections on origins show cases, splits and packages as they are, with text kept apart from markup."""

from __future__ import annotations

from model_code.judging.cases import Case
from model_code.judging.page_origins import packages, splits, worst_cases
from model_code.judging.sbom import sbom
from tests.model_code.judging.drawn import scores


def test_a_case_says_what_was_wrong_and_names_the_film_by_its_hash() -> None:
    drawn = scores(patients=5)
    shown = "".join(worst_cases([Case(3, "A", True, 0.04)], ["data:image/jpeg;base64,AA"], drawn))
    assert "A: present, but said with probability 0.04" in shown and str(drawn.images[3])[:16] in shown
    assert 'alt="A film' in shown
    assert "No film was called wrongly" in "".join(worst_cases([], [], drawn))


def test_splits_and_what_they_share_are_shown() -> None:
    data = {
        "manifest_sha256": "1" * 64,
        "splits": {"test": {"films": 7, "groups": 3, "sha256": "2" * 64}},
        "shared": [{"splits": ["test", "train"], "groups": 0, "films": 0}],
    }
    shown = "".join(splits({"data": data, "trained_on": {"manifest_sha256": "3" * 64}}))
    assert all(digit * 64 in shown for digit in "123") and "test and train" in shown


def test_packages_are_listed_with_their_licences() -> None:
    materials = sbom()
    shown = "".join(packages(materials, {"sbom_sha256": "4" * 64}))
    assert "numpy" in shown and "4" * 64 in shown
    bad = {"specVersion": "1.6", "components": [{"name": "<script>", "version": "1"}]}
    assert "<script>" not in "".join(packages(bad, {"sbom_sha256": ""})) and "not stated" in "".join(
        packages(bad, {"sbom_sha256": ""})
    )
