"""Text drawn into films for tests, as devices do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Font = Literal["smooth", "bitmap"]
Corner = Literal["top left", "top right", "bottom left", "bottom right"]


@dataclass(frozen=True)
class Burned:
    """A film with text, and which of its pixels the text has changed visibly."""

    film: NDArray[Any]
    text: NDArray[np.bool_]

    def share_within(self, regions: Any) -> float:
        """How much of the text lies within regions."""
        within = np.zeros_like(self.text)
        for one in regions:
            within[one.y : one.y + one.height, one.x : one.x + one.width] = True
        return float((self.text & within).sum() / max(1, self.text.sum()))


def burn(
    film: NDArray[Any], text: str, *, height: int, value: float, corner: Corner = "top left", font: Font = "smooth"
) -> Burned:
    """Draws text of that height (pixels of a capital) in one value into a copy of a film."""
    margin = int(0.02 * min(film.shape[:2])) + 2
    letters = _letters(text, height, font)[:, : film.shape[1] - 2 * margin]
    rows, columns = letters.shape
    y = margin if "top" in corner else film.shape[0] - margin - rows
    x = margin if "left" in corner else film.shape[1] - margin - columns
    burned = film.copy()
    under = film[y : y + rows, x : x + columns].astype(float)
    ink = letters if film.ndim == 2 else letters[..., None]
    mixed = under * (1 - ink) + ink * value
    burned[y : y + rows, x : x + columns] = mixed.astype(film.dtype)
    depth = 1.0 if film.dtype.kind == "f" else float(film.max())
    changed = np.abs(mixed - under) / depth >= 0.1
    mask = np.zeros(film.shape[:2], bool)
    mask[y : y + rows, x : x + columns] = (letters > 0.4) & (changed if film.ndim == 2 else changed.any(axis=2))
    return Burned(burned, mask)


def _letters(text: str, height: int, font: Font) -> NDArray[np.float64]:
    """(rows, columns) in [0, 1]."""
    face = ImageFont.load_default(height / 0.72) if font == "smooth" else ImageFont.load_default_imagefont()
    left, top, right, bottom = (round(edge) for edge in face.getbbox(text))
    picture = Image.new("L", (right - left + 2, bottom - top + 2))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill=255, font=face)
    if font == "bitmap":  # as devices enlarge theirs: every pixel becomes a block
        factor = max(1, round(height / 8))
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    return np.asarray(picture, float) / 255
