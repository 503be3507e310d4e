"""The bank of pictures that the film gate is judged by: wrong ones, to be refused, and good ones, to pass.

Two parts. The design was tried on the development part: it holds all that exists only once (the real chest and leg films, the
files that packages bring), so its figures flatter. The held-out part is drawn with seeds and parts of the body that the design
has not seen; who changes the design after a look at it gives it new seeds. No limit is fitted on either.
"""

from __future__ import annotations

import numpy as np

from model_code.data.images import decode
from tests.bank.altered import altered
from tests.bank.drawn import drawn
from tests.bank.files import leg_film, medical, photographs
from tests.bank.good import phantoms, presented, real_chest_films
from tests.bank.solids import DEVELOPMENT, HELD_OUT

Kinds = dict[str, dict[str, bytes]]
"""Files by name, by kind."""

DEVELOPMENT_SEED, HELD_OUT_SEED = 7001, 31001


def wrong(*, held_out: bool, count: int = 24) -> Kinds:
    """The wrong pictures of one part, about ``count`` of each drawn kind."""
    seed = HELD_OUT_SEED if held_out else DEVELOPMENT_SEED
    films = phantoms(count, seed)
    named = {f"phantom {index}": film for index, film in enumerate(films)}
    bank: Kinds = {}
    if not held_out:
        named["real"] = np.ascontiguousarray(decode(real_chest_films()["RG1_UNCR"]).pixels[::3, ::3])
        bank = leg_film() | medical() | photographs()
    parts = HELD_OUT if held_out else DEVELOPMENT
    return bank | altered(named, np.random.default_rng(seed)) | drawn(films, parts, np.random.default_rng(seed), count)


def good(*, held_out: bool, count: int = 24) -> Kinds:
    """Pictures that must pass, ``count`` of each kind, every one of another phantom; and the real chest film, once."""
    seed = (HELD_OUT_SEED if held_out else DEVELOPMENT_SEED) + 1
    rng = np.random.default_rng(seed)
    bank: Kinds = {} if held_out else {"a real chest film": real_chest_films()}
    ways = len(presented(np.zeros((8, 8), np.float32), rng))
    for index, film in enumerate(phantoms(count * ways, seed)):
        kind, encode = list(presented(film, rng).items())[index % ways]
        bank.setdefault(kind, {})[str(index)] = encode()
    return bank
