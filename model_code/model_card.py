"""The bundle's card, for people: what the model is, what it was made from, how well it does, and what it must not be used for."""

from __future__ import annotations

from model_code.bundle_info import BundleInfo, Share

NOT_A_DEVICE = "Research use only. Overread is not a medical device; no diagnosis or treatment may rest on it."
PHANTOMS_ONLY = "This model was trained on phantoms: drawn films of nobody. It must not be used on people."


def model_card(info: BundleInfo) -> str:
    """The card as Markdown, from the same data as ``bundle.json``."""
    lines = [f"# {info.name} {info.version}", "", f"**{NOT_A_DEVICE}**", ""]
    if info.data.phantoms:
        lines += [f"**{PHANTOMS_ONLY}**", ""]
    films = ", ".join(f"{count} {split}" for split, count in info.data.films.items())
    config = info.training.config
    lines += [
        f"- Task: {info.task} ({', '.join(info.labels)})",
        f"- Network: {config['architecture']}, {info.input.side} x {info.input.side} pixels, one grey channel",
        f"- Data: {films} films; manifest {info.data.manifest_sha256[:16]}",
        f"- Kept epoch: {info.training.best_epoch} of {len(info.training.epochs)}, by validation AUROC",
    ]
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
    return "\n".join(rows) + "\n"
