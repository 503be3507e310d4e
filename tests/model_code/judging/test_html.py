"""Text cannot become markup, and figures are written the same everywhere."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from model_code.bundle_info import Interval
from model_code.judging.html import bar, code, facts, figure, table


def test_text_is_escaped_and_html_is_left() -> None:
    made = table("a & b", ("<x>", "y"), [("<i>", code("<b>"))], numbers=(1,))
    assert "<caption>a &amp; b</caption>" in made and "&lt;i&gt;" in made and "<code>&lt;b&gt;</code>" in made
    assert '<th scope="row">' in made and '<td class="n">' in made
    ElementTree.fromstring(made)
    assert facts([("<", "&")]) == "<dl><dt>&lt;</dt><dd>&amp;</dd></dl>"


def test_figures_are_in_words() -> None:
    found = Interval(value=-0.0001, low=-0.02, high=0.0134)
    assert figure(found) == "0.000 (-0.020 to 0.013)"
    assert figure(found, signed=True, digits=2) == "+0.00 (-0.02 to +0.01)"
    assert figure(None) == "too few films"


@pytest.mark.parametrize("value", [0.2, 0.75, 3.0])
def test_a_bar_stays_on_its_axis(value: float) -> None:
    drawn = ElementTree.fromstring(bar(Interval(value=value, low=value, high=value), low=0.5, high=1.0, limit=0.6))
    circle = next(one for one in drawn if one.tag == "circle")
    assert 4 <= float(circle.get("cx", "nan")) <= 126
    assert bar(None, low=0, high=1) == ""
