"""A pipeline on this machine: order, folders, conditions, failures that can be mended, and what is left on disk."""

from __future__ import annotations

import json
import os
import shutil
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from model_code.errors import OverreadError, UsageError
from model_code.pipeline.definition import parameters_of
from model_code.pipeline.executor import Ended, Executor, StepFailed, summary
from model_code.pipeline.films import PARQUET, TABLE
from model_code.pipeline.literal import Json
from model_code.pipeline.record import State, load, new_run, save
from model_code.pipeline.registration import register
from model_code.pipeline.store import Store
from model_code.registry import ModelPackage, Status
from tests.model_code.pipeline.pipelines import (
    IN,
    OUT,
    condition,
    fail,
    of,
    parameter,
    processing,
    registration,
    training,
    writes,
)

ECHO = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(sys.argv[2])"
MADE = {"PropertyFile": {"Get": "Steps.measure.PropertyFiles.metrics"}, "Path": "macro_auroc.low"}
GOOD = {"Type": "GreaterThanOrEqualTo", "LeftValue": {"Std:JsonGet": MADE}, "RightValue": {"Get": "Parameters.Minimum"}}


def executor(root: Path, definition: Json, **given: str) -> Executor:
    parameters = parameters_of(definition, given)
    return Executor(root, new_run(environment="dev", pipeline="p-training", definition=definition, parameters=parameters))


def done(root: Path, definition: Json, **given: str) -> Executor:
    made = executor(root, definition, **given)
    made.execute()
    return made


def test_what_one_step_leaves_the_next_one_reads(tmp_path: Path) -> None:
    copy = "import sys, pathlib; t = pathlib.Path(sys.argv[1]).read_text(); pathlib.Path(sys.argv[2]).write_text(t + '!')"
    made = {"Get": "Steps.first.ProcessingOutputConfig.Outputs['out'].S3Output.S3Uri"}
    definition = of(
        # stands first, and waits because it uses what the other made
        processing("second", copy, f"{IN}/text/a.txt", f"{OUT}/out/b.txt", reads={"text": made}),
        processing("first", ECHO, f"{OUT}/out/a.txt", {"Get": "Parameters.Word"}),
        parameters=[parameter("Word", "hello")],
    )

    made_by = done(tmp_path, definition, Word="servus")

    assert made_by.store.read("s3://made/second/b.txt") == b"servus!"
    assert [line["step"] for line in summary(made_by.run)] == ["first", "second"]
    assert load(tmp_path, made_by.run.id).state is State.SUCCEEDED


def test_each_of_several_machines_gets_its_share(tmp_path: Path) -> None:
    code = (
        "import json, os, pathlib; base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']);"
        "me = json.loads((base / 'config/resourceconfig.json').read_text())['current_host'];"
        "names = {f: sorted(p.name for p in (base / 'processing/input' / f).iterdir()) for f in ('films', 'table')};"
        "(base / f'processing/output/out/{me}.json').write_text(json.dumps(names))"
    )
    made = executor(
        tmp_path,
        of(processing("prepare", code, reads={"films": "s3://in/films", "table": "s3://in/t.csv"}, shared="films", machines=2)),
    )
    for name in ("films/a", "films/b", "films/c", "t.csv"):
        made.store.write(f"s3://in/{name}", b"x")
    made.execute()

    shares = [json.loads(made.store.read(f"s3://made/prepare/algo-{n}.json")) for n in (1, 2)]
    assert [share["films"] for share in shares] == [["a", "c"], ["b"]]
    assert [share["table"] for share in shares] == [["t.csv"]] * 2


