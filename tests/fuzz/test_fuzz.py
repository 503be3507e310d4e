"""Whatever comes in, a Reading comes out: no exception, no crash, no hang, no memory beyond the limit, no word of the file.

``python -m bench.fuzz`` does the same for as long as one likes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.data.images import LIMITS
from tests.films import dicom, planted_in, png, ramp
from tests.fuzz.bombs import bombs
from tests.fuzz.corpus import dicoms, pictures
from tests.fuzz.guarded import FAILURES, GuardedReader, Outcome
from tests.fuzz.mutate import mutate

FILES = {**dicoms(), **pictures()}


@pytest.fixture(scope="module")
def reader(bundle: Path) -> Iterator[GuardedReader]:
    """The whole path, from bytes to a Reading."""
    with GuardedReader(bundle) as opened:
        yield opened
        assert opened.noise == "", "codecs and libraries have told what no log may hold"


def answered(reader: GuardedReader, data: bytes) -> Outcome:
    outcome = reader.read(data)
    assert outcome.code not in FAILURES, outcome
    assert outcome.memory <= LIMITS.max_memory, outcome
    return outcome


@settings(derandomize=True, max_examples=400, deadline=None, database=None)
@given(name=st.sampled_from(sorted(FILES)), seed=st.integers(0, 2**32))
def test_an_altered_file_has_an_answer(name: str, seed: int, reader: GuardedReader) -> None:
    outcome = answered(reader, mutate(FILES[name], seed))
    assert not planted_in(outcome.text)


@settings(derandomize=True, max_examples=100, deadline=None, database=None)
@given(start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", bytes(128) + b"DICM", b"\x08\x00"]), rest=st.binary())
def test_any_bytes_have_an_answer(start: bytes, rest: bytes, reader: GuardedReader) -> None:
    assert answered(reader, start + rest).code == "unreadable"


@pytest.fixture(scope="module")
def built() -> dict[str, bytes]:
    return bombs()


def test_a_bomb_does_not_go_off(built: dict[str, bytes], reader: GuardedReader) -> None:
    """Each takes no more than twice its own size and a little, where it asks for gigabytes."""
    for name, bomb in built.items():
        outcome = answered(reader, bomb)
        assert outcome.memory <= 3 * len(bomb) + 64 * 2**20, (name, outcome)
        assert "excess" in name or outcome.code == "unreadable", (name, outcome)


@pytest.mark.parametrize("side", [512, 2048], ids="{0} x {0}".format)
def test_memory_grows_with_the_pixels_and_stays_below_the_limit(side: int, reader: GuardedReader) -> None:
    share = side * side / LIMITS.max_pixels
    grey, colour = np.tile(ramp(12, side), (1, 1)), np.random.default_rng(0).integers(0, 255, (side, side, 3), np.uint8)
    for film in (dicom(grey, BitsStored=12, WindowCenter=2000, WindowWidth=900, RescaleSlope=2), dicom(colour), png(colour)):
        assert answered(reader, film).memory <= share * LIMITS.max_memory + 48 * 2**20


def test_what_goes_wrong_in_the_child_is_told() -> None:
    """The watch itself: an exception, a crash and a hang are outcomes, and a new child follows."""
    with GuardedReader(patience=2) as watched:
        assert watched.read(b"!raise").code == "RAISED"
        assert watched.read(b"!crash").code == "CRASHED"
        assert watched.read(b"!hang").code == "HUNG"
        assert watched.read(png(ramp(8))).code == "read"
