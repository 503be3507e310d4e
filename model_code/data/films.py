"""The films of a manifest in memory, each decoded once by the code that serving uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model_code.cpus import usable_cpus
from model_code.data.images import DecodedImage, decode
from model_code.data.manifest import Manifest
from model_code.data.transforms import to_model_input
from model_code.errors import ImageError, ManifestError
from model_code.progress import track


def load_films(manifest: Manifest, side: int, what: str, *, channels: int) -> NDArray[np.uint8]:
    """All films as the model's input, (N, channels, side, side) uint8.

    Args:
        manifest: whose rows.
        side: of the model's input, in pixels.
        what: is being done, for the progress bar.
        channels: 1 for a model of grey films, 3 for one of colour pictures.

    Raises:
        ManifestError: a film is missing or cannot be read; the message names it.
    """
    films = np.empty((len(manifest), channels, side, side), np.uint8)
    with ThreadPoolExecutor(usable_cpus()) as pool:
        read = partial(_read, side=side, channels=channels)
        for index, film in enumerate(track(pool.map(read, manifest.paths), what, total=len(manifest))):
            films[index] = film
    return films


def read_film(path: Path) -> DecodedImage:
    """Decodes one film of a manifest.

    Raises:
        ManifestError: it is missing or cannot be read; the message names the file, as ``prepare`` or ``synthesize`` named it.
    """
    try:
        return decode(path.read_bytes())
    except FileNotFoundError:
        raise ManifestError(f"the film '{path}' is in the manifest but not on disk") from None
    except ImageError as error:
        raise ManifestError(f"the film '{path}' cannot be read: {error}") from error


def _read(path: Path, side: int, channels: int) -> NDArray[np.uint8]:
    return to_model_input(read_film(path).pixels, side, channels)
