"""The pack says what was measured, needs nothing else, names nobody, and its hash stands for every byte of it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from model_code.bundle import open_bundle
from model_code.code_sum import code_sha256
from model_code.data.manifest import read_manifest
from model_code.errors import BundleError, UsageError
from model_code.evidence import evidence
from model_code.gate import gate
from model_code.judging.scores import read_scores
from model_code.tasks import CHEST14
from tests.conftest import Line

VOID = {"meta", "img", "br", "link", "line", "circle", "path", "rect"}


class Page(HTMLParser):
    """Collects a page's elements and checks that they are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag


@pytest.fixture(scope="module")
def pack(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("evidence")
    report = line.complete.parent / "report"
    gate(line.complete, data=line.data, champion=line.calibrated, evaluation=report, report=folder / "gate")
    evidence(line.complete, data=line.data, out=folder / "pack", gate=folder / "gate", evaluation=report)
    return folder / "pack"


@pytest.fixture(scope="module")
def text(pack: Path) -> str:
    return (pack / "evidence.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def content(pack: Path) -> dict[str, Any]:
    return dict(json.loads((pack / "evidence.json").read_bytes()))


def test_the_pack_is_sealed_by_one_hash(pack: Path) -> None:
    done = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=pack, capture_output=True, text=True)
    assert done.returncode == 0 and done.stdout.count(": OK") == 3
    sealed = json.loads((pack / "pack.json").read_bytes())
    assert sealed["task"] == "chest14"
    assert sealed["sha256"] == hashlib.sha256((pack / "SHA256SUMS").read_bytes()).hexdigest()


def test_the_same_inputs_give_the_same_bytes(line: Line, pack: Path, tmp_path: Path) -> None:
    report = line.complete.parent / "report"
    again = evidence(line.complete, data=line.data, out=tmp_path, gate=pack.parent / "gate", evaluation=report)
    assert again == json.loads((pack / "pack.json").read_bytes())


def test_the_page_needs_nothing_else_and_is_well_formed(text: str) -> None:
    page = Page(text)
    assert not [tag for tag, _ in page.elements if tag in ("script", "link", "iframe", "object")]
    for tag, attributes in page.elements:
        address = attributes.get("src") or attributes.get("href") or ""
        assert address.startswith(("data:image/", "#")) or not address, address
        if tag == "img":
            assert attributes.get("alt")
    assert "url(" not in text and "@import" not in text
    assert [attributes.get("lang") for tag, attributes in page.elements if tag == "html"] == ["en"]


def test_links_lead_to_sections(text: str) -> None:
    page = Page(text)
    named = {attributes["id"] for _, attributes in page.elements if attributes.get("id")}
    links = {str(attributes["href"]).removeprefix("#") for _, attributes in page.elements if attributes.get("href")}
    assert links and links <= named and len(links) == 10


def test_every_label_and_subgroup_is_on_the_page(text: str, content: dict[str, Any]) -> None:
    for label in CHEST14.labels:
        assert label.replace("_", " ") in text
    for attribute, values in content["metrics"]["subgroups"].items():
        for value in values:
            assert f"{attribute}: {value}" in text
    assert "too few films" in text and "Research use only" in text


def test_it_says_what_was_measured_and_of_which_data(line: Line, content: dict[str, Any]) -> None:
    info = open_bundle(line.complete).info
    assert info.metrics is not None
    assert content["metrics"] == info.metrics.model_dump(mode="json")
    assert content["gate"]["champion"] is not None
    assert content["data"]["splits"]["test"]["films"] == info.metrics.films
    assert all(one["groups"] == one["films"] == 0 for one in content["data"]["shared"])
    assert content["model"]["code_version"] == info.code_version
    assert content["training"]["code_sha256"] == code_sha256()


def test_nobody_is_named(line: Line, pack: Path) -> None:
    frame = read_manifest(line.data, CHEST14).frame
    for path in pack.iterdir():
        written = path.read_text(encoding="utf-8")
        assert ".png" not in written and str(line.data) not in written
        assert not [group for group in set(frame["group"]) if group in written]


def test_without_a_verdict_it_says_so(line: Line, tmp_path: Path) -> None:
    evidence(line.complete, data=line.data, out=tmp_path / "pack", evaluation=line.complete.parent / "report")
    assert "The gate was not asked" in (tmp_path / "pack" / "evidence.html").read_text(encoding="utf-8")


def test_a_verdict_that_is_not_there_or_of_another_model_is_refused(line: Line, pack: Path, tmp_path: Path) -> None:
    report = line.complete.parent / "report"
    with pytest.raises(UsageError, match="no verdict at"):
        evidence(line.complete, data=line.data, out=tmp_path / "pack", gate=tmp_path, evaluation=report)
    other = json.loads((pack.parent / "gate" / "gate.json").read_bytes())
    other["challenger"]["answers"] = "0" * 64
    (tmp_path / "gate.json").write_text(json.dumps(other))
    with pytest.raises(UsageError, match="is of another model"):
        evidence(line.complete, data=line.data, out=tmp_path / "pack", gate=tmp_path, evaluation=report)
    other["challenger"]["answers"] = read_scores(report).answers
    other["manifest_sha256"] = "0" * 64
    (tmp_path / "gate.json").write_text(json.dumps(other))
    with pytest.raises(UsageError, match="is of other films; ask the gate on this test set"):
        evidence(line.complete, data=line.data, out=tmp_path / "pack", gate=tmp_path, evaluation=report)
    assert not (tmp_path / "pack").exists()


def test_reports_in_the_packs_folder_are_not_lost(line: Line, tmp_path: Path) -> None:
    (tmp_path / "gate.json").write_text("{}")
    with pytest.raises(UsageError, match=r"holds other files and no pack\.json"):
        evidence(line.complete, data=line.data, out=tmp_path, evaluation=line.complete.parent / "report")
    assert (tmp_path / "gate.json").is_file()


def test_a_model_that_was_not_evaluated_has_no_evidence(line: Line, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="overread evaluate"):
        evidence(line.calibrated, data=line.data, out=tmp_path / "pack")
