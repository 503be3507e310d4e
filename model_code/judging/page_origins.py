"""The evidence page's sections on where things come from: worst cases, data, training, packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from model_code.judging.cases import Case
from model_code.judging.html import code, facts, table
from model_code.judging.sbom import FILE_NAME as SBOM
from model_code.judging.scores import Scores


def worst_cases(cases: Sequence[Case], pictures: Sequence[str], scores: Scores) -> Iterator[str]:
    """The surest errors with their pictures."""
    if not cases:
        yield "<p>No film was called wrongly with a probability above a half.</p>"
        return
    yield (
        "<p>Where it was most sure of what is wrong. Left the film, right what it looked at for that label. The films are "
        'de-identified and shown small; treat this page as you treat them.</p><div class="cases">'
    )
    for case, picture in zip(cases, pictures, strict=True):
        label, truth = case.label.replace("_", " "), "present" if case.present else "absent"
        said = f"{label}: {truth}, but said with probability {case.probability:.2f}"
        yield f'<figure><img src="{picture}" alt="A film, and the same film with the evidence for {escape(label)} over it">'
        yield f"<figcaption>{escape(said)}<br><small>film {code(scores.images[case.row][:16])}</small></figcaption></figure>"
    yield "</div>"


def splits(content: Mapping[str, Any]) -> Iterator[str]:
    """Hashes of the data, and what splits share."""
    data = content["data"]
    yield facts(
        [
            ("manifest, SHA-256", code(data["manifest_sha256"])),
            ("trained on, SHA-256", code(content["trained_on"]["manifest_sha256"])),
        ]
    )
    yield table(
        "Splits; the hash is over the sorted SHA-256 sums of the films, one a line",
        ("split", "films", "patients or lesions", "SHA-256"),
        ((name, one["films"], one["groups"], code(one["sha256"])) for name, one in data["splits"].items()),
        numbers=(1, 2),
    )
    yield table(
        "What two splits share",
        ("splits", "patients or lesions", "films with the same bytes"),
        ((" and ".join(one["splits"]), one["groups"], one["films"]) for one in data["shared"]),
        numbers=(1, 2),
    )


def making(content: Mapping[str, Any]) -> Iterator[str]:
    """What made the model, and its hashes."""
    model, training = content["model"], content["training"]
    graph = model["graph"]
    yield facts(
        [
            ("code version", model["code_version"]),
            *([("code, SHA-256", code(training["code_sha256"]))] if training.get("code_sha256") else []),
            *((f"{name}, SHA-256", code(model[f"{name}_sha256"])) for name in ("bundle", "weights", "graph", "answers")),
            (
                "graph",
                f"{graph['precision']} for {graph['runtime']}; parity {graph['parity']:.1e} on {graph['parity_films']} films",
            ),
            *([("kept epoch", f"{training['best_epoch']} of {len(training['epochs'])}")] if training["epochs"] else []),
            *((name.replace("_", " "), value) for name, value in training["config"].items()),
        ]
    )


def packages(materials: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[str]:
    """The SBOM, folded away."""
    components = materials["components"]
    where = f"as CycloneDX {materials['specVersion']} in {code(SBOM)}, SHA-256 {code(content['sbom_sha256'])}"
    yield f"<p>{len(components)} components, {where}.</p>"
    rows = ((one["name"], one["version"], _terms(one)) for one in components)
    yield f"<details><summary>All of them</summary>{table('Packages', ('name', 'version', 'licence'), rows)}</details>"


def _terms(component: Mapping[str, Any]) -> str:
    said = component.get("licenses") or [{}]
    return str(said[0].get("expression") or said[0].get("license", {}).get("name", "not stated"))
