"""Progress goes to standard error, and passes its items on unchanged."""

from __future__ import annotations

import pytest

from model_code.progress import console, track


def test_items_pass_and_quarters_are_told_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track(range(100), "count", total=100)) == list(range(100))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line.split(" (")[0] for line in captured.err.splitlines()] == [f"count: {n}/100" for n in (25, 50, 75, 100)]


def test_nothing_to_do_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(track([], "count", total=0)) == []
    assert capsys.readouterr().err == ""


def test_words_of_people_and_data_are_printed_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    console.print("site [north], [/south] :key:")
    assert capsys.readouterr().err == "site [north], [/south] :key:\n"
