"""Options that several commands share, and how each command ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from model_code.contract import AS_PRESET, Runtime

BundleOption = Annotated[Path, typer.Option(help="The model bundle: a folder.")]
StepBundleOption = Annotated[Path, typer.Option("--bundle", help="The model bundle: a folder, or its model.tar.gz.")]
DataOption = Annotated[Path, typer.Option(help="Folder with manifest.parquet, or the manifest file.")]
OutBundleOption = Annotated[
    Path | None, typer.Option("--out", help="Write the new bundle here (a folder, or FILE.tar.gz) instead of in place.")
]
PrevalenceOption = Annotated[
    Path | None,
    typer.Option(
        help='How common findings are where you read, as JSON ({"Effusion": 0.12}); readings then have predictive values.',
        envvar="OVERREAD_PREVALENCE",
    ),
]
RuntimeOption = Annotated[
    Runtime | None,
    typer.Option(help="What runs the graph. Default: what it was exported for.", envvar="OVERREAD_RUNTIME"),
]
EnvironmentOption = Annotated[str, typer.Option("--env", help="The environment: dev, staging, prod.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output; messages go to standard error.")
]


def number_or_preset(text: str) -> int | None:
    """Reads a whole number, or the word ``preset`` as None: a parameter of a pipeline cannot be left out, and says it so."""
    if text == AS_PRESET:
        return None
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is no whole number; give one, or '{AS_PRESET}' for the preset's") from None


def _side_or_preset(text: str) -> int | None:
    side = number_or_preset(text)
    if side is not None and not 32 <= side <= 1024:
        raise typer.BadParameter(f"it is {side}; allowed: 32 to 1024")
    return side


SizeOption = Annotated[
    int | None,
    typer.Option(
        parser=_side_or_preset,
        metavar="INTEGER",
        help="Side of the model's input in pixels, for which shards are cut. Default: the preset's or else the task's.",
    ),
]


def finish(result: Any, text: str, as_json: bool) -> None:
    """Prints what a command did: its result as JSON, or one line for people."""
    print(json.dumps(result) if as_json else text, flush=True)
