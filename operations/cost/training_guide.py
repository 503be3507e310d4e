"""``python -m operations.cost.training_guide [--write docs/training.md]``: how long each step takes, and what it costs.

From measured rates (``docs/training-rates.json``; ``bench.train --rates`` adds to them), the presets' epochs, the data sets'
sizes and the price list. For the GPU that the platform trains on, as long as nobody has measured it, there is a range by
arithmetic (``training_range``), and the table says so.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from operations.cost.prices import Prices, read_prices
from operations.cost.training_range import WANTED, Range, films_per_second
from operations.document import replaced

ROOT: Final = Path(__file__).resolve().parents[2]
RATES: Final = ROOT / "docs" / "training-rates.json"
PRESETS: Final = ROOT / "model_code" / "presets"
RENTED: Final = {"A10G": "ml.g5.xlarge", "T4": "ml.g4dn.xlarge", "L4": "ml.g6.xlarge"}
"""The smallest machine with such a GPU in SageMaker and in the price list."""
BUSY: Final = 0.2
"""Share of the processors that other programs took while it was measured; above it, the table says so."""
ARITHMETIC: Final = "arithmetic, not measured"


@dataclass(frozen=True)
class DataSet:
    """A published data set, split as ``prepare`` splits it."""

    name: str
    pictures: int
    train: float
    """Share that is trained on; what is left is validation, read with it in each epoch, and ``test``."""
    test: float

    @property
    def an_epoch(self) -> float:
        """Pictures that an epoch reads: it trains on some, and validates on others at about the same speed."""
        return self.pictures * (1 - self.test)

    @property
    def held_out(self) -> float:
        """Pictures that the finished model reads: validation's to calibrate it, test's to evaluate it."""
        return self.pictures * (1 - self.train)


SETS: Final = {
    "chest14": DataSet("NIH ChestX-ray14", 112_120, train=0.675, test=0.228),
    "pneumonia": DataSet("Pneumonia", 5_856, train=0.782, test=0.107),
    "skin8": DataSet("ISIC 2019", 25_331, train=0.62, test=0.23),
}
"""By task, which is also the name of the task's first preset."""


def markdown(rates: dict[str, Any], prices: Prices) -> str:
    """Two tables and where their figures come from."""
    cores = int(rates["cores"])
    steps = [("data set", "pictures", f"prepare, {cores} cores", f"calibrate and evaluate, {cores} cores")]
    for task, data in SETS.items():
        prepared = data.pictures / (rates["prepare_films_per_core_second"][task] * cores)
        read = data.held_out / (rates["read_films_per_core_second"] * cores)
        steps.append((data.name, f"{data.pictures:,}", _time(prepared), _time(read)))
    training = [
        ("training", "epochs", "machine", "films a second", "time", "on demand", "spot", "known by"),
        *_rows(rates, prices),
    ]
    return "\n".join([*_table(steps), "", *_table(training), "", prices.describe()])


def _rows(rates: dict[str, Any], prices: Prices) -> Iterator[tuple[str, ...]]:
    """What is known of training, preset by preset, machine by machine."""
    for preset in sorted(path.stem for path in PRESETS.glob("*.json")):
        settings = json.loads((PRESETS / f"{preset}.json").read_text(encoding="utf-8"))
        measured = [one for one in rates["training"] if one["preset"] == preset]
        if preset in SETS and not any(WANTED in one["machine"].split() for one in measured):
            speed = films_per_second(settings["architecture"], rates["operations_per_film"][preset], rates["published"])
            for limit in [one["loader_films_per_second"] for one in measured]:
                speed = speed.at_most(limit)
            yield _row(preset, settings, WANTED, speed, ARITHMETIC, prices)
        for one in measured:
            how = f"measured, {one['precision']}, torch {one['torch']}"
            if (one.get("others") or 0) > BUSY:
                how += f", while other programs took {one['others']:.0%} of the processors"
            yield _row(preset, settings, one["machine"], Range(one["films_per_second"], one["films_per_second"]), how, prices)


def _row(preset: str, settings: dict[str, Any], machine: str, speed: Range, how: str, prices: Prices) -> tuple[str, ...]:
    data = SETS[settings["task"]]
    work = data.an_epoch * settings["epochs"]
    seconds = Range(work / speed.high, work / speed.low)
    rented = next((instance for gpu, instance in RENTED.items() if gpu in machine.split()), None)
    spot = prices["spot_share"]
    usd = seconds.times(prices[f"instance_hour_{rented}"] / 3600) if rented else None
    return (
        data.name if preset in SETS else f"{data.name}, `{preset}`",
        str(settings["epochs"]),
        f"{rented} ({machine})" if rented else machine,
        _span(speed, lambda value: f"{value:,.0f}" if value >= 20 else f"{value:.1f}"),
        _span(seconds, _time),
        _span(usd, _usd) if usd else "",
        _span(usd.times(spot), _usd) if usd else "",
        how,
    )


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    heading, *others = [f"| {' | '.join(cells)} |" for cells in rows]
    return [heading, "|---" * len(rows[0]) + "|", *others]


def _span(value: Range, written: Callable[[float], str]) -> str:
    low, high = written(value.low).split(), written(value.high).split()
    if low == high:
        return " ".join(low)
    return " ".join([low[0], *(low[1:] if low[1:] != high[1:] else []), "to", *high])  # a unit that both have is written once


def _time(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 36_000 else f"{seconds / 3600:.0f} h"


def _usd(value: float) -> str:
    return f"{value:.2f} USD"


def main(arguments: Sequence[str] | None = None) -> None:
    form = argparse.ArgumentParser(prog="operations.cost.training_guide", description=__doc__.splitlines()[0] if __doc__ else "")
    form.add_argument("--write", type=Path, metavar="FILE", help="put the tables between the markers of a document")
    given = form.parse_args(arguments)
    table = markdown(json.loads(RATES.read_text(encoding="utf-8")), read_prices())
    if given.write:
        given.write.write_text(replaced(given.write.read_text(encoding="utf-8"), "rates", table), encoding="utf-8")
    else:
        print(table)


if __name__ == "__main__":
    main()
