"""How fast a network learns, and what share of the machine that is: ``python -m bench.train``.

Real steps of ``overread train`` (``training.learner``), in float32 and in mixed precision, with films read from shards and
augmented ("loader on") and on one batch that stays on the device ("loader off"). Variants take turns, round by round, so that
whatever else the machine does meets all of them; the median of the rounds counts. Arithmetic is counted by torch's flop counter
on the way forwards; backwards is twice that. The peak is the GPU's published one, or where it is not known the best that a large
matrix product reaches here in the same minutes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch.utils.flop_counter import FlopCounterMode

from model_code.contract import Architecture
from model_code.data.shards import Shards, shard_side, write_shard
from model_code.errors import UsageError
from model_code.models import build_model
from model_code.tasks import CHEST14
from model_code.training.augment import unchanged
from model_code.training.batches import Part, parts_of, plan
from model_code.training.config import TrainConfig
from model_code.training.distributed import Crew, joined
from model_code.training.learner import Learner, precision_on
from model_code.training.losses import make_loss

FILMS: Final = 512
MIXED_AIM, LOADER_AIM, SHARE_AIM = 1.5, 0.9, 0.2
"""On a GPU: mixed precision over float32, loader on over loader off, share of the peak in mixed precision."""
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


@dataclass
class Variant:
    """One way of training, and what its rounds took."""

    precision: str
    loader: bool
    learner: Learner
    steps: Iterator[list[Part]]
    flops: float = 0.0
    """Of one film, forwards and backwards."""
    rates: list[float] = field(default_factory=list)

    @property
    def films_a_second(self) -> float:
        return float(np.median(self.rates))


def main() -> None:
    """Measures and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--architecture", default=Architecture.DENSENET121.value, choices=[one.value for one in Architecture])
    parser.add_argument("--side", type=int, default=224, help="of the model's input, in pixels")
    parser.add_argument("--batch-size", type=int, help="films a step; default: 128 on a GPU, 8 on processors")
    parser.add_argument("--seconds", type=float, default=60, help="of measuring, over all variants")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, joined() as crew:
        gpu = crew.device.type == "cuda"
        batch = asked.batch_size or (128 if gpu else 8)
        config = TrainConfig("chest14", asked.architecture, image_size=asked.side, batch_size=batch, precision="float32")
        films = shards(Path(folder), asked.side)
        names = ["float32", *(name for name in ("bf16", "fp16") if _can(crew, name))][: 3 if gpu else 2]
        variants = [prepared(config, name, loader, films, crew) for name in names for loader in (True, False)]
        peaks = {name: peak(crew, name) for name in names}
        until = time.perf_counter() + asked.seconds
        while time.perf_counter() < until or not variants[-1].rates:
            peaks = {name: max(peaks[name], peak(crew, name)) for name in names}
            for variant in variants:
                variant.rates.append(measure(variant, batch, asked.seconds / 6 / len(variants)))
        Console().print(table(variants, peaks, crew, f"{asked.architecture}, {asked.side} x {asked.side}, {batch} films a step"))


def shards(folder: Path, side: int) -> Shards:
    """Grey pictures of noise in a real shard: what they show costs nothing."""
    draw = np.random.default_rng(0)
    pictures = [draw.integers(0, 256, (1, shard_side(side), shard_side(side)), dtype=np.uint8) for _ in range(FILMS)]
    write_shard(folder / "train-00000", pictures, map(str, range(FILMS)))
    return Shards([folder / "train-00000.npy"], np.zeros(FILMS, np.int64), np.arange(FILMS))


def prepared(config: TrainConfig, precision: str, loader: bool, films: Shards, crew: Crew) -> Variant:
    """A learner that has warmed up, its arithmetic counted."""
    settings = {**config.__dict__, "precision": precision, "augmentation": "task" if loader else "none"}
    model = build_model(config.architecture, len(CHEST14.labels), config.output_stride)
    targets = torch.randint(0, 2, (FILMS, len(CHEST14.labels))).float()
    learner = Learner(TrainConfig(**settings), model, make_loss("task", targets, exclusive=False), crew)

    def read() -> Iterator[list[Part]]:
        for epoch in count(1):
            rows = plan(targets, batch_size=config.batch_size, parts=1, balance=0, seed=0, epoch=epoch)
            yield from parts_of(films, targets, rows, parts=1, mine=slice(None), device=crew.device)

    steps = read()
    if not loader:
        first = next(steps)[0]
        small = (unchanged(first.films.float() / 255, config.image_size) * 255).to(torch.uint8)
        steps = iter(lambda: [first._replace(films=small)], None)
    variant = Variant(precision, loader, learner, steps)
    example = torch.zeros(1, model.channels, config.image_size, config.image_size, device=crew.device)
    with FlopCounterMode(display=False) as counted, torch.no_grad():
        model.eval()(example)
    variant.flops = 3 * counted.get_total_flops()
    for _ in range(2):
        step(variant)
    return variant


def step(variant: Variant) -> None:
    parts = next(variant.steps)
    variant.learner.step(parts, parts[0].targets.cpu(), place=(1, 0), progress=0.5)


def measure(variant: Variant, batch: int, seconds: float) -> float:
    """Films a second over whole steps."""
    _settle(variant.learner.crew)
    started, done = time.perf_counter(), 0
    while done < 2 or time.perf_counter() - started < seconds:
        step(variant)
        done += 1
    _settle(variant.learner.crew)
    return done * batch / (time.perf_counter() - started)


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
        _settle(crew)
        started = time.perf_counter()
        matrix @ matrix
        _settle(crew)
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


def _settle(crew: Crew) -> None:
    if crew.device.type == "cuda":
        torch.cuda.synchronize(crew.device)


if __name__ == "__main__":
    main()
