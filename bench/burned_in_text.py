"""How much of the text in films the de-identification finds, and how much that is no text it paints over: ``make bench``.

Names are drawn into phantoms and into the two real films of pydicom-data as devices do it: in two fonts, five heights, two
corners, white, black and grey. What cannot be seen (less than a tenth of the range from the film
below it) counts as neither found nor missed.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from model_code.data.burned_in_text import find_text
from model_code.data.images import decode
from model_code.synthesize import synthesize
from model_code.tasks import CHEST14
from tests.burned_in import Corner, Font, burn
from tests.films import real_film

Film = NDArray[np.float32]
PHANTOMS = 40
NAME = "QUAGGA ZEBRA 1970-03-05 ID 4711"
HEIGHTS = (0.008, 0.012, 0.02, 0.03, 0.045)
"""Of a capital letter, as shares of the film's height."""
FONTS: tuple[Font, ...] = ("smooth", "bitmap")
CORNERS: tuple[Corner, ...] = ("top left", "bottom right")
INKS = {"white": 1.0, "black": 0.0, "grey": 0.6}
FOUND = 0.95
"""A name is found where this share of its pixels is painted over."""
AIMS = {"names found": 0.95, "clean films painted": 0.01, "lead markers painted": 0.05}


def main() -> None:
    films = list(_films())
    started = time.perf_counter()
    clean = np.mean([bool(find_text(film)) for film in films])
    seconds = (time.perf_counter() - started) / len(films)
    markers = np.mean([bool(find_text(one)) for film in films for one in _marked(film)])
    found = {height: [share >= FOUND for film in films[:8] for share in _named(film, height)] for height in HEIGHTS}
    table = Table(title=f"text burned into films ({len(films)} films, {1000 * seconds:.0f} ms a film)", title_justify="left")
    for heading in ("", "reached", "aim", "n"):
        table.add_column(heading, justify="left" if not heading else "right")
    every = [one for ones in found.values() for one in ones]
    table.add_row("names found", f"{np.mean(every):.1%}", f"≥ {AIMS['names found']:.0%}", str(len(every)))
    for height, ones in found.items():
        table.add_row(f"  letters of {height:.1%} of the height", f"{np.mean(ones):.1%}", "", str(len(ones)))
    table.add_row("clean films painted", f"{clean:.1%}", f"≤ {AIMS['clean films painted']:.0%}", str(len(films)))
    table.add_row("lead markers painted", f"{markers:.1%}", f"≤ {AIMS['lead markers painted']:.0%}", str(3 * len(films)))
    Console().print(table)


def _films() -> Iterator[Film]:
    for name in ("RG1", "RG3"):
        yield decode(real_film(f"{name}_UNCR.dcm")).pixels
    noise = np.random.default_rng(0).normal(0, 0.01, (1024, 1024))
    with tempfile.TemporaryDirectory() as folder:
        synthesize(CHEST14, patients=PHANTOMS, seed=0, out=Path(folder) / "data")
        for path in sorted((Path(folder) / "data" / "films").iterdir())[:PHANTOMS]:
            picture = Image.open(path).convert("L").resize((1024, 1024), Image.Resampling.BICUBIC)
            yield np.asarray(np.clip(np.asarray(picture) / 255 + noise, 0, 1), np.float32)


def _marked(film: Film) -> Iterator[Film]:
    for marker in ("L", "R", "AP"):
        yield burn(film, marker, height=round(0.03 * film.shape[0]), value=1.0, corner="top right").film


def _named(film: Film, height: float) -> Iterator[float]:
    """How much of a name is found, one way of writing it after the other."""
    pixels = max(7, round(height * film.shape[0]))
    for font in FONTS:
        for corner in CORNERS:
            for value in INKS.values():
                burned = burn(film, NAME, height=pixels, value=value, corner=corner, font=font)
                whole = burn(np.full_like(film, 1 - round(value)), NAME, height=pixels, value=value, corner=corner, font=font)
                if burned.text.sum() >= 0.5 * whole.text.sum():
                    yield burned.share_within(find_text(burned.film))


if __name__ == "__main__":
    main()
