"""Wrong pictures that are drawn: text, noise, patterns, blank ones, other parts of the body, and chests from the side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from pydicom.uid import DigitalXRayImageStorageForPresentation

from tests.bank import solids
from tests.films import dicom, png

Picture = NDArray[np.float32]
WORDS = ("the", "heart", "is", "of", "normal", "size", "and", "both", "lungs", "are", "clear", "no", "effusion", "last", "year")


def _png(picture: NDArray[np.floating]) -> bytes:
    return png(np.round(np.clip(picture, 0, 1) * 255).astype(np.uint8))


def text(rng: np.random.Generator) -> Picture:
    """A page of print, sometimes white on black, sometimes with a table's lines."""
    page = Image.new("L", (int(rng.integers(400, 700)), int(rng.integers(500, 800))), 255)
    pen = ImageDraw.Draw(page)
    size = int(rng.integers(12, 26))
    for line, y in enumerate(range(30, page.height - 40, int(size * 1.5))):
        if rng.random() < 0.85:
            pen.text((30, y), " ".join(rng.choice(WORDS, int(rng.integers(3, 14)))), fill=0, font_size=size)
        elif line % 2:
            pen.line([(30, y), (page.width - 30, y)], fill=0, width=2)
    picture = np.asarray(page, np.float32) / np.float32(255)
    return picture if rng.random() < 0.7 else np.float32(1) - picture


def noise(rng: np.random.Generator) -> Picture:
    """Uniform, normal, coarse or 1/f noise, the last as smooth as clouds."""
    side, kind = int(rng.integers(128, 512)), rng.integers(4)
    if kind == 0:
        return rng.random((side, side), np.float32)
    if kind == 1:
        return rng.normal(0.5, 0.2, (side, side)).astype(np.float32)
    if kind == 2:
        return np.kron(rng.random((16, 16)), np.ones((side // 16, side // 16))).astype(np.float32)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    spectrum = np.fft.fft2(rng.normal(size=(side, side))) / np.maximum(frequency, 1 / side) ** rng.uniform(1.0, 2.0)
    clouds = np.real(np.fft.ifft2(spectrum))
    return np.asarray((clouds - clouds.min()) / np.ptp(clouds), np.float32)


def pattern(rng: np.random.Generator) -> Picture:
    """A gradient, a checkerboard, stripes, rings or a test wedge."""
    side = int(rng.integers(128, 512))
    y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    turn, count = rng.uniform(0, 2 * np.pi), int(rng.integers(2, 16))
    along = np.cos(turn) * (x - 0.5) + np.sin(turn) * (y - 0.5)
    kinds = (
        along + 0.5,
        (np.floor(x * count) + np.floor(y * count)) % 2,
        0.5 + 0.5 * np.sin(along * count * 6),
        0.5 + 0.5 * np.cos(np.hypot(x - 0.5, y - 0.5) * count * 10),
        np.floor((along + 0.71) * count) / count / 1.42,
    )
    return np.asarray(kinds[rng.integers(len(kinds))], np.float32)


def blank(rng: np.random.Generator) -> Picture:
    """One grey value, with the noise of a detector that nothing was in front of."""
    side = int(rng.integers(64, 1024))
    return (rng.uniform(0, 1) + rng.normal(0, rng.uniform(0, 0.01), (side, side))).astype(np.float32)


def lateral(rng: np.random.Generator) -> Picture:
    """A chest from the side, looking to either side."""
    body = solids.from_the_side(solids.chest(rng))
    return solids.radiograph(body if rng.random() < 0.5 else solids.mirrored(body), rng)


def with_header(picture: Picture, **elements: Any) -> bytes:
    """A picture as a digital X-ray in DICOM."""
    stored = np.round(np.clip(picture, 0, 1) * 4095).astype(np.uint16)
    header: dict[str, Any] = {
        "Modality": "DX",
        "BitsStored": 12,
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
    } | elements
    return dicom(stored, **header)


LATERAL_HEADERS: tuple[dict[str, Any], ...] = (
    {"ViewPosition": "LL"},
    {"ViewPosition": "RL"},
    {"ViewPosition": "LATERAL"},
    {"PatientOrientation": ["A", "F"]},
    {"PatientOrientation": ["P", "F"]},
)
FOREIGN_HEADERS: tuple[dict[str, Any], ...] = (
    {"Modality": "CT"},
    {"Modality": "MG"},
    {"BodyPartExamined": "HAND"},
    {"BodyPartExamined": "ABDOMEN"},
    {"BodyPartExamined": "SKULL"},
)


def drawn(
    frontal: list[Picture], parts: dict[str, solids.Part], rng: np.random.Generator, count: int
) -> dict[str, dict[str, bytes]]:
    """``count`` pictures of each kind. ``frontal`` are films whose headers then say that they are something else."""
    lying = rng.choice(len(frontal), len(LATERAL_HEADERS))
    return {
        "pages of text": _many(text, rng, count),
        "noise": _many(noise, rng, count),
        "gradients, checkerboards, rings": _many(pattern, rng, count),
        "blank": _many(blank, rng, count),
        "other parts of the body": {
            f"{name} {index}": _png(solids.radiograph(part(rng), rng))
            for name, part in parts.items()
            for index in range(max(1, count // len(parts)))
        },
        "chests from the side": _many(lateral, rng, count),
        "lateral by their headers": {
            f"{index}": with_header(frontal[film], **header)
            for index, (film, header) in enumerate(zip(lying, LATERAL_HEADERS, strict=True))
        },
        "other parts by their headers": {
            f"{index}": with_header(frontal[film], **header)
            for index, (film, header) in enumerate(zip(lying, FOREIGN_HEADERS, strict=True))
        },
    }


def _many(draw: Callable[[np.random.Generator], Picture], rng: np.random.Generator, count: int) -> dict[str, bytes]:
    return {str(index): _png(draw(rng)) for index in range(count)}
