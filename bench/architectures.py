"""Does every architecture export with the same answers, and what does a reading cost? ``python -m bench.architectures``.

The networks are untrained: times and the operations' precision are real, what they say of a picture is not.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from scipy.special import expit
from torch import nn

from model_code.contract import Architecture, Precision, Runtime
from model_code.export import MAX_PARITY, write_graph
from model_code.graph import OUTPUTS
from model_code.models import Classifier, build_model
from model_code.quantize import quantize
from model_code.runtimes import Session, open_session
from model_code.tasks import SKIN8


def untrained(architecture: Architecture) -> Classifier:
    """A network of the colour task whose activations neither vanish nor explode."""
    torch.manual_seed(0)
    model = build_model(architecture.value, len(SKIN8.labels), 32, channels=SKIN8.channels, exclusive=SKIN8.exclusive)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.constant_(layer.weight, 0.5)
            nn.init.uniform_(layer.bias, -0.5, 0.5)
    return model.eval()


def cost(session: Session, film: np.ndarray, repeats: int) -> float:
    """Median milliseconds a film."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        session.run(film)
        times.append((time.perf_counter() - started) * 1000)
    return float(np.median(times))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=224, help="of the model's input, in pixels")
    parser.add_argument("--repeats", type=int, default=9, help="readings that are timed, of each")
    parser.add_argument("--only", nargs="*", choices=list(Architecture), default=list(Architecture), help="these alone")
    options = parser.parse_args()
    shown = Table(
        "architecture", "million weights", "export", "parity", "float32", "int8", "int8 differs",
        title=f"Architectures at {options.side} x {options.side} in colour (aim: parity {MAX_PARITY:.0e})",
    )  # fmt: skip
    films = np.random.default_rng(0).integers(0, 256, (8, SKIN8.channels, options.side, options.side), np.uint8)
    good = True
    for architecture in options.only:
        model = untrained(Architecture(architecture))
        with tempfile.TemporaryDirectory() as folder, torch.no_grad():
            graph, small = Path(folder) / "graph.onnx", Path(folder) / "int8.onnx"
            started = time.perf_counter()
            write_graph(model, options.side, graph)
            took = time.perf_counter() - started
            plain = open_session(graph, Runtime.ONNXRUNTIME, Precision.FLOAT32, outputs=OUTPUTS)
            logits = plain.run(films)[0]
            parity = float(np.abs(expit(logits) - torch.sigmoid(model(torch.from_numpy(films) / 255).logits).numpy()).max())
            quantize(graph, small, films)
            rounded = open_session(small, Runtime.ONNXRUNTIME, Precision.INT8, outputs=OUTPUTS)
            differs = float(np.abs(expit(logits) - expit(rounded.run(films)[0])).max())
            good &= parity <= MAX_PARITY
            weights = sum(parameter.numel() for parameter in model.parameters()) / 1e6
            costs = (cost(session, films[:1], options.repeats) for session in (plain, rounded))
            shown.add_row(
                architecture,
                f"{weights:.1f}",
                f"{took:.0f} s",
                f"{parity:.0e}",
                *(f"{one:.0f} ms" for one in costs),
                f"{differs:.3f}",
            )
    Console(width=130).print(shown)
    return int(not good)


if __name__ == "__main__":
    raise SystemExit(main())
