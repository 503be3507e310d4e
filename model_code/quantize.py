"""A graph in 8 bits: weights per output channel, activations by the ranges that calibration films show (post-training, static).

Before that, what a DenseNet concatenates is equalized: each channel is divided by its own range in the convolution that makes
it, and multiplied by it again in the per-channel convolutions (once batch norms) that read it. In real numbers nothing changes;
in 8 bits every channel uses all its steps, and the pieces of a concatenation share one scale, so that their bytes are joined as
they are (after Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", ICCV 2019).
"""

from __future__ import annotations

import logging
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from model_code.graph import INPUT

Films = NDArray[np.uint8]

QUANTIZED: Final = ("Conv", "Concat", "AveragePool", "MaxPool", "Relu", "Add")
POSITIVE: Final = ("Relu", "MaxPool", "AveragePool", "Identity")
"""Operations that a positive factor a channel passes through."""
STEPS: Final = 127
BATCH: Final = 8


def quantize(graph: Path, target: Path, films: Films) -> None:
    """Writes ``graph`` (an export of ``graph_rewrite.Reader``) in 8 bits, calibrated on films (N, channels, side, side).

    The head keeps float32: it costs nothing, and maps and embedding keep their steps.
    """
    model = onnx.load(graph)
    shared = equalize(model, films)
    with tempfile.TemporaryDirectory() as folder:
        equalized = Path(folder) / "equalized.onnx"
        onnx.save_model(model, equalized)
        unit = {
            "scale": np.array([1 / STEPS], np.float32),
            "zero_point": np.array([128], np.uint8),
            "quant_type": QuantType.QUInt8,
        }
        logger = logging.getLogger()
        level = logger.level
        logger.setLevel(logging.ERROR)  # advice on preparing the graph, which has been followed
        try:
            quantize_static(
                equalized,
                target,
                Calibration(films),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                activation_type=QuantType.QUInt8,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=list(QUANTIZED),
                nodes_to_exclude=_head(model),
                extra_options={"TensorQuantOverrides": {name: [dict(unit)] for name in sorted(shared)}},
            )
        finally:
            logger.setLevel(level)
    quantized = onnx.load(target)
    join_bytes(quantized)
    onnx.save_model(quantized, target)


def equalize(model: onnx.ModelProto, films: Films) -> set[str]:
    """Divides each channel of every tensor that is concatenated by its range over the films, and returns those tensors.

    Only tensors whose every way leads through concatenations of channels to per-channel convolutions, which take the factor back,
    and that come from a convolution by operations that a positive factor passes through.
    """
    wiring = _Wiring(model)
    pieces = [
        name for name in wiring.made_by if wiring.joins(name) and wiring.source(name) is not None and wiring.ends_well(name)
    ]
    ranges = channel_ranges(model, pieces, films)
    for name in pieces:
        source = wiring.source(name)
        assert source is not None
        wiring.scale_rows(source, 1 / ranges[name])
    factors = dict(ranges)
    joined = set(pieces)
    # the quantizer gives a maximum the scale of what it is taken from
    joined |= {wiring.made_by[name].input[0] for name in pieces if wiring.made_by[name].op_type == "MaxPool"}
    for node in model.graph.node:  # in the order of computing
        if node.op_type == "Concat" and all(piece in factors for piece in node.input):
            factors[node.output[0]] = np.concatenate([factors[piece] for piece in node.input])
            joined.add(node.output[0])
        elif wiring.is_per_channel(node) and node.input[0] in factors:
            wiring.scale_rows(node, factors[node.input[0]], bias=False)
    return joined


