"""The latency bench: ratios are to the recipe, aims count the best that ships, and contenders answer what they are asked."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from bench.contenders import SIDE, SeedRecipe, dicom_bytes, map_png
from bench.latency import KINDS, Measured, Running, aims, markdown, phantom, running, table
from model_code.cpus import usable_cpus
from tests.films import dicom, png, ramp


def measured(title: str, milliseconds: float) -> Measured:
    times = {kind: [milliseconds / 1000] * 3 for kind in KINDS}
    return Measured(title, cold=[milliseconds], times=times, per_second=1 / milliseconds, megabytes=milliseconds)


FOUND = {
    "seed": measured("recipe", 100),
    "onnxruntime-float32": measured("float32", 50),
    "onnxruntime-int8": measured("int8", 10),
    "openvino-int8": measured("openvino", 20),
}


def printed(content: object) -> str:
    console = Console(width=200, file=io.StringIO())
    console.print(content)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_each_line_has_its_ratio_to_the_recipe() -> None:
    text = printed(table(FOUND))
    line = next(line for line in text.splitlines() if "int8" in line)
    assert line.count("10.0 (10) 0.10x") == len(KINDS)


def test_a_document_has_the_same_cells_and_names_the_machine() -> None:
    text = markdown(FOUND)
    line = next(line for line in text.splitlines() if line.startswith("| int8"))
    assert line.count("10.0 (10) 0.10x") == len(KINDS) and line.count("|") == 9
    assert "| <= 0.15 | 0.20 | openvino-int8 |" in text and f"{usable_cpus()} processors" in text


def test_what_was_not_asked_stays_empty() -> None:
    nothing = Measured("silent", cold=[1.0], per_second=1.0, megabytes=1.0)
    assert "nan" not in printed(table({"seed": FOUND["seed"], "silent": nothing}))


def test_an_aim_counts_the_best_of_those_that_it_is_for() -> None:
    shown, met = aims(FOUND)
    text = printed(shown)
    assert not met and "0.20" in text  # OpenVINO's model pass, aimed at 0.15
    assert aims({**FOUND, "openvino-int8": measured("openvino", 12)})[1]


def test_an_aim_for_what_is_not_installed_is_not_counted() -> None:
    without = {name: one for name, one in FOUND.items() if not name.startswith("openvino")}
    shown, met = aims(without)
    assert met and "not installed" in printed(shown)


def test_the_phantom_is_a_film_of_1024_pixels() -> None:
    with Image.open(io.BytesIO(phantom())) as film:
        assert (film.size, film.mode) == ((1024, 1024), "L")


def test_the_recipe_reads_both_kinds_of_file_with_and_without_its_map() -> None:
    recipe = SeedRecipe(Path())
    for data in (png(ramp(8)), dicom(ramp(12))):
        plain, mapped = recipe.read(data, with_map=False), recipe.read(data, with_map=True)
        assert plain["probabilities"] == pytest.approx(mapped["probabilities"], abs=1e-4)
        with Image.open(io.BytesIO(base64.b64decode(mapped["map"]))) as picture:
            assert picture.size == (SIDE, SIDE)


def test_a_map_without_evidence_is_drawn_too() -> None:
    assert map_png(np.zeros((7, 7)))


def test_recipes_take_a_films_whole_range() -> None:
    picture = dicom_bytes(dicom(ramp(12)))
    assert (picture.dtype, int(picture.min()), int(picture.max())) == (np.uint8, 0, 255)


def test_a_contender_runs_answers_over_http_and_ends(bundle: Path, film: bytes) -> None:
    with running("this project", bundle) as process:
        assert isinstance(process, Running)
        seconds, answer = process.ask("/read?with_map=true", film)
        assert seconds > 0 and b"reading" in answer and b"map" in answer
        assert process.megabytes() > 10
    assert process.process.poll() is not None


def test_a_contender_that_does_not_start_ends_the_bench(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="'this project' did not start"):
        Running("this project", tmp_path)
