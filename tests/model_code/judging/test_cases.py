"""The worst cases are the surest errors, one a film, and their pictures carry no name."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
from PIL import Image

from model_code.data.manifest import read_manifest
from model_code.judging.cases import SIDE, Case, drawn, worst
from model_code.predictor import Predictor
from model_code.tasks import CHEST14
from tests.conftest import Line
from tests.model_code.judging.drawn import scores


def test_the_surest_errors_come_first_one_a_film_half_of_each_kind() -> None:
    made = scores(patients=200)
    found = worst(made, 8)
    assert [case.present for case in found] == [True] * 4 + [False] * 4
    assert len({case.row for case in found}) == 8
    errors = np.where(made.targets == 1, 1 - made.probabilities, 0)
    assert np.isclose(1 - found[0].probability, errors.max())
    assert found[0].probability < found[1].probability and found[4].probability > found[5].probability


def test_films_that_were_not_assessed_and_unknown_labels_are_no_cases() -> None:
    made = scores(patients=200)
    first = worst(made, 2)[0]
    assessed = made.assessed.copy()
    assessed[first.row] = False
    targets = made.targets.copy()
    targets[:, 1] = np.nan
    found = worst(replace(made, assessed=assessed, targets=targets), 8)
    assert first.row not in {case.row for case in found} and {case.label for case in found} == {"A"}


def test_a_model_without_errors_has_no_cases() -> None:
    made = scores(patients=20)
    assert worst(replace(made, probabilities=made.targets)) == []


def test_a_picture_is_small_and_holds_nothing_but_pixels(line: Line, predictor: Predictor) -> None:
    manifest = read_manifest(line.data, CHEST14).split("test")
    (address,) = drawn([Case(0, "Mass", True, 0.1)], manifest, predictor)
    kind, _, content = address.partition(",")
    assert kind == "data:image/jpeg;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(content)))
    assert picture.size == (2 * SIDE + 4, SIDE)
    assert not picture.getexif() and "comment" not in picture.info
    left, right = (np.asarray(picture.crop((x, 0, x + SIDE, SIDE)), np.int16) for x in (0, SIDE + 4))
    assert np.abs(left[..., 0] - left[..., 2]).max() < 20 < np.abs(right[..., 0] - right[..., 2]).max()
