"""What must pass: held-out phantoms in many sizes, exposures and depths, and the real chest film in all its encodings."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model_code.data.phantoms.film import draw_film
from model_code.data.phantoms.population import Population
from model_code.tasks import CHEST14
from tests.bank.drawn import with_header
from tests.films import jpeg, png, real_film

Picture = NDArray[np.float32]


def phantoms(count: int, seed: int) -> list[Picture]:
    """Phantom films, (256, 256) float32 in [0, 1]."""
    rows = Population.from_nih(CHEST14.labels).draw(count, seed)
    return [draw_film(row, seed).pixels.astype(np.float32) / np.float32(255) for _, row in zip(range(count), rows, strict=False)]


def presented(film: Picture, rng: np.random.Generator) -> dict[str, Callable[[], bytes]]:
    """The ways in which one film may arrive, by kind; each is encoded when it is asked for."""
    side = int(rng.choice([128, 192, 512, 1024, 1536]))
    sized = np.asarray(Image.fromarray(film).resize((int(side * rng.uniform(0.82, 1.0)), side), Image.Resampling.BICUBIC))
    exposed = np.clip(film * rng.uniform(0.6, 1.3) + rng.uniform(-0.1, 0.15), 0, 1) ** rng.uniform(0.7, 1.4)
    noisy = np.clip(film + rng.normal(0, rng.uniform(0.02, 0.06), film.shape), 0, 1)
    border = [int(part) for part in rng.uniform(0.02, 0.12, 4) * len(film)]
    collimated = np.pad(film, ((border[0], border[1]), (border[2], border[3])), constant_values=float(rng.choice([0, 1])))
    return {
        "as drawn": lambda: png(_bytes(film)),
        "other sizes and shapes": lambda: png(_bytes(np.clip(sized, 0, 1))),
        "other exposures": lambda: png(_bytes(exposed)),
        "noisier": lambda: png(_bytes(noisy)),
        "16 bit": lambda: png(np.round(film * 65535).astype(np.uint16)),
        "JPEG": lambda: jpeg(_bytes(film)),
        "collimated, with borders": lambda: png(_bytes(collimated)),
        "12 bit DICOM": lambda: with_header(film, ViewPosition="AP", BodyPartExamined="CHEST", PatientOrientation=["L", "F"]),
        "MONOCHROME1 DICOM": lambda: with_header(1 - film, PhotometricInterpretation="MONOCHROME1", Modality="CR"),
        "mirrored": lambda: png(_bytes(film[:, ::-1])),
    }


def real_chest_films() -> dict[str, bytes]:
    """The real chest film in all its encodings."""
    package = importlib.util.find_spec("data_store")
    assert package is not None and package.submodule_search_locations, "pydicom-data is not installed"
    folder = Path(package.submodule_search_locations[0]) / "data"
    return {path.stem: real_film(path.name) for path in sorted(folder.glob("RG1_*.dcm"))}


def _bytes(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.round(np.ascontiguousarray(picture) * 255).astype(np.uint8)