def test_training_finds_sagemakers_folders_and_leaves_an_archive(tmp_path: Path) -> None:
    code = (
        "import json, os, pathlib, sys; base = pathlib.Path(os.environ['SAGEMAKER_BASE_DIR']);"
        "assert json.loads((base / 'input/config/hyperparameters.json').read_text()) == {'epochs': '3'};"
        "assert list(json.loads((base / 'input/config/inputdataconfig.json').read_text())) == ['data'];"
        "(pathlib.Path(sys.argv[1]) / 'weights').write_text((base / 'input/data/data/films').read_text());"
        "(base / 'checkpoints/state').write_text('epoch 1'); (base / 'output/data/curve').write_text('1')"
    )
    made = executor(tmp_path, of(training(code, "/opt/ml/model", channels={"data": "s3://in/d"})))
    made.store.write("s3://in/d/films", b"grey")
    made.execute()

    address = made.run.steps["train"].properties["ModelArtifacts"]["S3ModelArtifacts"]
    assert address == f"s3://made/train/{made.run.id}-train/output/model.tar.gz"
    with tarfile.open(made.store.path(address)) as archive:
        assert archive.getnames() == ["weights"]
    assert made.store.read("s3://made/checkpoints/state") == b"epoch 1"
    assert made.store.path(address.replace("model.tar.gz", "output.tar.gz")).is_file()


def gated(low: float) -> Json:
    return of(
        processing("measure", writes("metrics.json", json.dumps({"macro_auroc": {"value": 0.8, "low": low, "high": 0.9}})),
                   files={"metrics": "metrics.json"}),
        condition(
            GOOD,
            [registration("s3://made/measure/metrics.json", "s3://made/measure/metrics.json")],
            [fail({"Std:Join": {"On": " ", "Values": ["below", {"Get": "Parameters.Minimum"}]}})],
        ),
        parameters=[parameter("Minimum", 0.75, "Float")],
    )  # fmt: skip


def test_what_passes_the_gate_is_registered(tmp_path: Path) -> None:
    made = done(tmp_path, gated(0.76))

    (package,) = made.registry.versions("overread-test")
    assert (package.version, package.status.value) == (1, "PendingManualApproval")
    assert package.metrics == {"macro_auroc": {"value": 0.8, "low": 0.76, "high": 0.9}}
    assert package.execution == made.run.id
    assert made.run.steps["refused"].state is State.NOT_EXECUTED


def with_evidence(root: Path) -> tuple[Executor, ModelPackage]:
    """A registered model with an evidence pack of two files."""
    folder, names = "s3://made/evidence", ("evidence.html", "evidence.json")
    store = executor(root, of()).store
    store.write("s3://in/model.tar.gz", b"model")
    for name in names:
        store.write(f"{folder}/{name}", name.encode())
    store.write(f"{folder}/SHA256SUMS", "".join(f"{store.sha256(f'{folder}/{name}')}  {name}\n" for name in names).encode())
    pack = {"evidence": f"{folder}/evidence.html", "evidence_sha256": store.sha256(f"{folder}/SHA256SUMS")}
    made = done(root, of(registration("s3://in/model.tar.gz", CustomerMetadataProperties=pack)))
    (package,) = made.registry.versions("overread-test")
    return made, package


def test_an_evidence_pack_as_it_was_made_can_be_approved(tmp_path: Path) -> None:
    made, package = with_evidence(tmp_path)
    decided = made.registry.decide(package, Status.APPROVED, by="A", why="w", hash_of=made.store.sha256)
    assert decided.decisions[-1].evidence_sha256 == made.store.sha256("s3://made/evidence/SHA256SUMS")


@pytest.mark.parametrize("name", ["evidence.html", "evidence.json", "SHA256SUMS"])
def test_no_file_of_an_evidence_pack_can_be_exchanged_before_approval(name: str, tmp_path: Path) -> None:
    made, package = with_evidence(tmp_path)
    made.store.write(f"s3://made/evidence/{name}", b"another")
    with pytest.raises(OverreadError, match=f"'s3://made/evidence/{name}' is not what was registered as overread-test/1"):
        made.registry.decide(package, Status.APPROVED, by="A", why="w", hash_of=made.store.sha256)


