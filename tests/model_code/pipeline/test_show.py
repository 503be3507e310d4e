"""Tables of the line: what people and logs say stands in them as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.pipeline.record import State, StepRecord, new_run
from model_code.pipeline.show import graph, table
from model_code.progress import plain_console
from model_code.registry import ModelPackage, Registry, Status
from tests.cli import overread
from tests.model_code.pipeline.pipelines import of, processing

WORDS = ["see [/share/minutes]", "fine [see minutes 3]", "agreed :key: [bold]"]


@pytest.mark.parametrize("words", WORDS)
def test_what_a_person_decided_is_listed_in_their_words(words: str, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry")
    package = registry.register(
        lambda version: ModelPackage(
            group="g", version=version, registered="2030", execution="run", model="s3://b/m", model_sha256="0" * 64, files={}
        ),
        "g",
    )
    registry.decide(package, Status.APPROVED, by=f"A {words}", why=f"B {words}", hash_of=lambda _: "0" * 64)

    listed = overread("registry", "list", "--root", tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert [listed.stdout.count(part) for part in words.split()] == [2] * len(words.split())  # lines are folded between them


@pytest.mark.parametrize("words", WORDS)
def test_a_steps_last_words_are_shown_as_they_are(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    run = new_run(environment="dev", pipeline="p", definition={}, parameters={})
    run.steps["train"] = StepRecord(state=State.FAILED, type="Training", started="", said=words)
    plain_console(width=200).print(table(run))
    shown = capsys.readouterr().out
    assert words in shown and "Failed" in shown


def test_a_graph_names_parameters_and_steps_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    given = [{"Name": "Note", "Type": "String", "DefaultValue": "[/red]"}]
    plain_console(width=200).print(graph("p [x]", of(processing("one", ""), parameters=given)))
    shown = capsys.readouterr().out
    assert "p [x]" in shown and "Note = '[/red]'" in shown and "one (Processing on ml.m5.xlarge)" in shown
