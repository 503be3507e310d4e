"""The figures of an evaluated bundle as tables for people."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Final

from rich.console import Console
from rich.table import Table

from model_code.bundle_info import BundleInfo, Interval, Metrics, Probes
from model_code.compare import Comparison
from model_code.judging.policy import Verdict
from model_code.progress import plain_console

WIDTH: Final = 120
"""Columns of the tables where no terminal says how wide it is."""


def show(info: BundleInfo) -> None:
    """Prints the figures of an evaluated bundle for people."""
    metrics, calibration = info.metrics, info.calibration
    assert metrics is not None and calibration is not None
    table = Table(title=f"{info.name} on {metrics.films} films of the {metrics.split} split", title_justify="left")
    table.add_column("label", no_wrap=True)
    headings = (
        "AUROC (95%)",
        "with it",
        "rule-out sens.",
        "rule-in spec.",
        "ECE before, after",
        "kept with, without",
        "pointing",
    )
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=heading.startswith("AUROC"))
    for label, auroc in metrics.auroc.items():
        out, within = calibration.labels[label].rule_out.test, calibration.labels[label].rule_in.test
        assert out is not None and within is not None
        hits, shown = metrics.pointing.labels[label] if metrics.pointing else (0, 0)
        table.add_row(
            label.replace("_", " "),
            f"{auroc.value:.3f} ({auroc.low:.3f} to {auroc.high:.3f})",
            str(out.sensitivity.n),
            f"{out.sensitivity.value:.2f}",
            f"{within.specificity.value:.2f}",
            f"{metrics.reliability[label].error_before.value:.3f}, {metrics.reliability[label].error.value:.3f}",
            f"{metrics.coverage[label].present.value:.2f}, {metrics.coverage[label].absent.value:.2f}",
            f"{hits}/{shown}" if shown else "",
        )
    console = _console()
    console.print(table)
    console.print("kept: films for which the decision leaves the right answer possible", style="dim")
    if metrics.pointing:
        console.print(f"pointing: {metrics.pointing}")
    console.print(f"not assessed by the film gate: {metrics.not_assessed} of {metrics.films}")
    if metrics.subgroups:
        console.print(_subgroups(metrics))
    if metrics.exclusive:
        accuracy, balanced = metrics.exclusive.accuracy, metrics.exclusive.balanced_accuracy
        console.print(f"accuracy: {in_words(accuracy)}; balanced over the labels: {in_words(balanced)}")
    if metrics.probes:
        console.print(f"shortcut probes: {probes_in_words(metrics.probes)}")


def show_verdict(verdict: Verdict) -> None:
    """Prints what the gate found: each rule with its worst case, then every reason against the model."""
    champion = f" against {verdict.champion.model}" if verdict.champion else ", a first model"
    title = f"{verdict.challenger.model}{champion}, on {verdict.films} films of {verdict.groups} patients or lesions"
    table = Table(title=title, title_justify="left")
    table.add_column("rule")
    for outcome in ("passed", "refused", "not judged"):
        table.add_column(outcome, justify="right")
    for rule in dict.fromkeys(check.rule for check in verdict.checks):
        counts = Counter(check.outcome for check in verdict.checks if check.rule == rule)
        table.add_row(rule, *(str(counts[outcome] or "") for outcome in ("passed", "refused", "not judged")))
    console = _console()
    console.print(table)
    for reason in verdict.reasons:
        console.print(f"- {reason}", soft_wrap=True)


def show_comparison(found: Comparison) -> None:
    """Prints two models side by side; a difference whose interval leaves out 0 is marked."""
    title = f"A: {found.one}, B: {found.other}, on {found.films} films of {found.groups} patients or lesions"
    table = Table(title=title, title_justify="left")
    table.add_column("label", no_wrap=True)
    for heading in ("A: AUROC (95%)", "B: AUROC (95%)", "B - A (95%)"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for label, pair in {**found.auroc, "all labels (macro)": found.macro}.items():
        change = pair.difference
        words = f"{change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
        mark = "B better" if change.low > 0 else "A better" if change.high < 0 else ""
        table.add_row(label.replace("_", " "), in_words(pair.one), in_words(pair.other), words, mark)
    _console().print(table)


def _console() -> Console:
    return plain_console(width=None if sys.stdout.isatty() else WIDTH)


def in_words(figure: Interval | None) -> str:
    """``0.912 (0.887 to 0.931)``."""
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})" if figure else "too few films"


def probes_in_words(probes: Probes) -> str:
    """What the probes found, in one line."""
    intact, centre, corners = (one.macro_auroc for one in (probes.intact, probes.without_centre, probes.without_corners))
    return (
        f"macro AUROC {intact.value:.3f} on {probes.films} films; {in_words(centre)} without the middle of the film (near 0.5 is "
        f"right), {in_words(corners)} without its corners (as much is right)"
    )


def _subgroups(metrics: Metrics) -> Table:
    table = Table(title="by subgroup", title_justify="left")
    for heading in ("attribute", "value"):
        table.add_column(heading)
    for heading in ("films", "patients or lesions", "macro AUROC (95%)", "labels measured"):
        table.add_column(heading, justify="right")
    for attribute, values in metrics.subgroups.items():
        for value, found in values.items():
            measured = sum(one.auroc is not None for one in found.labels.values())
            counts = (str(found.films), str(found.groups), in_words(found.macro_auroc), f"{measured} of {len(found.labels)}")
            table.add_row(attribute, value, *counts)
    return table
