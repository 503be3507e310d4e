"""Frontal chest films, phantoms and the real one, spoilt in ways that hospitals know: turned, inverted, cropped, too small."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.bank.drawn import with_header
from tests.films import png

Picture = NDArray[np.float32]


def _png(picture: Picture) -> bytes:
    return png(np.round(np.ascontiguousarray(picture) * 255).astype(np.uint8))


def crops(film: Picture, rng: np.random.Generator) -> dict[str, dict[str, Picture]]:
    """Halves, and tight pieces of 40 to 55% of each side; thirds that are missing."""
    rows, columns = film.shape
    high, wide = (int(side * rng.uniform(0.4, 0.55)) for side in film.shape)
    top, left = int(rng.integers(0, rows - high)), int(rng.integers(0, columns - wide))
    return {
        "halves": {
            "upper": film[: rows // 2],
            "lower": film[rows // 2 :],
            "left": film[:, : columns // 2],
            "right": film[:, columns // 2 :],
        },
        "tight crops": {"piece": film[top : top + high, left : left + wide]},
        "a third cut off": {
            "below": film[: rows * 2 // 3],
            "above": film[rows // 3 :],
            "right": film[:, : columns * 2 // 3],
            "left": film[:, columns // 3 :],
        },
    }


def altered(films: dict[str, Picture], rng: np.random.Generator) -> dict[str, dict[str, bytes]]:
    """Every film in every spoilt form, by kind."""
    bank: dict[str, dict[str, bytes]] = {}
    for name, film in films.items():
        bank.setdefault("turned by 90, 180, 270 degrees", {}).update(
            {f"{name} {90 * turns}": _png(np.rot90(film, turns)) for turns in (1, 2, 3)}
        )
        bank.setdefault("inverted", {})[name] = _png(1 - film)
        mislabelled = with_header(film, PhotometricInterpretation="MONOCHROME1", ViewPosition="PA")
        bank.setdefault("MONOCHROME1 by mistake", {})[name] = mislabelled
        for kind, pieces in crops(film, rng).items():
            bank.setdefault(kind, {}).update({f"{name} {piece}": _png(picture) for piece, picture in pieces.items()})
        tiny = Image.fromarray(film).resize((30, 30), Image.Resampling.BOX)
        bank.setdefault("too small", {})[name] = _png(np.asarray(tiny))
    return bank
