"""Options that several commands share, and how each command ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from model_code.contract import Runtime

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


def finish(result: Any, text: str, as_json: bool) -> None:
    """Prints what a command did: its result as JSON, or one line for people."""
    print(json.dumps(result) if as_json else text, flush=True)
