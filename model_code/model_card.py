"""The bundle's card, for people: what the model is, what it was made from, how well it does, and what it must not be used for."""

from __future__ import annotations

from model_code.bundle_info import BundleInfo, Interval, Metrics, Share

NOT_A_DEVICE = "Research use only. Overread is not a medical device; no diagnosis or treatment may rest on it."
PHANTOMS_ONLY = "This model was trained on phantoms: drawn films of nobody. It must not be used on people."


def notices(info: BundleInfo) -> list[str]:
    """What must stand wherever a model is shown."""
    return [NOT_A_DEVICE, PHANTOMS_ONLY] if info.data.phantoms else [NOT_A_DEVICE]


def model_card(info: BundleInfo) -> str:
    """The card as Markdown, from the same data as ``bundle.json``."""
    lines = [f"# {info.name} {info.version}", ""]
    for notice in notices(info):
        lines += [f"**{notice}**", ""]
    films = ", ".join(f"{count} {split}" for split, count in info.data.films.items())
    config = info.training.config
    look = "one grey channel" if info.input.channels == 1 else "in colour"
    lines += [
        f"- Task: {info.task} ({', '.join(info.labels)})",
        f"- Network: {config['architecture']}, {info.input.side} x {info.input.side} pixels, {look}",
    ]
    if info.training.epochs:
        lines += [
            f"- Data: {films} films; manifest {info.data.manifest_sha256[:16]}",
            f"- Kept epoch: {info.training.best_epoch} of {len(info.training.epochs)}, "
            f"by validation {'accuracy' if config['select'] == 'accuracy' else 'AUROC'}",
        ]
    elif "source" in config:
        lines.append(f"- Trained elsewhere: {config['source']}, from a file with sha256 {config['source_sha256'][:16]}")
    if info.graph:
        lines.append(
            f"- Graph: ONNX, {info.graph.precision}, for {info.graph.runtime}; in float32 its probabilities are within "
            f"{info.graph.parity:.1e} of the trained network's on {info.graph.parity_films} films"
        )
    if info.graph and info.graph.reduced and info.graph.reduced.auroc_loss:
        reduced = info.graph.reduced
        worst = max(reduced.auroc_loss, key=lambda label: reduced.auroc_loss[label])
        lines.append(
            f"- In {reduced.precision}, AUROC falls by at most {reduced.auroc_loss[worst]:.4f} ({worst}; limit {reduced.limit}) "
            f"on {reduced.films} validation films{'; so it does not ship' if reduced.failed else ''}"
        )
    if info.calibration:
        lines.append(
            f"- Decisions: conformal, at most {info.calibration.error_rate:.0%} wrong per class on films like validation's"
        )
    return "\n".join(lines) + "\n" + _figures(info)


def _percent(share: Share) -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"


def _figures(info: BundleInfo) -> str:
    if info.metrics is None or info.calibration is None:
        return ""
    macro = info.metrics.macro_auroc
    rows = [
        "",
        f"## On {info.metrics.films} films of the {info.metrics.split} split",
        "",
        f"Macro AUROC {macro.value:.3f} (95% interval {macro.low:.3f} to {macro.high:.3f}).",
    ]
    if info.metrics.pointing:
        rows.append(f"Pointing: {info.metrics.pointing}.")
    headings = ("label", "AUROC", "95% interval", "rule-out sensitivity", "rule-in specificity", "ECE", "kept*", "uncertain")
    rows += ["", f"| {' | '.join(headings)} |", "|---" * len(headings) + "|"]
    for label, auroc in info.metrics.auroc.items():
        calibration = info.calibration.labels[label]
        out, within = calibration.rule_out.test, calibration.rule_in.test
        rates = f"{_percent(out.sensitivity)} | {_percent(within.specificity)}" if out and within else " | "
        covered = info.metrics.coverage[label]
        kept = f"{covered.present.value:.0%} / {covered.absent.value:.0%} | {covered.uncertain.value:.0%}"
        error = info.metrics.reliability[label].error
        rows.append(
            f"| {label} | {auroc.value:.3f} | {auroc.low:.3f} to {auroc.high:.3f} | {rates} | {error.value:.3f} | {kept} |"
        )
    rows += ["", "*Films with / without the finding for which the decision leaves the right answer possible."]
    rows += _beyond(info.metrics)
    return "\n".join(rows) + "\n"


def _beyond(metrics: Metrics) -> list[str]:
    """Subgroups and shortcut probes, where they were measured."""
    rows = []
    if metrics.exclusive:
        accuracy, balanced = metrics.exclusive.accuracy, metrics.exclusive.balanced_accuracy
        rows += ["", f"Accuracy {_interval(accuracy)}; balanced over the labels {_interval(balanced)}."]
    if metrics.subgroups:
        rows += ["", "| subgroup | films | macro AUROC (95%) |", "|---|---|---|"]
    for attribute, values in metrics.subgroups.items():
        for value, found in values.items():
            rows.append(f"| {attribute} {value} | {found.films} | {_interval(found.macro_auroc)} |")
    if metrics.probes:
        centre, corners = metrics.probes.without_centre.macro_auroc, metrics.probes.without_corners.macro_auroc
        rows += [
            "",
            f"Shortcut probes on {metrics.probes.films} films: macro AUROC {_interval(centre)} without the middle of the film "
            f"(near 0.5 is right), {_interval(corners)} without its corners.",
        ]
    return rows


def _interval(figure: Interval | None) -> str:
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})" if figure else "too few films"
