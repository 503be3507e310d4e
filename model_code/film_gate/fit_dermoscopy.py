"""Fits the gate of the skin tasks on validation pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import threadpool_limits

from model_code.bundle_info import DermoscopyGateRecord
from model_code.data.phantoms.dermoscopy.elsewhere import draw_elsewhere
from model_code.data.phantoms.dermoscopy.other_organs import draw_other_organ
from model_code.film_gate.dermoscopy import DermoscopyGate, glance
from model_code.film_gate.fit_skin import fit_skin, held_out
from model_code.film_gate.known import Known, held_out_distances
from model_code.film_gate.signature import signature
from model_code.progress import track

Array = NDArray[np.float32]

SEED: Final = 0
CHANGES: Final = 5
"""Ways in which each picture is changed, to know more dermoscopes and lights than the validation split has."""
SCENES, OTHER_ORGANS = 200, 60
"""Drawn pictures that show no skin: scenes of any kind, and of medicine."""
MARGINS: Final = (-3.0, -2.0)
"""The limit of the log odds lies within these: what the few pictures of a small data set say of it is not believed beyond."""


def fit_dermoscopy_gate(pictures: Sequence[Array], embeddings: Array, *, side: int) -> DermoscopyGate:
    """Fits limits on pictures that are what they should be.

    The limits lie well outside of what these pictures show: those of other dermoscopes and people differ from them too.

    Args:
        pictures: small copies (see ``picture.reduced``) of validation pictures, (rows, columns, 3), all different.
        embeddings: (N, D), of these or of more validation pictures.
        side: of the model's input, in pixels.
    """
    rng = np.random.default_rng(SEED)
    shown = [picture for one in pictures for picture in (one, *still_dermoscopies(one, rng))]
    with threadpool_limits(limits=1):  # the matrices are small: waiting for threads costs more than they bring
        seen = [glance(picture) for picture in track(shown, "fit the film gate", total=len(shown))]
        known = np.stack([signature(picture) for picture in shown])
        drawn = [*(draw_elsewhere(rng) for _ in range(SCENES)), *(draw_other_organ(rng) for _ in range(OTHER_ORGANS))]
        elsewhere = np.stack([signature(picture) for picture in drawn])
        owner = np.repeat(np.arange(len(pictures)), CHANGES + 1)
        distances, margins = held_out(known, elsewhere, owner)
        limits = DermoscopyGateRecord(
            min_side=side,
            min_contrast=0.25 * _percentile([one.contrast for one in seen], 1),
            min_colour=0.4 * _percentile([one.colour for one in seen], 1),
            min_hues=0.6 * _percentile([one.hues for one in seen], 1),
            max_aspect=max(2.0, 1.2 * _percentile([max(one.shape[:2]) / min(one.shape[:2]) for one in pictures], 99)),
            max_noise=min(0.9, 3 * _percentile([one.noise for one in seen], 99)),
            max_distance=1.2 * _percentile(distances, 99),
            min_margin=float(np.clip(_percentile(margins, 1), *MARGINS)),
            max_embedding_distance=6 * _percentile(held_out_distances(embeddings, np.arange(len(embeddings))), 99),
        )
        return DermoscopyGate(limits, fit_skin(known, elsewhere), Known.fit(embeddings))


def still_dermoscopies(picture: Array, rng: np.random.Generator) -> list[Array]:
    """Changes that leave a picture assessable: nearer, of another shape, in other light, seen by another sensor, softer."""
    rows, columns = picture.shape[:2]
    share = rng.uniform(0.72, 0.95)
    top, left = int(rows * (1 - share) * rng.random()), int(columns * (1 - share) * rng.random())
    nearer = picture[top : top + int(rows * share), left : left + int(columns * share)]
    wide = picture[rows // 8 : rows - rows // 8]
    exposed = np.clip(picture * rng.uniform(0.65, 1.15), 0, 1) ** rng.uniform(0.8, 1.3)
    cast = np.clip(picture * rng.uniform(0.92, 1.08, 3), 0, 1)
    soft = np.stack(
        [
            np.asarray(Image.fromarray(np.ascontiguousarray(plane)).resize((columns // 2, rows // 2)).resize((columns, rows)))
            for plane in np.moveaxis(picture, 2, 0)
        ],
        axis=2,
    )
    return [np.asarray(one, np.float32) for one in (nearer, wide, exposed, cast, soft)]


def _percentile(values: Sequence[float] | Array, rank: float) -> float:
    return float(np.percentile(values, rank))