def test_an_evidence_pack_without_its_sums_is_not_registered(tmp_path: Path) -> None:
    pack = {"evidence": "s3://in/model.tar.gz", "evidence_sha256": "0" * 64}
    made = executor(tmp_path, of(registration("s3://in/model.tar.gz", CustomerMetadataProperties=pack)))
    made.store.write("s3://in/model.tar.gz", b"model")
    with pytest.raises(StepFailed, match="the step 'register' failed: no object at 's3://in/SHA256SUMS'"):
        made.execute()


def test_what_does_not_pass_ends_the_run(tmp_path: Path) -> None:
    made = executor(tmp_path, gated(0.74))
    with pytest.raises(Ended, match=r"^below 0\.75$"):
        made.execute()

    assert made.registry.groups() == []
    assert load(tmp_path, made.run.id).state is State.FAILED
    assert made.run.steps["register"].state is State.NOT_EXECUTED


def test_a_failed_run_goes_on_where_it_ended(tmp_path: Path) -> None:
    needs = "import pathlib, sys; print('looked'); pathlib.Path(sys.argv[1]).read_text()"
    later = writes("c", "3")
    definition = of(
        processing("one", writes("a", "1")),
        processing("two", needs, str(tmp_path / "mended"), after=["one"]),
        processing("three", later, after=["two"]),
    )
    made = executor(tmp_path, definition)
    with pytest.raises(StepFailed, match=r"^the step 'two' failed: it ended with exit code 1: FileNotFoundError.*log.txt$"):
        made.execute()
    log = made.folder / str(made.run.steps["two"].log)
    assert "looked" in log.read_text()
    first = made.run.steps["one"].started
    (tmp_path / "mended").write_text("")

    again = Executor(tmp_path, load(tmp_path, made.run.id))
    again.execute()

    assert again.run.state is State.SUCCEEDED
    assert again.run.steps["one"].started == first
    assert again.store.read("s3://made/three/c") == b"3"


def test_a_resumed_run_takes_the_same_branch_without_deciding_again(tmp_path: Path) -> None:
    """The register step failed: its condition is not asked again, nor is the other branch run."""
    definition = gated(0.8)
    definition["Steps"][1]["Arguments"]["IfSteps"] = [registration("s3://made/later/model.tar.gz")]
    made = executor(tmp_path, definition)
    with pytest.raises(StepFailed, match=r"no object at 's3://made/later/model\.tar\.gz'"):
        made.execute()
    made.store.write("s3://made/later/model.tar.gz", b"model")
    made.store.write("s3://made/measure/metrics.json", b"{}")

    again = Executor(tmp_path, load(tmp_path, made.run.id))
    again.execute()

    assert len(list(again.registry.versions("overread-test"))) == 1


def test_an_interrupted_run_leaves_no_process_says_so_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started = tmp_path / "started"
    sleeps = f"import os, pathlib, time; p = pathlib.Path({str(started)!r}); n = p.exists(); p.write_text(str(os.getpid()));"
    sleeps += "n or time.sleep(60)"
    made = executor(tmp_path, of(processing("one", sleeps)))

    def interrupt(*_: Any) -> int:
        while not (started.is_file() and started.read_text()):
            time.sleep(0.01)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("model_code.pipeline.process._wait", interrupt)
        with pytest.raises(KeyboardInterrupt):
            made.execute()
    with pytest.raises(ProcessLookupError):
        os.kill(int(started.read_text()), 0)
    assert load(tmp_path, made.run.id).steps["one"].state is State.STOPPED

    again = Executor(tmp_path, load(tmp_path, made.run.id))
    again.execute()
    assert again.run.state is State.SUCCEEDED


