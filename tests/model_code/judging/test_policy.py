"""Limits come from a file or are the usual ones; a misspelt limit cannot pass unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.errors import UsageError
from model_code.judging.policy import Policy, read_policy


def test_what_a_file_leaves_out_stays_as_usual(tmp_path: Path) -> None:
    path = tmp_path / "policy.json"
    path.write_text('{"margin_label": 0.05}')
    found = read_policy(path)
    assert (found.margin_label, found.margin_macro) == (0.05, Policy().margin_macro)
    assert read_policy(None) == Policy()


@pytest.mark.parametrize(
    ("content", "said"),
    [('{"margin": 0.1}', r"not valid at margin .*limits are: minimum_macro"), ('{"enough": 1}', "at enough"), ("{", "the file")],
)
def test_a_policy_that_is_not_understood_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "policy.json"
    path.write_text(content)
    with pytest.raises(UsageError, match=said):
        read_policy(path)


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the policy"):
        read_policy(tmp_path / "none.json")
