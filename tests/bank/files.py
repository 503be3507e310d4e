"""Wrong pictures that installed packages bring: medical DICOM files of other modalities and parts, and photographs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

from model_code.data.images import DecodedImage, decode
from model_code.errors import ImageError
from tests.films import png

SIZE = 640
"""Longest side of the copies without a header."""


def folder_of(package: str, *parts: str) -> Path:
    """A folder of an installed package."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.submodule_search_locations, f"{package} is not installed"
    return Path(spec.submodule_search_locations[0]).joinpath(*parts)


def _distinct(folder: Path) -> dict[str, tuple[bytes, DecodedImage]]:
    """DICOM files that hold one readable image each; encodings of a picture that is there already are left out."""
    found: dict[str, tuple[bytes, DecodedImage]] = {}
    seen = set()
    for path in sorted(folder.glob("*.dcm")):
        data = path.read_bytes()
        try:
            image = decode(data)
        except ImageError:
            continue
        looks_like = (image.pixels.shape, round(float(image.pixels.mean()), 2))
        if looks_like not in seen and not path.name.startswith("RG"):
            seen.add(looks_like)
            found[path.stem] = (data, image)
    return found


def _without_header(image: DecodedImage) -> bytes:
    step = max(1, max(image.pixels.shape[:2]) // SIZE)
    return png(np.round(image.pixels[::step, ::step] * 255).astype(np.uint8))


def medical() -> dict[str, dict[str, bytes]]:
    """CT, MR, ultrasound, nuclear medicine and palette pictures, by kind: as files, and as pictures without their headers."""
    files = _distinct(folder_of("data_store", "data")) | _distinct(folder_of("pydicom", "data", "test_files"))
    return {
        "CT, MR, US and other DICOM files": {name: data for name, (data, _) in files.items()},
        "the same without their headers": {name: _without_header(image) for name, (_, image) in files.items()},
    }


def leg_film() -> dict[str, dict[str, bytes]]:
    """The real leg film in all its encodings, with and without its header."""
    files = {path.stem: path.read_bytes() for path in sorted(folder_of("data_store", "data").glob("RG3_*.dcm"))}
    return {
        "a real leg film": files,
        "the same without its header": {name: _without_header(decode(data)) for name, data in files.items()},
    }


def photographs() -> dict[str, dict[str, bytes]]:
    """Photographs and micrographs, in colour and in grey"""
    paths = [
        path
        for folder in (folder_of("skimage", "data"), folder_of("sklearn", "datasets", "images"))
        for path in sorted(folder.iterdir())
        if path.suffix in (".png", ".jpg")
    ]
    images = {path.stem: decode(path.read_bytes()) for path in paths}
    grey = {name: image.pixels if image.pixels.ndim == 2 else image.pixels.mean(axis=2) for name, image in images.items()}
    coloured = {name: _without_header(image) for name, image in images.items() if image.pixels.ndim == 3}
    return {
        "photographs in colour": coloured,
        "photographs in grey": {name: png(np.round(pixels * 255).astype(np.uint8)) for name, pixels in grey.items()},
    }
