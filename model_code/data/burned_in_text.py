"""Text that is burned into a film's pixels: found near the borders, where devices write names.

A classical detector, for text of one brightness with sharp edges: strokes thinner than anatomy (a top-hat), cut out as
components, kept where they look like letters, and joined to lines. One or two letters alone stay: they are lead markers
(L, R, AP). It finds most text, not all: films of a device that writes names have to be looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_code.data.components import Components, components

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

BORDER: Final = 0.25
"""Share of the film's side, from each border, in which text is looked for."""
LARGEST_SIDE: Final = 2600
"""Films larger than this are looked at reduced."""
MIN_CONTRAST: Final = 20
"""Of 255 grey values, between a stroke and what is beside it."""
STROKE: Final = 0.012
"""Widest stroke, as a share of the film's longer side."""
MIN_HEIGHT: Final = 6
MAX_HEIGHT: Final = 0.07
"""Height of a letter: pixels at least, share of the longer side at most."""
MIN_SHARPNESS: Final = 0.75
"""Share of a stroke's contrast that is reached within two pixels."""
MIN_LETTERS: Final = 3
MOST_LETTERS: Final = 3000
"""More than this is noise; the sharpest are looked at."""


@dataclass(frozen=True)
class Region:
    """A rectangle in pixels of the film."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Letters:
    """Boxes that may be letters, one value each, in pixels; ends are exclusive."""

    top: NDArray[np.intp]
    bottom: NDArray[np.intp]
    left: NDArray[np.intp]
    right: NDArray[np.intp]
    level: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.top)

    @property
    def height(self) -> NDArray[np.intp]:
        return self.bottom - self.top

    @property
    def width(self) -> NDArray[np.intp]:
        return self.right - self.left

    def only(self, chosen: NDArray[Any]) -> Letters:
        """Some of them, by index or by mask."""
        return Letters(self.top[chosen], self.bottom[chosen], self.left[chosen], self.right[chosen], self.level[chosen])

    def around(self, chosen: NDArray[np.intp]) -> Region:
        """The rectangle around some of them."""
        left, top = int(self.left[chosen].min()), int(self.top[chosen].min())
        return Region(left, top, int(self.right[chosen].max()) - left, int(self.bottom[chosen].max()) - top)


def find_text(pixels: NDArray[np.float32]) -> tuple[Region, ...]:
    """Where text stands near the borders of a film, from top to bottom.

    Args:
        pixels: (rows, columns) or (rows, columns, 3) in [0, 1].
    """
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    factor = -(-max(grey.shape) // LARGEST_SIDE)
    film = _reduced(grey, factor)
    light, dark = _letters(film), _letters(~film)
    boxes = [
        _box(_grown(letters.around(line), (light, dark)), film.shape)
        for letters in (_outside(light, dark), _outside(dark, light))
        for line in _lines(letters)
        if _is_text(letters, line)
    ]
    return tuple(_enlarged(region, factor, grey.shape) for region in sorted(_united(boxes), key=lambda one: (one.y, one.x)))


def _reduced(grey: NDArray[np.float32], factor: int) -> Bytes:
    rows, columns = (side // factor * factor for side in grey.shape)
    blocks = grey[:rows, :columns].reshape(rows // factor, factor, columns // factor, factor)
    return np.asarray(blocks.mean(axis=(1, 3)) * 255 + 0.5, np.uint8)


def _enlarged(region: Region, factor: int, shape: tuple[int, ...]) -> Region:
    x, y = region.x * factor, region.y * factor
    return Region(x, y, min(region.width * factor, shape[1] - x), min(region.height * factor, shape[0] - y))


# --- strokes and letters ----------------------------------------------------------------------------------------------


def _near_border(shape: tuple[int, ...]) -> Bools:
    rows, columns = (round(BORDER * side) for side in shape)
    near = np.ones(shape, bool)
    near[rows : shape[0] - rows, columns : shape[1] - columns] = False
    return near


def _opened(film: Bytes, width: int) -> Bytes:
    """Morphological opening by a square."""
    return _spread(_spread(film, width, np.minimum), width, np.maximum)


def _spread(film: Bytes, width: int, choose: np.ufunc) -> Bytes:
    """The least (or largest) value of the square of that odd width around each pixel, by doubling."""
    padded = np.pad(film, width // 2, mode="edge")
    for axis in (0, 1):
        reach = 1
        while reach < width:
            step = min(reach, width - reach)
            length = padded.shape[axis] - step
            padded = choose(np.take(padded, range(length), axis), np.take(padded, range(step, step + length), axis))
            reach += step
    return padded


def _letters(film: Bytes) -> Letters:
    """What may be a light letter near the border, from left to right."""
    thickest = max(3, round(STROKE * max(film.shape))) | 1
    strokes = film - _opened(film, thickest)  # white top-hat: what is thinner, and lighter than what is beside it
    mask = strokes >= np.maximum(MIN_CONTRAST, _spread(strokes, thickest, np.maximum) // 2)
    found = components(mask & _near_border(film.shape))
    height, width = found.bottom - found.top, found.right - found.left
    side = max(film.shape)
    fits = (height >= MIN_HEIGHT) & (height <= MAX_HEIGHT * side) & (width <= 8 * height) & (found.area >= height)
    fits &= found.area >= 0.12 * height * width
    contrast, sharpness, level = _measured(film, strokes, found)
    fits &= sharpness >= MIN_SHARPNESS * contrast
    chosen = np.flatnonzero(fits)
    if len(chosen) > MOST_LETTERS:
        chosen = chosen[np.argsort(-sharpness[chosen])[:MOST_LETTERS]]
    chosen = chosen[np.argsort(found.left[chosen], kind="stable")]
    return Letters(found.top, found.bottom, found.left, found.right, level).only(chosen)


def _measured(film: Bytes, strokes: Bytes, found: Components) -> tuple[NDArray[np.float64], ...]:
    """A component's contrast, the step at the ends of its runs, and its brightness."""
    runs, last = found.runs, film.shape[1] - 1
    middle = (runs.start + runs.end - 1) // 2
    inside = film[runs.row, middle].astype(float)
    before, after = (
        np.minimum(film[runs.row, np.clip(near, 0, last)], film[runs.row, np.clip(far, 0, last)])
        for near, far in ((runs.start - 1, runs.start - 2), (runs.end, runs.end + 1))
    )
    steps = inside - (before.astype(float) + after) / 2
    return found.mean(strokes[runs.row, middle].astype(float)), found.mean(steps), found.mean(inside)


