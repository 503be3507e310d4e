"""How fast pictures become data sets, and data sets batches: ``python -m bench.data`` (about two minutes, no bundle needed).

Four tables: ``prepare`` by format; the training loader against what most scripts for NIH's films do (PIL and torchvision's
transforms on the 1024 px PNGs); shards against tar files of PNG or JPEG; and start-up and memory against the number of films.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info

from model_code.data.convert import convert
from model_code.data.duplicates import near_pairs
from model_code.data.shards import rows_a_piece, shard_side, write_shard
from model_code.torchvision_shim import torchvision
from model_code.training.augment import films as augment
from model_code.training.batches import parts_of
from tests.bank.good import phantoms
from tests.films import jpeg, png, real_film

AIM: Final = 20.0
"""Times as many films a second from shards as from raw PNGs."""
SIDE: Final = 224
RAW_SIDE: Final = 1024
BATCH: Final = 32
WORKERS: Final = 2
ROUNDS: Final = 3
FILMS: Final = 112_120
SIZES: Final = (1_000, 10_000, FILMS)
RAW: Final = "raw PNGs, PIL and torchvision, augmented"
CHANGED: Final = "shards, augmented on the processor"
READ: Final = "shards, to be augmented on the GPU"
MOST_GROWTH: Final = 128.0
"""Bytes of memory that each further film of a data set may cost a loader; a picture has 65,536."""


def films(count: int) -> list[NDArray[np.uint8]]:
    """Phantoms of 1024 x 1024 with a detector's noise, 8 bits, as NIH hands films out."""
    large = [Image.fromarray(film).resize((RAW_SIDE, RAW_SIDE), Image.Resampling.BICUBIC) for film in phantoms(count, 7)]
    noise = np.random.default_rng(0).normal(0, 0.01, (RAW_SIDE, RAW_SIDE))
    return [(np.clip(np.asarray(film) + noise, 0, 1) * 255).astype(np.uint8) for film in large]


def rate(work: Callable[[], int], seconds: float) -> float:
    """Pictures a second of repeated work, after one unmeasured turn."""
    work()
    done, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        done += work()
    return done / (time.perf_counter() - started)


def prepare_table(drawn: list[NDArray[np.uint8]], folder: Path, seconds: float) -> Table:
    formats = {
        "PNG 1024, 8 bits (NIH)": png(drawn[0]),
        "PNG 1024, 16 bits": png(drawn[0].astype(np.uint16) * 257 + np.arange(RAW_SIDE, dtype=np.uint16) % 200),
        "JPEG 1024, grey": jpeg(drawn[0]),
        "JPEG 1024, colour (dermoscopy)": jpeg(np.stack(drawn[:3], axis=2)),
        "DICOM 1955 x 1841, uncompressed": real_film("RG1_UNCR.dcm"),
        "DICOM 1955 x 1841, JPEG 2000": real_film("RG1_J2KR.dcm"),
    }
    shown = Table("format", "MB", "films a second and core", "ms a film", "112,120 films on 16 cores", title="overread prepare")
    for name, content in formats.items():
        (folder / "film").write_bytes(content)
        channels = 3 if "colour" in name else 1

        def one(channels: int = channels) -> int:
            convert(folder / "film", side=shard_side(SIDE), channels=channels)
            return 1

        reached = rate(one, seconds)
        hours = FILMS / reached / 16 / 3600
        shown.add_row(name, f"{len(content) / 1e6:.1f}", f"{reached:.1f}", f"{1000 / reached:.0f}", f"{hours * 60:.0f} min")
    return shown


class Raw(Dataset[torch.Tensor]):
    """What most scripts do: each film is opened and decoded at full size, changed and reduced, every epoch anew."""

    def __init__(self, paths: list[Path]) -> None:
        transforms = torchvision.transforms
        self.paths = paths
        self.change = transforms.Compose(
            [
                transforms.Resize(256),
                transforms.RandomAffine(5, (0.05, 0.05), (0.9, 1.1)),
                transforms.RandomCrop(SIDE),
                transforms.ColorJitter(0.1, 0.1),
                transforms.ToTensor(),
            ]
        )

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> torch.Tensor:
        with Image.open(self.paths[index]) as film:
            changed: torch.Tensor = self.change(film.convert("L"))
        return changed


def cut(drawn: list[NDArray[np.uint8]], folder: Path) -> NDArray[np.uint8]:
    """The drawn films as pictures of shards."""
    for index, film in enumerate(drawn):
        (folder / f"{index}.png").write_bytes(png(film))
    return np.stack([convert(folder / f"{index}.png", side=shard_side(SIDE), channels=1).small for index in range(len(drawn))])


