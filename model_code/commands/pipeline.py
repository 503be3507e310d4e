"""Commands of the whole line: the pipeline on this machine, and its registry of models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import EnvironmentOption, JsonOption, finish
from model_code.contract import Verb
from model_code.errors import OverreadError, UsageError

commands = typer.Typer()
pipeline = typer.Typer(no_args_is_help=True, help="The pipeline that is deployed, on this machine; 'make synth' writes it.")
registry = typer.Typer(no_args_is_help=True, help="The versions that runs registered; a person approves or rejects them.")
commands.add_typer(pipeline, name=Verb.PIPELINE.value)
commands.add_typer(registry, name=Verb.REGISTRY.value)

AssemblyOption = Annotated[Path, typer.Option(help="What make synth wrote.")]
RootOption = Annotated[Path, typer.Option(help="Folder of runs, buckets and registry: an account on this machine.")]
GroupOption = Annotated[str | None, typer.Option(help="Model group; needed only where there are several.")]
ByOption = Annotated[str, typer.Option(help="Who decides.", prompt="Who decides")]
WhyOption = Annotated[str, typer.Option(help="Why; it stays in the record.", prompt="Why")]
ROOT, ASSEMBLY = Path("line"), Path("cdk.out")


@pipeline.command("run")
def run_command(
    films: Annotated[
        Path | None,
        typer.Option(help="Folder with manifest.csv and the films it names; overread synthesize --out FOLDER draws phantoms."),
    ] = None,
    env: EnvironmentOption = "dev",
    parameter: Annotated[list[str] | None, typer.Option(help="NAME=VALUE of the pipeline; several times.")] = None,
    resume: Annotated[str | None, typer.Option(help="Go on with this run: steps that are done are not run again.")] = None,
    root: RootOption = ROOT,
    assembly: AssemblyOption = ASSEMBLY,
    as_json: JsonOption = False,
) -> None:
    """Run the pipeline step by step: each job as a process in its own folders, S3 as folders, a registry of files.

    A step that fails ends the run and says which log to look into; --resume goes on from there.
    """
    from model_code.pipeline.executor import Ended, StepFailed, summary
    from model_code.pipeline.start import begin, go_on
    from model_code.progress import console

    if resume is None and films is None:
        raise UsageError("no films; give --films FOLDER (overread synthesize --out FOLDER draws phantoms), or --resume RUN")
    if resume is not None and (films is not None or parameter):
        raise UsageError("--resume takes films and parameters from the run; leave out --films and --parameter")
    if resume is not None:
        executor = go_on(root, resume)
    else:
        assert films is not None
        executor = begin(root, assembly=assembly, environment=env, films=films, given=parameter or [])
    again = f"overread pipeline run --root {root} --resume {executor.run.id}"
    try:
        executor.execute()
    except Ended as error:
        raise OverreadError(f"the pipeline ended itself: {error} (s3:// is the folder {executor.store.root})") from error
    except StepFailed as error:
        raise OverreadError(f"{error}; when it is mended, go on with: {again}") from error
    except KeyboardInterrupt:
        console.print(f"interrupted; go on with: {again}", soft_wrap=True)
        raise typer.Exit(130) from None
    finally:
        from model_code.pipeline.show import table

        console.print(table(executor.run))
    run = executor.run
    finish(
        {"run": run.id, "state": run.state.value, "steps": summary(run)},
        f"run {run.id} {run.state.value.lower()} in {executor.folder}; next: overread registry list --root {root}",
        as_json,
    )


@pipeline.command("show")
def show_command(env: EnvironmentOption = "dev", assembly: AssemblyOption = ASSEMBLY, as_json: JsonOption = False) -> None:
    """Show the pipeline's parameters and steps, and what each step waits for."""
    import json

    from model_code.pipeline.assembly import read_assembly
    from model_code.pipeline.show import graph
    from model_code.progress import plain_console

    name, definition = read_assembly(assembly, env).pipeline()
    if as_json:
        print(json.dumps(definition))
    else:
        plain_console().print(graph(name, definition))


@registry.command("list")
def list_command(group: GroupOption = None, root: RootOption = ROOT, as_json: JsonOption = False) -> None:
    """List the versions: figures, hashes of model and evidence, and who decided what."""
    import json

    from model_code.pipeline.show import versions
    from model_code.progress import plain_console
    from model_code.registry import Registry

    found = Registry(root / "registry")
    packages = [package for name in ([group] if group else found.groups()) for package in found.versions(name)]
    if as_json:
        print(json.dumps([package.model_dump(mode="json") for package in packages]))
    elif packages:
        plain_console().print(versions(packages))
    else:
        print(f"no models registered in {root}; overread pipeline run registers those that pass its gate")


@registry.command("approve")
def approve_command(
    version: Annotated[int, typer.Argument(help="Number of the version.")],
    by: ByOption,
    why: WhyOption,
    group: GroupOption = None,
    root: RootOption = ROOT,
    as_json: JsonOption = False,
) -> None:
    """Approve a version; model and evidence must still be what was registered, and their hashes go into the record."""
    _decide("Approved", version, by, why, group, root, as_json)


@registry.command("reject")
def reject_command(
    version: Annotated[int, typer.Argument(help="Number of the version.")],
    by: ByOption,
    why: WhyOption,
    group: GroupOption = None,
    root: RootOption = ROOT,
    as_json: JsonOption = False,
) -> None:
    """Reject a version."""
    _decide("Rejected", version, by, why, group, root, as_json)


def _decide(status: str, version: int, by: str, why: str, group: str | None, root: Path, as_json: bool) -> None:
    from model_code.pipeline.store import Store
    from model_code.registry import Registry, Status

    found = Registry(root / "registry")
    groups = [group] if group else found.groups()
    if len(groups) != 1:
        raise UsageError(f"there are {len(groups)} model groups in '{root}'; name one: --group {'|'.join(groups) or 'NAME'}")
    package = found.get(groups[0], version)
    decided = found.decide(package, Status(status), by=by, why=why, hash_of=Store(root / "s3").sha256)
    last = decided.decisions[-1]
    evidence = f"evidence {last.evidence_sha256[:12]}" if last.evidence_sha256 else "no evidence pack"
    finish(
        decided.model_dump(mode="json"),
        f"{decided.name}: {decided.status.value} by {last.by} at {last.at}; model {last.model_sha256[:12]}, {evidence}",
        as_json,
    )
