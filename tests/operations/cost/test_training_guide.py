"""The guide's table of times and costs: right arithmetic, open where nothing was measured, and the document is up to date."""

from __future__ import annotations

import json
from typing import Any

import pytest

from operations.cost.prices import read_prices
from operations.cost.training_guide import RATES, SETS, main, markdown
from tests.cli import REPOSITORY

GUIDE = REPOSITORY / "docs" / "training.md"


def rates(films_per_second: float | None) -> dict[str, Any]:
    machine = {"machine": "ml.g5.xlarge", "films_per_second": films_per_second, "how": "measured"}
    one = {"preset": "chest14", "prepare_films_per_core_second": 20, **machine}
    return {"cores": 4, "read_films_per_core_second": None, "training": [one]}


def test_times_and_costs_follow_from_the_rates() -> None:
    row = markdown(rates(1000), read_prices()).splitlines()[2]

    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:4] == ["NIH ChestX-ray14", "112,120", "23 min", "19 min (12 epochs)"]
    hours = 112_120 * 0.85 * 12 / 1000 / 3600  # 0.7 is trained on, and half of the rest validates
    assert cells[6:] == [f"{hours * 1.408:.2f} USD", f"{hours * 1.408 * 0.35:.2f} USD"]


def test_what_was_not_measured_stays_open() -> None:
    table = markdown(rates(None), read_prices())

    assert table.count("not measured") == 4  # training, evaluation, and both costs


def test_the_guide_says_what_the_rates_say() -> None:
    table = markdown(json.loads(RATES.read_text()), read_prices())

    shown = GUIDE.read_text().partition("<!-- rates:start -->")[2].partition("<!-- rates:end -->")[0].strip()
    assert shown == table, "run: python -m operations.cost.training_guide --write docs/training.md"


def test_every_preset_of_the_rates_is_known() -> None:
    assert {one["preset"] for one in json.loads(RATES.read_text())["training"]} <= set(SETS)


def test_it_prints_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    main([])

    assert capsys.readouterr().out.startswith("| data set |")
