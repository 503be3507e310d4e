"""Which model answers a study: champion or challenger, by a hash that sticks to the study. A pure function of its arguments."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

SLOTS: Final = 10_000
"""A study is known to the routing, and to records, by one of so many slots: too few to find anybody by."""


class Role(StrEnum):
    """What a model does in the service."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"


def slot_of(study: str | bytes, *, salt: str) -> int:
    """The slot of a study, 0 to ``SLOTS`` - 1: the same for the same study, evenly spread, unrelated between salts."""
    key = study if isinstance(study, bytes) else study.encode()
    digest = hashlib.blake2b(key, digest_size=8, key=hashlib.sha256(salt.encode()).digest()).digest()
    return int.from_bytes(digest, "big") % SLOTS


@dataclass(frozen=True, kw_only=True)
class Routing:
    """The content of the parameter ``routing``. In ``shadow`` both are asked and the champion's answer is given."""

    challenger_percent: float = 0.0
    shadow: bool = False

    @classmethod
    def of(cls, text: str) -> Self:
        """Reads the parameter's JSON.

        Raises:
            ValueError: it is no such object; the message says what is allowed.
        """
        found = json.loads(text)
        allowed = 'a JSON object such as {"challenger_percent": 10, "shadow": false}'
        if not isinstance(found, dict) or found.keys() - {"challenger_percent", "shadow"}:
            raise ValueError(f"routing is not {allowed}")
        percent, shadow = found.get("challenger_percent", 0), found.get("shadow", False)
        if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
            raise ValueError(f"challenger_percent is not a number from 0 to 100; routing is {allowed}")
        if not isinstance(shadow, bool):
            raise ValueError(f"shadow is neither true nor false; routing is {allowed}")
        return cls(challenger_percent=float(percent), shadow=shadow)

    def role_of(self, slot: int) -> Role:
        """Who answers. A study that the challenger has at some share keeps it at every larger share."""
        if self.shadow:
            return Role.CHAMPION
        return Role.CHALLENGER if slot < SLOTS * self.challenger_percent / 100 else Role.CHAMPION
