from __future__ import annotations

from pathlib import Path

import pandas as pd

from model_code.data.boxes import as_places
from model_code.data.phantoms.places import FILE_NAME, read_places


def test_boxes_are_places_that_the_pointing_test_reads(tmp_path: Path) -> None:
    boxes = pd.DataFrame(
        [
            ("a", "Mass", 0.25, 0.5, 0.375, 0.75),
            ("a", "Mass", 0.0, 0.0, 0.01, 0.01),
            ("gone", "Mass", 0.0, 0.0, 1.0, 1.0),
        ],
        columns=["image", "label", "x0", "y0", "x1", "y1"],
    )
    frame = as_places(boxes, {"a": "films/1.png"})
    frame.to_parquet(tmp_path / FILE_NAME)
    places = read_places(tmp_path)
    assert list(places) == [("films/1.png", "Mass")]
    mask = places["films/1.png", "Mass"]
    assert mask[32:48, 16:24].all() and mask[0, 0] and mask.sum() == 16 * 8 + 1
    assert frame.loc[0, ["x0", "y0", "x1", "y1"]].tolist() == [0.0, 0.0, 0.375, 0.75]
