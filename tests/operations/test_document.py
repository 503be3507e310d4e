"""What a command writes into a document stands between its markers, and nothing else changes."""

from __future__ import annotations

import pytest

from constructs_lib.errors import ConfigurationError
from operations.document import replaced

START, END = "<!-- one:start -->", "<!-- one:end -->"


def test_what_stands_between_the_markers_is_replaced_and_nothing_else() -> None:
    assert replaced(f"above\n{START}\nold\n{END}\nbelow", "one", "new") == f"above\n{START}\nnew\n{END}\nbelow"


def test_other_names_have_other_places() -> None:
    text = f"{START}\nold\n{END}\n<!-- two:start -->\nkept\n<!-- two:end -->"

    assert replaced(text, "one", "new").endswith("<!-- two:start -->\nkept\n<!-- two:end -->")


def test_writing_twice_changes_nothing() -> None:
    once = replaced(f"{START}{END}", "one", "new")

    assert replaced(once, "one", "new") == once


@pytest.mark.parametrize("text", ["", START, f"{END}{START}", f"{START}{START}{END}"])
def test_a_document_without_its_markers_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="the document needs"):
        replaced(text, "one", "new")
