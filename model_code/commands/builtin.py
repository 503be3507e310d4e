"""Commands of the other road: SageMaker's built-in Image Classification."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import DataOption, JsonOption, finish
from model_code.contract import Task, Verb

commands = typer.Typer()
builtin = typer.Typer(no_args_is_help=True, help="SageMaker's built-in Image Classification (ResNet), to compare with.")
commands.add_typer(builtin, name=Verb.BUILTIN.value)


@builtin.command("data")
def data_command(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="Folder to make; replaced as a whole if it exists. Upload it, then submit builtin.")],
    task: Annotated[str, typer.Option(help=f"One of: {', '.join(Task)}.")] = Task.CHEST14.value,
    layers: Annotated[int, typer.Option(help="Depth of the ResNet: 18, 34, 50, 101, 152, 200.")] = 101,
    image_size: Annotated[int, typer.Option(help="Side of the pictures in pixels.")] = 224,
    batch_size: Annotated[int, typer.Option(help="Films per step.")] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over the training films.")] = 10,
    learning_rate: Annotated[float, typer.Option(help="Of its optimizer, Adam.")] = 0.001,
    as_json: JsonOption = False,
) -> None:
    """Write RecordIO files, .lst tables, test films and hyperparameters for the algorithm."""
    from model_code.builtin.dataset import write_dataset
    from model_code.tasks import task_spec

    options = {"layers": layers, "image_size": image_size, "batch_size": batch_size, "epochs": epochs}
    about = write_dataset(task_spec(task), data=data, out=out, learning_rate=learning_rate, **options)
    films = ", ".join(f"{count} {name}" for name, count in about["films"].items())
    left = sum(about["left_out"].values())
    finish(about, f"{out}: {films} films; {left} left out, since not all their labels are known", as_json)


@builtin.command("scores")
def scores_command(
    dataset: Annotated[Path, typer.Option(help="Folder that overread builtin data wrote.")],
    answers: Annotated[Path, typer.Option(help="Folder with the .out files of its batch transform of images/test.")],
    data: DataOption,
    report: Annotated[Path, typer.Option(help="Write scores.parquet and metrics.json into this folder.")],
    as_json: JsonOption = False,
) -> None:
    """Read the transform's answers back; overread compare REPORT OTHER sets them beside a model of ours."""
    from model_code.builtin.scores import read_back

    metrics = read_back(dataset=dataset, answers=answers, data=data, report=report)
    macro = metrics["macro_auroc"]
    text = f"{report}: macro AUROC {macro['value']:.3f} ({macro['low']:.3f} to {macro['high']:.3f}) on {metrics['films']} films"
    finish(metrics, text, as_json)
