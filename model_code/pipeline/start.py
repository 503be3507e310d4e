"""How a run begins, and how it goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from model_code.errors import UsageError
from model_code.packing import files_in, zip_of
from model_code.pipeline.assembly import Assembly, read_assembly
from model_code.pipeline.definition import check, every_step, parameters_of
from model_code.pipeline.executor import Executor
from model_code.pipeline.films import FILMS, check_table
from model_code.pipeline.record import RunRecord, State, load, new_run
from model_code.progress import console
from model_code.training.config import read_preset

CHAMPION: Final = "Champion"
"""The pipeline's parameter with the ``model.tar.gz`` of the model in use."""
PRESET: Final = "Preset"
"""The pipeline's parameter with the name of the settings, and by them the task."""
BUCKET: Final = "overread-laptop"
PACKAGE_FOLDER: Final = Path(__file__).parents[1]


def begin(root: Path, *, assembly: Path, environment: str, films: Path, given: Sequence[str]) -> Executor:
    """A new run of the environment's training pipeline on a folder of films.

    Raises:
        UsageError: no templates, no films, or a wrong parameter.
        OverreadError: the pipeline has what one machine cannot run.
    """
    check_table(films)
    found = read_assembly(assembly, environment)
    name, definition = found.pipeline()
    check(definition)
    values = dict(_pair(text) for text in given)
    if FILMS in values:
        raise UsageError(f"--parameter {FILMS}=… is what --films says; leave it out")
    parameters = parameters_of(definition, values)
    run = new_run(environment=environment, pipeline=name, definition=definition, parameters=parameters)
    executor = Executor(root, run)
    if CHAMPION in parameters and CHAMPION not in values:
        _compare_with_champion(executor)
    run.parameters[FILMS] = f"s3://{BUCKET}/{run.id}/films"
    run.films = str(films.resolve())
    _stage_code(found, executor)
    return executor


def go_on(root: Path, name: str) -> Executor:
    """The run of that name, to be executed from where it ended.

    Raises:
        UsageError: there is none, or it succeeded.
    """
    run = load(root, name)
    if run.state is State.SUCCEEDED:
        raise UsageError(f"the run {run.id} succeeded; there is nothing to resume")
    return Executor(root, run)


def _compare_with_champion(executor: Executor) -> None:
    """A new model is judged against the one that a person approved last, as a retraining on AWS does it."""
    for group in set(executor.registry.groups()) & set(_groups(executor.run)):
        if champion := executor.registry.champion(group):
            executor.run.parameters[CHAMPION] = champion.model
            console.print(f"the champion is {champion.name}")


def _groups(run: RunRecord) -> Iterator[str]:
    """Where a run will register. The steps find out the task, and put it into the group's name; the preset tells it now."""
    for step in every_step(run.definition["Steps"]):
        match step.arguments.get("ModelPackageGroupName"):
            case str(group):
                yield group
            case {"Std:Join": {"On": separator, "Values": values}} if PRESET in run.parameters:
                task = read_preset(run.parameters[PRESET])["task"]
                yield separator.join(value if isinstance(value, str) else task for value in values)


def _stage_code(assembly: Assembly, executor: Executor) -> None:
    """Puts the assets that jobs mount where the definition looks for them: above all the code, as it was synthesized."""
    text = str(executor.run.definition)
    for address, asset in assembly.assets.items():
        if address in text:
            executor.store.write(address, zip_of(asset) if asset.is_dir() else asset.read_bytes())
            code = asset / PACKAGE_FOLDER.name
            if code.is_dir() and dict(_contents(code)) != dict(_contents(PACKAGE_FOLDER)):
                console.print(
                    f"the jobs run the code as it was synthesized, and it has changed since; to run yours: "
                    f"make synth ENV={assembly.environment}",
                    soft_wrap=True,
                )


def _contents(folder: Path) -> list[tuple[str, bytes]]:
    return [(name, path.read_bytes()) for name, path in files_in(folder) if name != "Dockerfile"]


def _pair(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not (found and name):
        raise UsageError(f"--parameter is '{text}'; allowed: NAME=VALUE (overread pipeline show lists the names)")
    return name, value
