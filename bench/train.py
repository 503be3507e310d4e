"""How fast a network learns, and what share of the machine that is: ``python -m bench.train``.

Real steps of ``overread train`` (``training.learner``), in float32 and in mixed precision, with films read from shards and
augmented ("loader on") and on one batch that stays on the device ("loader off"). Variants take turns, round by round, so that
whatever else the machine does meets all of them; the median of the rounds counts. Arithmetic is counted by torch's flop counter
on the way forwards; backwards is twice that. The peak is the GPU's published one, or where it is not known the best that a large
matrix product reaches here in the same minutes.

Network, picture size, labels, loss and batch are a preset's; ``--rates docs/training-rates.json`` keeps what was measured, and
``python -m operations.cost.training_guide --write docs/training.md`` makes the guide's table from it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from rich.console import Console
from rich.table import Table

from bench.learners import Variant, drawn, measure, prepared, reading, settle
from bench.rates import Others, keep, machine, read_rates
from model_code.contract import Architecture
from model_code.errors import UsageError
from model_code.training.config import TrainConfig, gather, presets
from model_code.training.distributed import Crew, joined
from model_code.training.learner import precision_on

MIXED_AIM, LOADER_AIM, SHARE_AIM = 1.5, 0.9, 0.2
"""On a GPU: mixed precision over float32, loader on over loader off, share of the peak in mixed precision."""
BUSY: Final = 0.2
"""Share of the processors; where other programs take more, rates say little."""
PEAKS: Final = {
    "T4": {"float32": 8.1, "fp16": 65.0},
    "V100": {"float32": 15.7, "fp16": 125.0},
    "A10G": {"float32": 35.0, "bf16": 70.0, "fp16": 70.0},
    "L4": {"float32": 30.3, "bf16": 121.0, "fp16": 121.0},
    "A100": {"float32": 19.5, "bf16": 312.0, "fp16": 312.0},
    "H100": {"float32": 67.0, "bf16": 989.0, "fp16": 989.0},
    "H200": {"float32": 67.0, "bf16": 989.0, "fp16": 989.0},
}
"""NVIDIA's data sheets: 10^12 operations a second, dense, SXM where there are several."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures and prints one table."""
    asked, config = _asked(arguments)
    with tempfile.TemporaryDirectory() as folder, joined() as crew:
        gpu = crew.device.type == "cuda"
        if not gpu and not asked.batch_size:
            config = replace(config, batch_size=8)
        data = drawn(Path(folder), config)
        names = ["float32", *(name for name in ("bf16", "fp16") if _can(crew, name))]
        variants = [prepared(config, name, loader, data, crew) for name in names for loader in (True, False)]
        peaks = {name: peak(crew, name) for name in names}
        others, until = Others(), time.perf_counter() + asked.seconds
        while time.perf_counter() < until or not variants[-1].rates:
            peaks = {name: max(peaks[name], peak(crew, name)) for name in names}
            for variant in variants:
                variant.rates.append(measure(variant, config.batch_size, asked.seconds / 6 / len(variants)))
        taken = others.share()
        size = f"{config.image_size} x {config.image_size}, {config.batch_size} films a step"
        console = Console()
        console.print(table(variants, peaks, crew, f"{asked.preset}: {config.architecture}, {size}"))
        if taken is not None and taken > BUSY:
            console.print(f"Other programs took {taken:.0%} of the processors meanwhile; measure again without them.")
        if asked.rates:
            found = entry(asked.preset, config, variants, reading(config, data, crew), crew)
            keep(asked.rates, {**found, "others": taken})