def test_what_another_process_executes_is_left_alone(tmp_path: Path) -> None:
    started, go = tmp_path / "started", tmp_path / "go"
    waits = f"import pathlib, time; pathlib.Path({str(started)!r}).touch()\n"
    waits += f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)"
    made = executor(tmp_path, of(processing("one", waits)))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(made.execute)
        while not started.is_file():
            time.sleep(0.01)
        try:
            with pytest.raises(OverreadError, match=f"another process executes the run {made.run.id}; wait until it ends"):
                Executor(tmp_path, load(tmp_path, made.run.id)).execute()
        finally:
            go.touch()
        running.result()
    assert load(tmp_path, made.run.id).state is State.SUCCEEDED


def test_what_another_process_did_since_is_not_done_again(tmp_path: Path) -> None:
    made = executor(tmp_path, of(processing("one", "pass")))
    save(tmp_path, made.run)
    read_before = Executor(tmp_path, load(tmp_path, made.run.id))
    made.execute()
    log = made.folder / "jobs/one/log.txt"
    log.unlink()

    read_before.execute()
    assert not log.exists() and read_before.run.state is State.SUCCEEDED


def test_an_execution_killed_after_it_registered_goes_on_with_that_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = executor(tmp_path, of(registration("s3://in/model.tar.gz")))
    made.store.write("s3://in/model.tar.gz", b"model")

    def killed(*arguments: Any, **named: Any) -> Any:
        register(*arguments, **named)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("model_code.pipeline.executor.register", killed)
        with pytest.raises(KeyboardInterrupt):
            made.execute()

    again = Executor(tmp_path, load(tmp_path, made.run.id))
    again.execute()
    (package,) = again.registry.versions("overread-test")
    assert again.run.steps["register"].properties["ModelPackageVersion"] == package.version


@pytest.mark.parametrize("table", [TABLE, PARQUET])
def test_a_mended_folder_of_films_is_read_as_it_is_now_until_it_is_prepared(table: str, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()

    def holds(*names: str) -> None:
        frame = pd.DataFrame({"image": names})
        frame.to_csv(films / table, index=False) if table == TABLE else frame.to_parquet(films / table)
        for path in films.glob("*.png"):
            path.unlink()
        for name in names:
            (films / name).touch()

    def images() -> list[str]:
        return Executor(tmp_path, load(tmp_path, made.run.id)).store.read("s3://in/films/manifest.csv").decode().split()[1:]

    look = "import pathlib, sys; names = sorted(p.name for p in pathlib.Path(sys.argv[1]).glob('*.png'));"
    look += "names == ['b.png', 'c.png'] or sys.exit(1)"
    steps = (
        processing("prepare", look, f"{IN}/films", reads={"films": "s3://in/films"}),
        processing("train", "x", after=["prepare"]),
    )
    made = executor(tmp_path, of(*steps, parameters=[parameter("Films", "s3://in/films")]))
    made.run.films = str(films)
    holds("a.png", "b.png")
    with pytest.raises(StepFailed, match="the step 'prepare' failed"):
        made.execute()
    assert images() == ["a.png", "b.png"]

    holds("b.png", "c.png")
    with pytest.raises(StepFailed, match="the step 'train' failed"):
        Executor(tmp_path, load(tmp_path, made.run.id)).execute()
    assert images() == ["b.png", "c.png"]

    shutil.rmtree(films)  # what was prepared needs it no more
    with pytest.raises(StepFailed, match="the step 'train' failed"):
        Executor(tmp_path, load(tmp_path, made.run.id)).execute()


def test_films_without_a_readable_table_are_named(tmp_path: Path) -> None:
    made = executor(tmp_path, of(processing("prepare", "pass"), parameters=[parameter("Films", "s3://in/films")]))
    made.run.films = str(tmp_path / "films")
    with pytest.raises(UsageError, match=r"no manifest.csv in '.*films'"):
        made.execute()
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / PARQUET).write_bytes(b"no table")
    with pytest.raises(OverreadError, match=r"manifest.parquet' cannot be read as a table \(ArrowInvalid\); write it again"):
        made.execute()


