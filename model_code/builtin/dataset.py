"""``overread builtin data``: a manifest's films as the algorithm reads them, laid out as the stack's pipeline expects them.

``recordio/train`` and ``recordio/validation`` hold one ``.rec`` file each, ``images/test`` the test films for the batch
transform, ``lists`` the ``.lst`` and ``.idx`` tables. Pictures are 8-bit PNG at the model's size, named by their content.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_code.builtin.training import BuiltinTraining
from model_code.cpus import usable_cpus
from model_code.data.films import read_film
from model_code.data.manifest import Manifest, read_manifest
from model_code.data.recordio import RecordWriter, lst_line
from model_code.data.transforms import to_model_input
from model_code.errors import ManifestError
from model_code.files import atomic_folder, check_replaceable, write_json
from model_code.progress import track
from model_code.tasks import TaskSpec

OPTIONS: Final = "builtin.json"
SPLITS: Final = {"train": "train", "validation": "val", "test": "test"}
"""The manifest's split behind each of the algorithm's names."""


def write_dataset(spec: TaskSpec, *, data: Path, out: Path, **options: Any) -> dict[str, Any]:
    """Writes the data set as a whole or not at all; returns what ``builtin.json`` says of it.

    The algorithm has no mask: films with an unknown label are left out, and counted.

    Args:
        spec: the task.
        data: the manifest.
        out: folder to make.
        options: of ``BuiltinTraining``, but for what the data decide.

    Raises:
        ManifestError: the manifest cannot be used, or no film of a split has all its labels.
        UsageError: an option that the algorithm refuses, or ``out`` holds other files.
    """
    check_replaceable(out, OPTIONS)
    manifest = read_manifest(data, spec)
    splits = {name: _known(manifest.split(split)) for name, split in SPLITS.items()}
    training = BuiltinTraining(classes=len(spec.labels), training_films=len(splits["train"]), exclusive=spec.exclusive, **options)
    with atomic_folder(out) as folder:
        (folder / "lists").mkdir()
        for name, rows in splits.items():
            pictures = _pictures(rows, training.image_size, spec.channels)
            labels = [_labels(truth, spec.exclusive) for truth in rows.targets]
            each = zip(labels, track(pictures, f"write {name} films", total=len(rows)), strict=True)
            if name == "test":
                lines = _write_images(folder / "images/test", rows, each)
            else:
                lines = _write_records(folder, name, rows, each)
            (folder / f"lists/{name}.lst").write_text("".join(lines), encoding="utf-8")
        about = {
            "task": spec.task.value,
            "labels": list(spec.labels),
            "manifest_sha256": manifest.sha256,
            "films": {name: len(rows) for name, rows in splits.items()},
            "left_out": {name: len(manifest.split(split)) - len(splits[name]) for name, split in SPLITS.items()},
            "training": training.as_json(),
            "hyperparameters": training.hyperparameters,
        }
        write_json(folder / OPTIONS, about)
    return about


def picture_name(sha256: str) -> str:
    """Of a film with this hash, in ``images/test``."""
    return f"{sha256[:32]}.png"


def _write_records(folder: Path, name: str, rows: Manifest, each: Iterator[tuple[list[float], bytes]]) -> list[str]:
    (folder / "recordio" / name).mkdir(parents=True)
    lines = []
    with (folder / "recordio" / name / f"{name}.rec").open("wb") as stream:
        writer = RecordWriter(stream)
        for number, (labels, picture) in enumerate(each):
            writer.write(number, labels, picture)
            lines.append(lst_line(number, labels, picture_name(rows.frame["sha256"].iloc[number])))
    (folder / f"lists/{name}.idx").write_text("".join(f"{n}\t{at}\n" for n, at in writer.index), encoding="utf-8")
    return lines


def _write_images(folder: Path, rows: Manifest, each: Iterator[tuple[list[float], bytes]]) -> list[str]:
    folder.mkdir(parents=True)
    lines = []
    for number, (labels, picture) in enumerate(each):
        name = picture_name(rows.frame["sha256"].iloc[number])
        (folder / name).write_bytes(picture)
        lines.append(lst_line(number, labels, name))
    return lines


def _known(rows: Manifest) -> Manifest:
    kept = rows.frame[~np.isnan(rows.targets).any(axis=1)].reset_index(drop=True)
    if kept.empty:
        raise ManifestError(f"no film of the split '{rows.frame['split'].iloc[0]}' has all its labels; the algorithm needs them")
    return replace(rows, frame=kept)


def _labels(truth: NDArray[np.float32], exclusive: bool) -> list[float]:
    return [float(np.argmax(truth))] if exclusive else [float(value) for value in truth]


def _pictures(rows: Manifest, side: int, channels: int) -> Iterator[bytes]:
    with ThreadPoolExecutor(usable_cpus()) as pool:
        yield from pool.map(partial(_picture, side=side, channels=channels), rows.paths)


def _picture(path: Path, *, side: int, channels: int) -> bytes:
    pixels = to_model_input(read_film(path).pixels, side, channels)
    buffer = io.BytesIO()
    Image.fromarray(pixels[0] if channels == 1 else np.moveaxis(pixels, 0, -1)).save(buffer, format="PNG")
    return buffer.getvalue()
