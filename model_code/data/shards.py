"""Pictures as training reads them: decoded once, small, in files that are mapped into memory.

A shard is a pair: ``train-00007.npy`` with pictures (rows, channels, side, side) uint8, uncompressed, and ``train-00007.txt``
with the SHA-256 of each one's film, a line a row. So a shard cannot stand for other films than those it was cut from, and a
list, written last, says that its shard is whole. Every shard holds one split. ``bench.data`` compares this with tar files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model_code.cpus import usable_cpus
from model_code.data.films import read_film
from model_code.data.manifest import Manifest
from model_code.data.resumable import resumable_folder
from model_code.data.transforms import to_model_input
from model_code.errors import ManifestError
from model_code.files import atomic_file
from model_code.progress import track

Bytes = NDArray[np.uint8]
Ints = NDArray[np.integer[Any]]

SHARDS: Final = "shards"
MARGIN: Final = 8 / 7
"""Side of the pictures in shards over the model's input side: 256 for 224, so that augmentation has pixels to zoom into."""
PIECE_BYTES: Final = 32 * 2**20
MOST_ROWS: Final = 512
SUM: Final = 64
"""Letters of a SHA-256 in hexadecimal."""
CHUNK: Final = 4096


class Shards:
    """The small pictures of a manifest's rows; holds no picture in memory, and can be sent to other processes."""

    def __init__(self, paths: Sequence[Path], pieces: Ints, rows: Ints) -> None:
        self._paths, self._pieces, self._rows = tuple(paths), pieces, rows
        self._maps: list[Bytes] | None = None
        self.channels, self.side = (int(size) for size in self._mapped()[0].shape[1:3])

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, rows: Ints) -> Bytes:
        """Pictures (n, channels, side, side) of these rows of the manifest, as a copy."""
        maps = self._mapped()
        chosen = np.empty((len(rows), self.channels, self.side, self.side), np.uint8)
        for index, (piece, row) in enumerate(zip(self._pieces[rows].tolist(), self._rows[rows].tolist(), strict=True)):
            chosen[index] = maps[piece][row]
        return chosen

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_maps": None}  # the other process maps them itself

    def _mapped(self) -> list[Bytes]:
        if self._maps is None:
            # as plain arrays: indexing a memmap costs more than copying a picture
            self._maps = [np.asarray(np.load(path, mmap_mode="r")) for path in self._paths]
        return self._maps


def shard_side(image_size: int) -> int:
    """Side of the pictures in shards for a model of that input side."""
    return round(image_size * MARGIN)


