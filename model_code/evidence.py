"""``overread evidence``: everything that a person needs to decide on a model, in one page that needs nothing else.

The pack is a folder: ``evidence.html`` for people, ``evidence.json`` for programs, ``sbom.cdx.json``, ``SHA256SUMS``, and
``pack.json`` with the hash of the sums, which registration records and approval refers to. The same inputs give the same bytes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from model_code.archive import unpacked
from model_code.bundle import GRAPH, WEIGHTS, Bundle, open_bundle
from model_code.data.manifest import read_manifest
from model_code.errors import BundleError, UsageError
from model_code.files import atomic_folder, check_replaceable, sha256_of, write_json
from model_code.gate import TEST, scores_of
from model_code.judging import policy
from model_code.judging.cases import Case, drawn, worst
from model_code.judging.page import page
from model_code.judging.policy import Verdict
from model_code.judging.sbom import FILE_NAME as SBOM
from model_code.judging.sbom import sbom
from model_code.judging.scores import Scores
from model_code.judging.splits import split_proof
from model_code.model_card import notices
from model_code.predictor import Predictor

PAGE: Final = "evidence.html"
DATA: Final = "evidence.json"
SUMS: Final = "SHA256SUMS"
PACK: Final = "pack.json"


def evidence(folder: Path, *, data: Path, out: Path, gate: Path | None = None, evaluation: Path | None = None) -> dict[str, Any]:
    """Makes the evidence pack of an evaluated model and returns what ``pack.json`` says.

    Args:
        folder: the bundle, evaluated; a folder or an archive.
        data: the manifest that it was evaluated on.
        out: the pack's folder; replaced as a whole.
        gate: what ``gate --report`` wrote of this model; without it the pack says that the gate was not asked.
        evaluation: what ``evaluate --report`` wrote of it; without it the films are scored again.

    Raises:
        BundleError: the bundle was evaluated on other films.
        UsageError: the verdict or the evaluation is of another model or of other films, or cannot be read, or ``out`` holds
            something else.
    """
    check_replaceable(out, PACK)
    with tempfile.TemporaryDirectory() as temporary, unpacked(folder, Path(temporary)) as (source, _):
        bundle = open_bundle(source, needs=("graph", "calibration", "film_gate", "metrics"))
        whole = read_manifest(data, bundle.spec)
        scores = scores_of(bundle, data, evaluation)
        metrics = bundle.info.metrics
        assert metrics is not None
        if (metrics.manifest_sha256, metrics.split) != (scores.manifest_sha256, scores.split):
            raise BundleError(f"the model was evaluated on another test set than '{data}'; evaluate it on this one first")
        verdict = _verdict_of(scores, gate)
        materials = sbom()
        cases = worst(scores)
        content = _content(bundle, scores, split_proof(whole), verdict, cases)
        pictures = list(drawn(cases, whole.split(TEST), Predictor.of(bundle)))
        with atomic_folder(out) as pack:
            write_json(pack / SBOM, materials)
            content["sbom_sha256"] = sha256_of(pack / SBOM)
            write_json(pack / DATA, content)
            text = page(bundle.info, scores, content, verdict, cases, pictures, materials)
            (pack / PAGE).write_text(text, encoding="utf-8")
            names = sorted(path.name for path in pack.iterdir())
            (pack / SUMS).write_text("".join(f"{sha256_of(pack / name)}  {name}\n" for name in names), encoding="utf-8")
            sealed = {
                "schema": "overread.pack/1",
                "model": scores.model,
                "task": bundle.info.task,
                "sha256": sha256_of(pack / SUMS),
            }
            write_json(pack / PACK, sealed)
    return sealed


def _verdict_of(scores: Scores, gate: Path | None) -> Verdict | None:
    if gate is None:
        return None
    path = gate / policy.FILE_NAME
    try:
        verdict = Verdict.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(
            f"no verdict at '{path}' ({type(error).__name__}); make it with: overread gate --report {gate}"
        ) from None
    if verdict.challenger.answers != scores.answers:
        raise UsageError(f"the verdict in '{gate}' is of another model ({verdict.challenger.model}); ask the gate of this one")
    if (verdict.manifest_sha256, verdict.split) != (scores.manifest_sha256, scores.split):
        raise UsageError(f"the verdict in '{gate}' is of other films; ask the gate on this test set")
    return verdict


def _content(bundle: Bundle, scores: Scores, proof: dict[str, Any], verdict: Verdict | None, cases: list[Case]) -> dict[str, Any]:
    """``evidence.json``."""
    info = bundle.info
    assert info.metrics is not None and info.graph is not None
    return {
        "schema": "overread.evidence/1",
        "notices": notices(info),
        "model": {
            "name": info.name,
            "version": info.version,
            "task": info.task,
            "labels": list(info.labels),
            "code_version": info.code_version,
            "bundle_sha256": bundle.sha256,
            "answers_sha256": scores.answers,
            "weights_sha256": sha256_of(bundle.folder / WEIGHTS),
            "graph_sha256": sha256_of(bundle.folder / GRAPH),
            "graph": info.graph.model_dump(mode="json"),
        },
        "training": info.training.model_dump(mode="json"),
        "trained_on": info.data.model_dump(mode="json"),
        "data": proof,
        "metrics": info.metrics.model_dump(mode="json"),
        "gate": verdict.model_dump(mode="json", by_alias=True) if verdict else None,
        "worst_cases": [
            {
                "image_sha256": str(scores.images[case.row]),
                "label": case.label,
                "truth": "present" if case.present else "absent",
                "probability": round(case.probability, 4),
            }
            for case in cases
        ],
    }
