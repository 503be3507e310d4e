"""Augmentation stays small, stays in range, keeps the heart where it is, and is decided by its generator alone."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from model_code.training import augment
from model_code.training.augment import BORDER, Augment, dermoscopy, films, make_augment, unchanged

ALL = pytest.mark.parametrize(("change", "channels"), [(films, 1), (films, 3), (dermoscopy, 3), (dermoscopy, 1), (unchanged, 1)])


def pictures(channels: int, count: int = 4, side: int = 36) -> torch.Tensor:
    return torch.randint(0, 256, (count, channels, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def grey(value: int, *shape: int) -> torch.Tensor:
    return torch.full(shape, value, dtype=torch.uint8)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@ALL
def test_the_same_generator_state_changes_pictures_the_same_way(change: Augment, channels: int) -> None:
    first, again, other = (change(pictures(channels), 32, seeded(seed)) for seed in (3, 3, 4))
    assert torch.equal(first, again)
    assert torch.equal(first, other) is (change is unchanged)


@ALL
def test_pictures_get_the_wanted_side_and_keep_their_range_and_the_original_is_untouched(change: Augment, channels: int) -> None:
    batch = pictures(channels, count=64)
    changed = change(batch, 32, seeded(0))
    assert changed.shape == (64, channels, 32, 32)
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1
    assert torch.equal(batch, pictures(channels, count=64))


@pytest.mark.parametrize(("change", "channels"), [(films, 1), (dermoscopy, 3)])
def test_each_picture_of_a_batch_is_changed_differently(change: Augment, channels: int) -> None:
    same = pictures(channels)[:1].repeat(4, 1, 1, 1)
    changed = change(same, 32, seeded(0))
    assert len({tuple(picture.flatten().tolist()) for picture in changed}) == 4


def test_left_and_right_and_top_and_bottom_of_a_film_are_never_exchanged() -> None:
    """A mirrored film has its heart on the wrong side."""
    for half in (films_half(dim=3), films_half(dim=2)):
        changed = films(half, 32, seeded(0))
        first, second = (changed.transpose(2, 3) if half[0, 0, 0, -1] > 0 else changed).tensor_split(2, dim=3)
        assert bool((first[..., 4:12].mean(dim=(1, 2, 3)) > second[..., 4:12].mean(dim=(1, 2, 3)) + 0.25).all())


def films_half(dim: int) -> torch.Tensor:
    half = torch.zeros(256, 1, 32, 32, dtype=torch.uint8)
    half.narrow(dim, 0, 16).fill_(180)
    return half


def test_a_black_border_never_reaches_far_into_a_film(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augment, "OFTEN", 1.0)
    changed = films(grey(255, 256, 1, 100, 100), 100, seeded(0))
    inner = round(100 * BORDER) + 1
    assert float(changed[:, :, inner:-inner, inner:-inner].min()) > 0.5
    black = (changed == 0).flatten(1).any(dim=1)
    assert 0.5 < float(black.float().mean()) <= 1
    sides = [int((changed[:, 0, 0, 50] == 0).sum()), int((changed[:, 0, -1, 50] == 0).sum()),
             int((changed[:, 0, 50, 0] == 0).sum()), int((changed[:, 0, 50, -1] == 0).sum())]  # fmt: skip
    assert min(sides) > 20


@pytest.mark.parametrize("mirror", [None, torch.tensor([-1.0, 1.0])])
def test_films_are_moved_as_an_affine_matrix_moves_them(mirror: torch.Tensor | None) -> None:
    """Against torch's own grid of the same turn, zoom, shift and mirroring."""
    two = unchanged(pictures(1, count=2), 36)
    turn, zoom, shift = torch.tensor([0.05, -0.07]), torch.tensor([1.06, 0.94]), torch.tensor([[0.05, -0.02], [0.0, 0.04]])
    moved = augment._move(two, 32, turn=turn, zoom=zoom, shift=shift, mirror=mirror)
    x, y = torch.ones(2) if mirror is None else mirror, torch.ones(2)
    rows = [torch.stack([zoom * turn.cos() * x, -zoom * turn.sin() * y, shift[:, 0]], 1),
            torch.stack([zoom * turn.sin() * x, zoom * turn.cos() * y, shift[:, 1]], 1)]  # fmt: skip
    grid = functional.affine_grid(torch.stack(rows, dim=1), [2, 1, 32, 32], align_corners=False)
    expected = functional.grid_sample(two, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(moved, expected, atol=1e-5, rtol=0)


def test_most_films_get_no_noise_and_no_border() -> None:
    changed = films(grey(128, 512, 1, 24, 24), 24, seeded(0))
    flat = (changed.amax(dim=(1, 2, 3)) - changed.amin(dim=(1, 2, 3))) < 1e-5
    assert 0.4 < float(flat.float().mean()) < 0.75


def test_a_dermoscopy_is_turned_and_mirrored_in_all_eight_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TURN", "ZOOM", "SHIFT", "COLOUR", "HUE", "OFTEN"):
        monkeypatch.setattr(augment, name, 0.0)
    corner = grey(0, 1, 3, 8, 8)
    corner[..., 0, 1] = 255
    changed = dermoscopy(corner.repeat(200, 1, 1, 1), 8, seeded(0))
    places = {tuple(divmod(int(picture[0].argmax()), 8)) for picture in changed}
    assert places == {(0, 1), (1, 0), (0, 6), (1, 7), (7, 1), (6, 0), (7, 6), (6, 7)}


def test_grey_stays_grey_when_colours_are_turned() -> None:
    changed = dermoscopy(grey(128, 64, 3, 8, 8), 8, seeded(3))
    spread = (changed.mean(dim=(2, 3)).amax(dim=1) - changed.mean(dim=(2, 3)).amin(dim=1)).max()
    assert float(spread) < 0.03  # noise alone


def test_what_validation_sees_is_the_picture_itself() -> None:
    batch = pictures(1, side=32)
    assert torch.equal(unchanged(batch, 32), batch / 255)
    assert float((unchanged(grey(51, 1, 1, 36, 36), 32) - 0.2).abs().max()) < 1e-6


def test_a_tasks_own_augmentation_fits_its_pictures() -> None:
    assert [make_augment(name, channels) for name, channels in (("task", 1), ("task", 3), ("none", 3))] == [
        films,
        dermoscopy,
        unchanged,
    ]
