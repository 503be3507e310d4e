"""Fits the film gate on validation films: its references, what tells the views apart, and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from threadpoolctl import threadpool_limits

from model_code.bundle_info import FilmGateRecord
from model_code.data.phantoms.lateral import draw_lateral
from model_code.film_gate.gate import FilmGate
from model_code.film_gate.known import FOLDS, Known, held_out_distances
from model_code.film_gate.layouts import agreements, vector_of
from model_code.film_gate.picture import Look, measure
from model_code.film_gate.variants import REFERENCES, VIEWS, still_frontal, variants
from model_code.progress import track

Array = NDArray[np.float32]

FILMS: Final = 400
"""Films that are changed in every way; more would cost time and teach nothing new."""
SEED: Final = 0
STRENGTH: Final = 10.0
"""Inverse regularisation of the classifier of views (scikit-learn's C)."""


def fit_gate(films: Sequence[Array], embeddings: Array, *, side: int) -> FilmGate:
    """Fits references and limits on films that are what they should be.

    The limits lie well outside of what these films show: films of other devices and people differ from them too.

    Args:
        films: small grey copies (see ``picture.reduced``) of validation films, all different; ``FILMS`` are enough.
        embeddings: (N, D), of these or of more validation films.
        side: of the model's input, in pixels.
    """
    with threadpool_limits(limits=1):  # the matrices are small: waiting for threads costs more than they bring
        return _fit(films, embeddings, side)


def _fit(films: Sequence[Array], embeddings: Array, side: int) -> FilmGate:
    rng = np.random.default_rng(SEED)
    looks: dict[str, list[Look]] = {name: [] for name in REFERENCES}
    moved: list[Look] = []  # of each film the same number
    for film in track(films, "fit the film gate", total=len(films)):
        lateral = draw_lateral(rng)
        changed = variants(film) | {"looking left": lateral, "looking right": np.ascontiguousarray(lateral[:, ::-1])}
        for name, picture in changed.items():
            looks[name].append(measure(np.ascontiguousarray(picture)))
        moved += [measure(picture) for picture in still_frontal(film, rng)]
    frontal = [*looks["frontal"], *moved]
    references = np.stack([np.mean([seen.layout for seen in of_kind], axis=0) for of_kind in looks.values()])
    known = np.stack([vector_of(seen.layout) for seen in frontal])
    numbers = np.arange(len(films))
    film_of = np.concatenate([numbers, np.repeat(numbers, len(moved) // len(films))])
    wrong = [
        (seen, index, view) for name, view in REFERENCES.items() if view != "frontal" for index, seen in enumerate(looks[name])
    ]
    agreement = np.stack([agreements(seen.layout, references) for seen in (*frontal, *(seen for seen, _, _ in wrong))])
    views = np.array([*(0 for _ in frontal), *(VIEWS.index(view) for _, _, view in wrong)])
    owner = np.concatenate([film_of, [index for _, index, _ in wrong]])
    weights, offsets, margins = _tell_apart(agreement, views, owner)
    limits = FilmGateRecord(
        min_side=side,
        min_contrast=0.25 * _percentile([seen.contrast for seen in frontal], 1),
        max_colour=0.02,
        max_aspect=max(1.6, 1.2 * _percentile([seen.aspect for seen in frontal], 99)),
        max_noise=3 * _percentile([seen.noise for seen in frontal], 99),
        min_margin=min(0.0, _percentile(margins, 1)),
        max_layout_distance=1.1 * _percentile(held_out_distances(known, film_of), 99),
        max_embedding_distance=6 * _percentile(held_out_distances(embeddings, np.arange(len(embeddings))), 99),
    )
    return FilmGate(limits, references, weights, offsets, Known.fit(known), Known.fit(embeddings))


def _tell_apart(agreement: Array, views: NDArray[np.intp], film_of: NDArray[np.intp]) -> tuple[Array, Array, Array]:
    """Multinomial logistic regression from agreements (N, R) to views (N,): weights (VIEWS, R), offsets (VIEWS,).

    And for each frontal picture the log odds of "frontal" against the likeliest other view, by fits that have not seen its film.
    """
    classifier = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=1000)
    folds = GroupKFold(min(FOLDS, len(np.unique(film_of))))
    scores = cross_val_predict(classifier, agreement, views, groups=film_of, cv=folds, method="decision_function")[views == 0]
    classifier.fit(agreement, views)
    margins = scores[:, 0] - scores[:, 1:].max(axis=1)
    return classifier.coef_.astype(np.float32), classifier.intercept_.astype(np.float32), margins


def _percentile(values: Any, rank: float) -> float:
    return float(np.percentile(values, rank))
