"""The runtimes that an exported graph can run on: ONNX Runtime, small and quick to load, and OpenVINO, an extra that is faster
in 8 bits and the only one that computes in bf16.

A session takes films (N, channels, side, side) uint8 and gives the outputs asked for, in order. Sessions are thread-safe.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import stat
import threading
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from model_code.contract import Precision, Runtime
from model_code.cpus import usable_cpus
from model_code.errors import BundleError, OverreadError, UsageError
from model_code.files import atomic_file

Array = NDArray[Any]

CACHE: Final = "OVERREAD_CACHE"
"""Environment variable: where compiled graphs are kept, instead of the user's cache folder."""


class Session(Protocol):
    """A loaded graph."""

    def run(self, films: NDArray[np.uint8]) -> list[Array]: ...


def open_session(graph: Path, runtime: Runtime, precision: Precision, *, outputs: tuple[str, ...], key: str = "") -> Session:
    """Loads a graph on a runtime, with as many threads as there are processors to use.

    Args:
        graph: the ONNX file; not needed any more once the session is open.
        runtime: which one.
        precision: what it computes in; the weights of an int8 graph are quantized in the file itself.
        outputs: names of the outputs, in the order in which ``run`` gives them.
        key: names what the graph came from, for the cache of compiled graphs; where it is empty nothing is cached.

    Raises:
        UsageError: the runtime is not installed, or cannot compute in that precision on this processor.
        BundleError: the file is not a graph that this runtime loads.
    """
    check_runtime(runtime, precision)
    try:
        if runtime is Runtime.OPENVINO:
            return OpenVino(graph, precision, outputs, key)
        return OnnxRuntime(graph, outputs)
    except OverreadError:
        raise
    except Exception as error:  # the runtimes' own exception types are not public
        raise BundleError(f"'{graph}' is not a graph that this runtime loads; export the bundle again") from error


def check_runtime(runtime: Runtime, precision: Precision) -> None:
    """Raises UsageError where this machine has not got that runtime, or the runtime not that precision here."""
    if runtime is Runtime.OPENVINO and importlib.util.find_spec("openvino") is None:
        raise UsageError("the runtime 'openvino' is not installed; run: pip install 'overread[openvino]'")
    if precision is not Precision.BF16:
        return
    if runtime is not Runtime.OPENVINO:
        raise UsageError(f"the runtime '{runtime}' does not compute in bf16; choose: --runtime openvino")
    if "BF16" not in _openvino().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise UsageError("this processor does not compute in bf16; choose: --precision float32 or int8")


class OnnxRuntime:
    """A graph in ONNX Runtime, on the processor."""

    def __init__(self, graph: Path, outputs: tuple[str, ...]) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cpus()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._input = self._session.get_inputs()[0].name
        self._outputs = list(outputs)

    def run(self, films: NDArray[np.uint8]) -> list[Array]:
        outputs: list[Array] = self._session.run(self._outputs, {self._input: films})
        return outputs


class OpenVino:
    """A graph in OpenVINO, on the processor: compiled for one film at a time, and kept compiled in the user's cache folder."""

    def __init__(self, graph: Path, precision: Precision, outputs: tuple[str, ...], key: str) -> None:
        core = _openvino()
        # left to itself, OpenVINO computes a float32 graph in bf16 where the processor has it
        hint = "bf16" if precision is Precision.BF16 else "f32"
        settings = {
            "INFERENCE_PRECISION_HINT": hint,
            "INFERENCE_NUM_THREADS": usable_cpus(),
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
        }
        kept = _kept(core, key, settings) if key else None
        compiled: Any = _import(core, kept, settings) if kept else None
        if compiled is None:
            model = core.read_model(graph.read_bytes())
            model.reshape({0: [1, *list(model.input(0).partial_shape)[1:]]})
            compiled = core.compile_model(model, "CPU", settings)
            if kept:
                with contextlib.suppress(OSError, OverreadError), atomic_file(kept) as temporary:
                    temporary.write_bytes(compiled.export_model().getvalue())
        self._compiled = compiled
        self._order = [compiled.output(name) for name in outputs]
        self._own = threading.local()

    def run(self, films: NDArray[np.uint8]) -> list[Array]:
        if not hasattr(self._own, "request"):
            self._own.request = self._compiled.create_infer_request()
        answers = []
        for film in films:
            self._own.request.infer([film[None]])
            answers.append([np.array(self._own.request.get_tensor(output).data) for output in self._order])
        return [np.concatenate(parts) for parts in zip(*answers, strict=True)]


def cache_folder() -> Path:
    """Where compiled graphs are kept: a folder that only this user can read or write, for what lies in it is run.

    Raises:
        UsageError: the folder belongs to somebody else, or others can write to it.
    """
    base = os.environ.get(CACHE) or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "overread"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = folder.stat()
    if hasattr(os, "getuid") and (found.st_uid != os.getuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)):
        raise UsageError(
            f"others can write to the cache folder '{folder}'; take it for yourself alone, or set {CACHE} to another"
        )
    return folder


def _openvino() -> Any:
    import openvino

    return openvino.Core()


def _kept(core: Any, key: str, settings: dict[str, Any]) -> Path | None:
    """The file of this graph compiled by this version for this processor; None where there is no folder to keep it in."""
    import openvino

    made_for = [key, openvino.get_version(), core.get_property("CPU", "FULL_DEVICE_NAME"), sorted(settings.items())]
    name = hashlib.sha256(repr(made_for).encode()).hexdigest()[:32]
    try:
        return cache_folder() / f"{name}.openvino"
    except OSError:  # a read-only container: compiled at every start
        return None


def _import(core: Any, kept: Path, settings: dict[str, Any]) -> Any:
    """The compiled graph, or None where there is none or OpenVINO does not take it any more."""
    with contextlib.suppress(OSError, RuntimeError):
        return core.import_model(kept.read_bytes(), "CPU", settings)
    return None
