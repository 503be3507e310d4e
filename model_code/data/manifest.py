"""The manifest: one row an image. Every source ends as one; everything after it is the same code for every task.

Columns: ``image`` (path relative to the manifest), ``group`` (patient or lesion), one column a label (1, 0, empty = unknown),
attributes (``sex``, ``age``, ``view``, ``site``, ``body_site``), ``split`` (train, val, test), ``sha256`` (of the image file;
empty text where the images were not there yet, which nothing trains on).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from model_code.data.duplicates import HELD_OUT
from model_code.data.split import FRACTIONS
from model_code.errors import ManifestError
from model_code.files import atomic_file, sha256_of
from model_code.progress import console
from model_code.tasks import TaskSpec

FILE_NAME: Final = "manifest.parquet"
PHANTOM_SITE: Final = "phantom"
"""Value of the attribute ``site`` that marks a drawn film."""
FINGERPRINT: Final = "fingerprint"
"""Column with a perceptual hash, as bytes (``data.duplicates``), where ``prepare`` wrote the manifest."""
REQUIRED: Final = ("image", "group", "split", "sha256")


@dataclass(frozen=True)
class Manifest:
    """A checked manifest and the folder that its image paths are relative to."""

    frame: pd.DataFrame
    root: Path
    labels: tuple[str, ...]
    sha256: str
    """Of the manifest file (of its parts' sums), which holds the sums of its images."""

    def split(self, name: str) -> Manifest:
        """The rows of one split.

        Raises:
            ManifestError: the split is empty.
        """
        rows = self.frame[self.frame["split"] == name].reset_index(drop=True)
        if rows.empty:
            there = ", ".join(sorted(set(self.frame["split"])))
            raise ManifestError(f"the manifest has no film with split '{name}'; it has: {there}")
        return replace(self, frame=rows)

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def phantoms(self) -> bool:
        """Whether any film is a drawing."""
        return "site" in self.frame and bool((self.frame["site"] == PHANTOM_SITE).any())

    @property
    def paths(self) -> list[Path]:
        """Absolute paths of the images, in row order."""
        return [self.root / image for image in self.frame["image"]]

    @property
    def targets(self) -> NDArray[np.float32]:
        """Labels as float32 of shape (rows, labels): 1, 0 or NaN for unknown."""
        return np.asarray(self.frame[list(self.labels)], np.float32)


def write_manifest(frame: pd.DataFrame, folder: Path, *, part: str | None = None) -> Path:
    """Writes ``manifest.parquet``, or one machine's ``manifest-<part>.parquet``, into a folder, all or nothing."""
    target = folder / (f"manifest-{part}.parquet" if part else FILE_NAME)
    with atomic_file(target) as temporary:
        frame.to_parquet(temporary, index=False)
    return target


def read_manifest(location: Path, spec: TaskSpec) -> Manifest:
    """Reads and checks a manifest: a folder that holds ``manifest.parquet`` (or ``manifest.csv``), or such a file itself.

    Where several machines prepared the data, the folder holds their parts, which are put together in the order of their
    names; a film that two of them met counts once, in the split that is held out most, and so do near-duplicates in two splits,
    since no machine could see that. Where the data set lies in channels (``train/ val/ test/``, as SageMaker mounts them), each
    has a manifest.

    Raises:
        ManifestError: there is none, a column is missing, an image stands twice, a group is in two splits, a label is not
            0, 1 or empty, not exactly one label of an exclusive task is 1, a path leads out of the folder, or the manifest was
            written without its images.
    """
    root = location.parent if location.is_file() else location
    paths = _find(location)
    try:
        frame = pd.concat([_read(path, root) for path in paths], ignore_index=True)
    except Exception as error:  # pyarrow and pandas raise many types for a broken file
        names = "', '".join(map(str, paths))
        raise ManifestError(f"'{names}' cannot be read as a manifest ({type(error).__name__}); write it again") from error
    if len(paths) > 1 and {"image", "split"} <= set(frame.columns):
        frame = _each_once(frame)
    check(frame, spec)
    if (frame["sha256"] == "").any():
        raise ManifestError(
            f"'{paths[0]}' was written with --labels-only, so its {len(frame)} films are not there; fetch them, "
            "then run 'overread prepare' again without --labels-only"
        )
    sums = [sha256_of(path) for path in paths]
    whole = sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()
    manifest = Manifest(frame, root, spec.labels, whole)
    return _without_leaks(manifest) if len(paths) > 1 and FINGERPRINT in frame.columns else manifest


def _each_once(frame: pd.DataFrame) -> pd.DataFrame:
    """Of several rows of one image the one in the split that is held out most, then the first, as on one machine."""
    held_out = frame["split"].map(HELD_OUT).sort_values(ascending=False, kind="stable")
    return frame.loc[held_out.index].drop_duplicates("image").sort_index().reset_index(drop=True)


def _without_leaks(manifest: Manifest) -> Manifest:
    from model_code.data.leaks import leaks  # here, because it reads manifests

    found = leaks(manifest)
    if len(found) == 0:
        return manifest
    console.print(f"{len(found)} films are left out: a near-duplicate of each is in another split")
    return replace(manifest, frame=manifest.frame.drop(index=found.rows).reset_index(drop=True))


def _read(path: Path, root: Path) -> pd.DataFrame:
    frame = pd.read_csv(path, dtype={"image": str, "group": str}) if path.suffix == ".csv" else pd.read_parquet(path)
    if path.parent != root and "image" in frame.columns:
        frame["image"] = f"{path.parent.name}/" + frame["image"].astype(str)
    return frame


def _find(location: Path) -> list[Path]:
    """The file, or the parts of it."""
    candidates = [location] if location.is_file() else [location / FILE_NAME, location / "manifest.csv"]
    found = [candidate for candidate in candidates if candidate.is_file()][:1] or sorted(location.glob("manifest-*.parquet"))
    found = found or [path for path in (location / split / FILE_NAME for split in FRACTIONS) if path.is_file()]
    if not found:
        raise ManifestError(
            f"no manifest at '{location}': expected {FILE_NAME} or manifest.csv; make one with 'overread synthesize' or 'prepare'"
        )
    return found


def check(frame: pd.DataFrame, spec: TaskSpec) -> None:
    """Refuses what would train or score wrongly.

    Messages name rows (from 1), never images or groups: those can hold a patient's name or number, and messages end in logs.
    """
    missing = [name for name in (*REQUIRED, *spec.labels) if name not in frame.columns]
    if missing:
        needed = ", ".join((*REQUIRED, *spec.labels))
        raise ManifestError(f"the manifest lacks the column(s) {', '.join(missing)}; task '{spec.task}' needs {needed}")
    for name in REQUIRED:
        if frame[name].isna().any():
            raise ManifestError(f"the column '{name}' of the manifest is empty in {_rows(frame[name].isna())}; fill it in")
    if frame["image"].duplicated().any():
        first = frame["image"][frame["image"].duplicated()].iloc[0]
        raise ManifestError(f"the same image stands in {_rows(frame['image'] == first)} of the manifest; keep one row an image")
    unknown_splits = sorted(set(frame["split"]) - set(FRACTIONS))
    if unknown_splits:
        where = _rows(frame["split"].isin(unknown_splits))
        raise ManifestError(f"the split in {where} of the manifest is not known; allowed: {', '.join(FRACTIONS)}")
    splits = frame.groupby("group")["split"].nunique()
    leaking = splits[splits > 1]
    if not leaking.empty:
        raise ManifestError(
            f"one {spec.grouped_by} is in {leaking.iloc[0]} splits ({_rows(frame['group'] == leaking.index[0])}; "
            f"{len(leaking)} such in all); all films of a {spec.grouped_by} belong to one split"
        )
    for label in spec.labels:
        wrong = ~(frame[label].isna() | frame[label].isin((0, 1)))
        if wrong.any():
            raise ManifestError(f"label '{label}' holds {_wrong_values(frame[label], wrong)}; allowed: 1, 0 or empty for unknown")
    if spec.exclusive:
        marks = frame[list(spec.labels)].astype(float)
        count = marks.sum(axis=1)  # of those that are known
        wrong = (count > 1) | ((count == 0) & marks.notna().all(axis=1))
        if wrong.any():
            raise ManifestError(
                f"no or several labels are 1 in {_rows(wrong)} of the manifest; in task '{spec.task}' exactly one is 1 of: "
                f"{', '.join(spec.labels)} (empty: unknown)"
            )
    outside = frame["image"].map(lambda image: Path(image).is_absolute() or ".." in Path(image).parts)
    if outside.any():
        raise ManifestError(f"the image path in {_rows(outside)} leads out of the manifest's folder; paths are relative to it")


def _wrong_values(column: pd.Series, wrong: pd.Series) -> str:
    """``the value 2 in row 5``; text is not quoted, since in a table whose columns have slipped it can be a name."""
    text = wrong & pd.to_numeric(column, errors="coerce").isna()
    return f"text in {_rows(text)}" if text.any() else f"the value {column[wrong].iloc[0]} in {_rows(wrong)}"


def _rows(where: pd.Series) -> str:
    """``rows 2, 5 and 7 more``: up to five rows of a column of truth values, counted from 1."""
    numbers = [str(index + 1) for index in np.flatnonzero(where.to_numpy(bool))]
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"row{'s' if len(numbers) > 1 else ''} {', '.join(numbers[:5])}{more}"
