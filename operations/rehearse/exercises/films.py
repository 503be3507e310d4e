"""Films arrive: one that can be read, one that cannot, and an archive of many."""

from __future__ import annotations

import io
import json
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from model_code.contract import Arrivals
from operations.rehearse.exercises.scene import AbsentError, Scene, check
from operations.rehearse.exercises.workflow import ended

PATIENT: Final = "rehearsal-patient"
"""In the key of the film, which must not be found in anything that comes of it."""
FILM: Final = f"{Arrivals.FILMS}{PATIENT}/chest.dcm"
BROKEN: Final = f"{Arrivals.FILMS}{PATIENT}/broken.dcm"


def real_film(name: str = "RG1_UNCR") -> bytes:
    """A real chest film of the package ``pydicom-data``.

    Raises:
        AbsentError: it is not installed.
    """
    package = find_spec("data_store")
    if package is None or not package.submodule_search_locations:
        raise AbsentError("the package pydicom-data is not installed")
    return (Path(package.submodule_search_locations[0]) / "data" / f"{name}.dcm").read_bytes()


def a_film_is_cleaned(scene: Scene) -> str:
    """Put into ``intake``, the film comes out of the real function without its patient, and the original says where."""
    import pydicom

    function, film = scene.function("deidentify"), real_film()
    s3, intake, clean = scene.client("s3"), function.environment["INTAKE_BUCKET"], function.environment["CLEAN_BUCKET"]
    before = pydicom.dcmread(io.BytesIO(film), stop_before_pixels=True)
    s3.put_object(Bucket=intake, Key=FILM, Body=film)

    def tagged() -> str | None:
        tags = s3.get_object_tagging(Bucket=intake, Key=FILM)["TagSet"]
        return next((tag["Value"] for tag in tags if tag["Key"] == Arrivals.CLEAN_TAG), None)

    key = scene.wait("the clean film", tagged)
    after = pydicom.dcmread(io.BytesIO(s3.get_object(Bucket=clean, Key=key)["Body"].read()))
    check(after.PatientName != before.PatientName, "the clean film still has its patient's name")
    check(after.PatientIdentityRemoved == "YES", "the clean film does not say that it is clean")
    check(PATIENT not in key, "the clean film's key names the patient")
    return f"{len(film) / 1e6:.1f} MB into intake, event, deidentify, clean film of {after.Rows} x {after.Columns}"


def a_broken_film_is_kept_aside(scene: Scene) -> str:
    """What is no film goes to quarantine with a reason, and leaves nothing clean."""
    bucket, s3 = scene.function("deidentify").environment["INTAKE_BUCKET"], scene.client("s3")
    s3.put_object(Bucket=bucket, Key=BROKEN, Body=b"this is no film")

    def reason() -> dict[str, str] | None:
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=Arrivals.QUARANTINE).get("Contents", [])
        found = next((entry["Key"] for entry in listed if entry["Key"].endswith(f"broken.dcm{Arrivals.REASON}")), None)
        return dict(json.loads(s3.get_object(Bucket=bucket, Key=found)["Body"].read())) if found else None

    found = scene.wait("the reason in quarantine", reason)
    left = s3.list_objects_v2(Bucket=bucket, Prefix=BROKEN).get("Contents", [])
    check(not left, "the broken film is still where it came in")
    return f"quarantine, reason: {found['code']}"


def an_archive_starts_a_job(scene: Scene) -> str:
    """An archive's event starts the workflow, which lays the key down and waits for the processing job."""
    machine = scene.workflow("deidentify")
    bucket = scene.function("deidentify").environment["INTAKE_BUCKET"]
    scene.client("s3").put_object(Bucket=bucket, Key=f"{Arrivals.ARCHIVES}old.zip", Body=b"PK\x05\x06" + b"\0" * 18)
    states = scene.client("stepfunctions")

    def started() -> str | None:
        listed = states.list_executions(stateMachineArn=machine)["executions"]
        return str(listed[0]["executionArn"]) if listed else None

    run = ended(scene, scene.wait("the execution", started))
    check(run.status == "SUCCEEDED", f"the workflow is {run.status} after {run.path}: {run.cause}")
    jobs = scene.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"]
    check(bool(jobs), "no processing job was started")
    return f"event, {' > '.join(run.path)}, job {jobs[0]['ProcessingJobStatus']}"
