"""Pictures are well-formed, say what they are, and keep text apart from markup."""

from __future__ import annotations

from xml.etree import ElementTree

from model_code.judging.panels import CELL, COLUMNS, EDGE, Panel, panels

SVG = "{http://www.w3.org/2000/svg}"


def test_every_picture_is_drawn_with_its_name() -> None:
    cells = [Panel(f"<{index}>", curves=[[(0, 0), (1, 1)], [(0, 1), (1, 0)]], bars=[(0.5, 0.1, 0.2, 0.3)]) for index in range(7)]
    drawn = ElementTree.fromstring(panels(cells, label='a "picture"', across="x"))
    assert drawn.get("role") == "img" and drawn.get("aria-label") == 'a "picture"'
    assert [text.text for text in drawn.iter(f"{SVG}text") if (text.text or "").startswith("<")] == [f"<{i}>" for i in range(7)]
    assert len(list(drawn.iter(f"{SVG}circle"))) == 7
    assert len([path for path in drawn.iter(f"{SVG}path") if path.get("class") == "second"]) == 7
    assert drawn.get("height") == str(2 * (CELL + 2 * EDGE)) and COLUMNS == 5


def test_the_corner_of_the_unit_square_is_the_corner_of_the_frame() -> None:
    drawn = ElementTree.fromstring(panels([Panel("a", curves=[[(0, 0), (1, 1)]])], label="a", across="x", diagonal=False))
    frame, curve = (path.get("d") for path in drawn.iter(f"{SVG}path"))
    assert frame == f"M{EDGE} {EDGE + CELL}V{EDGE}H{EDGE + CELL}V{EDGE + CELL}Z"
    assert curve == f"M{EDGE:.1f} {EDGE + CELL:.1f}L{EDGE + CELL:.1f} {EDGE:.1f}"
