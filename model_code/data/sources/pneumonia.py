"""Chest X-Ray Images (Pneumonia) (Kermany et al., Cell 2018): films of children, as Kaggle or Mendeley packed them.

They are ``chest_xray/{train,val,test}/{NORMAL,PNEUMONIA}``. Patients stand in the file names only: Kaggle's edition calls them
``person123_bacteria_456`` and ``IM-0115-0001`` or ``NORMAL2-IM-0115-0001``; Mendeley's ``BACTERIA-1008087-0001``. Kaggle's
validation set has 16 films, too few to choose a model by, so it joins the training set, from which a validation set is taken by
patient. The test set stays.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pandas as pd

from model_code.data.sources.listing import Listing, folders_in, pictures, splits
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

FOLDERS: Final = ("train", "val", "test")
DEEPEST: Final = 3
"""Folders between the root and train/: Kaggle's archive has one or two; Mendeley's has one, and fetch unpacks it into one."""
PERSON: Final = re.compile(r"person(\d+)_(bacteria|virus)_\d+", re.IGNORECASE)
NORMAL: Final = re.compile(r"((?:NORMAL2-)?IM-\d+)-\d+(?:-\d+)*", re.IGNORECASE)
NUMBERED: Final = re.compile(r"(?:BACTERIA|VIRUS|NORMAL)-(\d+)-\d+", re.IGNORECASE)


def read(root: Path, spec: TaskSpec, *, table: Path | None, seed: int) -> Listing:
    """The tree of folders as a listing; see ``listing.Read``."""
    top = _top(root)
    if top is None or table is not None:
        raise ManifestError(
            f"no train/ in '{root}' or up to {DEEPEST} folders below it; this source is its folders, train, val and test, and "
            "takes no table"
        )
    rows = []
    for part in FOLDERS:
        for label in spec.labels:
            for path in [path for inside in _below(top, part, label) for path in pictures(inside)]:
                person, kind = _person(path.stem)
                rows.append((path.relative_to(root).as_posix(), part, label, person, kind))
    missing = [label for label in spec.labels if label not in {row[2] for row in rows}]
    if missing:
        raise ManifestError(f"no picture in any {'/ nor '.join(missing)}/ below '{top}'; the folders' names are the labels")
    found = pd.DataFrame(rows, columns=["image", "part", "label", "person", "kind"])
    unnamed = int(found["person"].isna().sum())
    given = ["test" if part == "test" else "train" for part in found["part"]]
    groups = _groups(found)
    listed = pd.DataFrame(
        {
            "image": found["image"],
            "group": groups,
            **{label: (found["label"] == label).astype(int) for label in spec.labels},
            "site": "guangzhou",
            "split": splits(groups, given, seed),
        }
    )
    notes = [
        f"the tree's own val/ ({(found['part'] == 'val').sum()} films) joined train/; validation was taken from both by patient"
    ]
    if unnamed:
        notes.append(f"the names of {unnamed} films name no patient as this data set does; each counts as a patient of its own")
    return Listing(listed, "picture in the order of names", 1, notes=tuple(notes), from_files=True)


def _top(root: Path) -> Path | None:
    """The folder that holds train/: the highest one, since Kaggle's archive holds its tree a second time, inside itself."""
    folders = [root]
    for _ in range(DEEPEST + 1):
        found = [folder for folder in folders if _below(folder, "train")]
        if len(found) > 1:
            raise ManifestError(f"{len(found)} folders below '{root}' hold a train/; make --root the one of the data set")
        if found:
            return found[0]
        folders = [inside for folder in folders for inside in folders_in(folder)]
    return None


def _below(top: Path, *names: str) -> list[Path]:
    """The folders of these names, one in the other, whether written in capitals or not."""
    folders = [top]
    for name in names:
        folders = [path for folder in folders for path in folders_in(folder) if path.name.lower() == name.lower()]
    return folders


def _person(stem: str) -> tuple[str | None, str]:
    """Patient and kind of pneumonia of a file name."""
    if found := PERSON.fullmatch(stem):
        return f"person{int(found[1])}", found[2].lower()
    if found := NORMAL.fullmatch(stem):
        return found[1].upper(), "normal"
    if found := NUMBERED.fullmatch(stem):
        return found[1], "any"
    return None, "any"


def _groups(found: pd.DataFrame) -> list[str]:
    """One name a patient.

    Kaggle counted persons with bacteria and with viruses apart: train has ``person1_bacteria_1``, test ``person1_virus_6``.
    Inside one part persons of one number count as one patient, to be safe; across train and test only those of one kind, or
    nearly the whole official test set would seem to leak.
    """
    training = found[found["part"] != "test"]
    trained = set(zip(training["person"], training["kind"], strict=True))
    groups = []
    for image, person, kind, part in zip(found["image"], found["person"], found["kind"], found["part"], strict=True):
        if pd.isna(person):
            groups.append(image)
        else:
            groups.append(person if part != "test" or (person, kind) in trained else f"test {person}")
    return groups
