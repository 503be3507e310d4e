"""The gate of the skin tasks: is this a dermoscopy? It must be in colour, with the hues of skin and its gradual changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from model_code.bundle import FILM_GATE, Bundle
from model_code.bundle_info import DermoscopyGateRecord
from model_code.data.declared import Declared
from model_code.data.images import DecodedImage
from model_code.film_gate.known import Known
from model_code.film_gate.picture import measure, reduced
from model_code.reading import Reason

Array = NDArray[np.float32]

RINGS: Final = (0.35, 0.6, 0.85)
"""Shares of the way from the centre to the border at which one ring ends and the next begins: a lesion may lie any way round."""
DARK: Final = 0.1
"""Darker than this share of the brightest is not looked at: the dermoscope's frame."""


class Glance(NamedTuple):
    """What is seen of a small copy at once, each 0 to 1."""

    contrast: float
    colour: float  # mean spread between the channels
    noise: float
    hues: float  # range of red, or of blue, against green in the middle nine tenths, as a logarithm


@dataclass(frozen=True)
class DermoscopyGate:
    """A gate that ``fit_dermoscopy_gate`` has fitted on validation pictures."""

    limits: DermoscopyGateRecord
    pictures: Known
    embeddings: Known

    def reasons(self, image: DecodedImage, embedding: Array) -> tuple[Reason, ...]:
        """Why this picture must not be assessed; empty when it may be. ``embedding`` is (D,)."""
        limits = self.limits
        if image.declared is Declared.MODALITY:
            return (_foreign("its header names a modality that makes no photographs"),)
        if max(image.rows, image.columns) < limits.min_side:
            detail = f"the picture has {image.rows} x {image.columns} pixels; the model looks at {limits.min_side} a side"
            return (Reason(code="too_small", detail=detail),)
        complaint = self.complaint(reduced(image.pixels))
        if complaint is not None:
            return (complaint,)
        distance = self.embeddings.distance(embedding)
        if distance > limits.max_embedding_distance:
            limit = f"distance {distance:.1f}, at most {limits.max_embedding_distance:.1f}"
            return (Reason(code="out_of_distribution", detail=f"the picture is unlike those that the model knows ({limit})"),)
        return ()

    def complaint(self, small: Array) -> Reason | None:
        """What a small copy, (rows, columns) or (rows, columns, 3), gives reason to say; None when it shows a dermoscopy."""
        limits = self.limits
        contrast, colour, noise, hues = glance(small)
        if contrast < limits.min_contrast:
            return Reason(code="blank", detail=f"the picture shows next to nothing (contrast {contrast:.2f})")
        if colour < limits.min_colour:
            return _foreign("it is grey, or nearly")
        if hues < limits.min_hues:
            return _foreign("it is a grey picture in one tint")
        if noise > limits.max_noise:
            return _foreign(f"it is mostly noise ({noise:.2f}, at most {limits.max_noise:.2f})")
        aspect = max(small.shape[:2]) / min(small.shape[:2])
        if aspect > limits.max_aspect:
            return _foreign(f"it is {aspect:.1f} times as long as wide")
        distance = self.pictures.distance(signature(small))
        if distance > limits.max_distance:
            return _foreign(
                f"colours and shades are not those of skin (distance {distance:.1f}, at most {limits.max_distance:.1f})"
            )
        return None

    def save(self, folder: Path) -> None:
        """Writes what the limits refer to into a bundle's folder."""
        arrays = {f"{name}.{part}": array for name in _KNOWN for part, array in getattr(self, name)._asdict().items()}
        save_file({name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}, folder / FILM_GATE)

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """The gate of a calibrated bundle."""
        assert isinstance(bundle.info.film_gate, DermoscopyGateRecord)
        arrays = load_file(bundle.folder / FILM_GATE)
        pictures, embeddings = (Known(*(arrays[f"{name}.{part}"] for part in Known._fields)) for name in _KNOWN)
        return cls(bundle.info.film_gate, pictures, embeddings)


_KNOWN: Final = ("pictures", "embeddings")


def glance(small: Array) -> Glance:
    """Measures a small copy."""
    grey = small if small.ndim == 2 else np.asarray(small.mean(axis=2), np.float32)
    seen = measure(grey)
    colour = float(np.ptp(small, axis=2).mean()) if small.ndim == 3 else 0.0
    low, high = np.percentile(_colours(small)[:, _seen(small)], (5, 95), axis=1) if small.ndim == 3 else (0.0, 0.0)
    return Glance(seen.contrast, colour, seen.noise, float(np.max(high - low)))


def _seen(small: Array) -> NDArray[np.bool_]:
    """Where (rows, columns) it is light enough to have a colour."""
    light = small.mean(axis=2)
    return np.asarray(light >= DARK * np.percentile(light, 99), np.bool_)


def _colours(small: Array) -> Array:
    """Red and blue against green, (2, rows, columns), as logarithms: they stay the same in any light."""
    log = np.log(np.clip(small, 0.02, 1))
    return np.stack([log[..., 0] - log[..., 1], log[..., 2] - log[..., 1]])


def signature(small: Array) -> Array:
    """Colours and shades of a picture (rows, columns, 3) as a vector that turning and mirroring leave as it is.

    In each ring around the centre the mean and the spread of light, red against green, and blue against green, and how rough the
    light is; then quantiles of the two colours over the whole picture.
    """
    light, seen, (red, blue) = small.mean(axis=2), _seen(small), _colours(small)
    level = max(float(light[seen].mean()), 0.02)
    rough = sum(np.abs(edge) for edge in np.gradient(light))
    vector: list[float] = []
    for ring in _rings(light.shape):
        there = ring & seen if (ring & seen).any() else seen
        vector += [light[there].mean() / level - 1, light[there].std() / level, float(np.sqrt(rough[there].mean() / level))]
        vector += [part for plane in (red, blue) for part in (plane[there].mean(), plane[there].std())]
    vector += [float(value) for plane in (red, blue) for value in np.percentile(plane[seen], (2, 50, 98))]
    return np.asarray(vector, np.float32)


def _rings(shape: tuple[int, ...]) -> Iterator[NDArray[np.bool_]]:
    rows, columns = (np.abs((np.arange(size) + 0.5) / size * 2 - 1) for size in shape)
    ring = np.searchsorted(RINGS, np.hypot(rows[:, None], columns))
    return (ring == index for index in range(len(RINGS) + 1))


def _foreign(why: str) -> Reason:
    return Reason(code="not_dermoscopy", detail=f"this is not a dermoscopy: {why}")
