"""Commands that work in the AWS account: single jobs on SageMaker, and the deployed endpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from model_code.commands.options import EnvironmentOption, JsonOption, finish
from model_code.contract import Verb
from model_code.errors import OverreadError, UsageError

if TYPE_CHECKING:
    from model_code.cloud.jobs import Job, Kind

commands = typer.Typer()
submit = typer.Typer(no_args_is_help=True, help="A step of the deployed pipeline as one job on SageMaker, followed from here.")
endpoint = typer.Typer(no_args_is_help=True, help="The deployed endpoint.")
commands.add_typer(submit, name=Verb.SUBMIT.value)
commands.add_typer(endpoint, name=Verb.ENDPOINT.value)

RegionOption = Annotated[str | None, typer.Option(help="Region of the account. Default: as your AWS configuration says.")]
ParameterOption = Annotated[
    list[str] | None, typer.Option(help="NAME=VALUE of the pipeline (overread pipeline show lists them).")
]
OnDemandOption = Annotated[
    bool, typer.Option("--on-demand", help="Do not wait for spare (spot) machines; about three times the price.")
]
OutOption = Annotated[Path | None, typer.Option(help="Bring back what the job leaves into this folder; a bundle is unpacked.")]
AttachOption = Annotated[str | None, typer.Option(help="Follow this job, which was started before, instead of a new one.")]
StopOption = Annotated[str | None, typer.Option(help="Stop this job.")]
MoreArgument = Annotated[list[str] | None, typer.Argument(help="After --: more of the step's own options; the last one wins.")]


@submit.command("train")
def train_command(
    more: MoreArgument = None,
    data: Annotated[str | None, typer.Option(help="S3 prefix of a prepared data set (overread upload puts one there).")] = None,
    env: EnvironmentOption = "dev",
    parameter: ParameterOption = None,
    on_demand: OnDemandOption = False,
    out: OutOption = None,
    attach: AttachOption = None,
    stop: StopOption = None,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train on SageMaker: the pipeline's role, network, key, image and machine; this checkout's code; on spot.

    Ctrl-C leaves the job running; --attach NAME comes back to it, --stop NAME ends it.
    """
    from model_code.cloud.aws import Aws
    from model_code.cloud.deployed import pipeline
    from model_code.cloud.jobs import TRAIN
    from model_code.cloud.submit import pairs, submit_training

    aws = Aws(region)

    def start() -> Job:
        if data is None:
            raise UsageError("no data; give --data s3://BUCKET/PREFIX of a prepared data set, or --attach NAME")
        given = pairs(parameter or [], "--parameter")
        return submit_training(
            aws, pipeline(aws, env), environment=env, data=data, given=given, more=more or [], spot=not on_demand
        )

    _through(aws, TRAIN, start, attach=attach, stop=stop, out=out, as_json=as_json)