def _asked(arguments: Sequence[str] | None) -> tuple[argparse.Namespace, TrainConfig]:
    """The options, and the configuration that they name."""
    parser = argparse.ArgumentParser(prog="bench.train", description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="chest14", choices=presets(), help="default: chest14")
    parser.add_argument("--architecture", choices=[one.value for one in Architecture], help="default: the preset's")
    parser.add_argument("--side", type=int, help="of the model's input, in pixels; default: the preset's")
    parser.add_argument("--batch-size", type=int, help="films a step; default: the preset's on a GPU, 8 on processors")
    parser.add_argument("--seconds", type=float, default=60, help="of measuring, over all variants")
    parser.add_argument("--rates", type=Path, metavar="FILE", help="keep the best rate in docs/training-rates.json")
    asked = parser.parse_args(arguments)
    changed = {"architecture": asked.architecture, "image_size": asked.side, "batch_size": asked.batch_size}
    settings = {name: value for name, value in changed.items() if value is not None}
    try:
        config = gather({}, None, {"preset": asked.preset, **settings})
        if asked.rates:
            read_rates(asked.rates)
    except UsageError as error:
        parser.error(str(error))
    if asked.rates and (asked.architecture or asked.side):
        parser.error("--rates keeps the rates of presets as they are; leave --architecture and --side out")
    return asked, config


def entry(preset: str, config: TrainConfig, variants: list[Variant], loader: float, crew: Crew) -> dict[str, Any]:
    """What the guide needs of a measurement: the best precision with the loader on, and on what it was."""
    best = max((one for one in variants if one.loader), key=lambda one: one.films_a_second)
    return {
        "preset": preset,
        "machine": machine(crew.device),
        "torch": torch.__version__,
        "precision": best.precision,
        "films_a_step": config.batch_size,
        "films_per_second": round(best.films_a_second, 2),
        "loader_films_per_second": round(loader),
        "operations_per_film": best.flops,
    }


def peak(crew: Crew, precision: str) -> tuple[float, str]:
    """Operations a second that the device can do at most, and where the figure is from."""
    if crew.device.type == "cuda":
        name = torch.cuda.get_device_name(crew.device)
        for known, peaks in PEAKS.items():
            if known in name and precision in peaks:
                return peaks[precision] * 1e12, f"{known}'s data sheet"
    size = 8192 if crew.device.type == "cuda" else 2048
    dtype = precision_on(crew.device, precision) or torch.float32
    matrix = torch.randn(size, size, device=crew.device, dtype=dtype)
    times = []
    for _ in range(6):
        settle(crew)
        started = time.perf_counter()
        matrix @ matrix
        settle(crew)
        times.append(time.perf_counter() - started)
    return 2 * size**3 / min(times), "best matrix product here"


def table(variants: list[Variant], peaks: dict[str, tuple[float, str]], crew: Crew, title: str) -> Table:
    """What was measured beside what was aimed at; aims are for GPUs."""
    gpu = crew.device.type == "cuda"
    where = torch.cuda.get_device_name(crew.device) if gpu else f"{torch.get_num_threads()} processors"
    sources = ", ".join(f"{name} {value / 1e12:.2f} 10^12 op/s ({source})" for name, (value, source) in peaks.items())
    shown = Table(title=f"Training {title}, on {where}", caption=f"peak: {sources}" + ("" if gpu else "; aims are for GPUs"))
    for heading in ("precision", "loader", "films/s", "of float32", "of loader off", "10^9 op/film", "of the peak"):
        shown.add_column(heading, justify="left" if heading in ("precision", "loader") else "right")
    by = {(one.precision, one.loader): one for one in variants}
    for one in variants:
        speed = one.films_a_second
        share = speed * one.flops / peaks[one.precision][0]
        plain = speed / by["float32", one.loader].films_a_second
        loaded = speed / by[one.precision, False].films_a_second
        mixed = one.precision != "float32"
        shown.add_row(
            one.precision,
            "on" if one.loader else "off",
            f"{speed:.1f}",
            _beside(f"{plain:.2f} x", plain, MIXED_AIM, "x", gpu and mixed),
            _beside(f"{loaded:.2f} x", loaded, LOADER_AIM, "x", gpu and one.loader),
            f"{one.flops / 1e9:.1f}",
            _beside(f"{share:.1%}", share, SHARE_AIM, "", gpu and mixed and not one.loader),
        )
    return shown


def _beside(text: str, value: float, aim: float, unit: str, aimed: bool) -> str:
    return f"{text} ({'reached' if value >= aim else 'missed'}: {aim} {unit}".rstrip() + ")" if aimed else text


def _can(crew: Crew, precision: str) -> bool:
    try:
        return precision_on(crew.device, precision) is not None
    except UsageError:
        return False


if __name__ == "__main__":
    main()
