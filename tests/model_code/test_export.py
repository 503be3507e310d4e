"""What ships is what was trained: one graph, three outputs, the same probabilities, or nothing at all."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

import model_code.export as module
from model_code.bundle import GRAPH, open_bundle
from model_code.contract import Precision, Runtime
from model_code.data.films import load_films
from model_code.data.manifest import read_manifest
from model_code.errors import BundleError, UsageError
from model_code.export import MAX_PARITY, auroc, export, load_network, some
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
    films = load_films(rows, 32, "films", channels=1)[:16]
    with torch.no_grad():
        expected = load_network(bundle)(torch.from_numpy(films).float() / 255)
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
    assert (record.precision, record.runtime, record.reduced) == (Precision.FLOAT32, Runtime.ONNXRUNTIME, None)


@pytest.mark.parametrize("batch", [1, 5])
def test_a_film_scores_the_same_in_any_batch(batch: int, line: Line) -> None:
    graph = Graph(open_bundle(line.exported))
    films = np.random.default_rng(0).integers(0, 256, (5, 1, 32, 32), np.uint8)
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
    with pytest.raises(BundleError, match=r"model.onnx' is not a graph"):
        Graph(replace(bundle, folder=tmp_path))


@pytest.fixture
def quick(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports the session's own graph instead of writing it once more."""

    def the_same_graph(_: Classifier, __: int, target: Path) -> None:
        shutil.copy(line.exported / GRAPH, target)

    monkeypatch.setattr(module, "write_graph", the_same_graph)
    monkeypatch.setattr(module, "CALIBRATION_FILMS", 8)


@pytest.mark.usefixtures("quick")
def test_a_graph_in_8_bits_ships_with_what_it_costs(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AUROC_LOSS", 1.0)  # the session's model has hardly been trained
    bundle = export(line.trained, data=line.data, precision=Precision.INT8, out=tmp_path / "bundle")
    record = bundle.info.graph
    assert record is not None and record.reduced is not None
    assert (record.precision, record.reduced.calibration_films, record.reduced.failed) == (Precision.INT8, 8, ())
    rows = read_manifest(line.data, CHEST14).split("val")
    assert record.reduced.films == len(rows) and set(record.reduced.auroc_loss) == set(rows.labels)
    assert (bundle.folder / GRAPH).stat().st_size < 0.4 * (line.exported / GRAPH).stat().st_size
    films = load_films(rows, 32, "films", channels=1)
    exact, rounded = (Graph(one).run(films).logits for one in (open_bundle(line.exported), bundle))
    assert np.corrcoef(exact.ravel(), rounded.ravel())[0, 1] > 0.99
    before, after = (auroc(rows.targets, logits, rows.labels) for logits in (exact, rounded))
    for label, loss in record.reduced.auroc_loss.items():
        assert before[label] - after[label] == pytest.approx(loss, abs=1e-3)  # batches round a little otherwise


@pytest.mark.usefixtures("quick")
def test_a_graph_in_8_bits_that_loses_too_much_stays_in_float32_and_the_labels_are_named(
    line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "quantize", lambda graph, target, _: _answer_backwards(graph, target))
    info = export(line.trained, data=line.data, precision=Precision.INT8, out=tmp_path / "bundle").info
    assert info.graph is not None and info.graph.reduced is not None
    assert info.graph.precision is Precision.FLOAT32
    assert (tmp_path / "bundle" / GRAPH).read_bytes() == (line.exported / GRAPH).read_bytes()
    failed = info.graph.reduced.failed
    assert failed and all(info.graph.reduced.auroc_loss[label] > 0.005 for label in failed)
    told = capsys.readouterr().err
    assert "int8 does not ship" in told and all(label in told for label in failed)
    assert {path.name for path in (tmp_path / "bundle").iterdir()} == {path.name for path in line.exported.iterdir()}


def _answer_backwards(graph: Path, target: Path) -> None:
    model = onnx.load(graph)
    node = next(node for node in model.graph.node if "logits" in node.output)
    node.output[list(node.output).index("logits")] = "forwards"
    model.graph.node.append(onnx.helper.make_node("Neg", ["forwards"], ["logits"]))
    onnx.save_model(model, target)


def test_bf16_is_not_for_the_default_runtime(line: Line, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not compute in bf16; choose: --runtime openvino"):
        export(line.trained, data=line.data, precision=Precision.BF16, out=tmp_path / "bundle")
    assert not list(tmp_path.iterdir())


def test_a_graph_in_reduced_precision_runs_only_where_it_was_calibrated(line: Line) -> None:
    bundle = open_bundle(line.exported)
    assert bundle.info.graph is not None
    reduced = bundle.info.graph.model_copy(update={"precision": Precision.INT8})
    bundle = replace(bundle, info=bundle.info.model_copy(update={"graph": reduced}))
    with pytest.raises(UsageError, match="in int8 is calibrated on onnxruntime, not on openvino; leave --runtime out"):
        Graph(bundle, Runtime.OPENVINO)


@pytest.mark.parametrize("count", [1, 5, 1000])
def test_some_rows_are_spread_over_the_split(count: int, line: Line) -> None:
    rows = read_manifest(line.data, CHEST14).split("train")
    few = some(rows, count)
    assert len(few) == min(count, len(rows)) and few.frame["image"].is_unique
    assert count == 1 or few.frame["image"].iloc[-1] == rows.frame["image"].iloc[-1]


def test_auroc_leaves_out_the_unknown_and_labels_of_one_kind() -> None:
    targets = np.array([[1, 1], [0, 1], [np.nan, 1], [0, np.nan]], np.float32)
    logits = np.array([[0.5, 0], [0.1, 0], [9, 0], [0.6, 0]], np.float32)
    assert auroc(targets, logits, ("one", "two")) == {"one": 0.5}
