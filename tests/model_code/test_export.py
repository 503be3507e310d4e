"""What ships is what was trained: one graph, three outputs, the same probabilities, or nothing at all."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import model_code.export as module
from model_code.bundle import GRAPH, open_bundle
from model_code.data.films import load_films
from model_code.data.manifest import read_manifest
from model_code.errors import BundleError
from model_code.export import MAX_PARITY, export, load_network
from model_code.graph import INPUT, OUTPUTS, Graph
from model_code.models import Classifier, build_model
from model_code.tasks import CHEST14
from tests.conftest import Line


def test_there_is_one_graph_with_three_outputs_and_a_free_batch(line: Line) -> None:
    graph = onnx.load(line.exported / GRAPH, load_external_data=False).graph
    assert [value.name for value in graph.input] == [INPUT]
    assert [value.name for value in graph.output] == list(OUTPUTS)
    batch, channels, rows, columns = graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param and (channels.dim_value, rows.dim_value, columns.dim_value) == (1, 32, 32)
    assert not any(tensor.external_data for tensor in graph.initializer)


def test_the_graph_agrees_with_the_network_on_every_output(line: Line) -> None:
    bundle = open_bundle(line.exported)
    rows = read_manifest(line.data, CHEST14).split("test")
    films = load_films(rows, 32, "films")[:16, None].astype(np.float32) / np.float32(255)
    with torch.no_grad():
        expected = load_network(bundle)(torch.from_numpy(films))
    scores = Graph(bundle).run(films)
    probability = 1 / (1 + np.exp(-scores.logits))
    assert np.abs(probability - torch.sigmoid(expected.logits).numpy()).max() <= MAX_PARITY
    np.testing.assert_allclose(scores.maps, expected.maps.numpy(), atol=1e-3)
    np.testing.assert_allclose(scores.embedding, expected.embedding.numpy(), atol=1e-4)


def test_the_parity_that_was_measured_is_recorded(line: Line) -> None:
    record = open_bundle(line.exported).info.graph
    assert record is not None
    assert 0 <= record.parity <= MAX_PARITY
    assert record.parity_films >= 20


@pytest.mark.parametrize("batch", [1, 5])
def test_a_film_scores_the_same_in_any_batch(batch: int, line: Line) -> None:
    graph = Graph(open_bundle(line.exported))
    films = np.random.default_rng(0).random((5, 1, 32, 32)).astype(np.float32)
    together = graph.run(films).logits[:batch]
    np.testing.assert_allclose(graph.run(films[:batch]).logits, together, atol=1e-5)


def test_a_graph_that_differs_is_refused_and_nothing_is_written(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(line.trained, tmp_path / "bundle"))
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    honest = module.write_graph

    def another_network(model: Classifier, side: int, target: Path) -> None:
        torch.manual_seed(1)
        honest(build_model("resnet18", model.head.out_channels, 32).eval(), side, target)

    monkeypatch.setattr(module, "write_graph", another_network)
    with pytest.raises(BundleError, match=r"differ by .* from the network's; at most 1e-05 may ship"):
        export(folder, data=line.data)
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["bundle"]


def test_a_new_graph_makes_what_rested_on_the_old_one_void(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(shutil.copytree(line.complete, tmp_path / "bundle"))

    def the_same_graph(_: Classifier, __: int, target: Path) -> None:
        shutil.copy(line.exported / GRAPH, target)

    monkeypatch.setattr(module, "write_graph", the_same_graph)
    info = export(folder, data=line.data).info
    assert info.graph is not None
    assert (info.calibration, info.film_gate, info.metrics) == (None, None, None)


def test_a_graph_that_no_runtime_loads_is_refused_by_name(line: Line, tmp_path: Path) -> None:
    bundle = open_bundle(line.exported)
    (tmp_path / GRAPH).write_bytes(b"not a graph")
    from dataclasses import replace

    with pytest.raises(BundleError, match=r"model.onnx' is not a graph"):
        Graph(replace(bundle, folder=tmp_path))
