"""``overread synthesize``: a data set of phantoms (drawn films or dermoscopies), as a manifest with a grouped split."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from model_code.cpus import usable_cpus
from model_code.data.manifest import PHANTOM_SITE, write_manifest
from model_code.data.phantoms.kinds import KINDS
from model_code.data.phantoms.places import FILE_NAME as PLACES
from model_code.data.phantoms.places import place_row
from model_code.data.split import split_of
from model_code.errors import UsageError
from model_code.files import atomic_folder, check_replaceable, write_json
from model_code.progress import track
from model_code.tasks import TaskSpec

Drawn = tuple[bytes, dict[str, Any], list[dict[str, Any]]]


def synthesize(spec: TaskSpec, *, patients: int, seed: int, out: Path) -> dict[str, Any]:
    """Draws the pictures of ``patients`` patients (or lesions) into ``out`` and returns what it made, as in ``synthesis.json``.

    The same seed gives the same bytes. ``out`` appears as a whole or not at all.

    Raises:
        UsageError: fewer than 20 patients, of whom no split could be made; ``out`` holds other files.
    """
    check_replaceable(out, "synthesis.json")
    if patients < 20:
        raise UsageError(f"--patients is {patients}; at least 20 are needed for a train, val and test split")
    rows, chosen = KINDS[spec.task].rows(spec.labels, patients, seed)
    records: list[dict[str, Any]] = []
    places: list[dict[str, Any]] = []
    with atomic_folder(out) as folder, ProcessPoolExecutor(usable_cpus(), mp_context=get_context("spawn")) as pool:
        (folder / "films").mkdir()
        draw: Callable[[Any], Drawn] = partial(_draw, spec=spec, seed=seed)
        for png, record, signs in track(pool.map(draw, rows, chunksize=16), "phantom films", total=len(rows)):
            (folder / record["image"]).write_bytes(png)
            records.append(record)
            places.extend(signs)
        frame = pd.DataFrame(records)
        write_manifest(frame, folder)
        pd.DataFrame(places).to_parquet(folder / PLACES, index=False)
        report = {
            "task": spec.task.value,
            "phantoms": True,
            "seed": seed,
            "patients": patients,
            "films": len(frame),
            "splits": frame["split"].value_counts().sort_index().to_dict(),
            "films_with": {label: int(frame[label].sum()) for label in spec.labels},
            **chosen,
        }
        write_json(folder / "synthesis.json", report)
    return report


def _draw(row: Any, *, spec: TaskSpec, seed: int) -> Drawn:
    phantom = KINDS[spec.task].draw(row, seed)
    buffer = io.BytesIO()
    Image.fromarray(phantom.pixels).save(buffer, format="PNG", compress_level=3)
    png = buffer.getvalue()
    image = f"films/{phantom.group}_{phantom.number}.png"
    record = {
        "image": image,
        "group": phantom.group,
        **{label: int(label in phantom.labels) for label in spec.labels},
        **phantom.attributes,
        "site": PHANTOM_SITE,
        "split": split_of(phantom.group, seed),
        "sha256": hashlib.sha256(png).hexdigest(),
    }
    return png, record, [place_row(image, label, mask) for label, mask in phantom.places.items()]
