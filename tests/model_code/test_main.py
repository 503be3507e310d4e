"""The command line: help that names every option, one line for every error, the promised exit codes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from model_code import __version__
from model_code.__main__ import main
from model_code.contract import Verb
from model_code.reading import Reading
from tests.cli import error_line, overread
from tests.conftest import Line
from tests.films import PLANTED, dicom, planted_in, ramp, real_film

OPTIONS = {
    Verb.SYNTHESIZE: ("--task", "--patients", "--seed", "--out", "--json"),
    Verb.DEIDENTIFY: ("--root", "--out", "--key", "--task", "--report", "--json"),
    Verb.FETCH: ("--out", "--json"),
    Verb.PREPARE: (
        *("--source", "--root", "--out", "--task", "--table", "--image-size", "--labels-only", "--drop-duplicates", "--json"),
    ),
    Verb.UPLOAD: ("--kms-key", "--json"),
    Verb.TRAIN: ("--task", "--data", "--out", "--arch", "--epochs", "--image-size", "--checkpoints", "--json"),
    Verb.IMPORT_WEIGHTS: ("--weights", "--out", "--json"),
    Verb.EXPORT: ("--bundle", "--data", "--out", "--json"),
    Verb.CALIBRATE: ("--bundle", "--data", "--out", "--json"),
    Verb.EVALUATE: ("--bundle", "--data", "--split", "--report", "--json"),
    Verb.GATE: ("--challenger", "--champion", "--data", "--evaluation", "--policy", "--report", "--record", "--json"),
    Verb.EVIDENCE: ("--bundle", "--data", "--report", "--gate", "--evaluation", "--json"),
    Verb.COMPARE: ("--data", "--plot", "--json"),
    Verb.PREDICT: ("--bundle", "--json", "--overlay", "--out", "--dicom-out"),
    Verb.PACS: ("--url", "--bundle", "--days", "--limit", "--watch", "--json"),
    Verb.SERVE: ("--bundle", "--host", "--port"),
    Verb.PIPELINE: ("run", "show"),
    Verb.REGISTRY: ("list", "approve", "reject"),
    Verb.SUBMIT: ("train", "builtin", "process", "transform"),
    Verb.ENDPOINT: ("invoke",),
    Verb.BUILTIN: ("data", "scores"),
}


@dataclass(frozen=True)
class Done:
    """What a command did: exit code and streams, as from another process."""

    returncode: int
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs the command line in this process, which has loaded torch already; below it, ``overread`` is another process."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["overread", *map(str, arguments)])
        with pytest.raises(SystemExit) as exited:
            main()
        captured = capsys.readouterr()
        return Done(int(exited.value.code or 0), captured.out, captured.err)

    return command


def test_every_verb_is_listed_and_has_options_to_check() -> None:
    text = overread("--help").stdout
    assert all(verb.value in text for verb in Verb)
    assert set(OPTIONS) == set(Verb)


@pytest.mark.parametrize("verb", Verb)
def test_help_names_the_options(verb: Verb, run: Run) -> None:
    done = run(verb.value, "--help")
    assert done.returncode == 0 and done.stderr == ""
    assert all(option in done.stdout for option in OPTIONS[verb])


def test_version(run: Run) -> None:
    assert run("--version").stdout == f"overread {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("frobnicate",), 2, "frobnicate"),
        (("train",), 2, "--data"),
        (("train", "--data", "D", "--out", "O", "--epochs", "many"), 2, "'--epochs'"),
        (("train", "--data", "D", "--out", "O", "--task", "toes"), 2, "unknown task 'toes'; choose one of: chest14"),
        (
            ("train", "--data", "D", "--out", "O", "--arch", "vgg16"),
            2,
            "unknown architecture 'vgg16'; choose one of: densenet121",
        ),
        (("train", "--data", "D", "--out", "O", "--epochs", "0"), 2, "--epochs is 0; allowed: 1 to 1000"),
        (("train", "--data", "D", "--out", "O"), 1, "no manifest at 'D'"),
        (("synthesize", "--out", "O", "--patients", "3"), 2, "--patients is 3; at least 20"),
        (("synthesize", "--out", "O", "--task", "toes"), 2, "unknown task 'toes'"),
        (("prepare", "--root", "R", "--out", "O", "--source", "ftp"), 2, "unknown source 'ftp'; choose one of: nih"),
        (("prepare", "--root", "R", "--out", "O", "--image-size", "5"), 2, "it is 5; allowed: 32 to 1024"),
        (("prepare", "--root", "R", "--out", "O", "--image-size", "big"), 2, "'big' is no whole number; give one, or 'preset'"),
        (("prepare", "--root", "R", "--out", "O", "--preset", "toes"), 2, "unknown preset 'toes'; choose one of: chest14"),
        (("prepare", "--root", "R", "--out", "O"), 2, "no folder at 'R'; --root is the folder of the source"),
        (("export", "--bundle", "B", "--data", "D"), 1, "no bundle at 'B'"),
        (("calibrate", "--bundle", "B", "--data", "D"), 1, "no bundle at 'B'"),
        (("evaluate", "--bundle", "B", "--data", "D"), 1, "no bundle at 'B'"),
        (("gate", "--challenger", "B", "--data", "D"), 1, "no bundle at 'B'"),
        (("evidence", "--bundle", "B", "--data", "D", "--report", "R"), 1, "no bundle at 'B'"),
        (("compare", "A", "B"), 2, "give --data to score it"),
        (("predict", "film.dcm", "--bundle", "B"), 2, "file 1 of 1 does not exist"),
        (("serve", "--bundle", "B"), 1, "no bundle at 'B'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_mistake_is_one_line_and_leaves_nothing(
    arguments: tuple[str, ...], code: int, says: str, run: Run, tmp_path: Path
) -> None:
    done = run(*arguments)
    assert done.returncode == code, done.stderr
    assert says in error_line(done)
    assert len(done.stderr.strip().splitlines()) == 1 and done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [("--debug", "serve"), ("serve", "--debug")], ids=" ".join)
def test_debug_shows_where_it_happened(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = overread(*arguments, "--bundle", "B", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr and "BundleError" in done.stderr


@pytest.mark.parametrize("verb", ["synthesize", "train", "calibrate", "evaluate"])
def test_where_nothing_can_be_written_nothing_is_left(
    verb: str, line: Line, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below a file nobody can write, not even root."""
    (tmp_path / "file").write_text("x")
    out = tmp_path / "file" / "out"
    arguments: dict[str, tuple[str | Path, ...]] = {
        "synthesize": ("--patients", "20"),
        "train": ("--data", line.data, "--arch", "resnet18", "--image-size", "32", "--epochs", "1"),
        "calibrate": ("--bundle", line.exported, "--data", line.data),
        "evaluate": ("--bundle", line.calibrated, "--data", line.data),
    }
    monkeypatch.setattr("model_code.judging.resample.BOOTSTRAPS", 5)
    done = run(verb, *arguments[verb], "--out", out)
    assert done.returncode == 1
    assert "cannot write to" in error_line(done)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_changed_byte_in_a_bundle_is_one_line(run: Run, own_bundle: Path, film: bytes, tmp_path: Path) -> None:
    (tmp_path / "film.png").write_bytes(film)
    content = bytearray((own_bundle / "model.onnx").read_bytes())
    content[1000] ^= 255
    (own_bundle / "model.onnx").write_bytes(content)
    done = run("predict", tmp_path / "film.png", "--bundle", own_bundle, "--json")
    assert done.returncode == 1 and done.stdout == ""
    assert "'model.onnx' does not match" in error_line(done)


