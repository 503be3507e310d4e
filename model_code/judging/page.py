"""The evidence pack's page: self-contained HTML, without scripts, that prints well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

from model_code.bundle_info import BundleInfo
from model_code.judging.cases import Case
from model_code.judging.page_figures import by_subgroup, curves, labels, reliabilities, shortcut_probes
from model_code.judging.page_gate import gate_section
from model_code.judging.page_origins import making, packages, splits, worst_cases
from model_code.judging.page_style import STYLE
from model_code.judging.policy import Verdict
from model_code.judging.scores import Scores


def page(
    info: BundleInfo,
    scores: Scores,
    content: Mapping[str, Any],
    verdict: Verdict | None,
    cases: Sequence[Case],
    pictures: Sequence[str],
    materials: Mapping[str, Any],
) -> str:
    """The whole page. ``content`` is ``evidence.json``, ``pictures`` are the cases', ``materials`` the SBOM."""
    sections = [
        ("Against the champion, and the gate's checks", gate_section(verdict)),
        ("What it finds: figures by label", labels(info)),
        ("ROC and precision-recall curves", curves(info, scores)),
        ("Are its probabilities true?", reliabilities(info)),
        ("Subgroups", by_subgroup(info)),
        ("Shortcut probes", shortcut_probes(info)),
        ("Worst cases", worst_cases(cases, pictures, scores)),
        ("Data, and proof of the split", splits(content)),
        ("How it was made", making(content)),
        ("Software bill of materials", packages(materials, content)),
    ]
    title = f"{info.name} {info.version}: evidence"
    contents = "".join(f'<li><a href="#s{number}">{escape(name)}</a></li>' for number, (name, _) in enumerate(sections, 1))
    parts = [
        "<!DOCTYPE html>",
        f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head><body>',
        f"<header><h1>{escape(title)}</h1>",
        *(f'<p class="warn"><strong>{escape(notice)}</strong></p>' for notice in content["notices"]),
        *_summary(info, verdict),
        f'</header><nav aria-label="Contents"><ol>{contents}</ol></nav><main>',
    ]
    for number, (name, lines) in enumerate(sections, 1):
        parts += [f'<section id="s{number}"><h2>{number}. {escape(name)}</h2>', *lines, "</section>"]
    return "\n".join([*parts, "</main></body></html>", ""])


def _summary(info: BundleInfo, verdict: Verdict | None) -> Iterator[str]:
    metrics = info.metrics
    assert metrics is not None
    if verdict is None:
        yield '<p class="verdict unjudged">The gate was not asked.</p>'
    elif verdict.reasons:
        says = f"Refused: {len(verdict.reasons)} of {len(verdict.checks)} checks speak against it."
        yield f'<p class="verdict refused">{says}</p><ul>'
        yield "".join(f"<li>{escape(reason)}</li>" for reason in verdict.reasons) + "</ul>"
    else:
        counted = sum(check.outcome == "passed" for check in verdict.checks)
        yield f'<p class="verdict passed">Passed: nothing speaks against it in {counted} checks.</p>'
    macro = metrics.macro_auroc
    against = verdict.champion.model if verdict and verdict.champion else "none: a first model"
    yield '<div class="figures">'
    for value, name in (
        (f"{macro.value:.3f}", f"macro AUROC, {macro.low:.3f} to {macro.high:.3f}"),
        (metrics.films, f"{metrics.split} films of {metrics.groups} patients or lesions"),
        (len(info.labels), f"labels of the task {info.task}"),
        (metrics.not_assessed, "of these films not assessed by the film gate"),
    ):
        yield f"<div><b>{value}</b>{escape(name)}</div>"
    yield f'</div><p class="note">Champion: {escape(against)}. Intervals are 95% and resample patients or lesions, not films.</p>'
