"""Executes a pipeline's steps on this machine, each when those that it waits for are done; everything it knows is on disk.

A root is a pretended account: ``s3/`` (buckets), ``runs/`` (one folder a run, in it one a job), ``registry/``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from model_code.errors import OverreadError
from model_code.files import locked
from model_code.pipeline import jobs
from model_code.pipeline.definition import Step, every_step, steps_of
from model_code.pipeline.expressions import Scope
from model_code.pipeline.films import lend
from model_code.pipeline.literal import Json
from model_code.pipeline.record import FILE, RunRecord, State, StepRecord, folder_of, load, save
from model_code.pipeline.registration import register
from model_code.pipeline.retries import with_retries
from model_code.pipeline.store import Store
from model_code.progress import console
from model_code.registry import Registry

BRANCHES: Final = {True: "IfSteps", False: "ElseSteps"}


class StepFailed(OverreadError):
    """A step ended the run; the run's record says where to look, and can be resumed."""


class Ended(StepFailed):
    """The pipeline came to a step of the type Fail: a decision, such as a gate's, and nothing to be mended."""


class Executor:
    """One run below a root."""

    def __init__(self, root: Path, run: RunRecord) -> None:
        self.root, self.run = root.resolve(), run
        self.folder = folder_of(self.root, run.id)
        self.store = Store(self.root / "s3")
        self.registry = Registry(self.root / "registry")
        self._number = 0

    def execute(self) -> None:
        """Runs every step that is not done yet, from the record on disk where there is one.

        Raises:
            StepFailed: one failed.
            Ended: the pipeline ended itself.
            OverreadError: another process executes the run, or its films cannot be lent.
        """
        taken = f"another process executes the run {self.run.id}; wait until it ends, or stop that process first"
        with locked(self.folder, taken=taken):
            if (self.folder / FILE).is_file():
                self.run = load(self.root, self.run.id)  # another process may have brought it on since it was read
            lend(self.run, self.store)
            self._execute()

    def _execute(self) -> None:
        self.run.state = State.EXECUTING
        save(self.root, self.run)
        try:
            self._all(steps_of(self.run.definition["Steps"]))
            self.run.state = State.SUCCEEDED
        except StepFailed:
            self.run.state = State.FAILED
            raise
        except BaseException:
            self.run.state = State.STOPPED
            raise
        finally:
            save(self.root, self.run)

    def _all(self, steps: Sequence[Step]) -> None:
        left = list(steps)
        while left:
            step = next((step for step in left if step.waits_for <= self.run.done()), None)
            if step is None:
                raise StepFailed(f"the steps {', '.join(step.name for step in left)} wait for each other; this can never start")
            left.remove(step)
            self._number += 1
            if step.name in self.run.done():
                self._say(step, f"done before, in {self.run.steps[step.name].seconds:.1f} s")
            else:
                self._one(step)
            if step.type == "Condition":
                left += steps_of(self._branch(step))

    def _one(self, step: Step) -> None:
        record = StepRecord(state=State.EXECUTING, type=step.type, started=datetime.now(UTC).isoformat(timespec="seconds"))
        self.run.steps[step.name] = record
        save(self.root, self.run)
        began = time.monotonic()
        try:
            self._begin(step, record)
            record.state = State.SUCCEEDED
        except OverreadError as error:
            record.state, record.said = State.FAILED, " ".join(str(error).split())
            if step.type == "Fail":
                raise Ended(record.said) from error
            raise StepFailed(f"the step '{step.name}' failed: {record.said}") from error
        except BaseException:
            record.state, record.said = State.STOPPED, "interrupted"
            raise
        finally:
            record.seconds = round(time.monotonic() - began, 1)
            save(self.root, self.run)
        self._say(step, f"{record.said or 'done'}, {record.seconds:.1f} s")

    def _begin(self, step: Step, record: StepRecord) -> None:
        scope = self._scope()
        if step.type == "Fail":
            raise OverreadError(str(scope.value(step.arguments["ErrorMessage"])))
        if step.type == "Condition":
            holds = all(scope.holds(condition) for condition in step.arguments["Conditions"])
            record.properties, record.said = {"Outcome": holds}, "it holds" if holds else "it does not hold"
            return
        request = scope.value(step.arguments)
        if step.type == "RegisterModel":
            package = register(request, store=self.store, registry=self.registry, execution=self.run.id)
            record.properties = {"ModelPackageArn": package.arn, "ModelPackageVersion": package.version, **request}
            record.said = f"registered as {package.name}, waits for approval"
            return
        self._job(step, request, record)

    def _job(self, step: Step, request: Json, record: StepRecord) -> None:
        folder = self.folder / "jobs" / step.name
        shop = jobs.Workshop(f"{self.run.id}-{step.name}", folder, folder / "log.txt", self.store)
        record.log = str(shop.log.relative_to(self.folder))
        self._say(step, f"started; log: {shop.log}")
        work: Callable[[], Json] = partial({"Processing": jobs.process, "Training": jobs.train}[step.type], request, shop)
        outcome, record.attempts = with_retries(work, step.retries, clock=time.monotonic, sleep=time.sleep)
        record.properties = {**request, **outcome}
        outputs = {o["OutputName"]: o["S3Output"]["S3Uri"] for o in request.get("ProcessingOutputConfig", {}).get("Outputs", ())}
        record.files = {f["PropertyFileName"]: f"{outputs[f['OutputName']]}/{f['FilePath']}" for f in step.files}

    def _branch(self, step: Step) -> Sequence[Json]:
        """The definitions of the branch that a condition takes; the other's steps count as done."""
        taken: bool = self.run.steps[step.name].properties["Outcome"]
        for inner in every_step(step.arguments.get(BRANCHES[not taken], ())):
            self.run.steps.setdefault(inner.name, StepRecord(state=State.NOT_EXECUTED, type=inner.type, started=""))
        save(self.root, self.run)
        branch: Sequence[Json] = step.arguments.get(BRANCHES[taken], ())
        return branch

    def _scope(self) -> Scope:
        finished = {name: step for name, step in self.run.steps.items() if step.state is State.SUCCEEDED}
        return Scope(
            parameters=self.run.parameters,
            execution=dict(self.run.execution),
            steps={name: step.properties for name, step in finished.items()},
            files={name: step.files for name, step in finished.items()},
            read=self.store.read,
        )

    def _say(self, step: Step, text: str) -> None:
        total = sum(1 for _ in every_step(self.run.definition["Steps"]))
        console.print(f"[{self._number}/{total}] {step.name}: {text}", soft_wrap=True)


def summary(run: RunRecord) -> list[dict[str, Any]]:
    """One line a step, in the order in which they ran."""
    return [
        {"step": name, "type": step.type, "state": step.state.value, "seconds": step.seconds, "said": step.said, "log": step.log}
        for name, step in run.steps.items()
    ]
