"""The range of a GPU that nobody measured: from published rates alone, and as wide as they say."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from operations.cost.training_guide import PRESETS, RATES, SETS
from operations.cost.training_range import GPUS, SAME_CHIP, Range, films_per_second, share_of_peak, worst_of_prediction
from tests.cli import REPOSITORY

GUIDE = REPOSITORY / "docs" / "training.md"
PUBLISHED = json.loads(RATES.read_text())["published"]


def run(architecture: str, gpu: str, speed: float) -> dict[str, Any]:
    return {"architecture": architecture, "gpu": gpu, "films_per_second": speed, "operations_per_film": 10e9}


def test_the_upper_end_is_the_share_that_the_same_chip_reached() -> None:
    share = share_of_peak("resnet18", [run("resnet18", SAME_CHIP, 3550)])

    assert share.high == pytest.approx(0.5)  # 3550 x 10^10 of 71 x 10^12
    assert films_per_second("resnet18", 7e9, [run("resnet18", SAME_CHIP, 3550)]).high == pytest.approx(0.5 * 70e12 / 7e9)


def test_the_lower_end_follows_the_memory_and_the_worst_published_run() -> None:
    same = run("resnet18", SAME_CHIP, 936)
    alone = share_of_peak("resnet18", [same])
    assert alone.low / alone.high == pytest.approx(600 / 936)

    worse = share_of_peak("resnet18", [same, run("resnet18", "V100 16GB", 900 * 0.5)])  # memory alone predicts 900
    assert worse.low / worse.high == pytest.approx(600 / 936 * 0.5)


def test_runs_that_are_better_than_predicted_raise_nothing() -> None:
    assert worst_of_prediction([run("resnet18", SAME_CHIP, 936), run("resnet18", "V100 16GB", 2000)]) == 1


def test_a_range_is_limited_at_both_ends() -> None:
    assert Range(10, 100).at_most(50) == Range(10, 50)
    assert Range(10, 100).at_most(5) == Range(5, 5)


@pytest.mark.parametrize("preset", SETS)
def test_every_first_preset_has_a_range_below_the_peak(preset: str) -> None:
    architecture = json.loads((PRESETS / f"{preset}.json").read_text())["architecture"]
    share = share_of_peak(architecture, PUBLISHED)

    assert 0.01 < share.low < share.high < 1


def test_every_published_rate_names_a_known_gpu_and_a_source_that_cannot_change() -> None:
    assert {one["gpu"] for one in PUBLISHED} <= set(GPUS)
    assert all(re.search(r"^https://github\.com/[^/]+/[^/]+/blob/[0-9a-f]{40}/", one["source"]) for one in PUBLISHED)


def test_the_guide_tells_the_figures_that_the_range_goes_by() -> None:
    text = " ".join(GUIDE.read_text(encoding="utf-8").split())

    for one in PUBLISHED:
        if one["architecture"] != "mobilenet_v2" and (one["architecture"], one["gpu"]) != ("resnet50", SAME_CHIP):
            assert f"{one['films_per_second']:,.0f}" in text and one["source"] in text
    operations = json.loads(RATES.read_text())["operations_per_film"]
    for preset in SETS:
        architecture = json.loads((PRESETS / f"{preset}.json").read_text())["architecture"]
        high = share_of_peak(architecture, PUBLISHED).high
        assert f"{high:.0%}" in text or f"{high:.1%}" in text
        assert f"{operations[preset] / 1e9:.1f} (`{preset}`)" in text
    one = share_of_peak("resnet18", PUBLISHED)
    assert f"At least {one.low / one.high:.2f} of that" in text
    assert f"came to {worst_of_prediction(PUBLISHED):.2f} to" in text
    assert f"{GPUS['A10G'].peak / 1e12:.0f} x 10^12" in text
