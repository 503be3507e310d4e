"""What a model said of every film of a split, as a table: gate, compare and evidence need not score the films again.

``scores.parquet``: a row a film with its SHA-256, its patient as a mere number, attributes (ages as bands), whether the film gate
let it pass, and per label ``target:L`` (1, 0, empty), ``logit:L`` and ``probability:L``. No name, number or path of anybody.
The file says which answers (graph and calibration) and which manifest the rows are of.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from model_code.bundle import GRAPH, Bundle
from model_code.errors import OverreadError
from model_code.files import atomic_file, sha256_of
from model_code.judging.resample import Array

FILE_NAME: Final = "scores.parquet"
SCHEMA: Final = "overread.scores/1"


@dataclass(frozen=True)
class Scores:
    """N films in the manifest's order, K labels."""

    labels: tuple[str, ...]
    images: NDArray[np.str_]  # (N,), SHA-256 of the file
    groups: NDArray[np.int64]  # (N,), patients or lesions, counted from 0
    attributes: Mapping[str, NDArray[np.str_]]  # (N,) each
    assessed: NDArray[np.bool_]  # (N,), whether the film gate let it pass
    targets: Array  # (N, K), NaN for unknown
    logits: Array  # (N, K)
    probabilities: Array  # (N, K)
    model: str
    """Name and version, for people."""
    answers: str
    """``answers_of`` the bundle."""
    manifest_sha256: str
    split: str

    def __len__(self) -> int:
        return len(self.images)

    def write(self, folder: Path) -> None:
        """Writes ``scores.parquet`` into a folder, all or nothing."""
        columns: dict[str, NDArray[np.generic]] = {"image": self.images, "group": self.groups, "assessed": self.assessed}
        columns |= {f"attribute:{name}": values for name, values in self.attributes.items()}
        for index, label in enumerate(self.labels):
            columns[f"target:{label}"] = self.targets[:, index]
            columns[f"logit:{label}"] = self.logits[:, index]
            columns[f"probability:{label}"] = self.probabilities[:, index]
        about = {"labels": list(self.labels), **{name: getattr(self, name) for name in _ABOUT}}
        table = pa.table(columns).replace_schema_metadata({SCHEMA: json.dumps(about)})
        with atomic_file(folder / FILE_NAME) as temporary:
            pq.write_table(table, temporary)


_ABOUT: Final = ("model", "answers", "manifest_sha256", "split")


def read_scores(folder: Path) -> Scores:
    """Reads the table of a folder that ``evaluate --report`` wrote.

    Raises:
        OverreadError: there is none, or the file is not such a table.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        raise OverreadError(f"no {FILE_NAME} in '{folder}'; make it with: overread evaluate --report {folder}")
    try:
        table = pq.read_table(path)
        about = json.loads(table.schema.metadata[SCHEMA.encode()])
        labels = tuple(about["labels"])

        def each(kind: str) -> Array:
            return np.stack([table[f"{kind}:{label}"].to_numpy().astype(np.float64) for label in labels], axis=1)

        named = [name for name in table.column_names if name.startswith("attribute:")]
        return Scores(
            labels=labels,
            images=table["image"].to_numpy().astype(str),
            groups=table["group"].to_numpy(),
            attributes={name.removeprefix("attribute:"): table[name].to_numpy().astype(str) for name in named},
            assessed=table["assessed"].to_numpy(),
            targets=each("target"),
            logits=each("logit"),
            probabilities=each("probability"),
            **{name: about[name] for name in _ABOUT},
        )
    except (pa.ArrowException, KeyError, TypeError, ValueError) as error:
        raise OverreadError(
            f"'{path}' is not a table of scores ({type(error).__name__}); write it again with 'overread evaluate --report'"
        ) from error


def answers_of(bundle: Bundle) -> str:
    """SHA-256 over what decides a bundle's probabilities, the graph and the calibration curves.

    Unlike the bundle's own hash it stays the same when ``evaluate`` adds its figures.
    """
    assert bundle.info.calibration is not None
    curves = {label: one.curve.model_dump(mode="json") for label, one in bundle.info.calibration.labels.items()}
    said = json.dumps([sha256_of(bundle.folder / GRAPH), curves], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
