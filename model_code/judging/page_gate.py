"""The evidence page's section on the gate: every check with its figure, its limit and its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from model_code.bundle_info import Interval
from model_code.judging.html import Html, bar, figure, table
from model_code.judging.policy import Check, Verdict


def gate_section(verdict: Verdict | None) -> Iterator[str]:
    """Verdict, method, the change against the champion, and what was asked of the model alone."""
    if verdict is None:
        yield "<p>The gate was not asked of this model; run <code>overread gate</code> and make the pack again.</p>"
        return
    for part in (verdict.method, verdict.multiplicity):
        yield f'<p class="note">{escape(part)}</p>'
    compared = [check for check in verdict.checks if check.rule.endswith("against the champion")]
    if compared:
        changes = [check for check in compared if not check.rule.startswith("label within")]
        yield table(
            "Challenger minus champion on the same films, AUROC and share of films answered; the red line is minus the margin",
            ("asked of", "question", "change (95%)", "", "margin", "outcome"),
            (
                (c.scope.replace("_", " "), c.rule, figure(_of(c), signed=True), _change(c), f"{c.limit:+.3f}", _outcome(c))
                for c in changes
            ),
            numbers=(2, 4),
        )
        cells = [check for check in compared if check.rule.startswith("label within")]
        worst = sorted(cells, key=lambda check: check.value if check.value is not None else 0.0)[:10]
        yield f"<p>Of {len(cells)} labels within subgroups these fell furthest:</p>" if worst else ""
        rows = (
            (c.scope.replace("_", " "), figure(_of(c), signed=True), _change(c), f"{c.limit:+.3f}", _outcome(c)) for c in worst
        )
        if worst:
            yield table("Labels within subgroups", ("asked of", "change (95%)", "", "margin", "outcome"), rows, numbers=(1, 3))
    alone = [check for check in verdict.checks if check not in compared]
    yield table(
        "Asked of the model alone",
        ("question", "asked of", "figure (95%)", "limit", "outcome"),
        (
            (c.rule, c.scope.replace("_", " "), figure(_of(c)), f"{c.limit:g}" if c.limit is not None else "", _outcome(c))
            for c in alone
        ),
        numbers=(2, 3),
    )


def _of(check: Check) -> Interval | None:
    if check.value is None or check.low is None or check.high is None:
        return None
    return Interval(value=check.value, low=check.low, high=check.high)


def _change(check: Check) -> Html:
    return bar(_of(check), low=-0.1, high=0.1, limit=check.limit)


def _outcome(check: Check) -> Html:
    kind = {"not judged": "unjudged"}.get(check.outcome, check.outcome)
    return Html(f'<span class="{kind}">{check.outcome}</span>')
