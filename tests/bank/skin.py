"""The bank for the gate of the skin tasks: pictures that are no dermoscopies, and dermoscopies as they arrive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model_code.data.images import decode
from model_code.data.phantoms.dermoscopy.picture import draw_dermoscopy
from model_code.data.phantoms.dermoscopy.population import draw_rows
from tests.bank.drawn import drawn
from tests.bank.files import leg_film, medical, photographs
from tests.bank.good import phantoms, real_chest_films
from tests.bank.skin_photographs import graphics, skin_photographs
from tests.bank.solids import DEVELOPMENT, HELD_OUT
from tests.films import dicom, jpeg, png

Picture = NDArray[np.float32]
Files = dict[str, dict[str, bytes]]

TINTS = ((1.0, 0.75, 0.6), (0.6, 0.8, 1.0), (0.7, 1.0, 0.7), (1.0, 0.9, 0.6))
"""Sepia as prints have it, the blue of film, night vision, old paper."""


def dermoscopies(count: int, seed: int) -> list[Picture]:
    """Phantom dermoscopies, (256, 256, 3) float32 in [0, 1], each of another lesion."""
    rows = (row for row in draw_rows(count, seed) if row.number == 0)
    return [draw_dermoscopy(row, seed).pixels.astype(np.float32) / np.float32(255) for row in rows]


def wrong_skin(*, held_out: bool, count: int, seed: int) -> Files:
    """Chest films, other films, text, noise, drawings, photographs; many of them tinted."""
    rng = np.random.default_rng(seed)
    films = phantoms(count, seed)
    bank: Files = {"chest films": {str(index): png(_bytes(film)) for index, film in enumerate(films)}}
    if not held_out:
        bank |= {"a real chest film": real_chest_films(), "graphics": graphics()} | leg_film() | medical()
        bank["photographs in grey"] = photographs()["photographs in grey"]
    grey = drawn(films, HELD_OUT if held_out else DEVELOPMENT, rng, count)
    bank |= {kind: files for kind, files in grey.items() if "header" not in kind}
    for kind in ("chest films", "pages of text", "noise", "gradients, checkerboards, rings", "other parts of the body"):
        bank[f"{kind}, tinted"] = {name: _tinted(data, rng) for name, data in bank[kind].items()}
    scenes: tuple[Callable[[np.random.Generator], Image.Image], ...] = (
        (_patches, _chart) if not held_out else (_landscape, _street)
    )
    for scene in scenes:
        bank[scene.__name__.strip("_")] = {str(index): jpeg(scene(rng)) for index in range(count)}
    return bank | skin_photographs(held_out=held_out, seed=seed)


def good_skin(*, count: int, seed: int) -> Files:
    """Dermoscopies that must pass, ``count`` of each kind, every one of another phantom."""
    rng = np.random.default_rng(seed)
    bank: Files = {}
    ways = len(presented(np.zeros((64, 64, 3), np.float32), rng))
    for index, picture in enumerate(dermoscopies(count * ways, seed)):
        kind, encode = list(presented(picture, rng).items())[index % ways]
        bank.setdefault(kind, {})[str(index)] = encode()
    return bank


def presented(picture: Picture, rng: np.random.Generator) -> dict[str, Callable[[], bytes]]:
    """The ways in which one dermoscopy may arrive, by kind; each is encoded when it is asked for."""
    side = int(rng.choice([160, 450, 768, 1024]))
    high = len(picture) * 3 // 4
    exposed = np.clip(picture * rng.uniform(0.7, 1.2), 0, 1) ** rng.uniform(0.8, 1.25)
    cast = np.clip(picture * rng.uniform(0.93, 1.07, 3), 0, 1)
    noisy = np.clip(picture + rng.normal(0, rng.uniform(0.01, 0.03), picture.shape), 0, 1)
    return {
        "as drawn": lambda: png(_bytes(picture)),
        "other sizes": lambda: png(Image.fromarray(_bytes(picture)).resize((side, side), Image.Resampling.BICUBIC)),
        "four to three": lambda: jpeg(_bytes(picture[(len(picture) - high) // 2 :][:high])),
        "other exposures": lambda: png(_bytes(exposed)),
        "another sensor": lambda: png(_bytes(cast)),
        "noisier": lambda: png(_bytes(noisy)),
        "JPEG": lambda: jpeg(_bytes(picture)),
        "turned": lambda: png(_bytes(np.rot90(picture, int(rng.integers(1, 4))))),
        "mirrored": lambda: png(_bytes(picture[:, ::-1])),
        "colour DICOM": lambda: dicom(_bytes(picture), Modality="XC", BodyPartExamined="HAND"),
    }


def _bytes(picture: NDArray[np.floating]) -> NDArray[np.uint8]:
    return np.round(np.ascontiguousarray(picture) * 255).astype(np.uint8)


def _tinted(data: bytes, rng: np.random.Generator) -> bytes:
    pixels = decode(data).pixels
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    return png(_bytes(grey[..., None] * np.asarray(TINTS[rng.integers(len(TINTS))])))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(0, 256, 3))
    return red, green, blue


def _patches(rng: np.random.Generator) -> Image.Image:
    """Rectangles of any colour."""
    page = Image.new("RGB", (320, 240), _colour(rng))
    pen = ImageDraw.Draw(page)
    for _ in range(12):
        x, y = int(rng.integers(0, 280)), int(rng.integers(0, 200))
        pen.rectangle((x, y, x + int(rng.integers(20, 120)), y + int(rng.integers(20, 120))), fill=_colour(rng))
    return page


def _chart(rng: np.random.Generator) -> Image.Image:
    """Coloured bars on white."""
    page = Image.new("RGB", (400, 300), "white")
    pen = ImageDraw.Draw(page)
    for bar in range(8):
        pen.rectangle((30 + 45 * bar, int(rng.integers(40, 250)), 60 + 45 * bar, 270), fill=_colour(rng))
    pen.line((20, 270, 390, 270), fill="black", width=2)
    return page


def _landscape(rng: np.random.Generator) -> Image.Image:
    """Sky over a field, with a sun and trees."""
    page = Image.new("RGB", (400, 300), (130 + int(rng.integers(0, 60)), 180, 235))
    pen = ImageDraw.Draw(page)
    horizon = int(rng.integers(120, 210))
    pen.rectangle((0, horizon, 400, 300), fill=(70 + int(rng.integers(0, 60)), 130, 50))
    pen.ellipse((300, 20, 350, 70), fill=(255, 240, 160))
    for _ in range(int(rng.integers(3, 9))):
        x, size = int(rng.integers(10, 380)), int(rng.integers(15, 40))
        pen.ellipse((x - size, horizon - 2 * size, x + size, horizon), fill=(30, 90 + int(rng.integers(0, 40)), 35))
    return page


def _street(rng: np.random.Generator) -> Image.Image:
    """House fronts with rows of windows, under a grey sky."""
    page = Image.new("RGB", (400, 300), (190, 195, 200))
    pen = ImageDraw.Draw(page)
    for house in range(4):
        left, top = house * 100, int(rng.integers(40, 130))
        pen.rectangle((left, top, left + 98, 300), fill=_colour(rng))
        for row in range(4):
            for column in range(3):
                x, y = left + 12 + 30 * column, top + 15 + 45 * row
                pen.rectangle((x, y, x + 16, y + 26), fill=(60, 70, 90))
    return page
