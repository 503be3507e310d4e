"""``overread export``: the trained network as one ONNX graph, checked against the network before it may ship."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score

from model_code.bundle import GRAPH, WEIGHTS, Bundle, edit_bundle, open_bundle
from model_code.bundle_info import GraphRecord, InputSpec, ReducedRecord
from model_code.contract import Precision, Runtime
from model_code.data.films import load_films
from model_code.data.manifest import Manifest, read_manifest
from model_code.errors import BundleError
from model_code.graph import INPUT, OUTPUTS, Scores
from model_code.graph_rewrite import Reader
from model_code.models import Classifier, Pooling, build_model
from model_code.progress import console, track
from model_code.quantize import quantize
from model_code.runtimes import Session, check_runtime, open_session
from model_code.tasks import task_spec

Films = NDArray[np.uint8]

MAX_PARITY: Final = 1e-5
"""Largest difference allowed between a probability of the graph and of the network (float32)."""
MAX_AUROC_LOSS: Final = 0.005
"""What a label's AUROC may fall by for a reduced precision."""

PARITY_FILMS: Final = 32
CALIBRATION_FILMS: Final = 64


def export(
    folder: Path,
    *,
    data: Path,
    precision: Precision = Precision.FLOAT32,
    runtime: Runtime = Runtime.ONNXRUNTIME,
    out: Path | None = None,
) -> Bundle:
    """Adds ``model.onnx`` to a bundle: one graph from film to logits, activation maps and embedding.

    Args:
        folder: the bundle that ``overread train`` made.
        data: the manifest. Parity and AUROC are measured on films of its validation split, quantization ranges on films of its
            training split.
        precision: what the graph computes in. A reduced one ships only if no label's AUROC on validation falls by more than
            ``MAX_AUROC_LOSS``; otherwise the graph stays in float32 and the labels that failed are named.
        runtime: what all this is measured on.
        out: where the new bundle goes; in place when None.

    Raises:
        BundleError: the float32 graph's probabilities differ from the network's by more than ``MAX_PARITY``; nothing is written.
        UsageError: the runtime is not installed, or does not compute in that precision here.
    """
    check_runtime(runtime, precision)
    bundle = open_bundle(folder)
    manifest, side = read_manifest(data, task_spec(bundle.info.task)), bundle.info.input.side
    rows = manifest.split("val")
    model = load_network(bundle)
    with edit_bundle(bundle, out) as draft:
        target = draft.folder / GRAPH
        write_graph(model, side, target)
        plain = open_session(target, runtime, Precision.FLOAT32, outputs=OUTPUTS)
        films = load_films(some(rows, PARITY_FILMS), side, "parity films", channels=model.channels)
        parity = _largest_difference(model, plain, films)
        if not parity <= MAX_PARITY:
            raise BundleError(
                f"the exported graph's probabilities differ by {parity:.2e} from the network's; at most {MAX_PARITY:.0e} may ship"
            )
        reduced = None
        if precision is not Precision.FLOAT32:
            reduced = _reduce(target, plain, precision, runtime, manifest, bundle.info.input)
            if reduced.failed:
                precision = Precision.FLOAT32
        # what was chosen on another graph's scores does not hold for this one
        draft.info = draft.info.model_copy(
            update={
                "graph": GraphRecord(
                    precision=precision, runtime=runtime, parity=parity, parity_films=len(films), reduced=reduced
                ),
                "calibration": None,
                "film_gate": None,
                "metrics": None,
            }
        )
    return open_bundle(out or folder)


def load_network(bundle: Bundle) -> Classifier:
    """The trained network of a bundle, ready to answer."""
    config = bundle.info.training.config
    model = build_model(
        config["architecture"],
        len(bundle.info.labels),
        config["output_stride"],
        channels=bundle.info.input.channels,
        exclusive=bundle.spec.exclusive,
    )
    model.pooling = Pooling(config.get("pooling", Pooling.LOG_SUM_EXP))
    model.load_state_dict(load_file(bundle.folder / WEIGHTS))
    return model.eval()


def write_graph(model: Classifier, side: int, target: Path) -> None:
    """Writes the network, rewritten, as ONNX with a free batch size; the weights lie inside the file."""
    example = torch.zeros(2, model.channels, side, side, dtype=torch.uint8)
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            Reader(model),
            (example,),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_shapes={"films": {0: torch.export.Dim("films")}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    onnx.save_model(program.model_proto, target)


def some(rows: Manifest, count: int) -> Manifest:
    """At most ``count`` rows, evenly over the split."""
    chosen = np.unique(np.linspace(0, len(rows) - 1, count).round().astype(int))
    return Manifest(rows.frame.iloc[chosen], rows.root, rows.labels, rows.sha256)


def auroc(targets: NDArray[np.float32], logits: NDArray[np.float32], labels: Sequence[str]) -> dict[str, float]:
    """By label, over the films where it is known; labels that have not both kinds of film are left out."""
    areas = {}
    for index, label in enumerate(labels):
        known = ~np.isnan(targets[:, index])
        truth = targets[known, index]
        if 0 < truth.sum() < len(truth):
            areas[label] = float(roc_auc_score(truth, logits[known, index]))
    return areas


def _reduce(
    graph: Path, plain: Session, precision: Precision, runtime: Runtime, manifest: Manifest, look: InputSpec
) -> ReducedRecord:
    """Puts the graph in reduced precision in place of the plain one where it may ship, and tells what was measured."""
    train, val = manifest.split("train"), manifest.split("val")
    candidate, ranges = graph.with_suffix(".reduced"), 0
    try:
        if precision is Precision.INT8:
            films = load_films(some(train, CALIBRATION_FILMS), look.side, "calibration films", channels=look.channels)
            quantize(graph, candidate, films)
            ranges = len(films)
        else:
            candidate.write_bytes(graph.read_bytes())  # the runtime computes it otherwise
        films = load_films(val, look.side, "validation films", channels=look.channels)
        session = open_session(candidate, runtime, precision, outputs=OUTPUTS)
        before, after = (
            auroc(val.targets, _logits(one, films, what), val.labels) for one, what in ((plain, "float32"), (session, precision))
        )
        record = ReducedRecord(
            precision=precision,
            calibration_films=ranges,
            films=len(films),
            limit=MAX_AUROC_LOSS,
            auroc_loss={label: round(before[label] - after[label], 6) for label in before},
        )
        if record.failed:
            worst = ", ".join(f"'{label}' ({record.auroc_loss[label]:.4f})" for label in record.failed)
            console.print(
                f"{precision} does not ship: AUROC falls by more than {MAX_AUROC_LOSS} for {worst}; the graph stays in float32",
                soft_wrap=True,
            )
        else:
            candidate.replace(graph)
        return record
    finally:
        candidate.unlink(missing_ok=True)


def _logits(session: Session, films: Films, what: str) -> NDArray[np.float32]:
    return np.concatenate([session.run(film[None])[0] for film in track(films, f"score in {what}", total=len(films))])


@torch.no_grad()
def _largest_difference(model: Classifier, session: Session, films: Films) -> float:
    expected = torch.sigmoid(model(torch.from_numpy(films).float() / 255).logits).numpy()
    logits = Scores(*session.run(films)).logits
    return float(np.abs(1 / (1 + np.exp(-logits)) - expected).max())
