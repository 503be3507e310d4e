"""The worst cases: where the model was most sure of what is wrong, with what it looked at.

Pictures of films are close to their patients even without a name on them; so they come from the de-identified data set alone,
are shown small, and carry nothing but the film's hash. Who has the data set finds the film by it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model_code.data.films import read_film
from model_code.data.images import DecodedImage
from model_code.data.manifest import Manifest
from model_code.judging.scores import Scores
from model_code.predictor import Predictor, enlarge, peak_of

CASES: Final = 8
SIDE: Final = 224
"""Pixels of a picture's longer side."""
WARM: Final = (255, 107, 74)


@dataclass(frozen=True)
class Case:
    """One film and one label of which the model said the wrong thing."""

    row: int
    label: str
    present: bool
    """Whether the label is true of the film."""
    probability: float


def worst(scores: Scores, count: int = CASES) -> list[Case]:
    """The films with the largest error of a probability: half of them missed, half falsely called, one a film.

    Films that the gate did not let pass are left out: nobody is told a probability of them.
    """
    chosen: list[Case] = []
    for present in (True, False):
        wrong = np.where(scores.targets == present, np.abs(scores.probabilities - present), -1.0)
        wrong[~scores.assessed] = -1.0
        seen = {case.row for case in chosen}
        for place in np.argsort(-wrong, axis=None, kind="stable"):
            row, label = divmod(int(place), len(scores.labels))
            if wrong[row, label] < 0.5 or sum(case.present is present for case in chosen) >= count // 2:
                break
            if row not in seen:
                seen.add(row)
                chosen.append(Case(row, scores.labels[label], present, float(scores.probabilities[row, label])))
    return chosen


def drawn(cases: Sequence[Case], manifest: Manifest, predictor: Predictor) -> Iterator[str]:
    """A picture a case: the film, and beside it the film with the label's evidence and peak; each as a data address (JPEG)."""
    paths = manifest.paths
    for case in cases:
        image = read_film(paths[case.row])
        evidence = predictor.predict(image).maps[0, manifest.labels.index(case.label)]
        buffer = io.BytesIO()
        _picture(image, evidence).save(buffer, format="JPEG", quality=82)
        yield f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _picture(image: DecodedImage, evidence: NDArray[np.float32]) -> Image.Image:
    pixels = np.uint8(image.pixels * 255)
    scale = SIDE / max(image.rows, image.columns)
    size = max(1, round(image.columns * scale)), max(1, round(image.rows * scale))
    film = Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.LANCZOS)
    large = enlarge(evidence)
    low, high = float(np.median(large)), float(large.max())
    heat = np.clip((large - low) / max(high - low, 1e-6), 0, 1) ** 2
    left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2  # the map is of the square, the film lies in its middle
    mask = Image.fromarray(np.uint8(heat * 170)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    warm = Image.composite(Image.new("RGB", film.size, WARM), film, mask.crop((left, top, left + size[0], top + size[1])))
    x, y = (part * SIDE - edge for part, edge in zip(peak_of(evidence), (left, top), strict=True))
    ImageDraw.Draw(warm).ellipse((x - 7, y - 7, x + 7, y + 7), outline=WARM, width=2)
    both = Image.new("RGB", (2 * film.width + 4, film.height), "white")
    both.paste(film, (0, 0))
    both.paste(warm, (film.width + 4, 0))
    return both
