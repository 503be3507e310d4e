"""MXNet's RecordIO with labelled pictures, and its ``.lst`` tables: what SageMaker's built-in Image Classification learns from.

A record is a magic word, a word with a 3-bit flag and the length, the content, and zeros up to a multiple of four bytes. Where
the content holds the magic word at such a multiple, it is cut there and the word left out (dmlc-core, ``recordio.h``). The
content of a picture begins with a header: number of labels, one label, two halves of an id (MXNet, ``mx.recordio.pack``).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO, Final

from model_code.errors import OverreadError

MAGIC: Final = struct.pack("<I", 0xCED7230A)
WHOLE, FIRST, MIDDLE, LAST = range(4)
MAX_BYTES: Final = 2**29
"""A length has 29 bits."""


class RecordWriter:
    """Writes records to an open file; ``index`` holds the position of each by its id, as MXNet's ``.idx`` files do."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._position = 0
        self.index: list[tuple[int, int]] = []

    def write(self, number: int, labels: Sequence[float], picture: bytes) -> None:
        """Adds one picture.

        Args:
            number: its id.
            labels: one class, as a number; or several labels, each 1 or 0.
            picture: a JPEG or PNG file.

        Raises:
            OverreadError: it is too large for a record.
        """
        self.index.append((number, self._position))
        for part in framed(packed(number, labels, picture)):
            self._position += self._stream.write(part)


def packed(number: int, labels: Sequence[float], picture: bytes) -> bytes:
    """A picture behind its header; several labels follow the header as 32-bit floats."""
    if len(labels) == 1:
        return struct.pack("<IfQQ", 0, labels[0], number, 0) + picture
    return struct.pack("<IfQQ", len(labels), 0.0, number, 0) + struct.pack(f"<{len(labels)}f", *labels) + picture


def framed(content: bytes) -> Iterator[bytes]:
    """The bytes of one record.

    Raises:
        OverreadError: the content is too large.
    """
    if len(content) >= MAX_BYTES:
        raise OverreadError(f"a picture has {len(content):,} bytes; a record holds less than {MAX_BYTES:,}")
    cuts = list(_magic_words(content))
    starts = [0, *(cut + 4 for cut in cuts)]
    for number, (start, end) in enumerate(zip(starts, [*cuts, len(content)], strict=True)):
        flag = (LAST if number == len(cuts) else FIRST if number == 0 else MIDDLE) if cuts else WHOLE
        yield MAGIC + struct.pack("<I", flag << 29 | (end - start)) + content[start:end]
    yield bytes(-len(content) % 4)


def lst_line(number: int, labels: Sequence[float], path: str) -> str:
    """A line of a ``.lst`` table: id, labels, path, between tabs."""
    return "\t".join([str(number), *(f"{label:g}" for label in labels), path]) + "\n"


def _magic_words(content: bytes) -> Iterator[int]:
    """Positions, multiples of four, at which the content holds the magic word."""
    found = content.find(MAGIC)
    while found != -1:
        if found % 4 == 0:
            yield found
            found += 3
        found = content.find(MAGIC, found + 1)
