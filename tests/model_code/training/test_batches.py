"""Every film is seen once an epoch, in an order that the seed decides, cut the same for any number of processes."""

from __future__ import annotations

import time
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from model_code.errors import ManifestError
from model_code.training.batches import chunks, in_advance, parts_of, plan, rarity, seed_of
from tests.model_code.training.tiny import ALONE, Rows, targets


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 90), st.integers(2, 20), st.integers(1, 5), st.integers(0, 3))
def test_no_film_comes_twice_and_only_a_rest_is_left_out(count: int, batch: int, parts: int, seed: int) -> None:
    batch = max(batch, 2 * parts)
    make = partial(plan, torch.zeros(count, 2), batch_size=batch, parts=parts, balance=0.0, seed=seed)
    if count < 2 * parts:
        with pytest.raises(ManifestError, match=f"there are {count} training films"):
            make(epoch=1)
        return
    steps = make(epoch=1)
    rows = np.concatenate(steps)
    assert len(set(rows.tolist())) == len(rows) > count - 2 * parts
    assert all(2 * parts <= len(step) <= batch for step in steps)
    assert all(np.array_equal(a, b) for a, b in zip(steps, make(epoch=1), strict=True))


def test_another_epoch_has_another_order() -> None:
    first, second = (
        np.concatenate(plan(torch.zeros(50, 1), batch_size=10, parts=1, balance=0, seed=0, epoch=epoch)) for epoch in (1, 2)
    )
    assert sorted(first) == sorted(second) and first.tolist() != second.tolist()


def test_balance_draws_rare_labels_more_often() -> None:
    truth = torch.zeros(1000, 2)
    truth[:10, 0] = truth[10:510, 1] = 1
    shares = []
    for balance in (0.0, 0.5, 1.0):
        rows = np.concatenate(plan(truth, batch_size=100, parts=1, balance=balance, seed=1, epoch=1))
        shares.append(float((rows < 10).mean()))
    assert shares[0] == pytest.approx(0.01)
    assert 0.03 < shares[1] < 0.12
    assert 0.28 < shares[2] < 0.39  # as often as the other label and as no label


def test_a_films_rarest_label_counts_and_unknown_ones_do_not() -> None:
    truth = torch.tensor([[1.0, 1.0], [1.0, 0.0], [0.0, torch.nan], [torch.nan, torch.nan]])
    assert rarity(truth).tolist() == [1.0, 0.5, 0.5, 0.5]


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_the_parts_of_all_processes_are_the_batch(processes: int) -> None:
    films, truth = Rows(), targets()
    steps = plan(truth, batch_size=8, parts=4, balance=0, seed=0, epoch=1)
    per_process = [
        list(parts_of(films, truth, steps, parts=4, mine=slice(rank, None, processes), device=ALONE.device))
        for rank in range(processes)
    ]
    for index, rows in enumerate(steps):
        parts = sorted((part for process in per_process for part in process[index]), key=lambda part: part.number)
        assert [part.number for part in parts] == [0, 1, 2, 3]
        assert np.array_equal(np.concatenate([part.films.numpy() for part in parts]), films[rows])
        assert torch.equal(torch.cat([part.targets for part in parts]), truth[torch.from_numpy(rows)])


def test_seeds_of_different_places_differ() -> None:
    places = [(0, 1), (1, 0), (0, 1, 0), (0, 11), (1, 1, 0, 0), (1, 1, 0, 1)]
    assert len({seed_of(*place) for place in places}) == len(places)
    assert all(0 <= seed_of(*place) < 2**63 for place in places)


def test_jobs_are_done_ahead_but_not_all_at_once_and_answers_keep_their_order() -> None:
    done: list[int] = []

    def job(number: int) -> int:
        done.append(number)
        return number

    results = in_advance((partial(job, number) for number in range(20)), ahead=3)
    assert next(results) == 0
    until = time.monotonic() + 5
    while len(done) < 4 and time.monotonic() < until:
        time.sleep(0.01)
    assert done == [0, 1, 2, 3]
    assert list(results) == list(range(1, 20))


def test_a_job_that_fails_fails_where_its_answer_is_awaited() -> None:
    def fails() -> int:
        raise ManifestError("gone")

    results = in_advance(iter([lambda: 1, fails]))
    assert next(results) == 1
    with pytest.raises(ManifestError, match="gone"):
        next(results)


def test_pieces_cover_all_rows() -> None:
    assert [piece.tolist() for piece in chunks(5, 2)] == [[0, 1], [2, 3], [4]]