def _outside(letters: Letters, others: Letters) -> Letters:
    """Without those within the box of another: the holes of an A or a P are no letters."""
    around = (others.left <= letters.left[:, None]) & (others.right >= letters.right[:, None])
    around &= (others.top <= letters.top[:, None]) & (others.bottom >= letters.bottom[:, None])
    kept = np.asarray(~around.any(axis=1))
    return letters.only(kept)


# --- lines ------------------------------------------------------------------------------------------------------------


def _lines(letters: Letters) -> list[NDArray[np.intp]]:
    """Letters that stand beside each other, alike in height and brightness, as groups."""
    height = letters.height
    group = np.arange(len(letters))
    for index in range(len(letters)):
        after = slice(index + 1, None)
        gap = letters.left[after] - letters.right[index]
        taller, smaller = np.maximum(height[after], height[index]), np.minimum(height[after], height[index])
        shared = np.minimum(letters.bottom[after], letters.bottom[index]) - np.maximum(letters.top[after], letters.top[index])
        beside = (gap <= 1.1 * taller) & (shared >= 0.5 * smaller) & (taller <= 2.2 * smaller)
        beside &= np.abs(letters.level[after] - letters.level[index]) <= 40
        for other in np.flatnonzero(beside) + index + 1:
            group[group == group[other]] = group[index]
    return [np.flatnonzero(group == one) for one in np.unique(group)]


def _is_text(letters: Letters, group: NDArray[np.intp]) -> bool:
    """Three letters and more on one base line; letters that touch count by their width."""
    height = float(np.median(letters.height[group]))
    count = np.maximum(np.round(letters.width[group] / height), 1).sum()
    bottom = letters.bottom[group]
    on_line = np.abs(bottom - np.median(bottom)) <= max(0.2 * height, 1.5)
    return len(group) > 1 and bool(count >= MIN_LETTERS) and bool(on_line.mean() >= 0.6)


def _grown(line: Region, all_letters: tuple[Letters, ...]) -> Region:
    """A line with what goes on beside it: letters on another ground are not alike, or of the other brightness."""
    while True:
        before = line
        for letters in all_letters:
            shared = np.minimum(letters.bottom, line.y + line.height) - np.maximum(letters.top, line.y)
            gap = np.maximum(letters.left, line.x) - np.minimum(letters.right, line.x + line.width)
            beside = (shared >= 0.6 * letters.height) & (letters.height >= 0.3 * line.height) & (gap <= 1.5 * line.height)
            beside &= letters.height <= 1.3 * line.height
            if beside.any():
                line = _around(line, letters.around(np.flatnonzero(beside)))
        if line == before:
            return line


def _box(line: Region, shape: tuple[int, ...]) -> Region:
    """With room for what was not found of a line: dots, dashes, a letter at its end that touches something."""
    beside, above = line.height, round(0.35 * line.height)
    x, y = max(line.x - beside, 0), max(line.y - above, 0)
    right, bottom = min(line.x + line.width + beside, shape[1]), min(line.y + line.height + above, shape[0])
    return Region(x, y, right - x, bottom - y)


def _united(boxes: list[Region]) -> list[Region]:
    """Boxes on one line as one, with what stands between them."""
    boxes = list(boxes)
    for index, one in enumerate(boxes):
        for other in range(index + 1, len(boxes)):
            if _on_one_line(one, boxes[other]):
                rest = boxes[:index] + boxes[index + 1 : other] + boxes[other + 1 :]
                return _united([*rest, _around(one, boxes[other])])
    return boxes


def _on_one_line(one: Region, other: Region) -> bool:
    shared = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
    gap = max(one.x, other.x) - min(one.x + one.width, other.x + other.width)
    return shared >= 0.5 * min(one.height, other.height) and gap <= 2 * max(one.height, other.height)


def _around(one: Region, other: Region) -> Region:
    x, y = min(one.x, other.x), min(one.y, other.y)
    right, bottom = max(one.x + one.width, other.x + other.width), max(one.y + one.height, other.y + other.height)
    return Region(x, y, right - x, bottom - y)
