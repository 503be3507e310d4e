"""The films of a data set as training reads them: small, from files that are mapped into memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor

from model_code.data.manifest import Manifest
from model_code.data.shards import Shards, cut_shards, open_shards, shard_side
from model_code.errors import ManifestError
from model_code.training.batches import Films
from model_code.training.distributed import Crew

SAMPLE: Final = 1024
"""Films of which mean and standard deviation are taken."""


def open_films(manifest: Manifest, *, image_size: int, channels: int, beside: Path, crew: Crew) -> dict[str, Shards]:
    """The films of ``train`` and ``val``: the shards that the data set brings, or where none fit, ones that are cut now.

    Args:
        manifest: of the whole data set.
        image_size: side of the model's input; the films are larger by the margin that augmentation needs.
        channels: of the model's input.
        beside: the checkpoints; what is cut lies next to them, where the next run finds it.
        crew: of which one process on each machine cuts, unless the machines share a disk.

    Raises:
        ManifestError: a film is missing or cannot be read.
    """
    frame = manifest.frame
    needed = replace(manifest, frame=frame[frame["split"].isin(("train", "val"))].reset_index(drop=True))
    side = shard_side(image_size)
    cut = Path(f"{beside.absolute()}.shards") / str(side)
    found = _fitting(manifest.root, needed, side, channels) or _fitting(cut, needed, side, channels)
    for mine in (crew.leads, crew.leads_here):  # one after the other: a disk that all machines share is cut on once
        if not crew.any(found is None):
            break
        if found is None and mine:
            cut_shards(needed, side=side, channels=channels, out=cut)
        crew.wait()
        found = found or _fitting(cut, needed, side, channels)
    return {name: open_shards(found or cut, manifest.split(name)) for name in ("train", "val")}


def sample(films: Films) -> Tensor:
    """Films spread evenly over a split, uint8."""
    return torch.from_numpy(films[np.unique(np.linspace(0, len(films) - 1, SAMPLE).astype(np.int64))])


def _fitting(folder: Path, manifest: Manifest, side: int, channels: int) -> Path | None:
    """The folder, if it has shards of that shape of all the manifest's films."""
    try:
        shards = open_shards(folder, manifest)
    except ManifestError:
        return None
    return folder if (shards.side, shards.channels) == (side, channels) else None