class Shards(IterableDataset[int]):
    """What ``train`` does, in as many processes as it runs on: each changes the films that it reads, and learns from them."""

    def __init__(self, films: NDArray[np.uint8], augmented: bool) -> None:
        self.films, self.augmented, self.targets = films, augmented, torch.zeros(len(films), 14)

    def __iter__(self) -> Iterator[int]:
        """How many films lie ready for the network, again and again."""
        worker = get_worker_info()
        number = worker.id if worker else 0
        rng, generator = np.random.default_rng(number), torch.Generator().manual_seed(number)
        steps = (rng.integers(0, len(self.films), BATCH) for _ in range(1_000_000))
        ready = parts_of(self.films, self.targets, steps, parts=1, mine=slice(None), device=torch.device("cpu"))
        while True:
            # some batches, so that telling their number takes no time
            films = [next(ready)[0].films for _ in range(8)]
            yield sum(len(augment(batch, SIDE, generator) if self.augmented else batch) for batch in films)


def loader_table(drawn: list[NDArray[np.uint8]], folder: Path, seconds: float) -> tuple[Table, dict[str, float]]:
    """Both ways in turn. On a processor the augmentation is the loader's work; with a GPU it is the GPU's, on whole batches."""
    smalls = cut(drawn, folder)
    raw = Raw([folder / f"{index % len(drawn)}.png" for index in range(100_000)])
    many = np.memmap(folder / "shard", np.uint8, "w+", shape=(4096, *smalls.shape[1:]))
    many[:] = smalls[np.arange(4096) % len(smalls)]

    def from_raw() -> Iterator[int]:
        for batch in DataLoader(raw, BATCH, num_workers=WORKERS, shuffle=True, multiprocessing_context="fork"):
            yield len(batch)

    def from_shards(films: Shards) -> Iterator[int]:
        return iter(DataLoader(films, None, num_workers=WORKERS, multiprocessing_context="fork"))

    torch.set_num_threads(1)
    changed, read = Shards(many, augmented=True), Shards(many, augmented=False)
    alone = {way: iter(films) for way, films in ((CHANGED, changed), (READ, read))}
    ways: dict[str, tuple[Callable[[], Iterator[int]], float]] = {
        RAW: (from_raw, spent(lambda: len([raw[index] for index in range(len(drawn))]))),
        CHANGED: (lambda: from_shards(changed), spent(lambda: next(alone[CHANGED]))),
        READ: (lambda: from_shards(read), spent(lambda: next(alone[READ]))),
    }
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, (start, _ms) in ways.items():
            batches = start()
            rates[way].append(rate(lambda batches=batches: next(batches), seconds))  # type: ignore[misc]
            del batches  # and with it its workers
    medians = {way: float(np.median(found)) for way, found in rates.items()}
    title = f"The training loader: {SIDE} px from {RAW_SIDE} px, batches of {BATCH}, {WORKERS} workers, median of {ROUNDS} rounds"
    shown = Table("way", "films a second", "times raw", "processor ms a film", "times raw", "aim", title=title)
    for way, reached in medians.items():
        own, base = ways[way][1], ways[RAW][1]
        aim = "" if way == RAW else f">= {AIM:.0f}"
        shown.add_row(way, f"{reached:,.0f}", f"{reached / medians[RAW]:.1f}", f"{own:.2f}", f"{base / own:.1f}", aim)
    return shown, {way: reached / medians[RAW] for way, reached in medians.items()}


def spent(work: Callable[[], int]) -> float:
    """Milliseconds of processor time a picture, which a busy machine does not change."""
    work()
    done, started = 0, time.process_time()
    while time.process_time() - started < 0.5:
        done += work()
    return (time.process_time() - started) / done * 1000


