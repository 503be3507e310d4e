"""Every film of a split through the predictor, once: scores, peaks, the film gate's word, and the shortcut probes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_code.cpus import usable_cpus
from model_code.data.films import read_film
from model_code.data.images import DecodedImage
from model_code.data.manifest import Manifest
from model_code.judging.probes import probed_rows, without_centre, without_corners
from model_code.judging.resample import Array
from model_code.judging.scores import Scores, answers_of
from model_code.judging.subgroups import attributes_of
from model_code.predictor import PEAK_GRID, Predictor, peak_of
from model_code.progress import track


@dataclass(frozen=True)
class Scored:
    """What was said of a split, and what only the evaluation needs."""

    scores: Scores
    peaks: NDArray[np.intp]  # (N, K, 2), rows and columns of the peak grid
    probed: NDArray[np.intp]  # (n,), rows
    hidden: dict[str, Array]  # probabilities (n, K) of the probed films, by what was hidden


def score(predictor: Predictor, manifest: Manifest, *, probe: bool = True) -> Scored:
    """Reads the films of one split.

    Raises:
        ManifestError: a film is missing or cannot be read.
    """
    rows = probed_rows(len(manifest)) if probe else np.empty(0, np.intp)
    chosen = set(rows.tolist())
    split = str(manifest.frame["split"].iloc[0])
    logits, peaks, assessed = [], [], []
    hidden: dict[str, list[NDArray[np.float32]]] = {"without_centre": [], "without_corners": []}
    for row, image in enumerate(track(_decoded(manifest.paths), f"score {split} films", total=len(manifest))):
        scores = predictor.predict(image)
        assessed.append(predictor.encode(image, scores).status == "read")
        logits.append(scores.logits[0])
        peaks.append([(int(y * PEAK_GRID), int(x * PEAK_GRID)) for x, y in map(peak_of, scores.maps[0])])
        if row in chosen:
            hidden["without_centre"].append(predictor.predict(without_centre(image)).logits[0])
            hidden["without_corners"].append(predictor.predict(without_corners(image)).logits[0])
    groups, _ = pd.factorize(manifest.frame["group"])
    info = predictor.bundle.info
    table = Scores(
        labels=manifest.labels,
        images=manifest.frame["sha256"].to_numpy(str),
        groups=np.asarray(groups, np.int64),
        attributes=attributes_of(manifest.frame),
        assessed=np.array(assessed),
        targets=manifest.targets.astype(np.float64),
        logits=np.array(logits, np.float64),
        probabilities=_probabilities(predictor, logits),
        model=f"{info.name} {info.version}",
        answers=answers_of(predictor.bundle),
        manifest_sha256=manifest.sha256,
        split=split,
    )
    said = {name: _probabilities(predictor, found) for name, found in hidden.items()} if len(rows) else {}
    return Scored(table, np.array(peaks), rows, said)


def _probabilities(predictor: Predictor, logits: Sequence[NDArray[np.float32]]) -> Array:
    return predictor.probabilities(np.array(logits, np.float32))


def _decoded(paths: Sequence[Path]) -> Iterator[DecodedImage]:
    """The films in order, decoded a few ahead of the model, so that memory stays flat however many there are."""
    with ThreadPoolExecutor(usable_cpus()) as pool:
        ahead: deque[Future[DecodedImage]] = deque()
        for path in paths:
            ahead.append(pool.submit(read_film, path))
            if len(ahead) > 2 * usable_cpus():
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