def test_an_unexpected_failure_is_one_line_without_what_it_failed_on(
    run: Run, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError(PLANTED["PatientName"])

    monkeypatch.setattr("model_code.predictor.Predictor.setup", fails)
    (tmp_path / "film.png").write_bytes(b"x")
    done = run("predict", tmp_path / "film.png", "--bundle", bundle)
    assert done.returncode == 1
    assert error_line(done) == "unexpected RuntimeError; run again with --debug to see where"


def test_a_file_that_the_system_refuses_is_one_line_without_its_name(
    run: Run, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), PLANTED["PatientName"])

    monkeypatch.setattr("model_code.predictor.Predictor.setup", fails)
    (tmp_path / "film.png").write_bytes(b"x")
    done = run("predict", tmp_path / "film.png", "--bundle", bundle)
    assert done.returncode == 1
    assert error_line(done) == (
        "a file could not be read or written (No space left on device); mend that and run the same command again"
    )


def test_predict_prints_json_alone_one_reading_a_line(run: Run, bundle: Path, film: bytes, tmp_path: Path) -> None:
    (tmp_path / "films" / "deep").mkdir(parents=True)
    (tmp_path / "films" / "a.png").write_bytes(film)
    (tmp_path / "films" / "deep" / "b.txt").write_text("no film")
    (tmp_path / "films" / ".hidden").write_text("x")
    done = run("predict", tmp_path / "films", "--bundle", bundle, "--json")
    assert done.returncode == 0
    readings = [Reading.model_validate_json(text) for text in done.stdout.splitlines()]
    assert [reading.status for reading in readings] == ["read", "not_assessed"]


