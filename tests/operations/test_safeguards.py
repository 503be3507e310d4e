from __future__ import annotations

import pytest

from operations.control_matrix import all_rules
from operations.safeguards import SAFEGUARDS, safeguard_of


def test_the_technical_safeguards_are_complete() -> None:
    """45 CFR 164.312, every standard and specification."""
    technical = {safeguard.id.removeprefix("164.312") for safeguard in SAFEGUARDS if safeguard.id.startswith("164.312")}

    assert technical == {
        *("(a)(1)", "(a)(2)(i)", "(a)(2)(ii)", "(a)(2)(iii)", "(a)(2)(iv)"),
        *("(b)", "(c)(1)", "(c)(2)", "(d)", "(e)(1)", "(e)(2)(i)", "(e)(2)(ii)"),
    }


def test_everybody_knows_their_part() -> None:
    assert len({safeguard.id for safeguard in SAFEGUARDS}) == len(SAFEGUARDS)
    for safeguard in SAFEGUARDS:
        assert safeguard.aws
        assert safeguard.operator.endswith(".")


def test_a_rule_serves_the_paragraph_or_the_standard_above_it() -> None:
    assert safeguard_of("164.312(a)(2)(iv)").title == "Encryption and decryption"
    assert safeguard_of("164.308(a)(3)(ii)(A)").title == "Workforce security"
    assert safeguard_of("164.308(a)(7)(ii)(A)").title == "Data backup plan"


def test_a_paragraph_that_nobody_wrote_about_is_refused() -> None:
    with pytest.raises(LookupError, match=r"164\.310\(a\)\(1\); add it"):
        safeguard_of("164.310(a)(1)")


def test_every_rule_of_both_packs_serves_safeguards_that_are_here() -> None:
    rules = all_rules()

    assert {rule.id.partition("-")[0] for rule in rules} == {"HIPAA.Security", "Overread"}
    assert all(rule.safeguards for rule in rules)
