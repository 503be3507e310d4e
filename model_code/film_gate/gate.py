"""The fitted film gate: a picture's header, pixels and embedding are asked in turn, and the first complaint is the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from model_code.bundle import FILM_GATE, Bundle
from model_code.bundle_info import FilmGateRecord
from model_code.data.images import DecodedImage
from model_code.film_gate.known import Known
from model_code.film_gate.layouts import agreements, vector_of
from model_code.film_gate.picture import Look, grey_of, look, measure, reduced
from model_code.film_gate.variants import OF_REFERENCES, VIEWS, View
from model_code.reading import Code, Reason

Array = NDArray[np.float32]

RECOGNISED: Final = 1.2
"""A turned or inverted film is called so when it is a frontal one after that is undone: within this multiple of the limit."""
SIMILAR: Final = 0.6
"""A crop or a lateral view is called so when its layout correlates at least so well with a reference of its kind."""

_UNDONE: Final[dict[View, tuple[Callable[[Array], Array], ...]]] = {
    "turned": (lambda film: np.rot90(film, 1), lambda film: np.rot90(film, 2), lambda film: np.rot90(film, 3)),
    "inverted": (lambda film: 1 - film,),
}
_SEEN_AS: Final[dict[View, tuple[Code, str]]] = {
    "turned": ("not_a_chest_film", "the film lies on its side or its head; send it upright"),
    "inverted": ("inverted", "dark and light are exchanged; send the film with its right photometric interpretation"),
    "cropped": ("cropped", "the picture shows only a part of the chest"),
    "lateral": ("lateral_view", "the chest is seen from the side; only frontal films are assessed"),
}


@dataclass(frozen=True)
class FilmGate:
    """A gate that ``fit_gate`` has fitted on validation films."""

    limits: FilmGateRecord
    references: Array  # (R, 2, LAYOUT_SIDE, LAYOUT_SIDE), in the order of REFERENCES
    view_weights: Array  # (VIEWS, R): from agreements with the references to a score for each view
    view_offsets: Array  # (VIEWS,)
    layouts: Known
    embeddings: Known

    def reasons(self, image: DecodedImage, embedding: Array) -> tuple[Reason, ...]:
        """Why this picture must not be assessed; empty when it may be. ``embedding`` is (D,)."""
        if image.declared is not None:
            return (Reason(code=image.declared.code, detail=image.declared.detail),)
        if max(image.rows, image.columns) < self.limits.min_side:
            detail = f"the picture has {image.rows} x {image.columns} pixels; the model looks at {self.limits.min_side} a side"
            return (Reason(code="too_small", detail=detail),)
        complaint = self.complaint(reduced(image.pixels))
        if complaint is not None:
            return (complaint,)
        distance = self.embeddings.distance(embedding)
        if distance > self.limits.max_embedding_distance:
            limit = f"distance {distance:.1f}, at most {self.limits.max_embedding_distance:.1f}"
            return (Reason(code="out_of_distribution", detail=f"the picture is unlike the films that the model knows ({limit})"),)
        return ()

    def complaint(self, small: Array) -> Reason | None:
        """What a small copy, (rows, columns) or (rows, columns, 3), gives reason to say; None when it shows a frontal film."""
        limits, seen = self.limits, look(small)
        if seen.contrast < limits.min_contrast:
            return Reason(code="blank", detail=f"the picture shows next to nothing (contrast {seen.contrast:.2f})")
        if seen.colour > limits.max_colour:
            return _foreign("it is in colour")
        if seen.noise > limits.max_noise:
            return _foreign(f"it is mostly noise ({seen.noise:.2f}, at most {limits.max_noise:.2f})")
        view, agreement = self.view(seen)
        distance = self.layouts.distance(vector_of(seen.layout))
        if view == "frontal" and distance <= limits.max_layout_distance:
            if seen.aspect > limits.max_aspect:
                return _foreign(f"it is {seen.aspect:.1f} times as long as wide")
            return None
        if self._recognised(view, agreement, grey_of(small)):
            code, detail = _SEEN_AS[view]
            return Reason(code=code, detail=detail)
        limit = f"distance {distance:.1f}, at most {limits.max_layout_distance:.1f}"
        return _foreign(f"lungs and heart are not where one has them ({limit})")

    def view(self, seen: Look) -> tuple[View, float]:
        """The likeliest view, frontal in doubt, and the best correlation with a reference of its kind."""
        agreement = agreements(seen.layout, self.references)
        scores = self.view_weights @ agreement + self.view_offsets
        other = int(scores[1:].argmax()) + 1
        index = 0 if scores[0] - scores[other] >= self.limits.min_margin else other
        return VIEWS[index], float(agreement[np.equal(OF_REFERENCES, index)].max())

    def _recognised(self, view: View, agreement: float, grey: Array) -> bool:
        if view == "frontal":
            return False
        if view not in _UNDONE:
            return agreement >= SIMILAR
        undone = (measure(np.ascontiguousarray(undo(grey))).layout for undo in _UNDONE[view])
        nearest = min(self.layouts.distance(vector_of(layout)) for layout in undone)
        return nearest <= RECOGNISED * self.limits.max_layout_distance

    def save(self, folder: Path) -> None:
        """Writes the references into a bundle's folder."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        arrays |= {f"{name}.{part}": array for name in _KNOWN for part, array in getattr(self, name)._asdict().items()}
        save_file({name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}, folder / FILM_GATE)

    @classmethod
    def load(cls, bundle: Bundle) -> Self:
        """The gate of a calibrated bundle."""
        assert isinstance(bundle.info.film_gate, FilmGateRecord)
        arrays = load_file(bundle.folder / FILM_GATE)
        layouts, embeddings = (Known(*(arrays[f"{name}.{part}"] for part in Known._fields)) for name in _KNOWN)
        references, weights, offsets = (arrays[name] for name in _ARRAYS)
        return cls(bundle.info.film_gate, references, weights, offsets, layouts, embeddings)


_ARRAYS: Final = ("references", "view_weights", "view_offsets")
_KNOWN: Final = ("layouts", "embeddings")


def _foreign(why: str) -> Reason:
    return Reason(code="not_a_chest_film", detail=f"this is not a frontal chest film: {why}")