def rows_a_piece(side: int, channels: int) -> int:
    """How many pictures a shard holds: few enough that one fits into every process's memory."""
    return max(1, min(MOST_ROWS, PIECE_BYTES // (channels * side * side)))


def open_shards(folder: Path, manifest: Manifest) -> Shards:
    """The shards of a manifest's rows, in the manifest's order.

    Args:
        folder: of the shards themselves, or the data set that has them in ``shards/``, or in the ``shards/`` of its channels.
        manifest: may be any part of the one that the shards were made with.

    Raises:
        ManifestError: there are none, they are damaged or of several sizes, or they lack films of the manifest.
    """
    lists = sorted(path for pattern in ("*.txt", f"{SHARDS}/*.txt", f"*/{SHARDS}/*.txt") for path in folder.glob(pattern))
    if not lists:
        raise ManifestError(f"no shards in '{folder}'; 'overread prepare' and 'overread train' cut them from the films")
    sums = [_list(path) for path in lists]
    where, wanted = np.concatenate(sums), _sums(manifest)
    order = np.argsort(where, kind="stable")  # a film that stands twice has the same pictures, so either will do
    at = np.minimum(np.searchsorted(where, wanted, sorter=order), len(where) - 1)
    found = order[at]
    lacking = int((where[found] != wanted).sum())
    if lacking:
        raise ManifestError(f"the shards in '{folder}' lack {lacking} of the manifest's {len(manifest)} films; cut them again")
    lengths = [len(own) for own in sums]
    paths = [path.with_suffix(".npy") for path in lists]
    _check(paths, lengths)
    ends = np.cumsum(lengths)
    pieces = np.searchsorted(ends, found, side="right")
    return Shards(paths, pieces.astype(np.int32), (found - (ends - lengths)[pieces]).astype(np.int32))


def cut_shards(manifest: Manifest, *, side: int, channels: int, out: Path) -> None:
    """Makes shards from a manifest's films, as a whole or not at all; a run that was killed is continued.

    Raises:
        ManifestError: a film is missing or cannot be read.
    """
    size = rows_a_piece(side, channels)
    frame = manifest.frame.assign(path=manifest.paths)
    films = hashlib.sha256("".join(frame["sha256"]).encode()).hexdigest()
    with (
        resumable_folder(out, f"shards {side} {channels} {films}") as folder,
        ThreadPoolExecutor(usable_cpus()) as pool,
    ):
        read = partial(_read, side=side, channels=channels)
        parts = [
            (f"{split}-{number:05d}", own.iloc[start : start + size])
            for split, own in frame.groupby("split", sort=False)
            for number, start in enumerate(range(0, len(own), size))
        ]
        waiting = [(name, part) for name, part in parts if not (folder / f"{name}.txt").is_file()]
        pictures = (read_all for _, part in waiting for read_all in pool.map(read, part["path"]))
        tracked = iter(track(pictures, "cut shards", total=sum(len(part) for _, part in waiting)))
        for name, part in waiting:
            write_shard(folder / name, [next(tracked) for _ in range(len(part))], part["sha256"])
        next(tracked, None)


def write_shard(target: Path, pictures: Sequence[Bytes], sums: Iterable[str]) -> None:
    """Writes ``target.npy`` and then its list; nothing where there is no picture."""
    if not pictures:
        return
    with atomic_file(target.with_name(f"{target.name}.npy")) as temporary, temporary.open("wb") as stream:
        np.save(stream, np.stack(pictures))
    with atomic_file(target.with_name(f"{target.name}.txt")) as temporary:
        temporary.write_text("".join(f"{one}\n" for one in sums), encoding="ascii")


def _read(path: Path, side: int, channels: int) -> Bytes:
    return to_model_input(read_film(path).pixels, side, channels)


def _list(path: Path) -> NDArray[np.bytes_]:
    """The sums of a shard's films, (n,) of 64 bytes; as an array, since a Python string takes twice the room."""
    try:
        return np.frombuffer(path.read_bytes(), f"S{SUM + 1}").astype(f"S{SUM}")
    except ValueError as error:
        raise ManifestError(f"'{path}' is damaged; cut the shards again") from error


def _sums(manifest: Manifest) -> NDArray[np.bytes_]:
    column = manifest.frame["sha256"]
    parts = (column.iloc[start : start + CHUNK].to_list() for start in range(0, len(column), CHUNK))
    return np.concatenate([np.array(part, f"S{SUM}") for part in parts])


def _check(paths: Sequence[Path], lengths: Sequence[int]) -> None:
    """Refuses shards that are not whole or not of one size, by their headers and lengths alone."""
    shapes = set()
    for path, length in zip(paths, lengths, strict=True):
        try:
            with path.open("rb") as stream:
                np.lib.format.read_magic(stream)
                shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
                needed = stream.tell() + int(np.prod(shape))
        except (OSError, ValueError) as error:
            raise ManifestError(f"'{path}' is damaged or missing ({type(error).__name__}); cut the shards again") from error
        if shape[0] != length or dtype != np.uint8 or path.stat().st_size != needed:
            raise ManifestError(f"'{path}' does not hold the {length} pictures that its list names; cut the shards again")
        shapes.add(shape[1:])
    if len(shapes) > 1:
        raise ManifestError(f"the shards beside '{paths[0]}' are of several sizes; cut them again")
