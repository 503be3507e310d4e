"""Near-duplicates across the splits of a manifest, found by its fingerprints and its shards."""

from __future__ import annotations

import numpy as np

from model_code.data.duplicates import Leaks, across_splits
from model_code.data.manifest import FINGERPRINT, Manifest
from model_code.data.shards import open_shards


def leaks(manifest: Manifest) -> Leaks:
    """The rows whose near-duplicate is in another split.

    Raises:
        ManifestError: the shards beside the manifest lack films of it.
    """
    frame = manifest.frame
    prints = np.frombuffer(b"".join(frame[FINGERPRINT]), np.uint8).reshape(len(frame), -1)
    shards = open_shards(manifest.root, manifest)
    return across_splits(prints, frame["split"].to_numpy(np.str_), shards.__getitem__)