def test_predict_writes_readings_and_pictures_named_by_content(run: Run, bundle: Path, film: bytes, tmp_path: Path) -> None:
    named = tmp_path / "Zebra^Quagga.png"
    named.write_bytes(film)
    (tmp_path / "other.dcm").write_bytes(dicom(ramp(12), BitsStored=12))
    out = tmp_path / "out"
    done = run("predict", named, tmp_path / "other.dcm", "--bundle", bundle, "--out", out)
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in out.iterdir()) == [".json", ".json", ".png", ".png"]
    assert not any(planted_in(path.name) or planted_in(path.read_bytes()) for path in out.iterdir())
    assert "Mass" in done.stdout and "not assessed" in done.stdout


def test_one_picture_for_several_films_is_wrong_use(run: Run, bundle: Path, film: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(film)
    (tmp_path / "b.png").write_bytes(film)
    done = run("predict", tmp_path / "a.png", tmp_path / "b.png", "--bundle", bundle, "--overlay", tmp_path / "o.png")
    assert done.returncode == 2 and "use --out DIR" in error_line(done)
    assert not (tmp_path / "o.png").exists()


def test_a_file_without_an_image_gets_an_answer_and_no_picture(run: Run, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no film")
    done = run("predict", tmp_path / "a.txt", "--bundle", bundle, "--overlay", tmp_path / "o.png")
    assert done.returncode == 0 and "not assessed" in done.stdout
    assert "no picture written" in done.stderr and not (tmp_path / "o.png").exists()


def test_the_steps_after_training_run_from_the_command_line(
    run: Run, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """calibrate and evaluate as the pipeline runs them; both print what a program reads."""
    monkeypatch.setattr("model_code.judging.resample.BOOTSTRAPS", 20)
    bundle = Path(shutil.copytree(line.exported, tmp_path / "bundle"))
    calibrated = run("calibrate", "--bundle", bundle, "--data", line.data, "--json")
    assert calibrated.returncode == 0, calibrated.stderr
    assert json.loads(calibrated.stdout)["error_rate"] == 0.1
    evaluated = run("evaluate", "--bundle", bundle, "--data", line.data, "--report", tmp_path / "report", "--json")
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads(evaluated.stdout) == json.loads((tmp_path / "report" / "metrics.json").read_text())
    assert run("predict", tmp_path / "report", "--bundle", bundle, "--json").returncode == 0


def test_a_leg_is_an_answer_and_no_failure(run: Run, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "leg.dcm").write_bytes(real_film("RG3_UNCR.dcm"))
    done = run("predict", tmp_path / "leg.dcm", "--bundle", bundle, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["reasons"][0]["code"] == "not_a_chest_film"
