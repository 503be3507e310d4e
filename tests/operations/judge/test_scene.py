"""How a judge is run: what it ends with is read strictly, so that none is taken to have judged when it has not."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from operations.judge.scene import JudgeFailedError, Tools
from tests.operations.judge.broken import TEMPLATE, scene


def test_only_the_codes_that_mean_judged_are_accepted(tmp_path: Path) -> None:
    tools = Tools(tmp_path)
    command = (sys.executable, "-c", "import sys; print('said'); print('first\\nlast', file=sys.stderr); sys.exit(19)")

    assert tools.run(*command, accepted=(0, 19)) == "said\n"
    with pytest.raises(JudgeFailedError, match="ended with code 19: last"):
        tools.run(*command)


def test_a_program_that_is_not_there_says_what_installs_it(tmp_path: Path) -> None:
    with pytest.raises(JudgeFailedError, match="make judge"):
        Tools(tmp_path).run(tmp_path / "nowhere")


def test_one_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.judge.scene.TIMEOUT", 0.2)

    with pytest.raises(JudgeFailedError, match="timed out"):
        Tools(tmp_path).run(sys.executable, "-c", "import time; time.sleep(60)")


def test_templates_are_named_after_their_stacks_and_found_again(tmp_path: Path) -> None:
    at = scene(tmp_path)
    (plain,), (literal,) = list(at.templates().iterdir()), list(at.literal_templates().iterdir())

    assert json.loads(plain.read_text()) == TEMPLATE
    assert "Fn::" not in literal.read_text()
    assert at.stack_of(str(literal)) is at.stacks[0]
