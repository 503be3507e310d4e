"""The guide's tables of times and costs: right arithmetic, a range where nothing was measured, and the document is up to date."""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

import pytest

from model_code.data.split import FRACTIONS, VALIDATION_SHARE
from operations.cost.prices import read_prices
from operations.cost.training_guide import ARITHMETIC, PRESETS, RATES, SETS, main, markdown
from tests.cli import REPOSITORY

GUIDE = REPOSITORY / "docs" / "training.md"


def rates(*measured: dict[str, Any]) -> dict[str, Any]:
    return {**json.loads(RATES.read_text()), "training": list(measured)}


def entry(machine: str, speed: float, preset: str = "chest14", loader: float = 1e6) -> dict[str, Any]:
    known = {"torch": "2.13.0", "precision": "bf16", "films_per_second": speed, "loader_films_per_second": loader}
    return {"preset": preset, "machine": machine, **known}


def rows(found: dict[str, Any], name: str = "NIH ChestX-ray14") -> list[list[str]]:
    """The cells of a data set's rows: one of the steps, then those of training."""
    lines = [line for line in markdown(found, read_prices()).splitlines() if line.startswith(f"| {name}")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_steps_follow_from_the_rates() -> None:
    found = {**rates(), "read_films_per_core_second": 10, "prepare_films_per_core_second": dict.fromkeys(SETS, 20)}

    assert rows(found)[0] == ["NIH ChestX-ray14", "112,120", "23 min", "15 min"]


@pytest.mark.parametrize(("task", "official"), [("chest14", 25_596), ("pneumonia", 624), ("skin8", None)])
def test_the_shares_are_those_of_the_splits(task: str, official: int | None) -> None:
    """With the films of the set's own test list, where it has one."""
    data = SETS[task]
    test = FRACTIONS["test"] if official is None else official / data.pictures
    train = FRACTIONS["train"] if official is None else (1 - test) * (1 - VALIDATION_SHARE)

    assert (data.train, data.test) == pytest.approx((train, test), abs=0.0006)


def test_a_measured_gpu_has_one_time_and_its_cost() -> None:
    _, row = rows(rates(entry("NVIDIA A10G", 1000)))

    assert row[:5] == ["NIH ChestX-ray14", "12", "ml.g5.xlarge (NVIDIA A10G)", "1,000", "17 min"]
    hours = 112_120 * 0.772 * 12 / 1000 / 3600  # all but the official test films
    assert row[5:7] == [f"{hours * 1.408:.2f} USD", f"{hours * 1.408 * 0.35:.2f} USD"]
    assert row[7] == "measured, bf16, torch 2.13.0"


def test_what_nobody_measured_is_a_range_that_says_so() -> None:
    _, row = rows(rates())

    slow, _, fast = row[3].replace(",", "").split()
    assert float(slow) < float(fast)
    assert row[2] == "ml.g5.xlarge (A10G)" and row[7] == ARITHMETIC
    assert all(" to " in cell for cell in row[3:7])


def test_another_machines_measurement_leaves_the_range() -> None:
    _, arithmetic, measured = rows(rates(entry("2 processors (AMD EPYC)", 12.34)))

    assert arithmetic[7] == ARITHMETIC
    assert measured[2:4] == ["2 processors (AMD EPYC)", "12.3"]
    assert measured[4] == "23 h"
    assert measured[5:7] == ["", ""], "nobody rents it out here"


def test_no_range_goes_beyond_the_loader() -> None:
    _, arithmetic, _ = rows(rates(entry("2 processors (AMD EPYC)", 12, loader=500)))

    assert arithmetic[3] == "387 to 500"


def test_a_measurement_on_a_busy_machine_says_so() -> None:
    found = [{**entry("NVIDIA A10G", 500), "others": share} for share in (None, 0.1, 0.83)]

    assert [rows(rates(one))[1][7].partition("2.13.0")[2] for one in found] == [
        *("", ""),
        ", while other programs took 83% of the processors",
    ]


def test_a_gpu_is_known_by_its_whole_name() -> None:
    found = rows(rates(entry("NVIDIA L40S", 3000), entry("NVIDIA L4", 900), entry("Tesla T4", 300)))

    assert [row[2] for row in found[2:]] == ["NVIDIA L40S", "ml.g6.xlarge (NVIDIA L4)", "ml.g4dn.xlarge (Tesla T4)"]


def test_a_preset_that_is_not_its_tasks_first_is_told_apart_and_shown_once_measured() -> None:
    found = rows(rates(entry("NVIDIA A10G", 700, preset="skin8-resnet50")), "ISIC 2019")

    assert [row[0] for row in found] == ["ISIC 2019", "ISIC 2019", "ISIC 2019, `skin8-resnet50`"]


def test_the_guide_says_what_the_rates_say() -> None:
    table = markdown(json.loads(RATES.read_text()), read_prices())

    shown = GUIDE.read_text().partition("<!-- rates:start -->")[2].partition("<!-- rates:end -->")[0].strip()
    assert shown == table, "run: python -m operations.cost.training_guide --write docs/training.md"


def test_every_preset_of_the_rates_is_known() -> None:
    found = json.loads(RATES.read_text())
    assert {one["preset"] for one in found["training"]} <= {path.stem for path in PRESETS.glob("*.json")}
    assert set(found["prepare_films_per_core_second"]) == set(found["operations_per_film"]) == set(SETS)


def test_it_prints_the_tables(capsys: pytest.CaptureFixture[str]) -> None:
    main([])

    assert capsys.readouterr().out.startswith("| data set |")


@pytest.mark.parametrize("line", re.findall(r"^python -m (bench\S+|operations\S+) (.+)$", GUIDE.read_text(), re.M))
def test_what_the_guide_says_to_run_exists(line: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    module, options = line
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(module).main(["--help"])

    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert all(word in shown for word in options.split() if word.startswith("--"))
    assert all((REPOSITORY / word).is_file() for word in options.split() if "/" in word)
