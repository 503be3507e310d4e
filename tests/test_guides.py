"""What the guides tell people to type exists: every command, and every option of it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from model_code.__main__ import app
from model_code.training.config import TrainConfig, presets
from tests.cli import REPOSITORY

GUIDES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]


def commands(guide: Path) -> Iterator[list[str]]:
    """The lines of code blocks that begin with ``overread``, without comments; continued lines are joined."""
    for block in re.findall(r"^```\w*\n(.*?)^```", guide.read_text(encoding="utf-8").replace("\\\n", " "), re.M | re.S):
        for line in block.splitlines():
            if line.strip().startswith("overread "):
                yield shlex.split(line, comments=True)[1:]


def known(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the first words name, and the words after them."""
    command: Any = get_command(app)
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"there is no command '{words[0]}'; there are: {', '.join(command.commands)}"
        command, words = command.commands[words[0]], words[1:]
    return command, words


CASES = [pytest.param(words, id=f"{guide.name}: {' '.join(words)[:60]}") for guide in GUIDES for words in commands(guide)]


@pytest.mark.parametrize("words", CASES)
def test_the_command_and_its_options_exist(words: list[str]) -> None:
    command, rest = known(words)

    options = {name for parameter in command.params for name in parameter.opts} | {"--help"}
    given = rest[: rest.index("--")] if "--" in rest else rest
    assert not [word for word in given if word.startswith("--") and word not in options]


def test_the_guide_of_training_names_every_setting_and_only_presets_that_there_are() -> None:
    text = (REPOSITORY / "docs" / "training.md").read_text(encoding="utf-8")

    assert set(re.findall(r"--preset (\S+)", text)) <= set(presets())
    missing = [field.name for field in fields(TrainConfig) if field.name != "task" and f"`{field.name}`" not in text]
    assert not missing, f"docs/training.md does not tell what these settings mean: {missing}"


def test_links_between_documents_lead_somewhere() -> None:
    for guide in GUIDES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", guide.read_text(encoding="utf-8")):
            assert (guide.parent / target).exists(), f"{guide.name} links to '{target}', which is not there"