@submit.command("builtin")
def builtin_command(
    dataset: Annotated[Path | None, typer.Option(help="Folder that overread builtin data wrote.")] = None,
    data: Annotated[str | None, typer.Option(help="S3 prefix that the same folder was uploaded to.")] = None,
    env: EnvironmentOption = "dev",
    on_demand: OnDemandOption = False,
    out: OutOption = None,
    attach: AttachOption = None,
    stop: StopOption = None,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train SageMaker's built-in Image Classification, to compare with, where the environment has a pipeline for it."""
    from model_code.cloud.aws import Aws
    from model_code.cloud.deployed import pipeline
    from model_code.cloud.jobs import TRAIN
    from model_code.cloud.submit import submit_builtin

    aws = Aws(region)

    def start() -> Job:
        if dataset is None or data is None:
            raise UsageError("no data; give --dataset FOLDER and --data s3://BUCKET/PREFIX, or --attach NAME")
        made = pipeline(aws, env, "BuiltinPipelineName")
        return submit_builtin(aws, made, environment=env, dataset=dataset, data=data, spot=not on_demand)

    _through(aws, TRAIN, start, attach=attach, stop=stop, out=out, as_json=as_json)


@submit.command("process")
def process_command(
    step: Annotated[str, typer.Argument(help="prepare, export, calibrate, evaluate, gate or evidence.")],
    more: MoreArgument = None,
    source: Annotated[
        list[str] | None, typer.Option("--input", help="NAME=s3://… of an input that another step would have made.")
    ] = None,
    env: EnvironmentOption = "dev",
    parameter: ParameterOption = None,
    out: OutOption = None,
    attach: AttachOption = None,
    stop: StopOption = None,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run one processing step of the pipeline on SageMaker (on demand: SageMaker has no spot machines for it)."""
    from model_code.cloud.aws import Aws
    from model_code.cloud.deployed import pipeline
    from model_code.cloud.jobs import PROCESS
    from model_code.cloud.submit import pairs, submit_processing

    aws = Aws(region)

    def start() -> Job:
        inputs, given = pairs(source or [], "--input"), pairs(parameter or [], "--parameter")
        return submit_processing(aws, pipeline(aws, env), step, environment=env, inputs=inputs, given=given, more=more or [])

    _through(aws, PROCESS, start, attach=attach, stop=stop, out=out, as_json=as_json)


@submit.command("transform")
def transform_command(
    model: Annotated[str | None, typer.Option(help="S3 address of a bundle's model.tar.gz, or ARN of a model package.")] = None,
    films: Annotated[str | None, typer.Option(help="S3 prefix of the films; each is one request.")] = None,
    env: EnvironmentOption = "dev",
    out: OutOption = None,
    attach: AttachOption = None,
    stop: StopOption = None,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read all films below an S3 prefix in a batch transform; each film's Reading is FILM.out."""
    from model_code.cloud.aws import Aws
    from model_code.cloud.deployed import pipeline
    from model_code.cloud.jobs import TRANSFORM
    from model_code.cloud.submit import submit_transform

    aws = Aws(region)

    def start() -> Job:
        if model is None or films is None:
            raise UsageError("no model or no films; give --model and --films as S3 addresses, or --attach NAME")
        return submit_transform(aws, pipeline(aws, env), environment=env, model=model, films=films)

    _through(aws, TRANSFORM, start, attach=attach, stop=stop, out=out, as_json=as_json)


@endpoint.command("invoke")
def invoke_command(
    film: Annotated[Path, typer.Argument(help="A DICOM, PNG or JPEG file.")],
    env: EnvironmentOption = "dev",
    challenger: Annotated[bool, typer.Option("--challenger", help="Ask the second model, where one is deployed.")] = False,
    region: RegionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read a film by the deployed endpoint.

    Largest film: serverless 4 MiB, realtime 6 MiB, lambda 4.5 MB, async 1 GiB (whole DICOM files, by reference to S3).
    """
    import json

    from model_code.cloud.aws import Aws
    from model_code.cloud.endpoint import find, invoke

    aws = Aws(region)
    reading = invoke(aws, find(aws, env, "Challenger" if challenger else "Champion"), film)
    if as_json:
        print(json.dumps(reading), flush=True)
        return
    from rich.console import Console

    from model_code.predict import show
    from model_code.reading import Reading

    show(Reading.model_validate(reading), "film", Console())


def _through(aws: Any, kind: Kind, start: Any, *, attach: str | None, stop: str | None, out: Path | None, as_json: bool) -> None:
    """Starts, follows and brings back a job; or what --attach and --stop ask for."""
    from model_code.cloud.jobs import Job, JobFailed
    from model_code.cloud.submit import bring_back
    from model_code.progress import console

    if stop is not None:
        Job(aws, kind, stop).stop()
        finish({"job": stop, "state": "Stopping"}, f"{stop}: asked to stop", as_json)
        return
    job = Job(aws, kind, attach) if attach is not None else start()
    try:
        described = job.follow(lambda line: console.print(line, soft_wrap=True))
    except (JobFailed, UsageError):
        raise
    except (KeyboardInterrupt, OverreadError) as why:  # by us, or by a line that broke or credentials that expired
        console.print(
            f"the job goes on; come back: overread submit {kind.word} --attach {job.name}; "
            f"end it: overread submit {kind.word} --stop {job.name}",
            soft_wrap=True,
        )
        if isinstance(why, OverreadError):
            raise
        raise typer.Exit(130) from None
    brought = bring_back(job, described, out) if out is not None else []
    left = job.outputs(described)
    there = ", ".join(brought or left.values())
    finish({"job": job.name, "state": job.state(described), "outputs": left, "brought": brought}, f"{job.name}: {there}", as_json)
