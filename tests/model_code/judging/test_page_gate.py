"""The page shows every check of the gate, and a champion's change only where there is a champion."""

from __future__ import annotations

from model_code.judging.against import METHOD, MULTIPLICITY, non_inferiority
from model_code.judging.alone import gaps, minima
from model_code.judging.page_gate import gate_section
from model_code.judging.policy import Check, Party, Policy, Verdict
from tests.model_code.judging.drawn import metrics, scores

POLICY = Policy()


def verdict(*checks: Check, champion: bool) -> Verdict:
    party = Party(model="m 1", answers="0" * 64)
    return Verdict(
        verdict="passed",
        reasons=(),
        challenger=party,
        champion=party if champion else None,
        manifest_sha256="1" * 64,
        split="test",
        films=800,
        groups=400,
        method=METHOD,
        multiplicity=MULTIPLICITY,
        policy=POLICY,
        checks=checks,
    )


def test_every_check_has_a_row_and_an_outcome() -> None:
    alone = [*minima(metrics(), scores(), POLICY), *gaps(scores(), POLICY)]
    shown = "".join(gate_section(verdict(*alone, *non_inferiority(scores(), scores(noise=1), POLICY), champion=True)))
    for check in alone:
        assert f"<td>{check.scope}</td>" in shown and check.rule in shown
    assert "sex F" in shown and "A in view AP" in shown and 'class="limit"' in shown
    assert shown.count('<span class="passed">') >= len(alone) + 7


def test_a_first_model_has_no_change() -> None:
    shown = "".join(gate_section(verdict(*minima(metrics(), scores(), POLICY), champion=False)))
    assert "Challenger minus champion" not in shown and "Asked of the model alone" in shown


def test_where_the_gate_was_not_asked_it_is_told_how() -> None:
    assert "overread gate" in "".join(gate_section(None))
