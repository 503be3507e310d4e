"""NIH ChestX-ray14 (Wang et al., CVPR 2017): 112,120 frontal films of 30,805 patients, as the NIH hands them out.

``Data_Entry_2017*.csv`` (both editions), the films in ``images_001/images/`` to ``images_012/images/`` or in one folder, the
official ``train_val_list.txt`` and ``test_list.txt`` (86,524 and 25,596 films, no patient on both), ``BBox_List_2017.csv``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from model_code.data.sources.listing import Listing, by_stem, find_one, line_of, need_columns, read_csv, read_list, splits
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

NOTHING: Final = "No Finding"
LISTS: Final = {"train_val_list.txt": "train", "test_list.txt": "test"}
BOX_NAMES: Final = {"Infiltrate": "Infiltration"}
"""What the list of boxes calls by another name than the table."""
SIDE: Final = 1024
"""Of the films as they are handed out, in pixels, which the boxes count in."""
OLDEST: Final = 120
"""Years; the first edition of the table has ages up to 414."""
UNITS: Final = {"Y": 1.0, "M": 1 / 12, "D": 1 / 365}


def read(root: Path, spec: TaskSpec, *, table: Path | None, seed: int) -> Listing:
    """The table of the NIH as a listing; see ``listing.Read``."""
    path = table or find_one((root,), "Data_Entry_2017*.csv", "Data_Entry_2017*.csv.gz")
    if path is None:
        raise ManifestError(
            f"no Data_Entry_2017*.csv in '{root}'; it lies beside the films at https://nihcc.app.box.com/v/ChestXray-NIHCC"
        )
    entries = read_csv(path)
    sex = "Patient Sex" if "Patient Sex" in entries.columns else "Patient Gender"
    need_columns(entries, path, "Image Index", "Finding Labels", "Patient ID", "Patient Age", sex, "View Position")
    names, groups = entries["Image Index"].astype(str), entries["Patient ID"].astype(str)
    given, note = _given(root, names)
    there = by_stem(root)
    listed = pd.DataFrame(
        {
            "image": [there.get(Path(name).stem, name) for name in names],
            "group": groups,
            **_labels(entries["Finding Labels"], spec),
            "sex": entries[sex].where(entries[sex].isin(("M", "F"))),
            "age": [_years(age) for age in entries["Patient Age"]],
            "view": entries["View Position"],
            "site": "nih",
            "split": splits(groups, given, seed),
        }
    )
    return Listing(listed, "line of the table", 2, boxes=_boxes(root, listed, names, spec), notes=(note,))


def _labels(findings: pd.Series, spec: TaskSpec) -> dict[str, pd.Series]:
    known = {NOTHING, *spec.labels}
    findings = findings.fillna("").astype(str)
    parts = findings.str.split("|")
    strange = [set(found) - known for found in parts]
    if any(strange):
        line = next(index for index, found in enumerate(strange) if found) + 2
        count = sum(map(bool, strange))
        allowed = ", ".join((NOTHING, *spec.labels))
        raise ManifestError(
            f"line {line} of the table ({count} such in all) has a finding that the task does not know; allowed: {allowed}"
        )
    padded = "|" + findings + "|"
    return {label: padded.str.contains(f"|{label}|", regex=False).astype(int) for label in spec.labels}


def _years(age: object) -> float | None:
    """``58``, ``058Y``, ``006M`` or ``012D`` in years; None where it is no age."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([YMD]?)", str(age))
    years = float(found[1]) * UNITS[found[2] or "Y"] if found else float("nan")
    return round(years, 2) if years <= OLDEST else None


def _given(root: Path, names: pd.Series) -> tuple[list[str | None], str]:
    lists = {split: find_one((root,), name) for name, split in LISTS.items()}
    if None in lists.values():
        return [None] * len(names), "the official lists were not there: all three splits are decided by patient"
    where = {name: split for split, path in lists.items() if path for name in read_list(path)}
    missing = int((~names.isin(where)).sum())
    if missing:
        raise ManifestError(
            f"{missing} films of the table stand on neither {' nor '.join(LISTS)}; get lists and table of one edition"
        )
    return [where[name] for name in names], "test is the official list's; validation was taken from its training list by patient"


def _boxes(root: Path, listed: pd.DataFrame, names: pd.Series, spec: TaskSpec) -> pd.DataFrame | None:
    path = find_one((root,), "BBox_List_2017.csv", "BBox_List_2017.csv.gz")
    if path is None:
        return None
    table = read_csv(path)
    need_columns(table, path, "Image Index", "Finding Label")
    if len(table.columns) < 6:
        raise ManifestError(f"'{path}' has {len(table.columns)} columns; it needs picture, finding, x, y, width and height")
    edges = (pd.to_numeric(table.iloc[:, column], errors="coerce") for column in range(2, 6))
    left, top, width, height = (edge / SIDE for edge in edges)
    wrong = (left + top + width + height).isna()
    if wrong.any():
        raise ManifestError(f"line {line_of(wrong)} of '{path}' has a box whose edges are no numbers; get it again")
    images = dict(zip(names, listed["image"], strict=True))
    boxes = pd.DataFrame(
        {
            "image": table["Image Index"].map(images),
            "label": table["Finding Label"].replace(BOX_NAMES),
            **{
                name: np.clip(edge, 0, 1)
                for name, edge in (("x0", left), ("y0", top), ("x1", left + width), ("y1", top + height))
            },
        }
    )
    return boxes[boxes["image"].notna() & boxes["label"].isin(spec.labels)].reset_index(drop=True)
