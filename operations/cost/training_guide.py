"""``python -m operations.cost.training_guide [--write docs/training.md]``: how long each step takes, and what it costs.

From measured rates (``docs/training-rates.json``), the presets' epochs, the data sets' sizes and the price list. What has not
been measured stays open in the table.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from operations.cost.prices import Prices, read_prices
from operations.document import replaced

ROOT: Final = Path(__file__).resolve().parents[2]
RATES: Final = ROOT / "docs" / "training-rates.json"
PRESETS: Final = ROOT / "model_code" / "presets"
SETS: Final = {"chest14": ("NIH ChestX-ray14", 112_120), "pneumonia": ("Pneumonia", 5_856), "skin8": ("ISIC 2019", 25_331)}
"""Name and number of pictures, by preset."""
TRAINED, HELD_OUT = 0.7, 0.3
"""Shares of a data set that an epoch trains on, and that is read once for calibration and evaluation."""
PASSES: Final = 1 + HELD_OUT / TRAINED / 2
"""Validation after each epoch reads half of what is held out, at about the speed of training."""
OPEN: Final = "not measured"


def markdown(rates: dict[str, Any], prices: Prices) -> str:
    """The table and where its figures come from."""
    cores = int(rates["cores"])
    heading = (
        "data set",
        "pictures",
        f"prepare, {cores} cores",
        "training",
        "calibrate and evaluate",
        "machine",
        "on demand",
        "spot",
    )
    lines = [f"| {' | '.join(heading)} |", "|---" * len(heading) + "|"]
    for one in rates["training"]:
        name, films = SETS[one["preset"]]
        epochs = json.loads((PRESETS / f"{one['preset']}.json").read_text(encoding="utf-8"))["epochs"]
        trained = _seconds(films * TRAINED * PASSES * epochs, one["films_per_second"])
        read = _seconds(films * HELD_OUT, rates["read_films_per_core_second"], cores)
        prepared = _seconds(films, one["prepare_films_per_core_second"], cores)
        price = prices[f"instance_hour_{one['machine']}"]
        usd = None if trained is None else trained / 3600 * price
        cells = (
            name, f"{films:,}", _time(prepared), f"{_time(trained)} ({epochs} epochs)", _time(read), one["machine"],
            _usd(usd), _usd(None if usd is None else usd * prices["spot_share"]),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    how = sorted({f"{one['machine']}: {one['how']}" for one in rates["training"]})
    return "\n".join([*lines, "", f"The costs are those of training. Rates: {'; '.join(how)}. {prices.describe()}"])


def _seconds(films: float, rate: float | None, cores: int = 1) -> float | None:
    return films / (rate * cores) if rate else None


def _time(seconds: float | None) -> str:
    if seconds is None:
        return OPEN
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _usd(value: float | None) -> str:
    return OPEN if value is None else f"{value:.2f} USD"


def main(arguments: Sequence[str] | None = None) -> None:
    form = argparse.ArgumentParser(prog="operations.cost.training_guide", description=__doc__.splitlines()[0] if __doc__ else "")
    form.add_argument("--write", type=Path, metavar="FILE", help="put the table between the markers of a document")
    given = form.parse_args(arguments)
    table = markdown(json.loads(RATES.read_text(encoding="utf-8")), read_prices())
    if given.write:
        given.write.write_text(replaced(given.write.read_text(encoding="utf-8"), "rates", table), encoding="utf-8")
    else:
        print(table)


if __name__ == "__main__":
    main()
