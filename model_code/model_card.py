"""The bundle's card, for people: what the model is, what it was made from, how well it does, and what it must not be used for."""

from __future__ import annotations

from model_code.bundle_info import BundleInfo

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
            f"- Graph: ONNX, {info.graph.precision}; probabilities within {info.graph.parity:.1e} of the trained network's "
            f"on {info.graph.parity_films} films"
        )
    if info.calibration:
        lines.append(
            f"- Decisions: conformal, at most {info.calibration.error_rate:.0%} wrong per class on films like validation's"
        )
    return "\n".join(lines) + "\n" + _figures(info)


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
    rows += ["", "| label | AUROC | 95% interval | rule-out sensitivity | rule-in specificity |"]
    rows += ["|---|---|---|---|---|"]
    for label, auroc in info.metrics.auroc.items():
        calibration = info.calibration.labels[label]
        out, within = calibration.rule_out.test, calibration.rule_in.test
        rates = f"{out.sensitivity:.2f} | {within.specificity:.2f}" if out and within else " | "
        rows.append(f"| {label} | {auroc.value:.3f} | {auroc.low:.3f} to {auroc.high:.3f} | {rates} |")
    return "\n".join(rows) + "\n"
