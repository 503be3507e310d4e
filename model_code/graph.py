"""The exported graph in ONNX Runtime: the only thing that turns films into scores, for evaluation and serving alike."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from model_code.bundle import GRAPH, Bundle
from model_code.cpus import usable_cpus
from model_code.data.images import DecodedImage
from model_code.data.transforms import to_model_input
from model_code.errors import BundleError

INPUT: Final = "film"
OUTPUTS: Final = ("logits", "maps", "embedding")


class Scores(NamedTuple):
    """What one pass gives for N films and K labels."""

    logits: NDArray[np.float32]  # (N, K)
    maps: NDArray[np.float32]  # (N, K, h, w), evidence per place, in logits
    embedding: NDArray[np.float32]  # (N, D)


class Graph:
    """A loaded ``model.onnx``. Thread-safe."""

    def __init__(self, bundle: Bundle) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = usable_cpus()
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(bundle.folder / GRAPH, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's own exception types are not public
            raise BundleError(
                f"'{bundle.folder / GRAPH}' is not a graph that this runtime loads; export the bundle again"
            ) from error

        self._side = bundle.info.input.side

    def score(self, image: DecodedImage) -> Scores:
        """Scores one decoded film: a batch of one."""
        return self.run(to_model_input(image.pixels, self._side)[None])

    def run(self, films: NDArray[np.float32]) -> Scores:
        """Scores a batch (N, 1, side, side) float32 in [0, 1]."""
        outputs: Any = self._session.run(list(OUTPUTS), {INPUT: films})
        return Scores(*outputs)
