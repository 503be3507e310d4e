"""Proof, from the manifest itself, that what a model was judged on had no part in making it."""

from __future__ import annotations

import hashlib
from itertools import combinations
from typing import Any

from model_code.data.manifest import Manifest


def split_proof(manifest: Manifest) -> dict[str, Any]:
    """Films, groups and a hash of each split, and what any two splits share (by patient or lesion, and by the files' hashes).

    The hash of a split is SHA-256 over its films' sorted SHA-256 sums, one a line: whoever has the films can make it again.
    """
    parts = {str(name): frame for name, frame in manifest.frame.groupby("split")}
    return {
        "manifest_sha256": manifest.sha256,
        "splits": {
            name: {
                "films": len(frame),
                "groups": int(frame["group"].nunique()),
                "sha256": hashlib.sha256("".join(f"{sum_}\n" for sum_ in sorted(frame["sha256"])).encode()).hexdigest(),
            }
            for name, frame in parts.items()
        },
        "shared": [
            {
                "splits": [one, other],
                "groups": len(set(parts[one]["group"]) & set(parts[other]["group"])),
                "films": len(set(parts[one]["sha256"]) & set(parts[other]["sha256"])),
            }
            for one, other in combinations(parts, 2)
        ],
    }
