"""A bundle is whole and unaltered, or it is refused by the name of what is wrong; a step that fails changes nothing."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import onnx
import pytest

from model_code.bundle import CARD, FILM_GATE, GRAPH, INFO, SUMS, WEIGHTS, create_bundle, edit_bundle, open_bundle
from model_code.errors import BundleError
from model_code.model_card import NOT_A_DEVICE, PHANTOMS_ONLY
from tests.conftest import Line

FILES = [INFO, WEIGHTS, GRAPH, FILM_GATE, CARD]


def refusal(folder: Path, **options: Any) -> str:
    with pytest.raises(BundleError) as caught:
        open_bundle(folder, **options)
    return str(caught.value)


def reseal(folder: Path) -> None:
    """What somebody does who alters a bundle and its sums."""
    names = sorted(path.name for path in folder.iterdir() if path.name != SUMS)
    sums = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / SUMS).write_text("".join(sums))


def contents(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_a_complete_bundle_holds_just_these_files(bundle: Path) -> None:
    assert sorted(path.name for path in bundle.iterdir()) == sorted([*FILES, SUMS])
    opened = open_bundle(bundle, needs=("graph", "calibration", "film_gate", "metrics"))
    assert opened.spec.labels == opened.info.labels


def test_its_sums_are_those_that_sha256sum_reads(bundle: Path) -> None:
    done = subprocess.run(["sha256sum", "--strict", "-c", SUMS], cwd=bundle, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == len(FILES)


def test_every_file_is_of_a_kind_that_cannot_run_code(bundle: Path) -> None:
    """No pickle: each file is JSON, safetensors, ONNX or text, and read as such to its last byte."""
    for path in bundle.iterdir():
        content = path.read_bytes()
        if path.suffix == ".json":
            json.loads(content)
        elif path.suffix == ".safetensors":
            start = 8 + int.from_bytes(content[:8], "little")
            tensors = [value for name, value in json.loads(content[8:start]).items() if name != "__metadata__"]
            assert max(tensor["data_offsets"][1] for tensor in tensors) == len(content) - start
        elif path.suffix == ".onnx":
            onnx.checker.check_model(onnx.load_model_from_string(content))
        else:
            assert path.name in {CARD, SUMS}
            content.decode("utf-8")


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(name: str, own_bundle: Path) -> None:
    (own_bundle / name).unlink()
    assert f"'{name}' is missing" in refusal(own_bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_changed_byte_is_named(name: str, own_bundle: Path) -> None:
    content = bytearray((own_bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (own_bundle / name).write_bytes(content)
    message = refusal(own_bundle)
    assert f"'{name}' does not match" in message and "altered" in message


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_cut_short_is_named(name: str, own_bundle: Path) -> None:
    (own_bundle / name).write_bytes((own_bundle / name).read_bytes()[:-1])
    assert f"'{name}' does not match" in refusal(own_bundle)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_from_the_sums_too_is_named(name: str, own_bundle: Path) -> None:
    (own_bundle / name).unlink()
    reseal(own_bundle)
    assert f"'{name}'" in refusal(own_bundle)


@pytest.mark.parametrize("name", ["model.pkl", ".hidden", "subfolder"])
def test_a_file_more_is_named(name: str, own_bundle: Path) -> None:
    (own_bundle / name).mkdir() if name == "subfolder" else (own_bundle / name).write_bytes(b"x")
    assert f"'{name}', which SHA256SUMS does not list" in refusal(own_bundle)


def test_without_sums_there_is_no_bundle(own_bundle: Path) -> None:
    (own_bundle / SUMS).unlink()
    assert "no bundle at" in refusal(own_bundle)
    assert "no bundle at" in refusal(own_bundle / "nowhere")


@pytest.mark.parametrize("entry", ["garbage", "0" * 64 + "  ../outside", "0" * 63 + "  bundle.json", "\x00\xff"])
def test_sums_that_are_none_are_refused(entry: str, own_bundle: Path) -> None:
    with (own_bundle / SUMS).open("a") as stream:
        stream.write(entry + "\n")
    assert "'SHA256SUMS' has a line that is not" in refusal(own_bundle)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda info: info.pop("labels"), "labels"),
        (lambda info: info.update(schema="overread.bundle/9"), "schema"),
        (lambda info: info.update(extra=1), "extra"),
        (lambda info: info["input"].update(side="wide"), "input.side"),
        (lambda info: info["calibration"]["labels"]["Mass"].pop("curve"), "calibration.labels.Mass.curve"),
    ],
    ids=["missing section", "other version", "unknown section", "wrong type", "missing key"],
)
def test_what_is_wrong_in_bundle_json_is_named(change: Any, where: str, own_bundle: Path) -> None:
    info = json.loads((own_bundle / INFO).read_text())
    change(info)
    (own_bundle / INFO).write_text(json.dumps(info))
    reseal(own_bundle)
    assert f"'bundle.json' is not valid at {where}" in refusal(own_bundle)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff\xfe"])
def test_bundle_json_that_is_no_json_is_refused(content: bytes, own_bundle: Path) -> None:
    (own_bundle / INFO).write_bytes(content)
    reseal(own_bundle)
    assert "'bundle.json' is not valid" in refusal(own_bundle)


@pytest.mark.parametrize(
    ("stage", "section", "verb"),
    [("trained", "graph", "export"), ("exported", "calibration", "calibrate"), ("calibrated", "metrics", "evaluate")],
)
def test_a_section_that_is_needed_and_not_made_names_its_command(stage: str, section: str, verb: str, line: Line) -> None:
    folder: Path = getattr(line, stage)
    assert f"has no {section} yet; run: overread {verb} --bundle {folder}" in refusal(folder, needs=(section,))


def test_a_step_that_fails_leaves_the_old_bundle_as_it_was(own_bundle: Path) -> None:
    before = contents(own_bundle)
    with pytest.raises(RuntimeError), edit_bundle(open_bundle(own_bundle)) as draft:
        (draft.folder / WEIGHTS).write_bytes(b"half")
        raise RuntimeError
    assert contents(own_bundle) == before
    assert [path.name for path in own_bundle.parent.iterdir()] == [own_bundle.name]


def test_a_step_in_place_seals_the_bundle_anew(own_bundle: Path) -> None:
    bundle = open_bundle(own_bundle)
    with edit_bundle(bundle) as draft:
        draft.info = draft.info.model_copy(update={"name": "another"})
    edited = open_bundle(own_bundle)
    assert edited.info.name == "another"
    assert edited.sha256 != bundle.sha256
    assert (own_bundle / CARD).read_text().startswith("# another ")
    assert [path.name for path in own_bundle.parent.iterdir()] == [own_bundle.name]


def test_a_step_into_another_folder_leaves_its_source_alone(own_bundle: Path, tmp_path: Path) -> None:
    before = contents(own_bundle)
    with edit_bundle(open_bundle(own_bundle), tmp_path / "next") as draft:
        draft.info = draft.info.model_copy(update={"name": "another"})
    assert contents(own_bundle) == before
    assert open_bundle(tmp_path / "next").info.name == "another"


def test_a_bundle_that_could_not_be_made_is_not_there(own_bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), create_bundle(tmp_path / "new", open_bundle(own_bundle).info):
        raise RuntimeError
    assert not (tmp_path / "new").exists()


def test_the_same_bundle_elsewhere_is_the_same_model(bundle: Path, own_bundle: Path) -> None:
    assert open_bundle(bundle).sha256 == open_bundle(own_bundle).sha256


def test_a_bundle_travels_through_any_copy(bundle: Path, tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "model"), "gztar", bundle)
    shutil.unpack_archive(archive, tmp_path / "out", filter="data")
    assert open_bundle(tmp_path / "out").sha256 == open_bundle(bundle).sha256


def test_the_card_says_what_the_model_must_not_be_used_for(bundle: Path) -> None:
    card = (bundle / CARD).read_text()
    assert NOT_A_DEVICE in card and PHANTOMS_ONLY in card
    metrics = open_bundle(bundle).info.metrics
    assert metrics is not None and f"{metrics.macro_auroc.value:.3f}" in card


def test_the_card_of_a_model_of_real_films_does_not_call_them_phantoms(own_bundle: Path) -> None:
    bundle = open_bundle(own_bundle)
    with edit_bundle(bundle) as draft:
        draft.info = draft.info.model_copy(update={"data": draft.info.data.model_copy(update={"phantoms": False})})
    card = (own_bundle / CARD).read_text()
    assert NOT_A_DEVICE in card and PHANTOMS_ONLY not in card
