"""Pictures that are the same though their files are not: encoded again, resized, brighter, noisier, mirrored.

Two steps. A fingerprint, a perceptual hash (pHash; Zauner, 2010) of 256 bits, finds the candidates: at most ``NEAR`` bits differ.
Then the pictures themselves are compared: by the correlation of their 32 x 32 lowest frequencies, each weighted by its frequency,
since films differ least in their lowest (pictures' amplitudes fall with the frequency; Field, 1987). On drawn chest films, which
are more alike than real ones, copies (JPEG of quality 40, other sizes, brighter, noisier) correlate by at least 0.998, and no
two of 1.1 million pairs of different films by more than 0.969. Mirrored copies are found as well as others: the pictures that
are held out have the fingerprint of their mirror image too.

What is found of drawn films, 512 px a side: all copies as JPEG of quality 10 or better, resized, darker by a fifth, with noise of
5 of 256 values, mirrored, or cropped by 0.5% of their side. What is not: copies cropped by 1% or more, turned by 1 degree, with a
border, with another gamma (1.5) or a marker drawn in, and negatives. Pictures of one patient or lesion are kept together by their
``group``; this search is for those whose groups are wrong.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]
Ints = NDArray[np.intp]

BYTES: Final = 32
"""Of a fingerprint."""
SIDE: Final = 64
HASHED: Final = 16
COMPARED: Final = 32
"""Frequencies along a side."""
NEAR: Final = 12
"""Bits, of 256: copies differ in at most 10."""
SAME: Final = 0.995
AT_ONCE: Final = 512
"""Pairs of pictures in memory."""
HELD_OUT: Final = {"train": 0, "val": 1, "test": 2}
"""Of two that are alike the one in the higher split stays: what is measured on must not have been learned."""

COSINES: Final = np.cos(np.pi / SIDE * (np.arange(SIDE) + 0.5) * np.arange(COMPARED)[:, None]).astype(np.float32)
"""The lowest rows of a cosine transform (DCT-II)."""
FREQUENCY: Final = np.hypot(np.arange(COMPARED)[:, None], np.arange(COMPARED)).astype(np.float32)


@dataclass(frozen=True)
class Leaks:
    """Rows whose near-duplicate is in a split that is held out from theirs, and one such partner of each."""

    rows: Ints
    partners: Ints

    def __len__(self) -> int:
        return len(self.rows)


def fingerprint(picture: Bytes) -> bytes:
    """``BYTES`` bytes for a picture (channels, side, side)."""
    waves = _waves(picture)[:HASHED, :HASHED].ravel()
    return np.packbits(waves > np.median(waves)).tobytes()


def with_mirrored(picture: Bytes) -> bytes:
    """The fingerprints of a picture and of its mirror image."""
    return fingerprint(picture) + fingerprint(picture[..., ::-1])


def across_splits(prints: Bytes, splits: NDArray[np.str_], pictures: Callable[[Ints], Bytes]) -> Leaks:
    """The pictures that leak from one split into another.

    Args:
        prints: fingerprints, (n, 32), or with those of the mirror images, (n, 64).
        splits: train, val or test, (n,).
        pictures: gives the small pictures (m, channels, side, side) of m rows.
    """
    ranks = np.array([HELD_OUT[split] for split in splits], np.intp)
    count = len(prints)
    mirrored = np.flatnonzero(ranks > 0) if prints.shape[1] > BYTES else np.empty(0, np.intp)  # one of each pair will do
    of = np.concatenate([np.arange(count), mirrored])
    rows, partners = _alike_by_print(np.concatenate([prints[:, :BYTES], prints[mirrored, -BYTES:]]), ranks[of])
    same = np.zeros(len(rows), bool)
    for start in range(0, len(rows), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        one, other = (_seen(pictures(of[entries[part]]), entries[part] >= count) for entries in (rows, partners))
        same[part] = likeness(one, other) >= SAME
    rows, partners = of[rows[same]], of[partners[same]]
    best = np.lexsort((partners, -ranks[partners], rows))  # of several partners the one that is held out most
    found, at = np.unique(rows[best], return_index=True)
    return Leaks(found, partners[best][at])


def _seen(pictures: Bytes, mirrored: NDArray[np.bool_]) -> Bytes:
    """Pictures (n, channels, side, side), some of them mirrored."""
    return np.where(mirrored[:, None, None, None], pictures[..., ::-1], pictures)


def _alike_by_print(prints: Bytes, ranks: Ints) -> tuple[Ints, Ints]:
    """Rows, each with one of every fingerprint near its own that is held out more."""
    unique, inverse = np.unique(prints, axis=0, return_inverse=True)
    inverse = inverse.reshape(-1)
    order = np.lexsort((np.arange(len(ranks)), -ranks, inverse))  # by fingerprint, the most held out first
    first = order[np.searchsorted(inverse[order], np.arange(len(unique)))]
    own = np.arange(len(unique))
    one, other = near_pairs(unique).T
    neighbours = np.stack([np.concatenate([own, one, other]), np.concatenate([own, other, one])])
    rows, partners = _each_row(neighbours, inverse, first)
    held = ranks[rows] < ranks[partners]
    return rows[held], partners[held]


def _each_row(neighbours: Ints, inverse: Ints, first: Ints) -> tuple[Ints, Ints]:
    """Every row of a fingerprint with the first row of each neighbouring fingerprint."""
    counts = np.bincount(inverse, minlength=len(first))
    by_print = np.argsort(inverse, kind="stable")
    starts = np.cumsum(counts) - counts
    here, there = neighbours
    sizes = counts[here]
    within = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return by_print[np.repeat(starts[here], sizes) + within], np.repeat(first[there], sizes)


def likeness(some: Bytes, others: Bytes) -> NDArray[np.float32]:
    """Correlation, one by one, of two rows of pictures (n, channels, side, side); 1 for two without any detail."""
    one, other = (np.stack([_waves(picture) * FREQUENCY for picture in pictures]) for pictures in (some, others))
    product = (one * other).sum(axis=(1, 2))
    scale = np.sqrt((one**2).sum(axis=(1, 2)) * (other**2).sum(axis=(1, 2)))
    return np.where(scale > 0, product / np.maximum(scale, 1e-12), 1).astype(np.float32)


def near_pairs(prints: Bytes) -> NDArray[np.intp]:
    """All pairs (m, 2) of different rows whose fingerprints differ in at most ``NEAR`` bits.

    Exact: of NEAR + 1 parts of the bits at least one is equal in such a pair, so only rows that agree in a part are compared. A
    part takes every 13th bit, since neighbouring frequencies are alike.
    """
    bits = np.unpackbits(prints, axis=1)
    words = np.ascontiguousarray(prints).view(np.uint64)
    found = [np.empty((0, 2), np.intp)]
    for part in range(NEAR + 1):
        chosen = bits[:, part :: NEAR + 1]
        keys = chosen @ (np.uint32(1) << np.arange(chosen.shape[1], dtype=np.uint32))
        found += _equal_and_near(keys, words)
    return np.unique(np.concatenate(found), axis=0)


def _equal_and_near(keys: NDArray[np.uint32], words: NDArray[np.uint64]) -> list[Ints]:
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    found: list[Ints] = []
    live, step = np.arange(len(keys)), 0
    while True:  # every row against the next, the next but one and so on, as long as their keys agree
        step += 1
        live = live[live + step < len(keys)]
        live = live[ordered[live] == ordered[live + step]]
        if len(live) == 0:
            return found
        one, other = order[live], order[live + step]
        near = np.bitwise_count(words[one] ^ words[other]).sum(axis=1) <= NEAR
        found.append(np.stack([np.minimum(one, other), np.maximum(one, other)], axis=1)[near])


def _waves(picture: Bytes) -> NDArray[np.float32]:
    """The lowest frequencies of the picture's grey values, (COMPARED, COMPARED), without their mean: how bright is not what."""
    grey = picture[0] if len(picture) == 1 else picture.mean(axis=0).astype(np.uint8)
    small = np.asarray(Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)
    return np.asarray(COSINES @ (small - small.mean()) @ COSINES.T, np.float32)
