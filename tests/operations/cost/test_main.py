"""The command writes its tables into a document, and says what it cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest

from operations.cost.__main__ import main
from tests.operations.judge.broken import stack


@pytest.fixture
def synthesized(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[object]]:
    stacks: dict[str, list[object]] = {"dev": [stack({"Resources": {"Key": {"Type": "AWS::KMS::Key"}}})]}
    monkeypatch.setattr("operations.cost.__main__.synthesized", lambda _: stacks)
    return stacks


def test_it_writes_into_a_document(synthesized: object, tmp_path: Path) -> None:
    document = tmp_path / "README.md"
    document.write_text("# Title\n<!-- cost:start -->\n<!-- cost:end -->\n", encoding="utf-8")

    assert main(["--write", str(document)]) == 0
    assert "| keys | 1.00 |" in document.read_text(encoding="utf-8")


def test_an_unknown_kind_is_one_line_and_exit_code_1(
    synthesized: dict[str, list[object]], capsys: pytest.CaptureFixture[str]
) -> None:
    synthesized["dev"] = [stack({"Resources": {"It": {"Type": "AWS::Quantum::Reader"}}})]

    assert main([]) == 1
    assert capsys.readouterr().err.startswith("overread: error: no cost is known of AWS::Quantum::Reader; add")


def test_a_document_that_is_not_there_is_one_line(
    synthesized: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--write", str(tmp_path / "nowhere.md")]) == 1
    assert "nowhere.md" in capsys.readouterr().err