def storage_table(drawn: list[NDArray[np.uint8]], folder: Path, seconds: float) -> Table:
    """The same small pictures as one array and as tar files of encoded ones, read one after the other."""
    smalls = cut(drawn, folder)[np.arange(512) % len(drawn)]
    np.save(folder / "a.npy", smalls)
    for kind, encode in (("png", png), ("jpeg", jpeg)):
        with tarfile.open(folder / f"{kind}.tar", "w") as archive:
            for index, small in enumerate(smalls):
                content = encode(small[0])
                info = tarfile.TarInfo(f"{index}.{kind}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))

    def array() -> int:
        mapped = np.load(folder / "a.npy", mmap_mode="r")
        return len([np.array(picture) for picture in mapped])

    def tar(kind: str) -> int:
        with tarfile.open(folder / f"{kind}.tar") as archive:
            streams = (archive.extractfile(member) for member in archive)
            return len([np.asarray(Image.open(stream)) for stream in streams if stream])

    shown = Table(
        "shards as", "films a second and core", "KB a film", "112,120 films, GB", "lossless", "any order", title="Shards"
    )
    for name, work, path, lossless, order in (
        (".npy, uncompressed", array, "a.npy", "yes", "yes"),
        ("tar of PNG (WebDataset)", lambda: tar("png"), "png.tar", "yes", "no"),
        ("tar of JPEG, quality 95", lambda: tar("jpeg"), "jpeg.tar", "no", "no"),
    ):
        size = (folder / path).stat().st_size / 512
        shown.add_row(name, f"{rate(work, seconds):,.0f}", f"{size / 1000:.1f}", f"{size * FILMS / 1e9:.1f}", lossless, order)
    return shown


def sparse(folder: Path, count: int) -> None:
    """Shards of so many films that take no room: files with holes, and true lists."""
    side, size = shard_side(SIDE), rows_a_piece(shard_side(SIDE), 1)
    rng = np.random.default_rng(0)
    write_shard(folder / "train-00000", [np.zeros((1, side, side), np.uint8)] * size, [rng.bytes(32).hex() for _ in range(size)])
    for number in range(1, -(-count // size)):
        rows = min(size, count - number * size)
        np.lib.format.open_memmap(folder / f"train-{number:05d}.npy", "w+", np.uint8, (rows, 1, side, side))
        (folder / f"train-{number:05d}.txt").write_text("".join(f"{rng.bytes(32).hex()}\n" for _ in range(rows)))


def growth_table(folder: Path) -> tuple[Table, float]:
    shown = Table(
        "films", "start-up, ms", "first batch, ms", "memory of its own, MB", title="A loader of many films, in a fresh process"
    )
    memory = {}
    for count in SIZES:
        own = folder / str(count)
        own.mkdir()
        sparse(own, count)
        command = [sys.executable, "-m", "bench.data", "--loader-of", str(own), "--of", str(count)]
        figures: dict[str, Any] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)  # noqa: S603  our own
        memory[count] = figures["bytes"]
        shown.add_row(
            f"{count:,}", f"{figures['start'] * 1000:.0f}", f"{figures['batch'] * 1000:.1f}", f"{figures['bytes'] / 1e6:.1f}"
        )
    growth = (memory[FILMS] - memory[SIZES[0]]) / (FILMS - SIZES[0])
    shown.add_section()
    shown.add_row("bytes a further film", "", "", f"{growth:.0f} (aim <= {MOST_GROWTH:.0f})")
    return shown, growth


def loader_of(folder: Path, count: int) -> None:
    """In a process of its own: opens the shards of a folder, reads two hundred batches, prints what that took."""
    import pandas as pd

    from model_code.data.manifest import Manifest
    from model_code.data.shards import open_shards

    sums = pd.concat([pd.read_csv(path, names=["sha256"]) for path in sorted(folder.glob("*.txt"))], ignore_index=True)
    manifest = Manifest(sums, folder, (), "")
    before = own_memory()
    started = time.perf_counter()
    shards = open_shards(folder, manifest)
    opened = time.perf_counter()
    rng = np.random.default_rng(0)
    shards[rng.integers(0, count, BATCH)]
    first = time.perf_counter()
    for _ in range(200):
        shards[rng.integers(0, count, BATCH)]
    figures = {"start": opened - started, "batch": first - opened, "bytes": own_memory() - before}
    print(json.dumps(figures))


def own_memory() -> int:
    """Bytes of this process that are no file's; what is mapped can be dropped at any time."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("RssAnon"))


def search_seconds() -> float:
    """How long the search for near-duplicates takes among the fingerprints of NIH's films, and of the mirrored held-out third."""
    prints = np.random.default_rng(0).integers(0, 256, (FILMS * 4 // 3, 32), np.uint8)
    started = time.perf_counter()
    near_pairs(prints)
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement")
    parser.add_argument("--loader-of", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--of", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loader_of:
        loader_of(options.loader_of, options.of)
        return 0
    console = Console(width=130)
    drawn = films(16)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        console.print(prepare_table(drawn, folder, options.seconds))
        loaders, ratios = loader_table(drawn, folder, options.seconds)
        console.print(loaders)
        console.print(storage_table(drawn, folder, options.seconds / 2))
        growing, growth = growth_table(folder)
        console.print(growing)
    told = f"Near-duplicates among {FILMS:,} random fingerprints, a third of them mirrored too, are searched for"
    console.print(f"{told} in {search_seconds():.1f} s.")
    return int(min(ratios[CHANGED], ratios[READ]) < AIM or growth > MOST_GROWTH)


if __name__ == "__main__":
    raise SystemExit(main())
