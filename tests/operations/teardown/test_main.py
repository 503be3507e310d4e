"""The command: plan first, then the question, then the deed; and one line for what went wrong."""

from __future__ import annotations

from typing import Any

import pytest

from operations.teardown import __main__ as command
from stacks.environments import DEV
from tests.operations.judge.broken import stack
from tests.operations.teardown.test_act import BUCKET, DATA, Cloud


@pytest.fixture(autouse=True)
def one_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "synthesize", lambda *_: (None, [stack({"Resources": {"Films": BUCKET}}, DATA)]))
    monkeypatch.setattr("operations.teardown.account.POLL_SECONDS", 0.0)


def test_the_plan_is_shown_before_the_question(capsys: pytest.CaptureFixture[str]) -> None:
    cloud, shown = Cloud(["Films"], polls=0), []

    def answer(question: str) -> str:
        shown.append(capsys.readouterr().out)
        return "dev"

    assert command.teardown(DEV, yes=False, client=cloud.aws.client, ask=answer) == 0
    assert "empty    data/Films" in shown[0]
    assert "Account 111122223333, region us-east-1." in shown[0]
    assert capsys.readouterr().out == "Done.\n"


def test_what_is_left_against_the_plan_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = Cloud(["Films"], endings=[{"Films": "in use"}] * 3, polls=0)

    assert command.teardown(DEV, yes=True, client=cloud.aws.client, ask=input) == 1
    assert "NOT deleted:\n  data/Films (films-in-aws): in use" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "code", "line"),
    [("prod", 2, "overread: error: that is not 'dev'; nothing was done"), (EOFError(), 2, "nobody answered")],
)
def test_no_consent_is_one_line(
    answer: Any, code: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def ask(_: str) -> str:
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    cloud = Cloud(["Films"])
    monkeypatch.setattr(command, "clients", lambda _: cloud.aws.client)
    monkeypatch.setattr("builtins.input", ask)

    assert command.main(["--env", "dev"]) == code
    assert line in capsys.readouterr().err
    assert not cloud.aws.of("cloudformation.DeleteStack")


def test_a_refusal_of_aws_is_one_line_and_exit_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud = Cloud(["Films"], refuse_objects=True)
    monkeypatch.setattr(command, "clients", lambda _: cloud.aws.client)

    assert command.main(["--env", "dev", "--yes"]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("overread: error: films-in-aws: 1 objects stay")
