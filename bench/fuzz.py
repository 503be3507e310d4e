"""Does every altered file have an answer? ``python -m bench.fuzz`` reads alterations in a watched process, as long as told.

Each alteration follows from its number, so a finding can be made again: ``--first NUMBER --count 1``. With ``--guided`` the
alterations are chosen by coverage instead (needs the extra ``fuzz``: atheris).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from model_code.data.images import LIMITS
from tests.films import dicom, png
from tests.fuzz.bombs import bombs
from tests.fuzz.corpus import dicoms, pictures
from tests.fuzz.guarded import FAILURES, GuardedReader, Outcome
from tests.fuzz.mutate import mutate

SLOW = 5.0
"""Seconds; aim for every input on a quiet machine."""


class Tally:
    """Counts, and the worst of each kind of file."""

    def __init__(self) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self.seconds: dict[str, float] = defaultdict(float)
        self.memory: dict[str, int] = defaultdict(int)
        self.findings: list[str] = []

    def add(self, kind: str, what: str, outcome: Outcome) -> None:
        self.counts[kind][outcome.code] += 1
        self.seconds[kind] = max(self.seconds[kind], outcome.seconds)
        self.memory[kind] = max(self.memory[kind], outcome.memory)
        if outcome.code in FAILURES or outcome.memory > LIMITS.max_memory or outcome.seconds > SLOW:
            self.findings.append(f"{what}: {outcome}")

    def table(self) -> Table:
        limit = LIMITS.max_memory // 2**20
        headings = (
            "inputs",
            "failures",
            "aim",
            "slowest s",
            f"aim ≤ {SLOW:g}",
            "peak MB",
            f"limit {limit}",
            "answers, most often first",
        )
        shown = Table("kind", *headings, title="Bad input")
        for kind, counts in self.counts.items():
            failed = sum(counts[code] for code in FAILURES)
            told = ", ".join(f"{code} {count:,}" for code, count in counts.most_common(4))
            held = ("yes" if self.seconds[kind] <= SLOW else "no", "yes" if self.memory[kind] <= LIMITS.max_memory else "no")
            figures = (f"{self.seconds[kind]:.2f}", held[0], f"{self.memory[kind] / 2**20:.0f}", held[1])
            shown.add_row(kind, f"{counts.total():,}", str(failed), "0", *figures, told)
        return shown


def largest() -> dict[str, bytes]:
    """Films as large as are read, of the kinds that take the most memory."""
    side = int(LIMITS.max_pixels**0.5) // 8 * 8
    drawn = np.random.default_rng(0)
    grey, coarse = drawn.integers(0, 255, (side, side), np.uint8), drawn.integers(0, 255, (side // 8, side // 8, 3), np.uint8)
    colour = coarse.repeat(8, axis=0).repeat(8, axis=1)
    return {
        "grey DICOM": dicom(grey),
        "windowed DICOM": dicom(grey, WindowCenter=100, WindowWidth=90, RescaleSlope=2, RescaleIntercept=-10),
        "inverted DICOM": dicom(grey, PhotometricInterpretation="MONOCHROME1", WindowCenter=100, WindowWidth=90),
        "colour PNG": png(colour, compress_level=1),
        "16 bit PNG": png(colour[..., 0].astype(np.uint16) * 257, compress_level=1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, help="read with this bundle; without one, films are only decoded")
    parser.add_argument("--seconds", type=float, default=60, help="how long to alter files")
    parser.add_argument("--first", type=int, default=0, help="the first alteration's number")
    parser.add_argument("--count", type=int, default=10**9, help="at most so many")
    parser.add_argument("--only", default="", help="only files whose name holds this")
    parser.add_argument("--guided", action="store_true", help="choose alterations by coverage (atheris)")
    options = parser.parse_args()
    if options.guided:
        return guided(int(options.seconds))
    files = {
        **{("DICOM", name): data for name, data in dicoms().items() if options.only in name},
        **{("PNG, JPEG", name): data for name, data in pictures().items() if options.only in name},
    }
    if not files:
        parser.error(f"no file has {options.only!r} in its name")
    names, tally = sorted(files), Tally()
    with GuardedReader(options.bundle) as reader:
        if options.count > 1 and not options.only:
            for kind, made in (("bombs", bombs()), ("largest films", largest())):
                for name, data in made.items():
                    tally.add(kind, name, reader.read(data))
        started = time.monotonic()
        for number in range(options.first, options.first + options.count):
            if time.monotonic() - started > options.seconds:
                break
            kind, name = names[number % len(names)]
            tally.add(f"altered {kind}", f"{name}, --first {number}", reader.read(mutate(files[kind, name], number)))
    console = Console(width=170)
    console.print(tally.table())
    for finding in tally.findings:
        console.print(finding, style="red", soft_wrap=True)
    return int(bool(tally.findings))


def guided(seconds: int) -> int:
    """libFuzzer's choice of alterations, through atheris; it prints what it finds and keeps the input in this folder."""
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate((*dicoms().values(), *pictures().values())):
            (Path(folder) / str(number)).write_bytes(data)
        limits = (
            f"-max_total_time={seconds}",
            "-timeout=20",
            f"-rss_limit_mb={2 * LIMITS.max_memory >> 20}",
            "-print_final_stats=1",
        )
        return subprocess.run([sys.executable, "-m", "tests.fuzz.guided", folder, *limits, "-max_len=400000"]).returncode  # noqa: S603


if __name__ == "__main__":
    raise SystemExit(main())
