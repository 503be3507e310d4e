"""Commands that read films."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from model_code.commands.options import BundleOption, JsonOption, PrevalenceOption, RuntimeOption, finish
from model_code.contract import Verb
from model_code.errors import OverreadError, UsageError

commands = typer.Typer()


@commands.command(Verb.PREDICT.value)
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


@commands.command(Verb.PACS.value)
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
            finish(done.as_json(), text, as_json)
    if failed:
        raise OverreadError(f"{failed} films were left; the reasons stand above")


@commands.command(Verb.SERVE.value)
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
