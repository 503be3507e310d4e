"""The training bench steps for real, and its table puts what was reached beside what was aimed at."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from rich.console import Console

from bench.train import PEAKS, Variant, measure, peak, prepared, shards, table
from model_code.training.config import TrainConfig
from tests.model_code.training.tiny import ALONE

CONFIG = TrainConfig("chest14", "resnet18", image_size=32, batch_size=4, precision="float32")


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> list[Variant]:
    films = shards(tmp_path_factory.mktemp("shards"), 32)
    made = [prepared(CONFIG, "float32", loader, films, ALONE) for loader in (True, False)]
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
