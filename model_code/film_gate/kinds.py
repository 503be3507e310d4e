"""Which gate a bundle has: films of the chest, or dermoscopies."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from model_code.bundle import Bundle
from model_code.bundle_info import DermoscopyGateRecord
from model_code.data.images import DecodedImage
from model_code.film_gate.dermoscopy import DermoscopyGate
from model_code.film_gate.gate import FilmGate
from model_code.reading import Reason


class Gate(Protocol):
    """A fitted gate."""

    def reasons(self, image: DecodedImage, embedding: NDArray[np.float32]) -> tuple[Reason, ...]: ...

    def complaint(self, small: NDArray[np.float32]) -> Reason | None: ...

    def save(self, folder: Path) -> None: ...


def load_gate(bundle: Bundle) -> Gate:
    """The gate of a calibrated bundle."""
    kind = DermoscopyGate if isinstance(bundle.info.film_gate, DermoscopyGateRecord) else FilmGate
    return kind.load(bundle)
