"""Lines of one kind, in order, whoever wrote them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from operations.rehearse.record import Record


def test_lines_are_read_by_kind_and_in_order(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.jsonl")
    record.write("failed", stack="one")
    record.write("invoked", handler="predict")
    record.write("failed", stack="two", reason=tmp_path)

    assert [line["stack"] for line in Record(tmp_path / "record.jsonl").read("failed")] == ["one", "two"]


def test_before_anything_happened_there_is_nothing(tmp_path: Path) -> None:
    assert Record(tmp_path / "record.jsonl").read("failed") == []


def test_threads_do_not_write_into_each_other(tmp_path: Path) -> None:
    record = Record(tmp_path / "record.jsonl")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: record.write("invoked", number=number, text="x" * 5000), range(40)))

    assert {line["number"] for line in record.read("invoked")} == set(range(40))
