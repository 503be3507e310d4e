from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

from model_code.data.preparation_page import MOST_ROWS, Pair, page
from tests.sources import save

REPORT = {
    "task": "chest14",
    "notes": ["a <note>"],
    "splits": {"train": 12345},
    "films_with": {"Mass": 3},
    "numbered_by": "line of the table",
    "quarantined": [{"line": line, "code": "truncated", "detail": "cut & short"} for line in range(MOST_ROWS + 7)],
    "quarantined_by_code": {"truncated": MOST_ROWS + 7},
}


class Checked(HTMLParser):
    """Refuses tags that are not closed, and everything from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert name not in ("src", "href") or (value or "").startswith("data:")
            assert name != "alt" or value
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_says_what_was_counted() -> None:
    text = page(REPORT, [])
    Checked(text)
    assert "12,345" in text and "a &lt;note&gt;" in text and "cut &amp; short" in text and "and 7 more" in text


def test_pairs_are_shown_side_by_side_even_where_one_cannot_be_read(tmp_path: Path) -> None:
    save(tmp_path / "Zebra.png", 1)
    pair = Pair(0, (2, 9), ("train", "test"), (tmp_path / "Zebra.png", tmp_path / "none.png"), "line of the table")
    text = page({"task": "chest14", "refused": "1 films <twice>"}, [pair])
    Checked(text)
    assert text.count("data:image/png;base64,") == 2 and "line of the table 2 (train) and 9 (test)" in text
    assert "Refused:" in text and "1 films &lt;twice&gt;" in text and "Zebra" not in text
