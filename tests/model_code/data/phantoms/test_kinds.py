"""Every task has phantoms, and each says the truth about itself."""

from __future__ import annotations

import numpy as np
import pytest

from model_code.data.phantoms.kinds import KINDS
from model_code.data.phantoms.places import GRID
from model_code.tasks import TASKS, TaskSpec


def test_every_task_has_phantoms() -> None:
    assert set(KINDS) == set(TASKS)


@pytest.mark.parametrize("spec", TASKS.values(), ids=lambda spec: spec.task.value)
def test_a_phantom_fits_its_task(spec: TaskSpec) -> None:
    rows, report = KINDS[spec.task].rows(spec.labels, 20, 1)
    assert report
    for row in rows[:12]:
        phantom = KINDS[spec.task].draw(row, 1)
        assert phantom.pixels.dtype == np.uint8 and phantom.pixels.ndim == (3 if spec.channels == 3 else 2)
        assert phantom.pixels.shape[0] == phantom.pixels.shape[1] and phantom.pixels.shape[0] % GRID == 0
        assert phantom.labels <= set(spec.labels) and set(phantom.places) <= phantom.labels
        assert len(phantom.labels) == 1 or not spec.exclusive
        assert {"sex", "age"} <= set(phantom.attributes)
