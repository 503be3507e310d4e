"""Whole folders and buckets: the answers of one film, each once, going on where a run was stopped, and naming nobody."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console

from model_code.answers import Answers, names_of
from model_code.data.images import DecodedImage
from model_code.errors import OverreadError, UsageError
from model_code.places import Folder, Place
from model_code.predict import in_order, lies_in, predict, show, sources_of
from model_code.predictor import Predictor
from model_code.reading import Reading
from tests.cli import environment, error_line, overread
from tests.films import PLANTED, dicom, planted_in
from tests.readings import reading

FILMS = 6


@pytest.fixture
def films(data: Path, tmp_path: Path) -> Path:
    """A few films in a folder with a folder in it, one twice, and a file that is no film, with names that name somebody."""
    folder = tmp_path / "films"
    (folder / "deep").mkdir(parents=True)
    for number, path in enumerate(sorted((data / "films").iterdir())[:FILMS]):
        (folder / ("deep" if number % 2 else ".") / f"{PLANTED['PatientID']} {number}.png").write_bytes(path.read_bytes())
    shutil.copy(next(folder.glob("*.png")), folder / "again.png")
    (folder / f"{PLANTED['PatientName']}.dcm").write_bytes(dicom(None))
    (folder / ".hidden").write_text("x")
    return folder


def comparable(reading: Reading) -> dict[str, Any]:
    return reading.model_dump(exclude={"id", "timing_ms"})


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rows(table: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(table.decode())))


def test_a_folder_gives_the_answers_of_its_films_one_by_one(
    films: Path, bundle: Path, predictor: Predictor, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    done = overread("predict", films, "--bundle", bundle, "--out", out)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert f"{FILMS + 2} files: " in done.stderr and "1 quarantined; " in done.stderr
    files = [films / source.name for source in sources_of([str(films)])]
    table = rows((out / "summary.csv").read_bytes())
    assert [row["sha256"] for row in table] == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    assert [row["number"] for row in table] == [str(number) for number in range(1, FILMS + 3)]
    for file, row in zip(files, table, strict=True):
        expected = predictor.read(file.read_bytes())
        name = names_of(row["sha256"])[expected.image is None]
        assert comparable(Reading.model_validate_json((out / name).read_bytes())) == comparable(expected)
        assert (row["status"], row["reasons"]) == (expected.status, " ".join(reason.code for reason in expected.reasons))
        for finding in expected.findings:
            assert float(row[finding.label]) == pytest.approx(finding.probability, abs=1e-4)
    made = contents(out)
    assert len(made) == 2 * FILMS + 1 + 1, "answers and pictures, one of a bad file, and the table"
    with Image.open(out / next(name for name in made if name.endswith(".png"))) as picture:
        assert picture.format == "PNG"
    assert not any(planted_in(name) or planted_in(content) for name, content in made.items())
    assert not planted_in(done.stderr)


def test_what_has_an_answer_is_not_read_again_and_what_another_model_said_is(
    films: Path, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, sources = Folder(tmp_path / "out"), sources_of([str(films)])
    first = [one.reading for one in predict(predictor, sources, Answers(out, predictor))]
    before = contents(out.root)

    other = next(path for path in out.root.glob("*.json"))
    altered = json.loads(other.read_bytes())
    altered["model"]["sha256"] = "0" * 64
    other.write_text(json.dumps(altered))
    broken = next(path for path in out.root.glob("*.json") if path != other)
    broken.write_text("{")
    decoded: list[bytes] = []
    real = Predictor.decode

    def decode(self: Predictor, data: bytes) -> DecodedImage:
        decoded.append(data)
        return real(self, data)

    monkeypatch.setattr(Predictor, "decode", decode)
    again = list(predict(predictor, sources, Answers(out, predictor)))

    assert {hashlib.sha256(data).hexdigest()[:16] for data in decoded} == {other.stem, broken.stem}
    assert [comparable(one.reading) for one in again if one.reading] == [comparable(reading) for reading in first if reading]
    assert {one.sha256[:16] for one in again if one.fresh} <= {other.stem, broken.stem}
    assert {
        name: content for name, content in contents(out.root).items() if name.split(".")[0] not in (other.stem, broken.stem)
    } == {name: content for name, content in before.items() if name.split(".")[0] not in (other.stem, broken.stem)}


def test_another_prevalence_is_another_answer(films: Path, bundle: Path, predictor: Predictor, tmp_path: Path) -> None:
    label = predictor.bundle.info.labels[0]
    (tmp_path / "common.json").write_text(json.dumps({label: 0.2}))
    local = Predictor.setup(bundle, prevalence=tmp_path / "common.json")
    film = next(films.glob("MRN*.png")).read_bytes()
    assert predictor.would_give(predictor.read(film)) and local.would_give(local.read(film))
    assert not local.would_give(predictor.read(film)) and not predictor.would_give(local.read(film))


def test_a_killed_run_leaves_no_half_file_and_the_next_goes_on(data: Path, bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "model_code", "predict", str(data / "films"), "--bundle", str(bundle), "--out", str(out)]
    process = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while len(list(out.glob("*.json"))) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(20)

    done = list(out.glob("*.json"))
    assert 3 <= len(done) < len(list((data / "films").iterdir()))
    for path in done:
        Reading.model_validate_json(path.read_bytes())
        with Image.open(path.with_suffix(".png")) as picture:
            picture.load()
    kept = {path: path.stat().st_mtime_ns for path in done}
    (out / ".0123456789abcdef.json.x1y2z3").write_text("half")
    few = tmp_path / "few"
    few.mkdir()
    hashes = {path.stem for path in done}
    for film in (data / "films").iterdir():
        if hashlib.sha256(film.read_bytes()).hexdigest()[:16] in hashes:
            shutil.copy(film, few)
    again = overread("predict", few, "--bundle", bundle, "--out", out)
    assert again.returncode == 0, again.stderr
    assert {path: path.stat().st_mtime_ns for path in done} == kept
    assert not list(out.rglob(".*"))


def test_two_runs_do_not_write_to_one_folder(films: Path, bundle: Path, tmp_path: Path) -> None:
    with Folder(tmp_path / "out").alone():
        done = overread("predict", films, "--bundle", bundle, "--out", tmp_path / "out")
    assert done.returncode == 1 and "another run is writing to" in error_line(done)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="nothing is closed to root")
def test_a_closed_file_is_told_and_the_others_are_read(films: Path, bundle: Path, tmp_path: Path) -> None:
    (films / "again.png").chmod(0)
    done = overread("predict", films, "--bundle", bundle, "--out", tmp_path / "out")
    assert done.returncode == 1 and "1 of 8 files could not be opened" in error_line(done)


def test_a_file_that_goes_meanwhile_is_told_and_the_others_are_read(films: Path, predictor: Predictor, tmp_path: Path) -> None:
    sources = sources_of([str(films)])
    (films / "again.png").unlink()
    answered = list(predict(predictor, sources))
    assert [one.source.name for one in answered if one.reading is None] == ["again.png"]
    assert [one.problem for one in answered if one.reading is None] == ["No such file or directory"]
    out = Folder(tmp_path / "out")
    Answers(out, predictor).summarize([(1, "", None)])
    assert rows((out.root / "summary.csv").read_bytes())[0]["status"] == "not_opened"


def test_where_nothing_can_be_written_is_one_line(films: Path, bundle: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    done = overread("predict", films, "--bundle", bundle, "--out", tmp_path / "file" / "out")
    assert done.returncode == 1 and "cannot write to" in error_line(done)


@pytest.mark.parametrize(
    ("inner", "outer", "inside"),
    [
        ("a/b", "a", True),
        ("a", "a/", True),
        ("ab", "a", False),
        ("s3://b/films/out", "s3://b/films", True),
        ("s3://b/films-out", "s3://b/films", False),
        ("out", "s3://b", False),
    ],
)
def test_answers_do_not_go_where_films_are_read_from(inner: str, outer: str, inside: bool) -> None:
    assert lies_in(inner, outer) is inside


def test_answers_among_the_films_are_wrong_use(films: Path, bundle: Path) -> None:
    done = overread("predict", films, "--bundle", bundle, "--out", films / "out")
    assert done.returncode == 2 and "choose a place beside it" in error_line(done)


def test_an_empty_folder_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no file; give a DICOM"):
        sources_of([str(tmp_path)])


def test_no_more_is_begun_than_is_ahead_and_the_order_stays() -> None:
    begun, lock, most = 0, threading.Lock(), 0
    taken = 0

    def work(item: int) -> int:
        nonlocal begun, most
        with lock:
            begun += 1
            most = max(most, begun - taken)
        time.sleep(0.001 * (item % 3))
        return item

    got = []
    with ThreadPoolExecutor(3) as pool:
        for item in in_order(pool, work, range(50), ahead=4):
            got.append(item)
            taken += 1
    assert got == list(range(50)) and most <= 5


def test_what_cannot_be_kept_ends_the_run(films: Path, predictor: Predictor, tmp_path: Path) -> None:
    class Full(Folder):
        def write(self, name: str, content: bytes) -> None:
            raise OverreadError("full")

    place: Place = Full(tmp_path / "out")
    with pytest.raises(OverreadError, match="full"):
        list(predict(predictor, sources_of([str(films)]), Answers(place, predictor)))


def test_with_json_every_answer_is_printed_old_ones_too(films: Path, bundle: Path, tmp_path: Path) -> None:
    runs = [overread("predict", films, "--bundle", bundle, "--out", tmp_path / "out", "--json") for _ in range(2)]
    assert [done.returncode for done in runs] == [0, 0]
    ids = [{json.loads(line)["id"] for line in done.stdout.splitlines()} for done in runs]
    assert ids[1] <= ids[0], "what was kept; of two equal files begun at once both may have been read"
    assert len(runs[1].stdout.splitlines()) == FILMS + 2


def test_a_file_and_a_reason_are_shown_in_their_own_words(capsys: pytest.CaptureFixture[str]) -> None:
    show(reading(reasons=(("endpoint", "no [/opt/ml] there"),)), "film [1].png", Console(width=120))
    shown = capsys.readouterr().out
    assert "film [1].png: not assessed" in shown and "endpoint: no [/opt/ml] there" in shown
    show(reading(), "[/films] 2.png", Console(width=120))
    assert "[/films] 2.png" in capsys.readouterr().out
