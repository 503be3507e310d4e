"""The exported graph, loaded: the only thing that turns films into scores, for evaluation and serving alike."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from model_code.bundle import GRAPH, Bundle
from model_code.contract import Precision, Runtime
from model_code.data.images import DecodedImage
from model_code.data.transforms import to_model_input
from model_code.errors import UsageError
from model_code.runtimes import open_session

INPUT: Final = "film"
OUTPUTS: Final = ("logits", "maps", "embedding")


class Scores(NamedTuple):
    """What one pass gives for N films and K labels."""

    logits: NDArray[np.float32]  # (N, K)
    maps: NDArray[np.float32]  # (N, K, h, w), evidence per place, in logits
    embedding: NDArray[np.float32]  # (N, D)


class Graph:
    """A loaded ``model.onnx``. Thread-safe.

    A graph in float32 answers alike on every runtime. One in reduced precision runs only on the runtime that it was measured and
    calibrated on, for another rounds otherwise.
    """

    def __init__(self, bundle: Bundle, runtime: Runtime | None = None) -> None:
        """Loads the graph of a bundle on the runtime that it was exported for, or on another.

        Raises:
            UsageError: the runtime is not installed, not possible on this processor, or not this graph's.
            BundleError: the file is not a graph that the runtime loads.
        """
        record = bundle.info.graph
        assert record is not None  # open_bundle(needs=...) has checked it
        runtime = runtime or record.runtime
        if runtime is not record.runtime and record.precision is not Precision.FLOAT32:
            raise UsageError(
                f"the bundle's graph in {record.precision} is calibrated on {record.runtime}, not on {runtime}; "
                f"leave --runtime out, or export it again with: --precision {record.precision} --runtime {runtime}"
            )
        self.runtime = runtime
        self._session = open_session(bundle.folder / GRAPH, runtime, record.precision, outputs=OUTPUTS, key=bundle.sha256)
        self._input = bundle.info.input

    def score(self, image: DecodedImage) -> Scores:
        """Scores one decoded film: a batch of one."""
        return self.run(to_model_input(image.pixels, self._input.side, self._input.channels)[None])

    def run(self, films: NDArray[np.uint8]) -> Scores:
        """Scores a batch (N, channels, side, side) uint8."""
        outputs: Any = self._session.run(films)
        return Scores(*outputs)
