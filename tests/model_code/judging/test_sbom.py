"""The bill of materials lists what is installed, as CycloneDX writes it, the same every time."""

from __future__ import annotations

import json
from importlib.metadata import version

from model_code.judging.sbom import sbom

MADE = sbom()


def test_it_lists_what_is_installed() -> None:
    by_name = {one["name"]: one for one in MADE["components"]}
    assert by_name["numpy"]["version"] == version("numpy")
    assert by_name["numpy"]["purl"] == f"pkg:pypi/numpy@{version('numpy')}"
    assert by_name["prometheus-client"]["type"] == "library"  # names as the index writes them
    assert "overread" not in by_name and MADE["metadata"]["component"]["name"] == "overread"


def test_references_are_unique_and_licences_are_said_in_one_of_two_ways() -> None:
    references = [one["bom-ref"] for one in MADE["components"]]
    assert len(set(references)) == len(references) > 30
    for one in MADE["components"]:
        for terms in one.get("licenses", []):
            assert set(terms) in ({"expression"}, {"license"})
    assert sum("licenses" in one for one in MADE["components"]) > 0.8 * len(references)


def test_it_is_the_same_every_time() -> None:
    assert json.dumps(sbom()) == json.dumps(MADE)
    assert (MADE["bomFormat"], MADE["specVersion"]) == ("CycloneDX", "1.6") and MADE["serialNumber"].startswith("urn:uuid:")
