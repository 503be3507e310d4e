from __future__ import annotations

from pathlib import Path

import pytest

from model_code.errors import UsageError
from model_code.prevalence import predictive_values, read_prevalence

LABELS = ("Effusion", "Mass")


def test_predictive_values_are_those_of_a_counted_town() -> None:
    """Of 10,000 people 200 have it; the point finds 180 of them and alarms 490 of the others."""
    ppv, npv = predictive_values(0.9, 0.95, 0.02)
    assert ppv == pytest.approx(180 / (180 + 490)) and npv == pytest.approx(9310 / (9310 + 20))


def test_an_answer_that_never_comes_has_no_predictive_value() -> None:
    assert predictive_values(0.0, 1.0, 0.1)[0] is None
    assert predictive_values(1.0, 0.0, 0.1)[1] is None


def test_labels_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"Mass": 0.03}')
    assert read_prevalence(tmp_path / "p.json", LABELS) == {"Mass": 0.03}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, r"there is no '.*p\.json'; give a JSON file such as"),
        ("{", "is not JSON that can be read"),
        ("\udcff", "is not JSON that can be read"),
        ("[0.1]", "does not hold an object"),
        ('{"Masses": 0.1}', "names 'Masses', which is none of the model's labels: Effusion, Mass"),
        ('{"Mass": 12}', "gives Mass the prevalence 12; it is a share between 0 and 1"),
        ('{"Mass": 0}', "gives Mass the prevalence 0;"),
        ('{"Mass": true}', "gives Mass the prevalence True;"),
        ('{"Mass": NaN}', "gives Mass the prevalence nan;"),
        ('{"Mass": "0.1"}', "gives Mass the prevalence '0.1';"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "p.json").write_text(text, encoding="utf-8", errors="surrogateescape")
    with pytest.raises(UsageError, match=message):
        read_prevalence(tmp_path / "p.json", LABELS)
