"""Equalizing changes nothing in real numbers; in 8 bits a concatenation joins bytes of one scale, and answers stay close."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from model_code.bundle import GRAPH
from model_code.data.films import load_films
from model_code.data.manifest import read_manifest
from model_code.export import some, write_graph
from model_code.graph import INPUT, OUTPUTS
from model_code.models import build_model
from model_code.quantize import channel_ranges, equalize, quantize
from model_code.tasks import CHEST14
from tests.conftest import Line


@pytest.fixture(scope="module")
def films(line: Line) -> NDArray[np.uint8]:
    return load_films(some(read_manifest(line.data, CHEST14).split("train"), 8), 32, "films", channels=1)


@pytest.fixture(scope="module")
def quantized(line: Line, films: NDArray[np.uint8], tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("quantized") / GRAPH
    quantize(line.exported / GRAPH, target, films)
    return target


def run(graph: Path | bytes, films: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    outputs: list[NDArray[np.float32]] = session.run(list(OUTPUTS), {INPUT: films})
    return outputs


def test_equalizing_keeps_every_output_and_gives_all_channels_one_range(line: Line, films: NDArray[np.uint8]) -> None:
    model = onnx.load(line.exported / GRAPH)
    joined = equalize(model, films)
    concatenations = {output for node in model.graph.node if node.op_type == "Concat" for output in node.output}
    assert len(concatenations) == 58 and concatenations <= joined  # one a dense layer
    for expected, found in zip(run(line.exported / GRAPH, films), run(model.SerializeToString(), films), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    for name, ranges in channel_ranges(model, sorted(concatenations), films).items():
        np.testing.assert_allclose(ranges, 1, atol=1e-3, err_msg=name)


def test_concatenations_join_bytes(quantized: Path) -> None:
    graph = onnx.load(quantized).graph
    made_by = {output: node.op_type for node in graph.node for output in node.output}
    read = {name for node in graph.node for name in node.input}
    joins = [node for node in graph.node if node.op_type == "Concat"]
    assert len(joins) == 58
    assert {made_by[name] for node in joins for name in node.input} <= {"QuantizeLinear", "Concat", "MaxPool"}
    left_over = [node for node in graph.node if not set(node.output) & (read | set(OUTPUTS))]
    assert not left_over


def test_the_head_stays_in_float32(quantized: Path) -> None:
    graph = onnx.load(quantized).graph
    head = next(node for node in graph.node if "maps" in node.output)
    weights = {tensor.name: tensor.data_type for tensor in graph.initializer}
    assert head.op_type == "Conv" and weights[head.input[1]] == onnx.TensorProto.FLOAT


def test_answers_stay_close_and_the_input_stays_bytes(line: Line, quantized: Path, films: NDArray[np.uint8]) -> None:
    expected, found = run(line.exported / GRAPH, films), run(quantized, films)
    for one, other in zip(expected, found, strict=True):
        assert other.shape == one.shape and other.dtype == np.float32
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98
    assert onnx.load(quantized).graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.UINT8


def test_a_network_without_concatenations_is_quantized_as_it_is(films: NDArray[np.uint8], tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = build_model("resnet18", 3, 32)
    with torch.no_grad():
        for _ in range(5):
            model(torch.from_numpy(films).float() / 255)
    write_graph(model.eval(), 32, tmp_path / "plain.onnx")
    assert equalize(onnx.load(tmp_path / "plain.onnx"), films) == set()
    quantize(tmp_path / "plain.onnx", tmp_path / GRAPH, films)
    expected, found = (run(tmp_path / name, films)[2] for name in ("plain.onnx", GRAPH))
    assert np.corrcoef(expected.ravel(), found.ravel())[0, 1] > 0.98
