"""The command: its exit codes, one line for what went wrong, and a folder that does not stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from constructs_lib.errors import ConfigurationError
from operations.rehearse import run
from operations.rehearse.exercises import Outcome
from operations.rehearse.inventory import Inventory
from operations.rehearse.start import RehearsalError
from stacks.environments import DEV, Environment
from tests.operations.rehearse.deployed import Deployed, deployed, found

Rehearse = Callable[[Environment, Path, Console], None]


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Path]:
    """The folder of each rehearsal, which is left where it can be looked for."""
    monkeypatch.setenv("CDK_VALIDATION", "false")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return []


def doing(places: list[Path], problem: BaseException | None = None) -> Rehearse:
    def rehearse(_: Environment, work: Path, __: Console) -> None:
        places.append(work)
        (work / "cdk.log").write_text("log", encoding="utf-8")
        if problem:
            raise problem

    return rehearse


@pytest.mark.parametrize(
    ("problem", "code", "line"),
    [
        (None, 0, ""),
        (RehearsalError("cdk deploy\nended"), 1, "overread: error: cdk deploy ended"),
        (OSError("disk full"), 1, "overread: error: disk full"),
        (ConfigurationError("unknown"), 2, "overread: error: unknown"),
        (KeyboardInterrupt(), 130, "overread: error: interrupted; everything that was started has ended"),
    ],
)
def test_one_line_an_exit_code_and_nothing_left(
    problem: BaseException | None,
    code: int,
    line: str,
    places: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(run, "rehearse", doing(places, problem))

    assert run.main(["--env", "dev"]) == code
    assert capsys.readouterr().err.splitlines() == ([line] if line else [])
    assert not places[0].exists()


def test_the_folder_is_kept_where_that_is_asked_for(
    places: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "rehearse", doing(places, RehearsalError("no")))

    assert run.main(["--env", "dev", "--keep"]) == 1
    assert capsys.readouterr().err.splitlines() == [f"kept: {places[0]}", "overread: error: no"]
    assert (places[0] / "cdk.log").exists()


@pytest.mark.parametrize("arguments", [[], ["--env", "moon"]])
def test_an_unknown_environment_is_wrong_use(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run.main(arguments)

    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("results", "complaint"),
    [
        (["done", "absent"], None),
        (["done", "failed"], "exercise 1: seen"),
        (["failed", "failed", "failed"], r"exercise 0: seen \(and 2 more\)"),
    ],
)
def test_what_failed_is_the_end_of_a_rehearsal(
    results: list[str], complaint: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    running = deployed(tmp_path)
    order: list[str] = []

    @contextmanager
    def started(*_: object) -> Iterator[Deployed]:
        yield running
        order.append("ended")

    def noting(name: str, answer: Any = None) -> Callable[..., Any]:
        def step(*_: object) -> Any:
            order.append(name)
            return answer

        return step

    inventory = Inventory((found("AWS::SQS::Queue", "q"),))
    outcomes = [Outcome(f"exercise {number}", result, "seen", 0.1) for number, result in enumerate(results)]
    monkeypatch.setattr(run, "emulator", started)
    answers: dict[str, Any] = {
        "synthesize": (None, []),
        "bootstrap": None,
        "publish_images": 0,
        "deploy": None,
        "take_stock": inventory,
        "exercise": outcomes,
    }
    for name, answer in answers.items():
        monkeypatch.setattr(run, name, noting(name, answer))
    console = Console(width=120)

    with console.capture() as shown:
        if complaint is None:
            run.rehearse(DEV, tmp_path, console)
        else:
            with pytest.raises(RehearsalError, match=f"^{complaint}$"):
                run.rehearse(DEV, tmp_path, console)

    assert order == ["synthesize", "bootstrap", "publish_images", "deploy", "take_stock", "exercise", "ended"]
    assert ("1 resources found by their services, 1 exercises done" in shown.get()) == (complaint is None)
