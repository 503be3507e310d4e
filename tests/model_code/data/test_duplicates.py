"""Copies are found whatever was done to their files, different pictures are not, and the search misses nothing."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from model_code.data.duplicates import AT_ONCE, NEAR, SAME, across_splits, fingerprint, likeness, near_pairs, with_mirrored
from model_code.data.images import decode
from model_code.data.manifest import read_manifest
from model_code.data.transforms import to_model_input
from model_code.tasks import CHEST14
from tests.sources import picture

BYTES = 32

Film = NDArray[np.uint8]


def small(film: Film) -> NDArray[np.uint8]:
    """As it stands in a shard."""
    return to_model_input(film.astype(np.float32) / np.float32(255), 256, 1)


def of(smalls: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.frombuffer(fingerprint(smalls), np.uint8)


def apart(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.bitwise_count(one ^ other).sum())


@pytest.fixture(scope="module")
def films(data: Path) -> list[Film]:
    paths = read_manifest(data, CHEST14).paths[:40]
    return [np.round(decode(path.read_bytes()).pixels * 255).astype(np.uint8) for path in paths]


def as_jpeg(film: NDArray[np.uint8]) -> NDArray[np.uint8]:
    buffer = io.BytesIO()
    Image.fromarray(film).save(buffer, "JPEG", quality=40)
    return np.asarray(Image.open(buffer))


CHANGES: dict[str, Callable[[NDArray[np.uint8]], NDArray[np.uint8]]] = {
    "jpeg": as_jpeg,
    "smaller": lambda film: np.asarray(Image.fromarray(film).resize((131, 131))),
    "darker": lambda film: (film * 0.8 + 20).astype(np.uint8),
    "noisier": lambda film: np.clip(film + np.random.default_rng(1).normal(0, 5, film.shape), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", ["films", "blurred"])
def test_a_copy_is_found_and_is_the_same(kind: str, change: str, films: list[Film]) -> None:
    for film in films if kind == "films" else [picture(seed, side=256) for seed in range(40)]:
        one, other = small(film), small(CHANGES[change](film))
        assert apart(of(one), of(other)) <= NEAR
        assert likeness(one[None], other[None])[0] > SAME + 0.4 * (1 - SAME)


def test_other_films_are_not_the_same_even_of_one_patient(films: list[Film]) -> None:
    smalls = np.stack([small(film) for film in films])
    ones, others = np.triu_indices(len(films), 1)
    assert likeness(smalls[ones], smalls[others]).max() < SAME - 0.01


def test_pictures_without_detail_are_alike() -> None:
    flat = np.full((1, 1, 64, 64), 7, np.uint8)
    assert likeness(flat, flat + 90)[0] == 1


def test_colour_pictures_have_fingerprints_too() -> None:
    colours = np.random.default_rng(0).integers(0, 256, (3, 40, 40), np.uint8)
    assert len(fingerprint(colours)) == BYTES and fingerprint(colours) != fingerprint(colours[:, ::-1])


@given(st.integers(0, 2**32), st.lists(st.integers(0, NEAR + 4), min_size=1, max_size=6))
def test_the_search_finds_exactly_the_near_pairs(seed: int, changes: list[int]) -> None:
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (20, 8 * BYTES), np.uint8)
    for row, count in enumerate(changes):
        bits[10 + row] = bits[row]
        bits[10 + row, rng.choice(8 * BYTES, count, replace=False)] ^= 1
    prints = np.packbits(bits, axis=1)
    expected = [[a, b] for a in range(20) for b in range(a + 1, 20) if apart(prints[a], prints[b]) <= NEAR]
    assert near_pairs(prints).tolist() == expected


def random_prints(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, BYTES), np.uint8)


def shown(rows: NDArray[np.intp]) -> NDArray[np.uint8]:
    """Pictures of which 0 and 4, 1 and 5, 2 and 3 are alike, and all from 6 on."""
    return np.stack([small(picture({4: 0, 5: 1, 3: 2}.get(int(row), min(int(row), 6)))) for row in rows])


def test_of_two_that_are_alike_the_one_that_is_held_out_less_leaks() -> None:
    prints = random_prints(6)
    prints[4] = prints[0]  # train and test
    prints[5] = prints[1]  # val and val
    prints[3] = prints[2]
    prints[3, 0] ^= 1  # val and train, not quite the same
    found = across_splits(prints, np.array(["train", "val", "train", "val", "test", "val"]), shown)
    assert found.rows.tolist() == [0, 2] and found.partners.tolist() == [4, 3]


def test_equal_fingerprints_of_different_pictures_are_no_leak() -> None:
    prints = random_prints(2)
    prints[1] = prints[0]
    assert len(across_splits(prints, np.array(["train", "test"]), shown)) == 0


def test_nothing_leaks_where_all_are_different() -> None:
    assert len(across_splits(random_prints(50), np.array(["train", "test"] * 25), shown)) == 0


def test_many_equal_pictures_are_compared_with_one() -> None:
    """Blank ones, say: their number must not count twice."""
    prints = np.zeros((2_000, BYTES), np.uint8)
    asked: list[int] = []

    def blank(rows: NDArray[np.intp]) -> NDArray[np.uint8]:
        asked.append(len(rows))
        return np.zeros((len(rows), 1, 16, 16), np.uint8)

    found = across_splits(prints, np.array(["train"] * 1_999 + ["test"]), blank)
    assert len(found) == 1_999 and set(found.partners) == {1_999}
    assert sum(asked) == 2 * 1_999 and max(asked) <= AT_ONCE


@pytest.mark.parametrize("splits", [["train", "test"], ["test", "train"], ["val", "test"]])
def test_a_mirrored_copy_leaks_once(splits: list[str], films: list[Film]) -> None:
    smalls = np.stack([small(films[0]), small(as_jpeg(films[0][:, ::-1])), *(small(film) for film in films[1:])])
    prints = np.stack([np.frombuffer(with_mirrored(one), np.uint8) for one in smalls])
    found = across_splits(prints, np.array([*splits, *["train"] * (len(films) - 1)]), smalls.__getitem__)
    less, more = (0, 1) if splits[1] == "test" else (1, 0)
    assert (found.rows.tolist(), found.partners.tolist()) == ([less], [more])


def test_symmetrical_pictures_do_not_leak_by_themselves(films: list[Film]) -> None:
    smalls = np.stack([small(np.maximum(film, film[:, ::-1])) for film in films])
    prints = np.stack([np.frombuffer(with_mirrored(one), np.uint8) for one in smalls])
    assert len(across_splits(prints, np.array(["train", "val", "test", "train"] * 10), smalls.__getitem__)) == 0