def test_a_full_disk_is_a_fault_that_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    policy = {"ExceptionType": ["Step.SERVICE_FAULT"], "IntervalSeconds": 0, "MaxAttempts": 3}
    made = executor(tmp_path, of(processing("one", "pass", reads={"a": "s3://in/a"}, RetryPolicies=[policy])))
    made.store.write("s3://in/a", b"x")
    failures = iter([OSError(28, "No space left on device")])
    stage = Store.stage

    def full(*arguments: Any, **named: Any) -> int:
        for error in failures:
            raise error
        return stage(*arguments, **named)

    monkeypatch.setattr(Store, "stage", full)
    made.execute()
    assert made.run.steps["one"].attempts == 2


def test_a_job_gets_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "planted")
    code = "import os; assert not [name for name in os.environ if name.startswith('AWS')], 'leaked'"
    assert done(tmp_path, of(processing("one", code))).run.state is State.SUCCEEDED


def test_a_missing_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="the step 'one' failed: no object at or below 's3://in/nothing'"):
        done(tmp_path, of(processing("one", "", reads={"films": "s3://in/nothing"})))


def test_a_failing_training_says_what_it_left_in_failure(tmp_path: Path) -> None:
    place = "os.environ['SAGEMAKER_BASE_DIR'] + '/output/failure'"
    code = f"import os, pathlib, sys; pathlib.Path({place}).write_text('no films' + 'x' * 2000); sys.exit(1)"
    with pytest.raises(StepFailed, match=r"failed: no filmsx{1016}; log: "):
        done(tmp_path, of(training(code)))


def test_training_on_several_machines_is_refused(tmp_path: Path) -> None:
    definition = of(training("pass"))
    definition["Steps"][0]["Arguments"]["ResourceConfig"]["InstanceCount"] = 2
    with pytest.raises(StepFailed, match="asks for 2 machines, and this is one"):
        done(tmp_path, definition)


def test_a_process_killed_from_outside_is_tried_again_where_a_policy_says_so(tmp_path: Path) -> None:
    policy = {"ExceptionType": ["SageMaker.JOB_INTERNAL_ERROR"], "IntervalSeconds": 0, "MaxAttempts": 2}
    marker = tmp_path / "tried"
    code = (
        f"import os, pathlib; p = pathlib.Path({str(marker)!r}); n = p.exists(); p.write_text(''); n or os.kill(os.getpid(), 9)"
    )
    retried = done(tmp_path, of(processing("one", code, RetryPolicies=[policy])))
    assert retried.run.steps["one"].attempts == 2

    marker.unlink()
    with pytest.raises(StepFailed, match=r"killed from outside \(signal 9\)"):
        done(tmp_path, of(processing("one", code)))


def test_a_job_that_takes_too_long_is_stopped(tmp_path: Path) -> None:
    definition = of(processing("one", "import time; time.sleep(60)"))
    definition["Steps"][0]["Arguments"]["StoppingCondition"] = {"MaxRuntimeInSeconds": 1}
    with pytest.raises(StepFailed, match="longer than the 1 s that it may"):
        done(tmp_path, definition)


def test_the_same_films_are_not_copied(tmp_path: Path) -> None:
    made = executor(tmp_path, of(processing("one", "pass", reads={"films": "s3://in/f"})))
    made.store.write("s3://in/f/a", b"x")
    made.execute()

    staged = made.folder / "jobs/one/opt/ml/processing/input/films/a"
    assert staged.samefile(made.store.path("s3://in/f/a"))


def test_an_unknown_function_of_the_definition_is_an_error_of_its_step(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"the step 'one' failed: the parameter 'Nobody' is not there"):
        done(tmp_path, of(processing("one", "pass", {"Get": "Parameters.Nobody"})))
    with pytest.raises(OverreadError):
        load(tmp_path, "none")
