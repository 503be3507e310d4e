"""The first gate: is this a frontal chest film at all? What is not gets reasons in place of findings.

Two looks: simple statistics of the picture (contrast, colour, noise, and how well its layout agrees with the mean film of the
reference), and the distance of its embedding from the reference's. Limits and references are fitted by ``calibrate`` on the
validation split and travel in the bundle.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from model_code.bundle import FILM_GATE, Bundle
from model_code.bundle_info import FilmGateRecord
from model_code.data.images import Pixels
from model_code.data.transforms import stretch, to_square
from model_code.reading import Reason

Array = NDArray[np.float32]

LAYOUT_SIDE: Final = 24
SHIFT: Final = 2
"""How far, in layout cells, a film may lie from the mean film."""
DETAIL_SIDE: Final = 128
COMPONENTS: Final = 24
"""Principal directions of the embedding whose distance counts; the rest is taken together."""


class Look(NamedTuple):
    """What is measured on a picture, whatever the model says of it."""

    contrast: float  # range between the 1st and 99th percentile, 0 to 1
    aspect: float  # longer side through shorter side, from 1
    colour: float  # mean spread between the channels, 0 to 1
    noise: float  # share of the standard deviation that a 3 x 3 mean takes away, 0 to 1
    layout: Array  # (LAYOUT_SIDE, LAYOUT_SIDE) in [0, 1]: where it is light and dark


def look(pixels: Pixels) -> Look:
    """Measures one picture, (rows, columns) or (rows, columns, 3) in [0, 1]."""
    detail = to_square(pixels, DETAIL_SIDE)
    low, high = np.percentile(detail, (1, 99))
    rough = detail[1:-1, 1:-1] - _mean_3x3(detail)
    noise = float(rough.std() / max(float(detail.std()), 1e-6))
    colour = float(np.ptp(pixels, axis=2).mean()) if pixels.ndim == 3 else 0.0
    return Look(
        float(high - low),
        max(pixels.shape[:2]) / min(pixels.shape[:2]),
        colour,
        min(noise, 1.0),
        stretch(to_square(pixels, LAYOUT_SIDE)),
    )


@dataclass(frozen=True)
class FilmGate:
    """A fitted gate."""

    limits: FilmGateRecord
    mean_film: Array  # (LAYOUT_SIDE, LAYOUT_SIDE)
    embedding_mean: Array  # (D,)
    directions: Array  # (components, D), orthogonal, each divided by the spread along it
    residual: Array  # (1,), typical length of what lies outside of the directions

    @classmethod
    def fit(cls, looks: list[Look], embeddings: Array) -> Self:
        """Fits references and limits on films that are what they should be; ``embeddings`` is (N, D).

        The limits lie well outside of what these films show: films of other devices and people differ from them too.
        """
        mean_film = np.asarray(np.mean([seen.layout for seen in looks], axis=0), np.float32)
        agreements = [layout_agreement(seen.layout, mean_film) for seen in looks]
        centre = embeddings.mean(axis=0)
        deviations = embeddings - centre
        _, spread, axes = np.linalg.svd(deviations, full_matrices=False)
        count = min(COMPONENTS, len(spread))
        scale = np.maximum(spread[:count] / np.sqrt(len(embeddings)), 1e-6)
        outside = deviations - deviations @ axes[:count].T @ axes[:count]
        residual = np.maximum(np.sqrt((outside**2).sum(axis=1).mean(keepdims=True)), 1e-6)
        directions = (axes[:count] / scale[:, None]).astype(np.float32)
        distances = [standard_distance(embedding, centre, directions, residual) for embedding in embeddings]
        limits = FilmGateRecord(
            min_contrast=0.25 * float(np.percentile([seen.contrast for seen in looks], 1)),
            max_colour=0.02,
            max_aspect=2.0,
            max_noise=3 * float(np.percentile([seen.noise for seen in looks], 99)),
            min_layout=0.8 * float(np.percentile(agreements, 1)),
            max_distance=6 * float(np.percentile(distances, 99)),
        )
        return cls(limits, mean_film, centre, directions, residual)

    def reasons(self, pixels: Pixels, embedding: Array) -> tuple[Reason, ...]:
        """Why this picture must not be assessed; empty when it may be. ``embedding`` is (D,)."""
        seen, limits = look(pixels), self.limits
        if seen.contrast < limits.min_contrast:
            return (Reason(code="blank", detail=f"the picture shows next to nothing (contrast {seen.contrast:.2f})"),)
        agreement = layout_agreement(seen.layout, self.mean_film)
        misplaced = f"lungs and heart are not where a frontal film has them ({agreement:.2f}, at least {limits.min_layout:.2f})"
        complaints = {
            f"it is {seen.aspect:.1f} times as long as wide": seen.aspect > limits.max_aspect,
            "it is in colour": seen.colour > limits.max_colour,
            f"it is mostly noise ({seen.noise:.2f}, at most {limits.max_noise:.2f})": seen.noise > limits.max_noise,
            misplaced: agreement < limits.min_layout,
        }
        if any(complaints.values()):
            found = "; ".join(text for text, applies in complaints.items() if applies)
            return (Reason(code="not_a_chest_film", detail=f"this is not a frontal chest film: {found}"),)
        distance = standard_distance(embedding, self.embedding_mean, self.directions, self.residual)
        if distance > limits.max_distance:
            limit = f"distance {distance:.1f}, at most {limits.max_distance:.1f}"
            detail = f"the picture is unlike the films that the model knows ({limit})"
            return (Reason(code="out_of_distribution", detail=detail),)
        return ()

    def save(self, folder: Path) -> None:
        """Writes the references into a bundle's folder."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        save_file({name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}, folder / FILM_GATE)

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """The gate of a calibrated bundle."""
        assert bundle.info.film_gate is not None  # open_bundle(needs=...) has checked it
        arrays = load_file(bundle.folder / FILM_GATE)
        return cls(bundle.info.film_gate, *(arrays[name] for name in _ARRAYS))


_ARRAYS: Final = ("mean_film", "embedding_mean", "directions", "residual")


def standard_distance(embedding: Array, mean: Array, directions: Array, residual: Array) -> float:
    """Root mean square of the standardised deviations along the main directions and outside of them; about 1 for known films."""
    deviation = embedding - mean
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    along = directions @ deviation
    outside = np.linalg.norm(deviation - unit.T @ (unit @ deviation)) / residual[0]
    return float(np.sqrt((np.mean(along**2) + outside**2) / 2))


def layout_agreement(layout: Array, mean_film: Array) -> float:
    """Correlation (-1 to 1) of a layout with the mean film, the best over small shifts."""
    inner = slice(SHIFT, LAYOUT_SIDE - SHIFT)
    span = range(-SHIFT, SHIFT + 1)
    windows = (layout[SHIFT + dy : LAYOUT_SIDE - SHIFT + dy, SHIFT + dx : LAYOUT_SIDE - SHIFT + dx] for dy in span for dx in span)
    return max(_correlation(window, mean_film[inner, inner]) for window in windows)


def _mean_3x3(picture: Array) -> Array:
    rows, columns = picture.shape
    parts = [picture[dy : rows - 2 + dy, dx : columns - 2 + dx] for dy in range(3) for dx in range(3)]
    return np.asarray(sum(parts) / np.float32(9), np.float32)


def _correlation(one: Array, other: Array) -> float:
    a, b = one - one.mean(), other - other.mean()
    return float((a * b).sum() / max(float(np.sqrt((a**2).sum() * (b**2).sum())), 1e-6))
