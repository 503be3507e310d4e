"""Does every architecture export with the same answers, and what does a reading cost? ``python -m bench.architectures``.

The networks are untrained: times and the operations' precision are real, what they say of a picture is not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from scipy.special import expit
from torch import nn
from torch.nn import functional

from model_code.contract import Architecture, Precision, Runtime
from model_code.cpus import usable_cpus
from model_code.export import MAX_PARITY, write_graph
from model_code.graph import OUTPUTS
from model_code.models import Classifier, build_model
from model_code.progress import console, track
from model_code.quantize import quantize
from model_code.runtimes import Session, open_session
from model_code.tasks import SKIN8
from model_code.torchvision_shim import torchvision

BasicBlock, Bottleneck = torchvision.models.resnet.BasicBlock, torchvision.models.resnet.Bottleneck

PICTURES: Final = 4
"""Pictures that are compared, and by which 8 bits are calibrated."""
BRANCH: Final = 0.2
"""Scale of what a ResNet's block adds."""
PRECISIONS: Final = (Precision.FLOAT32, Precision.INT8)


@dataclass(frozen=True)
class Exported:
    """What one architecture's export gave; its graphs lie in a folder, as ``graph_of`` names them."""

    architecture: Architecture
    weights: int
    seconds: float
    """Of the export in float32."""
    spread: float
    """How far a label's probability differs between the pictures at most; beside it the next two are to be read."""
    parity: float
    """Largest difference of a probability between the exported graph and the network."""
    int8_difference: float
    """The same between 8 bits and float32; without an aim, for random weights round worse than trained ones."""

    @property
    def good(self) -> bool:
        return self.parity <= MAX_PARITY


def draw(side: int) -> NDArray[np.uint8]:
    """Pictures (N, 3, side, side) of smooth patches under noise; pure noise would look the same everywhere to any network."""
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.uniform(0, 255, (PICTURES, SKIN8.channels, 7, 7)))
    smooth = functional.interpolate(coarse, (side, side), mode="bicubic").numpy()
    return np.asarray((smooth + rng.normal(0, 20, smooth.shape)).clip(0, 255), np.uint8)


@torch.no_grad()
def untrained(architecture: Architecture, pictures: NDArray[np.uint8]) -> Classifier:
    """A network of the colour task that computes as a trained one does, though it has learned nothing.

    Its batch norms know these pictures: else what a deep random network says hardly depends on the picture, and any export
    agrees with it. A ResNet's blocks add little to what passes them by, as when training begins (Goyal et al., 2017): else a
    rounding error grows from block to block, and the network differs from itself in float64 by more than the aim.
    """
    torch.manual_seed(0)
    model = build_model(architecture.value, len(SKIN8.labels), 32, channels=SKIN8.channels, exclusive=SKIN8.exclusive).eval()
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.momentum = 1.0
            layer.train()
        if isinstance(layer, BasicBlock | Bottleneck):
            nn.init.constant_((layer.bn3 if isinstance(layer, Bottleneck) else layer.bn2).weight, BRANCH)
    model(torch.from_numpy(pictures) / 255)
    return model.eval()


def export_one(architecture: Architecture, side: int, folder: Path) -> Exported:
    """Exports a network for pictures (3, side, side), also in 8 bits, and compares what comes out."""
    pictures = draw(side)
    model = untrained(architecture, pictures)
    with torch.no_grad():
        expected = torch.sigmoid(model(torch.from_numpy(pictures) / 255).logits).numpy()
    graphs = {precision: graph_of(folder, architecture, precision) for precision in PRECISIONS}
    started = time.perf_counter()
    write_graph(model, side, graphs[Precision.FLOAT32])
    seconds = time.perf_counter() - started
    quantize(graphs[Precision.FLOAT32], graphs[Precision.INT8], pictures)
    answers, rounded = (expit(load(graph, precision).run(pictures)[0]) for precision, graph in graphs.items())
    return Exported(
        architecture=architecture,
        weights=sum(parameter.numel() for parameter in model.parameters()),
        seconds=seconds,
        spread=float(np.ptp(expected, axis=0).max()),
        parity=float(np.abs(answers - expected).max()),
        int8_difference=float(np.abs(answers - rounded).max()),
    )


def graph_of(folder: Path, architecture: Architecture, precision: Precision) -> Path:
    return folder / f"{architecture}-{precision}.onnx"


def load(graph: Path, precision: Precision) -> Session:
    return open_session(graph, Runtime.ONNXRUNTIME, precision, outputs=OUTPUTS)


def export_all(architectures: Sequence[Architecture], side: int, folder: Path) -> list[Exported]:
    """As many at once as there are processors, since most of an export is one thread's work."""
    workers = min(usable_cpus(), len(architectures))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=torch.set_num_threads, initargs=(1,)) as pool:
        answers = pool.map(partial(export_one, side=side, folder=folder), architectures)
        return list(track(answers, "export architectures", total=len(architectures)))


def costs(sessions: Sequence[Session], picture: NDArray[np.uint8], repeats: int) -> list[float]:
    """Median milliseconds a picture of each, asked in turn so that whatever else the machine does meets all of them."""
    times: list[list[float]] = [[] for _ in sessions]
    for _ in range(repeats):
        for session, mine in zip(sessions, times, strict=True):
            started = time.perf_counter()
            session.run(picture)
            mine.append((time.perf_counter() - started) * 1000)
    return [float(np.median(mine)) for mine in times]


def table(found: Sequence[Exported], milliseconds: Sequence[Sequence[float]], side: int) -> Table:
    """One row an architecture; ``milliseconds`` holds float32's and int8's for each."""
    shown = Table(
        "architecture", "million weights", "export", "spread", f"parity (aim: {MAX_PARITY:.0e})",
        "float32", "int8", "int8 differs by",
        title=f"Every architecture at {side} x {side} in colour, untrained, ONNX Runtime",
    )  # fmt: skip
    for one, (plain, rounded) in zip(found, milliseconds, strict=True):
        shown.add_row(
            one.architecture,
            f"{one.weights / 1e6:.1f}",
            f"{one.seconds:.0f} s",
            f"{one.spread:.2f}",
            f"{one.parity:.0e}, {'reached' if one.good else 'MISSED'}",
            f"{plain:.0f} ms",
            f"{rounded:.0f} ms, {plain / rounded:.1f} x",
            f"{one.int8_difference:.3f}",
        )
    return shown


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=224, help="of the model's input, in pixels")
    parser.add_argument("--repeats", type=int, default=5, help="readings that are timed, of each")
    parser.add_argument("--only", nargs="+", choices=list(Architecture), default=list(Architecture), help="these alone")
    options = parser.parse_args()
    chosen = [Architecture(name) for name in options.only]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = export_all(chosen, options.side, folder)
        milliseconds = []
        for one in track(chosen, "time architectures", total=len(chosen)):
            sessions = [load(graph_of(folder, one, precision), precision) for precision in PRECISIONS]
            milliseconds.append(costs(sessions, draw(options.side)[:1], options.repeats))
    Console(width=130).print(table(found, milliseconds, options.side))
    missed = [one.architecture.value for one in found if not one.good]
    if missed:
        console.print(f"parity above {MAX_PARITY:.0e}: {', '.join(missed)}", soft_wrap=True)
    return int(bool(missed))


if __name__ == "__main__":
    raise SystemExit(main())
