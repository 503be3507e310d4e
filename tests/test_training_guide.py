"""docs/training.md as a stranger follows it: every line is taken by the command line as it stands, whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer import Exit

from tests.cli import REPOSITORY
from tests.test_guides import commands, known

GUIDE = REPOSITORY / "docs" / "training.md"
BLOCKS = "\n".join(re.findall(r"^```\w*\n(.*?)^```", GUIDE.read_text(encoding="utf-8"), re.M | re.S))


@pytest.mark.parametrize("words", list(commands(GUIDE)), ids=lambda words: " ".join(words)[:60])
def test_a_line_is_taken_whole(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Required options are there, values are of their options' types; nothing is run."""
    monkeypatch.chdir(tmp_path)
    command, rest = known(words)
    given = rest[: rest.index("--")] if "--" in rest else rest
    try:
        command.make_context("overread", list(given)).close()
    except Exit as ended:
        assert ended.exit_code == 0 and "--help" in given


def test_files_and_targets_that_it_names_are_there() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

    assert all((REPOSITORY / name).is_file() for name in re.findall(r"\S+\.ipynb", BLOCKS))
    targets = re.findall(r"^make (\w+)", BLOCKS, re.M)
    assert targets and all(re.search(rf"^{target}:", makefile, re.M) for target in targets)
