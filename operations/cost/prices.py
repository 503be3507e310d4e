"""Prices, each with its unit and source, from a file: the command asks nobody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from constructs_lib.errors import ConfigurationError

FILE: Final = Path(__file__).resolve().parents[1] / "prices.json"
HOURS: Final = 730.0
"""In a month, as AWS's calculator counts."""
DAYS: Final = HOURS / 24


@dataclass(frozen=True)
class Prices:
    """The price list of one region and day."""

    date: str
    region: str
    currency: str
    entries: Mapping[str, Mapping[str, Any]]
    per_use: frozenset[str] = frozenset()
    """Kinds of resources that cost for being used."""
    free: frozenset[str] = frozenset()
    """Kinds that cost nothing by themselves."""

    def __getitem__(self, name: str) -> float:
        """USD for one unit.

        Raises:
            ConfigurationError: the file does not have it.
        """
        if name not in self.entries:
            raise ConfigurationError(
                f"{FILE.name} has no price '{name}'; add it with its unit, source and whether it was checked"
            )
        return float(self.entries[name]["usd"])

    @property
    def checked(self) -> int:
        """How many were seen to be the same in a second source."""
        return sum(bool(entry["checked"]) for entry in self.entries.values())

    def describe(self) -> str:
        """Where the figures come from, for below the tables."""
        return (
            f"List prices of {self.region} as of {self.date} in {self.currency} ({self.checked} of {len(self.entries)} confirmed "
            "by a second source), without free tier: estimates before tax; verify with the AWS calculator."
        )


def read_prices(file: Path = FILE) -> Prices:
    """The price list of a file."""
    found = json.loads(file.read_text(encoding="utf-8"))
    kinds = frozenset(found["per_use"]), frozenset(found["free"])
    return Prices(found["date"], found["region"], found["currency"], found["prices"], *kinds)
