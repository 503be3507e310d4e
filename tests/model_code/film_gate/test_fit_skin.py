"""Known signatures are told from others, by few of them too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model_code.film_gate.fit_skin import fit_skin, held_out

Array = NDArray[np.float32]
SIZE = 30


def known(count: int, seed: int) -> Array:
    """Signatures whose figures go together, as those of pictures do."""
    mixing = np.random.default_rng(0).normal(size=(6, SIZE))
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(count, 6)) @ mixing + 0.3 * rng.normal(size=(count, SIZE))).astype(np.float32)


def other(count: int, seed: int) -> Array:
    return np.random.default_rng(seed).normal(0, 3, (count, SIZE)).astype(np.float32)


def test_new_ones_of_either_kind_are_told_apart() -> None:
    skin = fit_skin(known(200, 1), other(200, 2))
    assert (skin.margin(known(100, 3)) > 0).mean() > 0.98
    assert (skin.margin(other(100, 4)) < 0).mean() > 0.98
    assert 0.5 < skin.distance(known(100, 3)).mean() < 1.2


def test_few_pictures_do_not_rule_out_the_next_good_one() -> None:
    """With fewer pictures than figures an unshrunk spread is nil along some directions, and any distance along them boundless."""
    skin = fit_skin(known(20, 1), other(200, 2))
    assert skin.distance(known(100, 3)).max() < 4
    assert (skin.margin(known(100, 3)) > 0).mean() > 0.95


def test_a_figure_that_never_changes_is_no_division_by_zero() -> None:
    flat = known(40, 1)
    flat[:, 0] = 1
    assert np.isfinite(fit_skin(flat, other(40, 2)).distance(flat)).all()


def test_held_out_figures_come_from_fits_that_have_not_seen_the_picture() -> None:
    pictures, elsewhere = known(24, 1), other(100, 2)
    doubled = np.repeat(pictures, 2, axis=0)  # two equal versions of each: seen in another fold, each would lie close
    apart, margins = held_out(doubled, elsewhere, np.repeat(np.arange(24), 2))
    within = fit_skin(doubled, elsewhere)
    assert apart.mean() > within.distance(doubled).mean()
    assert margins.mean() < within.margin(doubled).mean()
    assert np.array_equal(apart[::2], apart[1::2])
