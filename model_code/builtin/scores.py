"""``overread builtin scores``: what the algorithm's batch transform said of the test films, as the table that our models leave.

``overread compare`` takes it beside the report of a model of ours: the same films, the same figures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from model_code.builtin.dataset import OPTIONS, picture_name
from model_code.data.manifest import Manifest, read_manifest
from model_code.errors import OverreadError
from model_code.files import sha256_of, write_json
from model_code.judging.ranked import Ranked
from model_code.judging.resample import Array, interval, mean_where_defined, resamples
from model_code.judging.scores import Scores
from model_code.judging.subgroups import attributes_of
from model_code.tasks import task_spec

SUFFIX: Final = ".out"
"""Batch transform writes the answer to ``x.png`` into ``x.png.out``."""
LEAST: Final = 1e-7
"""Probabilities nearer to 0 or 1 than this have no finite logit."""


def read_back(*, dataset: Path, answers: Path, data: Path, report: Path) -> dict[str, Any]:
    """Writes ``scores.parquet`` and ``metrics.json`` into ``report``; returns the metrics.

    Args:
        dataset: folder that ``overread builtin data`` wrote.
        answers: folder with the transform's ``.out`` files.
        data: the manifest that the data set was made from.
        report: folder to write to.

    Raises:
        OverreadError: the manifest is another one, or an answer is missing or not of the algorithm's form.
    """
    about = _about(dataset)
    spec = task_spec(about["task"])
    manifest = read_manifest(data, spec)
    if manifest.sha256 != about["manifest_sha256"]:
        raise OverreadError(f"'{data}' is not the manifest that '{dataset}' was made from; give that one")
    rows = manifest.split("test")
    wanted = {path.name for path in (dataset / "images/test").iterdir()}
    chosen = [picture_name(digest) in wanted for digest in rows.frame["sha256"]]
    kept = Manifest(rows.frame[chosen].reset_index(drop=True), rows.root, rows.labels, rows.sha256)
    scores = _scores(kept, np.array(list(_answers(kept, answers))), answers)
    metrics = _metrics(scores)
    scores.write(report)
    write_json(report / "metrics.json", metrics)
    return metrics


def _about(dataset: Path) -> dict[str, Any]:
    try:
        return dict(json.loads((dataset / OPTIONS).read_bytes()))
    except (FileNotFoundError, ValueError):
        raise OverreadError(f"no {OPTIONS} in '{dataset}'; give the folder that 'overread builtin data' wrote") from None


def _answers(rows: Manifest, folder: Path) -> Iterator[list[float]]:
    """Probabilities of each film, in the manifest's order."""
    for number, digest in enumerate(rows.frame["sha256"]):
        path = folder / f"{picture_name(digest)}{SUFFIX}"
        try:
            said = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise OverreadError(
                f"no answer for test film {number} in '{folder}'; bring all .out files of the transform"
            ) from None
        except ValueError:
            said = None
        values = said.get("prediction") if isinstance(said, dict) else said
        if not (isinstance(values, list) and _are_probabilities(values, len(rows.labels))):
            raise OverreadError(
                f"the answer for test film {number} is not {len(rows.labels)} probabilities; is it of this data set's transform?"
            )
        yield values


def _are_probabilities(values: list[Any], count: int) -> bool:
    return len(values) == count and all(isinstance(value, int | float) and 0 <= value <= 1 for value in values)


def _scores(rows: Manifest, probabilities: Array, answers: Path) -> Scores:
    inner = np.clip(probabilities, LEAST, 1 - LEAST)
    groups, _ = pd.factorize(rows.frame["group"])
    return Scores(
        labels=rows.labels,
        images=rows.frame["sha256"].to_numpy(str),
        groups=np.asarray(groups, np.int64),
        attributes=attributes_of(rows.frame),
        assessed=np.ones(len(rows), bool),  # it has no film gate
        targets=rows.targets.astype(np.float64),
        logits=np.log(inner / (1 - inner)),
        probabilities=probabilities,
        model="SageMaker image-classification",
        answers=_hash_of(sorted(answers.glob(f"*{SUFFIX}"))),
        manifest_sha256=rows.sha256,
        split="test",
    )


def _hash_of(files: list[Path]) -> str:
    return hashlib.sha256("".join(map(sha256_of, files)).encode()).hexdigest()


def _metrics(scores: Scores) -> dict[str, Any]:
    """AUROC and average precision with their intervals, of each label that has films of both kinds, and the mean AUROC."""
    known = {}
    for index, label in enumerate(scores.labels):
        positive = scores.targets[:, index] == 1
        if 0 < positive.sum() < len(positive):
            known[label] = Ranked(scores.probabilities[:, index], positive)
    if not known:
        raise OverreadError("no label has test films both with and without it; use more films")
    values = np.stack([np.stack(ranked.areas())[:, 0] for ranked in known.values()])
    drawn = [np.stack([np.stack(one.areas(weights)) for one in known.values()]) for weights in resamples(scores.groups)]
    samples = np.concatenate(drawn, axis=2)
    figures = {
        label: {
            name: interval(values[row, column], samples[row, column]).model_dump(mode="json")
            for column, name in enumerate(("auroc", "average_precision"))
        }
        for row, label in enumerate(known)
    }
    macro = interval(float(values[:, 0].mean()), mean_where_defined(samples[:, 0]))
    return {
        "model": scores.model,
        "manifest_sha256": scores.manifest_sha256,
        "films": len(scores),
        "macro_auroc": macro.model_dump(mode="json"),
        "labels": figures,
    }