def channel_ranges(model: onnx.ModelProto, tensors: list[str], films: Films) -> dict[str, NDArray[np.float64]]:
    """The largest absolute value of each channel of these tensors over the films; 1 where a channel is always zero."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    probe.graph.output.extend(onnx.helper.make_empty_tensor_value_info(name) for name in tensors)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(probe.SerializeToString(), options, providers=["CPUExecutionProvider"])
    largest = {name: np.zeros(1) for name in tensors}
    for start in range(0, len(films), BATCH) if tensors else ():
        values = session.run(tensors, {INPUT: films[start : start + BATCH]})
        for name, value in zip(tensors, values, strict=True):
            largest[name] = np.maximum(largest[name], np.abs(value).max(axis=(0, 2, 3)))
    return {name: np.where(value > 0, value, 1.0) for name, value in largest.items()}


def join_bytes(model: onnx.ModelProto) -> None:
    """Concatenations of dequantized tensors of one scale that are quantized to the same scale again join the bytes themselves."""
    wiring = _Wiring(model)
    needless: list[Any] = []
    for node in model.graph.node:
        before = [wiring.made_by.get(name) for name in node.input]
        after = wiring.read_by[node.output[0]]
        if node.op_type != "Concat" or [reader.op_type for reader in after] != ["QuantizeLinear"]:
            continue
        pieces = [made for made in before if made is not None and made.op_type == "DequantizeLinear"]
        if len(pieces) < len(before) or len({wiring.scale_of(one) for one in (*pieces, *after)}) != 1:
            continue
        node.input[:] = [made.input[0] for made in pieces]
        node.output[0] = after[0].output[0]
        needless += after
    for node in needless:
        model.graph.node.remove(node)
    read = {name for node in model.graph.node for name in node.input} | wiring.outputs
    for node in [node for node in model.graph.node if node.op_type == "DequantizeLinear" and node.output[0] not in read]:
        model.graph.node.remove(node)


class Calibration(CalibrationDataReader):  # type: ignore[misc]
    """Films one by one, as the quantizer asks for them."""

    def __init__(self, films: Films) -> None:
        self._films: Iterator[Films] = iter(films[:, None])

    def get_next(self) -> dict[str, Films] | None:
        film = next(self._films, None)
        return None if film is None else {INPUT: film}


class _Wiring:
    """Who makes and who reads each tensor of a graph, and its constants."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.constants = {tensor.name: tensor for tensor in model.graph.initializer}
        self.made_by: dict[str, Any] = {output: node for node in model.graph.node for output in node.output}
        self.read_by: dict[str, list[Any]] = defaultdict(list)
        for node in model.graph.node:
            for name in node.input:
                self.read_by[name].append(node)
        self.outputs = {output.name for output in model.graph.output}

    def joins(self, name: str) -> bool:
        return any(node.op_type == "Concat" for node in self.read_by[name]) and self.made_by[name].op_type != "Concat"

    def is_per_channel(self, node: Any) -> bool:
        """A convolution of every channel by itself that has one weight a channel."""
        if node.op_type != "Conv" or node.input[1] not in self.constants:
            return False
        channels, *rest = self.constants[node.input[1]].dims
        groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        return bool(rest == [1, 1, 1] and groups == channels)

    def scale_of(self, node: Any) -> tuple[float, int]:
        """Scale and zero point of a QuantizeLinear or DequantizeLinear."""
        scale, zero = (numpy_helper.to_array(self.constants[name]) for name in node.input[1:3])
        return float(scale.flat[0]), int(zero.flat[0])

    def ends_well(self, name: str) -> bool:
        """Every way from here leads through concatenations to per-channel convolutions."""
        if name in self.outputs:
            return False
        return all(
            self.ends_well(node.output[0]) if node.op_type == "Concat" else self.is_per_channel(node)
            for node in self.read_by[name]
        )

    def source(self, name: str) -> Any | None:
        """The convolution that a factor on this tensor can go back to, if there is one."""
        node = self.made_by.get(name)
        if node is None or node.op_type not in (*POSITIVE, "Conv"):
            return None
        if node.op_type == "Conv":
            return node if node.input[1] in self.constants else None
        before = node.input[0]
        return self.source(before) if len(self.read_by[before]) == 1 and before not in self.outputs else None

    def scale_rows(self, conv: Any, factors: NDArray[np.float64], *, bias: bool = True) -> None:
        """Multiplies each output channel of a convolution."""
        for name in conv.input[1:] if bias else conv.input[1:2]:
            tensor = self.constants[name]
            values = numpy_helper.to_array(tensor)
            scaled = values * factors.reshape(-1, *[1] * (values.ndim - 1))
            tensor.CopyFrom(numpy_helper.from_array(scaled.astype(np.float32), name))


def _head(model: onnx.ModelProto) -> list[str]:
    """Names of the nodes from the maps on: the head's convolution, and all that reads it."""
    maps = next(node for node in model.graph.node if "maps" in node.output)
    after = list(model.graph.node)
    return [node.name for node in after[after.index(maps) :]]
