"""Commands that take in weights from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import JsonOption, finish
from model_code.contract import Publisher, Verb

commands = typer.Typer()


@commands.command(Verb.IMPORT_WEIGHTS.value)
def import_weights_command(
    publisher: Annotated[Publisher, typer.Argument(help="Whose network it is.")],
    name: Annotated[str, typer.Argument(help="The publisher's name for it: densenet121-res224-all (or -nih, -pc).")],
    out: Annotated[Path, typer.Option(help="The bundle to write.")],
    weights: Annotated[
        Path | None,
        typer.Option(
            help="The file as published, or its tensors as a state dict or as safetensors. "
            "Default: where the publisher's own package keeps it."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a bundle of a network that others trained; then export, calibrate and evaluate it on your films.

    Nothing is downloaded: where the file is not there, the command says where it can be had. Nothing in it is run.
    """
    from model_code.import_weights import import_weights

    record = import_weights(publisher, name, weights=weights, out=out).info
    finish(
        record.training.model_dump(mode="json"),
        f"{out}: {len(record.labels)} labels from {publisher} {name}; next: overread export --bundle {out} --data DATA",
        as_json,
    )
