"""The very pipeline that is deployed, run on phantoms with real steps: prepare to register, and a model that its gate refuses."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from model_code.archive import unpacked
from model_code.bundle import open_bundle
from model_code.contract import PASSED
from model_code.errors import OverreadError, UsageError
from model_code.pipeline.assembly import read_assembly
from model_code.pipeline.executor import Ended, Executor
from model_code.pipeline.record import RunRecord, State, folder_of, save
from model_code.pipeline.start import begin, go_on
from model_code.registry import Status
from model_code.synthesize import synthesize
from model_code.tasks import SKIN8
from tests.cli import error_line, overread

SMALL = ("--output-stride", "8")
"""More of the train step's arguments; a CPU learns from phantoms of this size in seconds."""
GROUP = "overread-dev-chest14"


@dataclass(frozen=True)
class Done:
    root: Path
    run: RunRecord


@pytest.fixture(scope="module")
def done(assembly: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Done:
    root = tmp_path_factory.mktemp("line")
    return refused(root, assembly, data, "Architecture=resnet18", "Epochs=1", "ImageSize=32", "PreparationMachines=2")


def refused(root: Path, assembly: Path, films: Path, *given: str) -> Done:
    """A run whose model the gate refuses: it has seen few and small films."""
    executor = begin(root, assembly=assembly, environment="dev", films=films, given=given)
    train = next(step for step in executor.run.definition["Steps"] if step["Name"] == "train")
    train["Arguments"]["AlgorithmSpecification"]["ContainerArguments"] += SMALL
    with pytest.raises(Ended, match="The gate refused the model; the reasons are in s3://"):
        executor.execute()
    return Done(root, executor.run)


def had_it_passed(done: Done, root: Path) -> Executor:
    """The same run, had the gate passed the model: resumed behind the gate, with another verdict in its report."""
    shutil.copytree(done.root, root, symlinks=True, copy_function=os.link)
    executor = go_on(root, done.run.id)
    (report,) = executor.run.steps["gate"].files.values()
    verdict = json.loads(executor.store.read(report))
    executor.store.write(report, json.dumps({**verdict, "verdict": PASSED}).encode())
    for name in ("verdict", "refused", "register"):
        executor.run.steps.pop(name)
    save(root, executor.run)
    executor.execute()
    return executor


@pytest.fixture(scope="module")
def passed(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Executor:
    return had_it_passed(done, tmp_path_factory.mktemp("passed") / "line")


def test_every_step_ran_and_the_gate_refused_so_small_a_model(done: Done) -> None:
    executor = Executor(done.root, done.run)
    executed = [name for name, step in done.run.steps.items() if step.state is State.SUCCEEDED]

    assert executed == ["prepare", "train", "export", "calibrate", "evaluate", "gate", "evidence", "verdict"]
    assert done.run.steps["register"].state is State.NOT_EXECUTED
    assert executor.registry.groups() == []
    (report,) = done.run.steps["gate"].files.values()
    assert json.loads(executor.store.read(report))["reasons"]


def test_a_model_that_passes_is_registered_and_waits_for_a_person(done: Done, passed: Executor) -> None:
    (package,) = passed.registry.versions(GROUP)

    assert passed.run.steps["evaluate"] == done.run.steps["evaluate"]  # not run again
    assert package.status is Status.PENDING
    assert set(package.metrics["macro_auroc"]) >= {"value", "low", "high"}
    assert package.evidence_sha256 is not None and len(package.evidence_sha256) == 64


def test_the_jobs_ran_the_code_that_was_synthesized(done: Done) -> None:
    for name in ("prepare", "train", "evaluate"):
        request = done.run.steps[name].properties
        (path,) = {request["Environment"]["PYTHONPATH"]}
        assert path.startswith("/opt/ml/") and path.endswith(".zip")
        job = folder_of(done.root, done.run.id) / "jobs" / name
        for machine in sorted(job.glob("algo-*")) or [job]:
            assert (machine / path.lstrip("/")).is_file()


def test_the_registered_bundle_reads_a_film(passed: Executor, tmp_path: Path, film: bytes) -> None:
    from model_code.predictor import Predictor

    (package,) = passed.registry.versions(GROUP)
    with unpacked(passed.store.path(package.model), tmp_path / "bundle") as (source, _):
        assert Predictor.setup(source).read(film).status == "read"


def test_another_task_goes_down_the_same_line_by_its_preset(assembly: Path, tmp_path: Path) -> None:
    """Its settings are the preset's but for those that were given, and it is registered where no endpoint takes it from."""
    preset, films = "skin8-mobilenet_v2", tmp_path / "films"
    synthesize(SKIN8, patients=90, seed=553, out=films)
    done = refused(tmp_path / "line", assembly, films, f"Preset={preset}", "Epochs=1", "ImageSize=32")
    executor = had_it_passed(done, tmp_path / "passed")

    assert executor.registry.groups() == ["overread-dev-skin8"]
    (package,) = executor.registry.versions("overread-dev-skin8")
    with unpacked(executor.store.path(package.model), tmp_path / "bundle") as (source, _):
        info = open_bundle(source).info
    config = info.training.config
    assert (info.task, config["architecture"], config["loss"]) == ("skin8", "mobilenet_v2", "cross_entropy")
    assert (config["epochs"], config["image_size"], info.input.side) == (1, 32, 32)

    decided = executor.registry.decide(package, Status.APPROVED, by="A", why="a test", hash_of=executor.store.sha256)
    again = begin(executor.root, assembly=assembly, environment="dev", films=films, given=[f"Preset={preset}"])
    assert again.run.parameters["Champion"] == decided.model
    other = begin(executor.root, assembly=assembly, environment="dev", films=films, given=[])
    assert other.run.parameters["Champion"] != decided.model


def test_the_commands_show_list_and_approve(passed: Executor, assembly: Path, data: Path) -> None:
    shown = overread("pipeline", "show", "--assembly", assembly).stdout
    assert "overread-dev-chest14-training" in shown and "train (Training on Parameters.TrainingInstanceType)" in shown

    approved = overread("registry", "approve", "1", "--by", "Dr. A", "--why", "a test", "--root", passed.root, "--json")
    assert json.loads(approved.stdout)["status"] == "Approved", approved.stderr
    (listed,) = json.loads(overread("registry", "list", "--root", passed.root, "--json").stdout)
    assert listed["decisions"][0]["by"] == "Dr. A"
    assert "Approved" in overread("registry", "list", "--root", passed.root).stdout

    next_one = begin(passed.root, assembly=assembly, environment="dev", films=data, given=[])
    assert next_one.run.parameters["Champion"] == listed["model"]


def test_without_templates_the_command_that_makes_them_is_named(tmp_path: Path, data: Path) -> None:
    with pytest.raises(UsageError, match=r"no templates of 'dev' in '.*'; make them first: make synth ENV=dev"):
        read_assembly(tmp_path, "dev")
    with pytest.raises(UsageError, match=r"no manifest.csv in '.*'; to draw phantoms there: overread synthesize --out"):
        begin(tmp_path, assembly=tmp_path, environment="dev", films=tmp_path, given=[])
    failed = overread("pipeline", "run", cwd=tmp_path)
    assert failed.returncode == 2 and "no films; give --films FOLDER" in error_line(failed)


def test_code_that_has_changed_since_synthesis_is_told(
    assembly: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(tmp_path / "one", assembly=assembly, environment="dev", films=data, given=[])
    assert "has changed since" not in capsys.readouterr().err

    (tmp_path / "model_code").mkdir()
    monkeypatch.setattr("model_code.pipeline.start.PACKAGE_FOLDER", tmp_path / "model_code")
    begin(tmp_path / "other", assembly=assembly, environment="dev", films=data, given=[])
    assert "to run yours: make synth ENV=dev" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["Epochs"], r"--parameter is 'Epochs'; allowed: NAME=VALUE"),
        (["Films=s3://x"], "--parameter Films=… is what --films says"),
        (["Epoch=3"], "unknown parameter 'Epoch'"),
    ],
)
def test_a_wrong_parameter_is_wrong_use(assembly: Path, data: Path, tmp_path: Path, given: list[str], message: str) -> None:
    with pytest.raises(OverreadError, match=message):
        begin(tmp_path, assembly=assembly, environment="dev", films=data, given=given)
    assert not list(tmp_path.iterdir())


def test_the_pipeline_must_be_there(assembly: Path) -> None:
    with pytest.raises(UsageError, match=r"'dev' has 0 pipelines '…-builtin'; it has: overread-dev-chest14-training"):
        read_assembly(assembly, "dev").pipeline("builtin")
