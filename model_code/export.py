"""``overread export``: the trained network as one ONNX graph, checked against the network before it may ship."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from model_code.bundle import GRAPH, WEIGHTS, Bundle, edit_bundle, open_bundle
from model_code.bundle_info import GraphRecord
from model_code.data.films import load_films
from model_code.data.manifest import Manifest, read_manifest
from model_code.errors import BundleError
from model_code.graph import INPUT, OUTPUTS, Graph
from model_code.models import Classifier, build_model
from model_code.tasks import task_spec

MAX_PARITY: Final = 1e-5
"""Largest difference allowed between a probability of the graph and of the network (float32)."""

PARITY_FILMS: Final = 32


def export(folder: Path, *, data: Path, out: Path | None = None) -> Bundle:
    """Adds ``model.onnx`` to a bundle: one graph from film to logits, activation maps and embedding.

    Args:
        folder: the bundle that ``overread train`` made.
        data: the manifest; the parity check runs on films of its validation split.
        out: where the new bundle goes; in place when None.

    Raises:
        BundleError: the graph's probabilities differ from the network's by more than ``MAX_PARITY``; nothing is written.
    """
    bundle = open_bundle(folder)
    films = _validation_films(read_manifest(data, task_spec(bundle.info.task)), bundle.info.input.side)
    model = load_network(bundle)
    with edit_bundle(bundle, out) as draft:
        write_graph(model, bundle.info.input.side, draft.folder / GRAPH)
        parity = _largest_difference(model, Graph(Bundle(draft.folder, draft.info, "")), films)
        if parity > MAX_PARITY:
            raise BundleError(
                f"the exported graph's probabilities differ by {parity:.2e} from the network's; at most {MAX_PARITY:.0e} may ship"
            )
        # what was chosen on another graph's scores does not hold for this one
        draft.info = draft.info.model_copy(
            update={
                "graph": GraphRecord(precision="float32", parity=parity, parity_films=len(films)),
                "calibration": None,
                "film_gate": None,
                "metrics": None,
            }
        )
    return open_bundle(out or folder)


def load_network(bundle: Bundle) -> Classifier:
    """The trained network of a bundle, ready to answer."""
    config = bundle.info.training.config
    model = build_model(config["architecture"], len(bundle.info.labels), config["output_stride"])
    model.load_state_dict(load_file(bundle.folder / WEIGHTS))
    return model.eval()


def write_graph(model: Classifier, side: int, target: Path) -> None:
    """Writes the network as ONNX with a free batch size; the weights lie inside the file."""
    example = torch.zeros(2, 1, side, side)
    quiet = io.StringIO()
    with warnings.catch_warnings(), contextlib.redirect_stdout(quiet):
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        program = torch.onnx.export(
            model,
            (example,),
            input_names=[INPUT],
            output_names=list(OUTPUTS),
            dynamic_shapes={"films": {0: torch.export.Dim("films")}},
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    onnx.save_model(program.model_proto, target)


def _validation_films(manifest: Manifest, side: int) -> NDArray[np.float32]:
    rows = manifest.split("val")
    few = Manifest(rows.frame.head(PARITY_FILMS), rows.root, rows.labels, rows.sha256)
    return load_films(few, side, "parity films")[:, None].astype(np.float32) / np.float32(255)


@torch.no_grad()
def _largest_difference(model: Classifier, graph: Graph, films: NDArray[np.float32]) -> float:
    expected = torch.sigmoid(model(torch.from_numpy(films)).logits).numpy()
    logits = graph.run(films).logits
    return float(np.abs(1 / (1 + np.exp(-logits)) - expected).max())
