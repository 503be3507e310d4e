"""Which pictures of a source a data set keeps: those that can be read, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from model_code.data import pieces
from model_code.data.duplicates import HELD_OUT
from model_code.data.preparation_page import Pair

Entry = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """The manifest to be, and what is not in it."""

    frame: pd.DataFrame
    """The listing's rows of what was read, with ``source`` (its path there), ``number`` (its row there) and ``pixels``."""
    quarantined: list[Entry]
    """``line``, ``code`` and ``detail`` of the others."""

    def without(self, pairs: list[Pair]) -> Kept:
        """Without the rows whose near-duplicate is in a split that is held out more."""
        left = [
            {"line": pair.numbers[0], "code": "near_duplicate", "detail": f"of {pair.numbers[1]}, in {pair.splits[1]}"}
            for pair in pairs
        ]
        return Kept(self.frame.drop(index=[pair.row for pair in pairs]).reset_index(drop=True), self.quarantined + left)


def keep(made: Iterable[Entry], lines: pd.DataFrame, *, first: int) -> Kept:
    """What is kept of the pictures that were made.

    Of several rows with the same pixels the one in the split that is held out most is kept, then the first.

    Args:
        made: what became of every picture, as ``pieces.records`` tells.
        lines: the listing's rows that they belong to.
        first: the number of the listing's first row.
    """
    done = sorted(made, key=lambda record: int(record["number"]))
    quarantined = [
        {"line": record["number"] + first, "code": record["code"], "detail": record["detail"]}
        for record in done
        if "code" in record
    ]
    frame = _frame([record for record in done if "sha256" in record], lines)
    ranked = frame.assign(rank=frame["split"].map(HELD_OUT)).sort_values(["rank", "number"], ascending=[False, True])
    again = ranked["pixels"].duplicated().sort_index()
    detail = "the same pixels stand in another row"
    quarantined += [{"line": int(number) + first, "code": "duplicate", "detail": detail} for number in frame["number"][again]]
    return Kept(frame[~again].reset_index(drop=True), quarantined)


def _frame(read: list[Entry], lines: pd.DataFrame) -> pd.DataFrame:
    frame = lines.loc[[record["number"] for record in read]].reset_index(drop=True)
    return frame.assign(
        source=frame["image"],
        image=[pieces.film_name(record["sha256"]) for record in read],
        sha256=[record["sha256"] for record in read],
        fingerprint=[bytes.fromhex(record["fingerprint"]) for record in read],
        number=[record["number"] for record in read],
        pixels=[record["pixels"] for record in read],
    )
