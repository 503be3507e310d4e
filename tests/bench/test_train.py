"""The training bench steps for real, its table puts what was reached beside what was aimed at, and its rates are kept."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from rich.console import Console

from bench import train
from bench.learners import Data, Variant, drawn, measure, operations_per_film, prepared, reading
from bench.train import BUSY, PEAKS, entry, main, peak, table
from model_code.training.config import TrainConfig, gather, presets
from operations.cost import training_guide
from operations.cost.training_range import GPUS
from tests.cli import REPOSITORY
from tests.model_code.training.tiny import ALONE

RATES = REPOSITORY / "docs" / "training-rates.json"
CONFIG = TrainConfig("chest14", "resnet18", image_size=32, batch_size=4, precision="float32")


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Pictures so small are faster without others to wait for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return drawn(tmp_path_factory.mktemp("shards"), CONFIG)


@pytest.fixture(scope="module")
def variants(data: Data) -> list[Variant]:
    made = [prepared(CONFIG, "float32", loader, data, ALONE) for loader in (True, False)]
    for one in made:
        one.rates.append(measure(one, CONFIG.batch_size, 0.01))
    return made


def test_it_counts_films_and_their_arithmetic(variants: list[Variant]) -> None:
    assert all(one.films_a_second > 0 for one in variants)
    assert variants[0].flops == variants[1].flops
    # ResNet-18: 1.8 10^9 multiplications at 224 x 224, so two operations for each of a 49th, thrice for both ways
    assert variants[0].flops == pytest.approx(1.8e9 / 49 * 2 * 3, rel=0.1)


def test_its_table_shows_every_variant(variants: list[Variant]) -> None:
    console = Console(width=200, file=io.StringIO())
    console.print(table(variants, {"float32": (1e12, "told")}, ALONE, "here"))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert "float32   │ on" in text and "float32   │ off" in text
    assert "aims are for GPUs" in text and "1.00 10^12 op/s (told)" in text


def test_a_known_gpus_peak_is_its_data_sheets(monkeypatch: pytest.MonkeyPatch) -> None:
    from model_code.training.distributed import Crew

    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: "NVIDIA A100-SXM4-40GB")
    assert peak(Crew(0, 1, torch.device("cuda", 0)), "bf16") == (PEAKS["A100"]["bf16"] * 1e12, "A100's data sheet")


def test_on_a_processor_the_peak_is_measured() -> None:
    value, source = peak(ALONE, "float32")
    assert np.isfinite(value) and value > 1e8 and source == "best matrix product here"


@pytest.mark.parametrize("preset", presets())
def test_the_operations_of_every_preset_are_those_that_the_guide_goes_by(preset: str) -> None:
    kept = json.loads(RATES.read_text())["operations_per_film"]
    counted = operations_per_film(gather({}, None, {"preset": preset}))

    assert counted > 1e9
    if preset in kept:
        assert counted == kept[preset], f"count again: docs/training-rates.json, operations_per_film, {preset}"


def test_the_arithmetic_of_published_rates_is_counted_in_the_same_way() -> None:
    published = json.loads(RATES.read_text())["published"]
    counted = {(one["architecture"], one["operations_per_film"]) for one in published}
    assert len(counted) == len(dict(counted)), "a network has one number of operations, wherever it runs"
    for architecture, operations in counted:
        grey = operations_per_film(gather({}, None, {"architecture": architecture, "image_size": 224}))
        # they look at three colours and tell 1,000 things apart; we look at grey ones and tell 14
        assert 1 <= operations / grey < 1.05


def test_bench_and_guide_go_by_the_same_figures() -> None:
    assert PEAKS["A10G"]["bf16"] * 1e12 == GPUS["A10G"].peak
    assert BUSY == training_guide.BUSY


@pytest.mark.parametrize("preset", ["pneumonia", "skin8"])
def test_grey_and_colour_presets_whose_labels_exclude_each_other_step(preset: str, tmp_path: Path) -> None:
    config = gather({}, None, {"preset": preset, "image_size": 32, "batch_size": 4})
    data = drawn(tmp_path, config)

    variant = prepared(config, "float32", True, data, ALONE)

    assert data.films.channels == variant.learner.model.channels == (3 if preset == "skin8" else 1)
    assert bool((data.targets.sum(dim=1) == 1).all()), "each film has one label"
    assert variant.learner.model.exclusive
    assert (variant.learner.average is not None) == (config.average > 0), "the preset's moving average is a part of the work"


def test_the_best_precision_with_the_loader_on_is_kept(variants: list[Variant], data: Data) -> None:
    slow, off = variants
    fast = Variant("bf16", True, slow.learner, slow.steps, slow.flops, [slow.films_a_second * 2])

    kept = entry("chest14", CONFIG, [slow, off, fast], 5000.4, ALONE)

    assert kept["precision"] == "bf16" and kept["films_per_second"] == round(slow.films_a_second * 2, 2)
    assert kept["machine"].startswith(f"{torch.get_num_threads()} processor")
    assert (kept["preset"], kept["torch"], kept["films_a_step"]) == ("chest14", torch.__version__, 4)
    assert (kept["loader_films_per_second"], kept["operations_per_film"]) == (5000, slow.flops)


def test_the_loader_alone_is_faster_than_learning(variants: list[Variant], data: Data) -> None:
    assert reading(CONFIG, data, ALONE) > variants[0].films_a_second


def test_a_run_writes_its_rates_beside_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole command, on a preset made small."""
    small = {"task": "pneumonia", "architecture": "resnet18", "image_size": 32, "loss": "weighted_cross_entropy"}
    monkeypatch.setattr("model_code.training.config.read_preset", lambda name: small)
    monkeypatch.setattr(train, "_can", lambda crew, name: False)
    monkeypatch.setattr("model_code.training.distributed.usable_cpus", lambda: 1)
    monkeypatch.setattr(train, "peak", lambda crew, name: (1e12, "told"))
    file = tmp_path / "rates.json"
    file.write_text(json.dumps({"cores": 4, "training": [{"preset": "pneumonia", "machine": "NVIDIA A10G"}]}))

    main(["--preset", "pneumonia", "--batch-size", "4", "--seconds", "0.01", "--rates", str(file)])

    kept = json.loads(file.read_text())
    assert [one["machine"] for one in kept["training"]][1:] == ["NVIDIA A10G"]
    assert "others" in kept["training"][0]
    assert kept["training"][0]["films_per_second"] > 0 and kept["cores"] == 4


def test_only_presets_as_they_are_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--side", "64", "--rates", str(RATES)])

    assert ended.value.code == 2 and "leave --architecture and --side out" in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"training": [{"preset": "chest14"}]}'])
def test_a_file_without_rates_is_refused_before_anything_is_measured(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rates.json"
    file.write_text(content)

    with pytest.raises(SystemExit) as ended:
        main(["--rates", str(file)])

    assert ended.value.code == 2 and "holds no rates" in capsys.readouterr().err
