"""Commands that judge a model."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import DataOption, JsonOption, OutBundleOption, StepBundleOption, finish
from model_code.contract import Verb

commands = typer.Typer()

EvaluationOption = Annotated[
    Path | None, typer.Option(help="What 'evaluate --report' wrote of this model; without it the films are scored again.")
]


@commands.command(Verb.EVALUATE.value)
def evaluate_command(
    bundle: StepBundleOption,
    data: DataOption,
    split: Annotated[str, typer.Option(help="Which films: test (recorded in the bundle), val or train (only shown).")] = "test",
    out: OutBundleOption = None,
    report: Annotated[
        Path | None, typer.Option(help="Write metrics.json, scores.parquet and reliability.svg into this folder too.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the shipped graph on held-out films: AUROC, calibration, operating points, subgroups, shortcuts; with intervals."""
    from model_code.archive import unpacked
    from model_code.evaluate import TEST, evaluate
    from model_code.judging.show import show

    with unpacked(bundle, out, changes=split == TEST) as (source, target):
        info = evaluate(source, data=data, split=split, out=target, report=report)
    assert info.metrics is not None
    if not as_json:
        show(info)
    macro = info.metrics.macro_auroc
    finish(info.metrics.model_dump(mode="json"), f"macro AUROC {macro.value:.3f} ({macro.low:.3f} to {macro.high:.3f})", as_json)


@commands.command(Verb.GATE.value)
def gate_command(
    challenger: Annotated[Path, typer.Option(help="The model to judge, evaluated: a folder, or its model.tar.gz.")],
    data: DataOption,
    champion: Annotated[Path | None, typer.Option(help="The model in use, if there is one.")] = None,
    evaluation: EvaluationOption = None,
    policy: Annotated[Path | None, typer.Option(help="Limits as JSON, where others than the usual ones hold.")] = None,
    minimum_auroc: Annotated[
        float | None, typer.Option(help="What the macro AUROC's interval must reach; over the policy's.", min=0.0, max=0.999)
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write gate.json into this folder.")] = None,
    record: Annotated[
        bool, typer.Option("--record", help="End with 0 either way: a pipeline reads the verdict from gate.json.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Judge whether a model may follow the one in use. Exit code 0: it may; 1: it may not, or could not be judged."""
    from model_code.gate import gate
    from model_code.judging.policy import read_policy
    from model_code.judging.show import show_verdict

    limits = read_policy(policy)
    if minimum_auroc is not None:
        limits = limits.model_copy(update={"minimum_macro_auroc": minimum_auroc})
    verdict = gate(challenger, data=data, champion=champion, evaluation=evaluation, policy=limits, report=report)
    if not as_json:
        show_verdict(verdict)
    count = Counter(check.outcome for check in verdict.checks)
    text = ", ".join(f"{count[outcome]} {outcome}" for outcome in ("passed", "refused", "not judged") if count[outcome])
    finish(verdict.model_dump(mode="json", by_alias=True), f"{verdict.verdict}; checks: {text}", as_json)
    if verdict.reasons and not record:
        raise typer.Exit(1)


@commands.command(Verb.EVIDENCE.value)
def evidence_command(
    bundle: StepBundleOption,
    data: DataOption,
    report: Annotated[Path, typer.Option(help="The pack's folder; replaced as a whole if it exists.")],
    gate: Annotated[Path | None, typer.Option(help="What 'gate --report' wrote of this model.")] = None,
    evaluation: EvaluationOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the evidence pack of an evaluated model: a page for people, JSON for programs, an SBOM, and one hash over all."""
    from model_code.evidence import PAGE, evidence

    sealed = evidence(bundle, data=data, out=report, gate=gate, evaluation=evaluation)
    finish(sealed, f"{report / PAGE}; the pack's SHA-256 is {sealed['sha256']}", as_json)


@commands.command(Verb.COMPARE.value)
def compare_command(
    one: Annotated[Path, typer.Argument(help="The model in use: a bundle, its model.tar.gz, or what 'evaluate --report' wrote.")],
    other: Annotated[Path, typer.Argument(help="The model to compare with it, likewise.")],
    data: Annotated[Path | None, typer.Option(help="Folder with manifest.parquet; needed to score a bundle.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw both models' ROC curves into this SVG.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Compare two models on the same test films: AUROC of each, and the difference with its interval, label by label."""
    from model_code.compare import compare
    from model_code.judging.show import show_comparison

    found = compare(one, other, data=data, plot=plot)
    if not as_json:
        show_comparison(found)
    change = found.macro.difference
    text = f"macro AUROC {change.value:+.3f} ({change.low:+.3f} to {change.high:+.3f})"
    finish(found.model_dump(mode="json"), text, as_json)
