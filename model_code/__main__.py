"""The command line: one command a verb. Also the container's entry point and the pipeline's steps: ``python -m model_code``."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from model_code import __version__
from model_code.contract import Architecture, Precision, Runtime, Task, Verb
from model_code.errors import OverreadError, UsageError

app = typer.Typer(
    name="overread",
    help="Overread, a second reader for medical images. Research use only; not a medical device.\n\n"
    "The line of a model: synthesize (or prepare), train, export, calibrate, evaluate; then predict or serve.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

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
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output; messages go to standard error.")
]


def _version(wanted: bool) -> None:
    if wanted:
        print(f"overread {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the whole traceback of an error.")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> None:
    """Options for all commands; main() reads --debug itself."""


@app.command(Verb.SYNTHESIZE.value)
def synthesize_command(
    out: Annotated[Path, typer.Option(help="Folder to make; replaced as a whole if it exists.")],
    task: Annotated[str, typer.Option(help=f"One of: {', '.join(Task)}.")] = Task.CHEST14.value,
    patients: Annotated[int, typer.Option(help="How many patients; each has 1 to 3 films.")] = 1000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Draw a data set of phantom films (images, manifest, places of the signs).

    Phantoms are drawings for tests and demos. A model trained on them must not be used on people.
    """
    from model_code.synthesize import synthesize
    from model_code.tasks import task_spec

    report = synthesize(task_spec(task), patients=patients, seed=seed, out=out)
    _finish(report, f"{report['films']} phantom films of {patients} patients in {out}", as_json)


@app.command(Verb.DEIDENTIFY.value)
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
    _finish(done, f"{text}, {len(done['quarantined'])} of {done['files']} files quarantined", as_json)


