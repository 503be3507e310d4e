"""Are probabilities true? Reliability curves and the expected calibration error, before and after calibration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model_code.bundle_info import Bin, Reliability
from model_code.shares import share

Array = NDArray[np.float64]

BINS: Final = 10


def reliability_curve(probability: Array, positive: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """What was said against what was: at most ``BINS`` groups of about as many films each, by rising probability."""
    order = np.argsort(probability, kind="stable")
    return tuple(
        Bin(said=round(float(probability[rows].mean()), 4), found=share(int(positive[rows].sum()), len(rows)))
        for rows in np.array_split(order, min(BINS, len(order)))
    )


def calibration_error(probability: Array, positive: NDArray[np.bool_]) -> float:
    """Expected calibration error over groups of about as many films each (Nixon et al. 2019: adaptive), 0 to 1.

    With few films it is above 0 even where every probability is true; so only compare it on the same films.
    """
    order = np.argsort(probability, kind="stable")
    parts = np.array_split(order, min(BINS, len(order)))
    gaps = [abs(float(probability[rows].mean() - positive[rows].mean())) * len(rows) for rows in parts]
    return sum(gaps) / len(order)


CELL: Final = 150
EDGE: Final = 28
COLUMNS: Final = 5


def reliability_picture(labels: Mapping[str, Reliability]) -> str:
    """A small picture a label, as SVG: said against found with 95% intervals; on the diagonal what is said is true."""
    rows = -(-len(labels) // COLUMNS)
    width, height = COLUMNS * (CELL + EDGE) + EDGE, rows * (CELL + 2 * EDGE)
    cells = "".join(_cell(index, label, found) for index, (label, found) in enumerate(labels.items()))
    style = "text{font:11px sans-serif;fill:#333}path,line{stroke:#1f5fa8;fill:none}.true{stroke:#bbb}circle{fill:#1f5fa8}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    return f'{head}<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>{cells}</svg>\n'


def _cell(index: int, label: str, found: Reliability) -> str:
    row, column = divmod(index, COLUMNS)
    left, bottom = EDGE + column * (CELL + EDGE), EDGE + row * (CELL + 2 * EDGE) + CELL

    def at(said: float, share: float) -> tuple[float, float]:
        return round(left + said * CELL, 1), round(bottom - share * CELL, 1)

    parts = [
        f'<text x="{left}" y="{bottom - CELL - 6}">{label.replace("_", " ")}: ECE {found.error.value:.3f}</text>',
        f'<path class="true" d="M{left} {bottom}V{bottom - CELL}H{left + CELL}V{bottom}ZL{left + CELL} {bottom - CELL}"/>',
    ]
    for one in found.curve:
        (x, low), (_, high), (_, y) = (at(one.said, part) for part in (one.found.low, one.found.high, one.found.value))
        parts.append(f'<line x1="{x}" x2="{x}" y1="{low}" y2="{high}"/><circle cx="{x}" cy="{y}" r="2.5"/>')
    return (
        "".join(parts) + f'<text x="{left}" y="{bottom + 13}">0 said</text><text x="{left + CELL - 8}" y="{bottom + 13}">1</text>'
    )
