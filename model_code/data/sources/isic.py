"""Dermoscopies of ISIC 2019, HAM10000 and BCN20000, merged by picture and lesion: 8 diagnoses, grouped by lesion.

Every table that lies at the root counts: ``ISIC_2019_Training_GroundTruth.csv`` with ``ISIC_2019_Training_Metadata.csv``,
``HAM10000_metadata*`` and ``bcn*train*.csv`` or ``BCN20000*.csv``. A picture that two tables name is one picture; where they
differ the first one's diagnosis counts. Pictures of one lesion by any table belong together (union-find); without a lesion's
number a picture is a lesion of its own.

How a diagnosis was made (HAM10000's ``dx_type``: by a pathologist, by consensus, …) tells the diagnosis, so it is never read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from model_code.data.sources.listing import Listing, by_stem, find_one, line_of, need_columns, read_csv, splits
from model_code.errors import ManifestError
from model_code.tasks import TaskSpec

TABLES: Final = {
    "ISIC 2019": ("ISIC_2019_Training_GroundTruth.csv",),
    "HAM10000": ("HAM10000_metadata*",),
    "BCN20000": ("bcn*train*.csv", "BCN20000*.csv"),
}
METADATA: Final = "ISIC_2019_Training_Metadata.csv"
DIAGNOSES: Final = {
    # HAM10000 (Tschandl et al., 2018); its akiec holds actinic keratoses and Bowen's disease, ISIC 2019 calls it AK
    "akiec": "AK", "bcc": "BCC", "bkl": "BKL", "df": "DF", "mel": "MEL", "nv": "NV", "vasc": "VASC", "scc": "SCC", "ak": "AK",
    # the ISIC archive's words
    "melanoma": "MEL", "nevus": "NV", "basal cell carcinoma": "BCC", "actinic keratosis": "AK", "seborrheic keratosis": "BKL",
    "solar lentigo": "BKL", "lichenoid keratosis": "BKL", "dermatofibroma": "DF", "vascular lesion": "VASC",
    "squamous cell carcinoma": "SCC",
}  # fmt: skip
OUTSIDE: Final = "UNK"
"""ISIC's word for a diagnosis that is none of the eight."""
COLUMNS: Final = {
    "image": ("image", "image_id", "isic_id", "bcn_filename"),
    "lesion": ("lesion_id",),
    "diagnosis": ("diagnosis", "dx"),
    "sex": ("sex",),
    "age": ("age", "age_approx"),
    "body_site": ("anatom_site_general", "localization"),
}
SEXES: Final = {"male": "M", "female": "F"}


def read(root: Path, spec: TaskSpec, *, table: Path | None, seed: int) -> Listing:
    """The tables of the three data sets as one listing; see ``listing.Read``. Images may lie at any depth below the root."""
    if table is not None:
        raise ManifestError("this source merges several tables that lie at its root, and takes no single one")
    found = {name: find_one((root,), *patterns) for name, patterns in TABLES.items()}
    parts = [_table(path, spec).assign(dataset=name) for name, path in found.items() if path]
    if not parts:
        wanted = ", ".join(pattern for patterns in TABLES.values() for pattern in patterns)
        raise ManifestError(f"none of the tables in '{root}'; at least one is needed of: {wanted}")
    rows = pd.concat(parts, ignore_index=True)
    conflicts = int((rows.dropna(subset="diagnosis").groupby("image")["diagnosis"].nunique() > 1).sum())
    groups = _lesions(rows)
    merged = rows.groupby("image", sort=True).first()  # each column's first value that is there, table after table
    inside = merged["diagnosis"].isin(spec.labels)
    merged = merged[inside]
    there = by_stem(root)
    listed = pd.DataFrame(
        {
            "image": [there.get(name) or there.get(f"{name}_downsampled") or f"{name}.jpg" for name in merged.index],
            "group": [groups[name] for name in merged.index],
            **{label: (merged["diagnosis"] == label).to_numpy(int) for label in spec.labels},
            "sex": merged["sex"].str.lower().map(SEXES).to_numpy(),
            "age": pd.to_numeric(merged["age"], errors="coerce").to_numpy(),
            "body_site": merged["body_site"].to_numpy(),
        }
    )
    listed["split"] = splits(listed["group"], [None] * len(listed), seed)
    notes = (
        [f"{conflicts} pictures have two diagnoses in the tables; the first counts, in the order {', '.join(TABLES)}"]
        if conflicts
        else []
    )
    left_out = {"a diagnosis outside the task": int((~inside).sum())}
    return Listing(listed, "picture in the order of names", 1, left_out=left_out, notes=tuple(notes))


def _table(path: Path, spec: TaskSpec) -> pd.DataFrame:
    """One table with the columns of ``COLUMNS``; nothing else of it passes."""
    table = read_csv(path)
    if set(spec.labels) <= set(table.columns):  # one column a diagnosis
        need_columns(table, path, "image")
        known = [*spec.labels, *((OUTSIDE,) if OUTSIDE in table.columns else ())]
        marks = table[known].apply(pd.to_numeric, errors="coerce")
        wrong = ~marks.isin((0, 1)).all(axis=1) | (marks.sum(axis=1) > 1)
        if wrong.any():
            raise ManifestError(
                f"line {line_of(wrong)} of '{path}' ({wrong.sum()} such in all) does not mark one diagnosis by 1 and others by 0"
            )
        table["diagnosis"] = marks.idxmax(axis=1).where(marks.max(axis=1) > 0, OUTSIDE)
        metadata = find_one((path.parent,), METADATA)
        if metadata is not None:
            table = table[["image", "diagnosis"]].merge(read_csv(metadata), on="image", how="left")
    columns = {name: next((one for one in names if one in table.columns), None) for name, names in COLUMNS.items()}
    if columns["image"] is None or columns["diagnosis"] is None:
        needed = f"{' or '.join(COLUMNS['image'])}, and {' or '.join(COLUMNS['diagnosis'])}"
        raise ManifestError(f"'{path}' lacks a column that names the picture or its diagnosis; it needs {needed}")
    result = pd.DataFrame({name: table[column].astype("object") if column else None for name, column in columns.items()})
    result["image"] = result["image"].astype(str).map(lambda name: Path(name).stem.removesuffix("_downsampled"))
    result["diagnosis"] = _diagnoses(result["diagnosis"], spec, path)
    return result


def _diagnoses(words: pd.Series, spec: TaskSpec, path: Path) -> pd.Series:
    known = {OUTSIDE.lower(): OUTSIDE, **{label.lower(): label for label in spec.labels}, **DIAGNOSES}
    mapped = words.astype(str).str.lower().map(known)
    strange = mapped.isna() & words.notna()
    if strange.any():
        allowed = ", ".join(known)
        raise ManifestError(
            f"line {line_of(strange)} of '{path}' ({strange.sum()} such in all) has a diagnosis that is not known; "
            f"allowed: {allowed}"
        )
    return mapped.fillna(OUTSIDE)


def _lesions(rows: pd.DataFrame) -> dict[str, str]:
    """A name of its lesion for every picture; lesions that share a picture are one."""
    parent: dict[str, str] = {}

    def top(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for image, lesion in zip(rows["image"], rows["lesion"], strict=True):
        own = f"picture {image}"
        if pd.notna(lesion):
            parent[top(own)] = top(f"lesion {lesion}")
    return {image: top(f"picture {image}") for image in rows["image"].unique()}