@app.command(Verb.PREPARE.value)
def prepare_command(
    root: Annotated[
        Path, typer.Option(help="Folder with manifest.csv (image, group, one column a label) and the images it names.")
    ],
    out: Annotated[Path, typer.Option(help="Folder to make; replaced as a whole if it exists.")],
    source: Annotated[str, typer.Option(help="The kind of source; for now: folder.")] = "folder",
    task: Annotated[str, typer.Option(help=f"One of: {', '.join(Task)}.")] = Task.CHEST14.value,
    seed: Annotated[int, typer.Option(help="Decides the split of each group.")] = 0,
    table: Annotated[Path | None, typer.Option(help="The table, where it is not ROOT/manifest.csv.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Turn a folder of films and their labels into a checked data set: header-free PNG films and a split manifest."""
    from model_code.machines import this_machine
    from model_code.prepare import prepare
    from model_code.tasks import task_spec

    machine = this_machine()
    report = prepare(task_spec(task), source=source, root=root, seed=seed, out=out, table=table, machine=machine)
    _finish(report, f"{report['films']} films in {out}, {len(report['quarantined'])} quarantined", as_json)


@app.command(Verb.TRAIN.value)
def train_command(
    data: DataOption,
    out: Annotated[Path, typer.Option(help="The bundle to write.")],
    task: Annotated[str, typer.Option(help=f"One of: {', '.join(Task)}.")] = Task.CHEST14.value,
    arch: Annotated[str | None, typer.Option(help=f"One of: {', '.join(Architecture)}. Default: the task's.")] = None,
    image_size: Annotated[int | None, typer.Option(help="Side of the model's input in pixels. Default: the task's.")] = None,
    output_stride: Annotated[int, typer.Option(help="Input pixels per map cell: 32, or 16 or 8 for small films.")] = 32,
    epochs: Annotated[int, typer.Option(help="Passes over the training films.")] = 10,
    batch_size: Annotated[int, typer.Option(help="Films per step.")] = 32,
    learning_rate: Annotated[float, typer.Option(help="Peak of the schedule.")] = 2e-3,
    seed: Annotated[int, typer.Option(help="Decides weights, order and augmentation.")] = 0,
    checkpoints: Annotated[
        Path | None, typer.Option(help="Where epochs are kept for resuming. Default: OUT.checkpoints.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a model; resumes an interrupted run. The best epoch by validation AUROC is kept, ties by lower loss."""
    from model_code.tasks import task_spec
    from model_code.train import TrainConfig, train

    spec = task_spec(task)
    config = TrainConfig(
        task=spec.task.value,
        architecture=arch or spec.architecture.value,
        image_size=image_size or spec.image_size,
        output_stride=output_stride,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        seed=seed,
    )
    bundle = train(config, data=data, out=out, checkpoints=checkpoints or out.with_name(out.name + ".checkpoints"))
    record = bundle.info.training
    best = record.epochs[record.best_epoch - 1]
    _finish(
        record.model_dump(mode="json"),
        f"{out}: epoch {record.best_epoch} kept, validation AUROC {best['val_auroc']:.3f}",
        as_json,
    )


@app.command(Verb.EXPORT.value)
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
    _finish(graph.model_dump(mode="json"), text, as_json)


@app.command(Verb.CALIBRATE.value)
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
    _finish(calibration.model_dump(mode="json"), text, as_json)


@app.command(Verb.EVALUATE.value)
def evaluate_command(
    bundle: StepBundleOption,
    data: DataOption,
    split: Annotated[str, typer.Option(help="Which films: test (recorded in the bundle), val or train (only shown).")] = "test",
    out: OutBundleOption = None,
    report: Annotated[Path | None, typer.Option(help="Write metrics.json and reliability.svg into this folder too.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure the shipped graph on held-out films: AUROC, calibration, operating points, coverage, pointing test."""
    from model_code.archive import unpacked
    from model_code.evaluate import evaluate, show

    with unpacked(bundle, out) as (source, target):
        info = evaluate(source, data=data, split=split, out=target, report=report)
    assert info.metrics is not None
    if not as_json:
        show(info)
    macro = info.metrics.macro_auroc
    _finish(info.metrics.model_dump(mode="json"), f"macro AUROC {macro.value:.3f} ({macro.low:.3f} to {macro.high:.3f})", as_json)


@app.command(Verb.PREDICT.value)
def predict_command(
    paths: Annotated[list[str], typer.Argument(help="Films (DICOM, PNG, JPEG), folders of them, s3://BUCKET/PREFIX.")],
    bundle: BundleOption,
    as_json: Annotated[bool, typer.Option("--json", help="One Reading a line on standard output.")] = False,
    overlay: Annotated[Path | None, typer.Option(help="Write the picture of the one film read to this PNG.")] = None,
    out: Annotated[
        str | None,
        typer.Option(help="Write Readings and pictures into this folder or s3://…, named by content; run it again to go on."),
    ] = None,
    dicom_out: Annotated[
        Path | None,
        typer.Option(help="Write a DICOM report and a picture of each DICOM film into this folder, for the film's own study."),
    ] = None,
    prevalence: PrevalenceOption = None,
    runtime: RuntimeOption = None,
) -> None:
    """Read films. A file that cannot be read or assessed is answered 'not_assessed' with the reason."""
    from contextlib import nullcontext

    from rich.console import Console

    from model_code.answers import Answers, Row, in_words
    from model_code.places import place_of
    from model_code.predict import called, is_many, predict, show, sources_of, write_overlay
    from model_code.predictor import Predictor
    from model_code.progress import console as messages
    from model_code.progress import track

    sources = sources_of(paths, out)
    if overlay is not None and len(sources) != 1:
        raise UsageError(f"--overlay draws one film, but {len(sources)} were given; use --out DIR for several")
    if dicom_out is not None:  # needs an extra
        from model_code.dicom.results import write_results
        from model_code.dicom.study import NoStudyError
    place = place_of(out) if out is not None else None
    predictor = Predictor.setup(bundle, prevalence=prevalence, runtime=runtime)
    answers = Answers(place, predictor) if place else None
    bulk = answers is not None and any(map(is_many, paths))
    rows: list[Row] = []
    left = 0
    with place.alone() if place else nullcontext():
        answered = predict(predictor, sources, answers)
        for one in track(answered, "films", total=len(sources)) if bulk else answered:
            rows.append((len(rows) + 1, one.sha256, one.reading))
            name = called(one.source.shown, len(rows), len(sources))
            if one.reading is None:
                left += 1
                messages.print(f"file {len(rows)} of {len(sources)} cannot be opened: {one.problem}", soft_wrap=True)
                continue
            if as_json:
                print(one.reading.to_json(), flush=True)
            elif not bulk:
                show(one.reading, name, Console())
            if overlay is not None and not write_overlay(predictor, one.data, one.reading, overlay):
                messages.print(f"no picture written to {overlay}: the file holds no image", soft_wrap=True)
            if out is not None and not bulk:
                messages.print(f"{name} -> {out}/{one.sha256[:16]}", soft_wrap=True)
            if dicom_out is not None and (one.fresh or not (dicom_out / f"{one.sha256[:16]}.report.dcm").is_file()):
                try:
                    written = write_results(predictor, one.data, one.reading, dicom_out)
                    messages.print(f"{name} -> {', '.join(map(str, written))}", soft_wrap=True)
                except NoStudyError as error:
                    messages.print(f"{name}: no DICOM results: {error}", soft_wrap=True)
        if answers and bulk:
            answers.summarize(rows)
            messages.print(f"{in_words(rows)}; {out}/summary.csv lists them", soft_wrap=True)
    if left:
        raise OverreadError(f"{left} of {len(sources)} files could not be opened; give yourself access and run the same again")


@app.command(Verb.PACS.value)
def pacs_command(
    url: Annotated[str, typer.Option(help="Root of the PACS's DICOMweb service, https (http is for this machine only).")],
    bundle: BundleOption,
    days: Annotated[int, typer.Option(help="Look at studies of today and of so many days before it.")] = 1,
    limit: Annotated[int, typer.Option(help="Read at most so many films; the rest waits for the next time.")] = 100,
    watch: Annotated[int | None, typer.Option(help="Look again every so many seconds, until interrupted.", min=1)] = None,
    as_json: JsonOption = False,
) -> None:
    """Read the chest films (CR, DX) of a PACS that this model has not read, and store report and picture in their studies.

    Credentials: OVERREAD_PACS_TOKEN, or OVERREAD_PACS_USER and OVERREAD_PACS_PASSWORD, or a netrc file.
    """
    from model_code.dicom.web import DicomWeb
    from model_code.pacs import rounds
    from model_code.predictor import Predictor

    failed = 0
    with DicomWeb(url) as web:
        for done in rounds(Predictor.setup(bundle), web, days=days, limit=limit, every=watch):
            failed = done.failed.total()
            text = f"{done.films} new films: {done.read} read, {done.not_assessed} not assessed, {failed} left for the next time"
            _finish(done.as_json(), text, as_json)
    if failed:
        raise OverreadError(f"{failed} films were left; the reasons stand above")


@app.command(Verb.SERVE.value)
def serve_command(
    bundle: Annotated[Path, typer.Option(help="The model bundle: a folder.", envvar="OVERREAD_BUNDLE")],
    host: Annotated[
        str, typer.Option(help="Address to listen on; loopback unless you decide otherwise.", envvar="OVERREAD_HOST")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.")] = 8080,
    prevalence: PrevalenceOption = None,
    runtime: RuntimeOption = None,
) -> None:
    """Serve readings over HTTP: GET /ping, POST /invocations (raw body), POST /predict (upload), GET /metrics, GET /docs."""
    from model_code.bundle import open_bundle
    from model_code.predictor import COMPLETE, Predictor
    from model_code.serve import serve

    opened = open_bundle(bundle, needs=COMPLETE)  # what is missing or altered is told before the port opens
    serve(lambda: Predictor.of(opened, prevalence=prevalence, runtime=runtime), host=host, port=port)


def _finish(result: Any, text: str, as_json: bool) -> None:
    print(json.dumps(result) if as_json else text, flush=True)


def main() -> NoReturn:
    """Runs a command. Exit code 0: done; 1: the work failed; 2: wrong use. Errors are one line unless --debug is given."""
    debug = "--debug" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    try:
        sys.exit(app(arguments, prog_name="overread", standalone_mode=False) or 0)
    except (OverreadError, typer.TyperException) as error:
        if debug:
            raise
        if isinstance(error, typer.TyperException):
            _fail_usage(error)
        _fail(" ".join(str(error).split()), 2 if isinstance(error, UsageError) else 1)
    except (KeyboardInterrupt, typer.Abort):
        _fail("interrupted; run the same command again to go on", 130)
    except Exception as error:
        if debug:
            raise
        # its text may quote what it failed on, so only its type is shown
        _fail(f"unexpected {type(error).__name__}; run again with --debug to see where", 1)


def _fail_usage(error: typer.TyperException) -> NoReturn:
    """A command line that could not be understood; without any argument the help has been shown already."""
    text = " ".join(error.format_message().split()).rstrip(".")
    if not text:
        sys.exit(2)
    # what is too much can be a file's name with blanks in it, which nobody put into quotes
    text = re.sub(r"^(Got unexpected extra argument)\S* .*", r"\1s; put a name with blanks into quotes", text)
    command = getattr(getattr(error, "ctx", None), "command_path", "overread")
    _fail(f"{text}; see: {command} --help", 2)


def _fail(text: str, code: int) -> NoReturn:
    print(f"overread: error: {text}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
