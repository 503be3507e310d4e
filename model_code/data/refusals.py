"""What stops the line, with examples: a patient or lesion in two splits, and pictures of two splits that are the same."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import pandas as pd

from model_code.data.leaks import leaks
from model_code.data.manifest import Manifest
from model_code.data.preparation_page import Pair, page
from model_code.data.sources.listing import Listing
from model_code.errors import ManifestError
from model_code.files import atomic_folder, write_json
from model_code.tasks import TaskSpec

EXAMPLES: Final = 12
"""Pairs that the report shows."""
REPORT: Final = "preparation"


def refuse_groups_in_two_splits(lines: pd.DataFrame, listing: Listing, *, root: Path, spec: TaskSpec, out: Path) -> None:
    """Raises ManifestError where a group of the listing is in two splits, after writing the report of it."""
    known = lines.dropna(subset=["group", "split"])
    counts = known.groupby("group")["split"].nunique()
    bad = known[known["group"].isin(counts.index[counts > 1])]
    if bad.empty:
        return
    pairs = []
    for _, own in bad.groupby("group"):
        one, other = own.index[0], own.index[own["split"] != own["split"].iloc[0]][0]
        two = own.loc[[one, other]]
        pairs.append(_pair(int(one), two["split"], [root / image for image in two["image"]], (one, other), listing))
    first = pairs[0]
    shown = refuse(
        out, {"task": spec.task.value, "refused": f"{len(pairs)} {spec.grouped_by}s are in more than one split"}, pairs
    )
    raise ManifestError(
        f"one {spec.grouped_by} is in {int(counts.max())} splits ({first.numbered} {first.numbers[0]} and {first.numbers[1]}; "
        f"{len(pairs)} such in all; {shown} shows them); all films of a {spec.grouped_by} belong to one split"
    )


def near_duplicates(frame: pd.DataFrame, listing: Listing, work: Path) -> list[Pair]:
    """The rows that a test must not share with training, each with its near-duplicate in the split that is held out more.

    Args:
        frame: the manifest to be, with ``number``, the row's place in the listing.
        listing: whose words for that number are used.
        work: the folder with the films and the shards.
    """
    found = leaks(Manifest(frame, work, (), "")) if len(frame) else None
    pairs = []
    for row, partner in zip(found.rows, found.partners, strict=True) if found else ():
        two = frame.iloc[[row, partner]]
        pairs.append(_pair(int(row), two["split"], [work / image for image in two["image"]], two["number"], listing))
    return pairs


def refuse_near_duplicates(pairs: list[Pair], *, spec: TaskSpec, out: Path) -> None:
    """Raises ManifestError where there are any, after writing the report of them."""
    if not pairs:
        return
    told = {"task": spec.task.value, "refused": f"{len(pairs)} films have a near-duplicate in another split"}
    shown = refuse(out, {**told, "near_duplicates": len(pairs)}, pairs)
    raise ManifestError(
        f"{len(pairs)} films have a near-duplicate in another split, so that a test would measure memory; {shown} shows them; "
        "correct the groups in the table, or leave them out with --drop-duplicates"
    )


def refuse(out: Path, report: dict[str, Any], pairs: list[Pair]) -> Path:
    """Writes the report of what was refused into ``OUT.refused``; returns the page."""
    target = out.with_name(f"{out.name}.refused")
    with atomic_folder(target) as folder:
        write_report(folder, report, pairs)
    return target / f"{REPORT}.html"


def write_report(folder: Path, report: dict[str, Any], pairs: list[Pair], part: str | None = None) -> None:
    """``preparation.json`` and ``.html``, or one machine's, with the first pairs as examples."""
    name = f"{REPORT}-{part}" if part else REPORT
    shown = pairs[:EXAMPLES]
    if shown:
        report["pairs"] = [{"numbers": list(pair.numbers), "splits": list(pair.splits)} for pair in shown]
    write_json(folder / f"{name}.json", report)
    (folder / f"{name}.html").write_text(page(report, shown), encoding="utf-8")


def _pair(row: int, splits: Iterable[str], paths: Iterable[Path], rows: Iterable[int], listing: Listing) -> Pair:
    one, other = (int(number) for number in rows)
    first, second = splits
    left, right = paths
    return Pair(row, (one + listing.first, other + listing.first), (first, second), (left, right), listing.numbered)
