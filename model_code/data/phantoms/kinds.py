"""The phantoms of each task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from model_code.contract import Task
from model_code.data.phantoms import children
from model_code.data.phantoms.dermoscopy.picture import draw_dermoscopy
from model_code.data.phantoms.dermoscopy.population import Row as Dermoscopy
from model_code.data.phantoms.dermoscopy.population import draw_rows, shares
from model_code.data.phantoms.film import draw_film
from model_code.data.phantoms.phantom import Kind, Phantom
from model_code.data.phantoms.population import MINIMUM_PREVALENCE, Population, Row

Report = dict[str, Any]


def chest_rows(labels: tuple[str, ...], patients: int, seed: int) -> tuple[list[Row], Report]:
    population = Population.from_nih(labels)
    return list(population.draw(patients, seed)), {
        "enrichment": population.enrichment,
        "minimum_prevalence": MINIMUM_PREVALENCE,
    }


def chest_film(row: Row, seed: int) -> Phantom:
    drawing = draw_film(row, seed)
    attributes = {"sex": row.sex, "age": row.age, "view": row.view}
    return Phantom(f"P{row.patient:05d}", row.number, drawing.pixels, frozenset(drawing.places), dict(drawing.places), attributes)


def childrens_rows(_: tuple[str, ...], patients: int, seed: int) -> tuple[list[Row], Report]:
    return list(children.draw_rows(patients, seed)), {"share_with_pneumonia": children.ILL}


def childrens_film(row: Row, seed: int) -> Phantom:
    """One label is true: pneumonia where a sign of it can be seen, else normal."""
    drawing = draw_film(row, seed)
    places = {"PNEUMONIA": np.any(list(drawing.places.values()), axis=0)} if drawing.places else {}
    labels = frozenset(places) or frozenset({"NORMAL"})
    return Phantom(
        f"P{row.patient:05d}", row.number, drawing.pixels, labels, places, {"sex": row.sex, "age": row.age, "view": row.view}
    )


def lesion_rows(_: tuple[str, ...], lesions: int, seed: int) -> tuple[list[Dermoscopy], Report]:
    return list(draw_rows(lesions, seed)), {"shares": {label: round(share, 3) for label, share in shares().items()}}


def lesion_picture(row: Dermoscopy, seed: int) -> Phantom:
    drawing = draw_dermoscopy(row, seed)
    attributes = {"sex": row.sex, "age": row.age, "body_site": row.body_site, "skin_type": row.tone + 1}
    return Phantom(
        f"L{row.lesion:05d}", row.number, drawing.pixels, frozenset({row.label}), {row.label: drawing.place}, attributes
    )


KINDS: Final[Mapping[Task, Kind]] = {
    Task.CHEST14: Kind(chest_rows, chest_film),
    Task.PNEUMONIA: Kind(childrens_rows, childrens_film),
    Task.SKIN8: Kind(lesion_rows, lesion_picture),
}
