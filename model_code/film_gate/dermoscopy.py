"""The gate of the skin tasks: is this a dermoscopy? It must be in colour, with the hues of skin and its gradual changes."""

from __future__ import annotations

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
from model_code.film_gate.signature import colours_of, lit, signature
from model_code.film_gate.skin import Skin
from model_code.reading import Reason

Array = NDArray[np.float32]


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
    skin: Skin
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
        seen = signature(small)
        distance, margin = float(self.skin.distance(seen)), float(self.skin.margin(seen))
        if distance > limits.max_distance:
            return _foreign(
                f"colours and shades are not those of skin (distance {distance:.1f}, at most {limits.max_distance:.1f})"
            )
        if margin < limits.min_margin:
            limit = f"log odds of skin {margin:.1f}, at least {limits.min_margin:.1f}"
            return _foreign(f"colours and shades are more like those of other things ({limit})")
        return None

    def save(self, folder: Path) -> None:
        """Writes what the limits refer to into a bundle's folder."""
        arrays = {f"{name}.{part}": array for name in _PARTS for part, array in getattr(self, name)._asdict().items()}
        save_file({name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}, folder / FILM_GATE)

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """The gate of a calibrated bundle."""
        assert isinstance(bundle.info.film_gate, DermoscopyGateRecord)
        arrays = load_file(bundle.folder / FILM_GATE)
        skin = Skin(*(arrays[f"skin.{part}"] for part in Skin._fields))
        return cls(bundle.info.film_gate, skin, Known(*(arrays[f"embeddings.{part}"] for part in Known._fields)))


_PARTS: Final = ("skin", "embeddings")


def glance(small: Array) -> Glance:
    """Measures a small copy."""
    grey = small if small.ndim == 2 else np.asarray(small.mean(axis=2), np.float32)
    seen = measure(grey)
    colour = float(np.ptp(small, axis=2).mean()) if small.ndim == 3 else 0.0
    low, high = np.percentile(colours_of(small)[:, lit(small)], (5, 95), axis=1) if small.ndim == 3 else (0.0, 0.0)
    return Glance(seen.contrast, colour, seen.noise, float(np.max(high - low)))


def _foreign(why: str) -> Reason:
    return Reason(code="not_dermoscopy", detail=f"this is not a dermoscopy: {why}")
