"""Augmentation stays small, stays in range, and is decided by its generator alone."""

from __future__ import annotations

import torch

from model_code.data.augment import EXPOSURE, augment


def films() -> torch.Tensor:
    return torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def test_the_same_generator_state_changes_films_the_same_way() -> None:
    first, again, other = (augment(films(), torch.Generator().manual_seed(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_films_keep_their_shape_and_range_and_the_original_is_untouched() -> None:
    batch = films()
    changed = augment(batch, torch.Generator().manual_seed(0))
    assert changed.shape == batch.shape
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1
    assert torch.equal(batch, films())


def test_each_film_of_a_batch_is_changed_differently() -> None:
    same = films()[:1].repeat(4, 1, 1, 1)
    changed = augment(same, torch.Generator().manual_seed(0))
    assert not torch.equal(changed[0], changed[1])


def test_left_and_right_are_never_exchanged() -> None:
    """A mirrored film has its heart on the wrong side."""
    left = torch.zeros(64, 1, 32, 32)
    left[..., :16] = 0.7
    changed = augment(left, torch.Generator().manual_seed(0))
    assert bool((changed[..., :12].mean(dim=(1, 2, 3)) > changed[..., 20:].mean(dim=(1, 2, 3)) + 0.3).all())


def test_exposure_changes_by_no_more_than_stated() -> None:
    changed = augment(torch.full((64, 1, 32, 32), 0.5), torch.Generator().manual_seed(0))
    assert float((changed - 0.5).abs().max()) <= 0.5 * EXPOSURE + EXPOSURE + 1e-6
    assert float(changed.std()) > 0.01
