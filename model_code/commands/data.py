"""Commands that make data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import JsonOption, SizeOption, finish
from model_code.contract import Task, Verb

commands = typer.Typer()


@commands.command(Verb.SYNTHESIZE.value)
def synthesize_command(
    out: Annotated[Path, typer.Option(help="Folder to make; replaced as a whole if it exists.")],
    task: Annotated[str, typer.Option(help=f"One of: {', '.join(Task)}.")] = Task.CHEST14.value,
    patients: Annotated[int, typer.Option(help="How many patients (skin8: lesions); each has 1 to 3 pictures.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Draw a data set of phantom films or dermoscopies (images, manifest, places of the signs).

    Phantoms are drawings for tests and demos. A model trained on them must not be used on people.
    """
    from model_code.synthesize import synthesize
    from model_code.tasks import task_spec

    report = synthesize(task_spec(task), patients=patients, seed=seed, out=out)
    finish(report, f"{report['films']} phantom films of {patients} patients in {out}", as_json)


@commands.command(Verb.DEIDENTIFY.value)
def deidentify_command(
    root: Annotated[Path, typer.Option(help="Folder with films (DICOM, PNG, JPEG) and zip archives of films, at any depth.")],
    out: Annotated[Path, typer.Option(help="Folder to make; replaced as a whole if it exists.")],
    key: Annotated[Path, typer.Option(help="File of 32 random bytes: the same key gives everybody the same new name.")],
    task: Annotated[str, typer.Option(help=f"One of: {', '.join(Task)}.")] = Task.CHEST14.value,
    report: Annotated[Path | None, typer.Option(help="Write deidentification.json into this folder instead of OUT.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Take names, numbers and dates out of films and of their table.

    Text near a film's borders is painted over, and the report says where. Not all of it is found: look at films of a device
    that writes names into them.
    """
    from model_code.data.pseudonyms import Pseudonyms
    from model_code.deidentify import deidentify
    from model_code.tasks import task_spec

    done = deidentify(task_spec(task), root=root, out=out, pseudonyms=Pseudonyms.from_file(key), report=report)
    text = f"{done['films']} films in {out}, text painted over in {len(done['painted'])} of them"
    text += f", {len(done['quarantined'])} of {done['files']} files quarantined"
    if lost := done.get("rows_without_a_film"):
        text += f", {lost} rows of manifest.csv left out: no film came of what they name"
    finish(done, text, as_json)


@commands.command(Verb.FETCH.value)
def fetch_command(
    source: Annotated[str, typer.Argument(help="A public data set: nih, pneumonia or isic.")],
    out: Annotated[Path, typer.Option(help="Folder to fetch into; what is there already is not fetched again.")],
    as_json: JsonOption = False,
) -> None:
    """Download a public data set from its official addresses, and unpack it. Interrupted, it goes on where it stopped."""
    from model_code.fetch import fetch

    done = fetch(source, out=out)
    text = f"{len(done['files'])} files of {source} in {out}; next: overread prepare --source {source} --root {out} --out DATA"
    finish(done, text, as_json)


@commands.command(Verb.PREPARE.value)
def prepare_command(
    root: Annotated[Path, typer.Option(help="Folder of the source: its tables and its images.")],
    out: Annotated[Path, typer.Option(help="Folder to make, outside ROOT; an earlier data set there is replaced as a whole.")],
    source: Annotated[str, typer.Option(help="The kind of source: nih, pneumonia, isic, folder.")] = "folder",
    task: Annotated[
        str | None, typer.Option(help=f"One of: {', '.join(Task)}. Default: the source's, {Task.CHEST14.value} for folder.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the split of each group.")] = 0,
    table: Annotated[Path | None, typer.Option(help="The table, where it does not lie in ROOT.")] = None,
    preset: Annotated[
        str | None, typer.Option(help="The settings that it will be trained with: their task and image size are taken.")
    ] = None,
    image_size: SizeOption = None,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="Write the manifest alone, where the images are not there yet.")
    ] = False,
    drop_duplicates: Annotated[
        bool, typer.Option("--drop-duplicates", help="Leave near-duplicates of held-out images out, instead of stopping.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Turn somebody's images and labels into a checked data set: header-free PNG films, shards and a split manifest.

    Stops where a patient or lesion is in two splits or images of two splits are near-duplicates, and shows which. A folder
    needs manifest.csv (image or SOPInstanceUID, group, one column a label), or folders that are called like labels.
    """
    from model_code.data.sources import SOURCES
    from model_code.errors import unknown
    from model_code.machines import this_machine
    from model_code.prepare import Order, prepare
    from model_code.tasks import task_spec
    from model_code.training.config import read_preset

    if source not in SOURCES:
        raise unknown("source", source, SOURCES)
    settings = read_preset(preset) if preset else {}
    order = Order(
        spec=task_spec(task or settings.get("task") or SOURCES[source].task or Task.CHEST14),
        source=source,
        root=root,
        seed=seed,
        out=out,
        table=table,
        machine=this_machine(),
        image_size=image_size or settings.get("image_size"),
        labels_only=labels_only,
        drop_duplicates=drop_duplicates,
    )
    report = prepare(order)
    finish(report, f"{report['films']} films in {out}, {len(report['quarantined'])} quarantined", as_json)


@commands.command(Verb.UPLOAD.value)
def upload_command(
    data: Annotated[Path, typer.Argument(help="A data set that prepare made.")],
    to: Annotated[str, typer.Argument(help="s3://BUCKET/PREFIX; the channels train/, val/ and test/ are made below it.")],
    kms_key: Annotated[
        str | None, typer.Option(help="Id or ARN of the KMS key to encrypt all with. Default: the bucket's own encryption.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a data set to S3 as SageMaker's channels. Interrupted, it goes on; what is there already is not sent again."""
    from model_code.upload import upload

    done = upload(data, to, kms_key=kms_key)
    finish(done, f"{done['sent']} files sent to {to}, {done['there']} were there", as_json)
