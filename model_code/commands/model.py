"""Commands that make a model: each takes a bundle one step further."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import (
    DataOption,
    JsonOption,
    OutBundleOption,
    SizeOption,
    StepBundleOption,
    finish,
    number_or_preset,
)
from model_code.contract import Architecture, Precision, Runtime, Task, Verb
from model_code.errors import UsageError

commands = typer.Typer()


@commands.command(Verb.TRAIN.value)
def train_command(
    data: Annotated[Path | None, typer.Option(help="Folder with manifest.parquet, or the manifest file.")] = None,
    out: Annotated[Path | None, typer.Option(help="The bundle to write.")] = None,
    preset: Annotated[str | None, typer.Option(help="Settings to begin with, such as chest14, pneumonia or skin8.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings in a JSON or TOML file; they win over the preset's.")] = None,
    task: Annotated[str | None, typer.Option(help=f"One of: {', '.join(Task)}. Default: chest14.")] = None,
    arch: Annotated[str | None, typer.Option(help=f"One of: {', '.join(Architecture)}. Default: the task's.")] = None,
    image_size: SizeOption = None,
    output_stride: Annotated[int | None, typer.Option(help="Input pixels per map cell: 32, or 16 or 8 for small films.")] = None,
    epochs: Annotated[
        int | None,
        typer.Option(parser=number_or_preset, metavar="INTEGER", help="Passes over the training films. Default: 10."),
    ] = None,
    batch_size: Annotated[int | None, typer.Option(help="Films per step, over all processes. Default: 32.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Peak of the schedule. Default: 0.002.")] = None,
    pretrained: Annotated[
        str | None, typer.Option(help="Weights to begin with: imagenet, a file of torchvision's, or a bundle's folder.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Decides weights, order and augmentation. Default: 0.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="NAME=VALUE of any other setting, such as average=0.999; docs/training.md.")
    ] = None,
    experiment: Annotated[str | None, typer.Option(help="Record the run in MLflow, in the experiment of this name.")] = None,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Where states are kept for resuming. Default: OUT.checkpoints.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model; goes on with an interrupted run. The best epoch on validation is kept.

    Told to stop (SIGTERM), it saves and ends with exit code 143. In a SageMaker container it needs no options. Several
    processes: torchrun --nproc-per-node 2 -m model_code train ...
    """
    from model_code.training.config import gather, read_settings
    from model_code.training.sagemaker import one_process_a_gpu, reasons_told, this_container

    container = this_container()
    with reasons_told(container):
        options = {
            "preset": preset,
            "task": task,
            "architecture": arch,
            "image_size": image_size,
            "output_stride": output_stride,
            "epochs": epochs,
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "pretrained": pretrained,
            "seed": seed,
            "experiment": experiment,
        }
        given = {name: value for name, value in options.items() if value is not None}
        run = gather(container.settings if container else {}, config, {**given, **read_settings(setting or [])})
        data = data or (container.data if container else None)
        out = out or (container.model if container else None)
        if data is None or out is None:
            raise UsageError(f"{'--data' if data is None else '--out'} is missing; name the data set and the bundle to write")
        if checkpoints is None:
            checkpoints = container.checkpoints if container else Path(f"{out.absolute()}.checkpoints")
        one_process_a_gpu(container)
        from model_code.train import train

        record = train(run, data=data, out=out, checkpoints=checkpoints).info.training
    best = record.epochs[record.best_epoch - 1]
    text = f"{out}: epoch {record.best_epoch} kept, validation AUROC {best['val_auroc']:.3f}, accuracy {best['val_accuracy']:.3f}"
    finish(record.model_dump(mode="json"), text, as_json)


@commands.command(Verb.EXPORT.value)
def export_command(
    bundle: StepBundleOption,
    data: DataOption,
    precision: Annotated[
        Precision, typer.Option(help="What it computes in: int8 is fastest; bf16 needs the runtime openvino.")
    ] = Precision.FLOAT32,
    runtime: Annotated[
        Runtime, typer.Option(help="What the graph is measured and calibrated on, and runs on by default.")
    ] = Runtime.ONNXRUNTIME,
    out: OutBundleOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add the ONNX graph (logits, activation maps, embedding), checked against the trained network.

    A reduced precision ships only if no label's AUROC falls by more than 0.005 on validation; otherwise the graph stays float32.
    """
    from model_code.archive import unpacked
    from model_code.export import export

    with unpacked(bundle, out) as (source, target):
        graph = export(source, data=data, precision=precision, runtime=runtime, out=target).info.graph
    assert graph is not None
    text = f"{out or bundle}: graph exported in {graph.precision} for {graph.runtime}; in float32 its probabilities are within "
    text += f"{graph.parity:.1e} of the network's on {graph.parity_films} films"
    finish(graph.model_dump(mode="json"), text, as_json)


@commands.command(Verb.CALIBRATE.value)
def calibrate_command(
    bundle: StepBundleOption, data: DataOption, out: OutBundleOption = None, as_json: JsonOption = False
) -> None:
    """Choose calibration, operating points, decisions and the film gate, on the validation split only."""
    from model_code.archive import unpacked
    from model_code.calibrate import calibrate

    with unpacked(bundle, out) as (source, target):
        calibration = calibrate(source, data=data, out=target).info.calibration
    assert calibration is not None
    text = f"{out or bundle}: {len(calibration.labels)} labels calibrated; decisions at {calibration.error_rate:.0%} error"
    finish(calibration.model_dump(mode="json"), text, as_json)
