"""What compressed pixel data say of themselves, read before any codec sees them.

Codecs allocate what a codestream declares, whatever the DICOM header says, and some never come back from a damaged one. So a
stream is walked here first: its own size has to be the header's, and the work that it asks for has a limit.
Sources: ITU-T T.81 (JPEG), T.87 (JPEG-LS), T.800 (JPEG 2000), DICOM PS3.5 annexes A and G.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from struct import error, unpack_from
from typing import TYPE_CHECKING, Final

from model_code.errors import ImageError

if TYPE_CHECKING:  # pydicom takes long to load, and JPEG pictures need none
    from pydicom.uid import UID

FRAGMENTS: Final = 65_536
"""Pieces that one frame may be cut into; writers make one, or pieces of some 64 KB."""
SCANS: Final = 64
"""Scans of one JPEG; progressive encoders make about ten, and each costs a pass over the picture."""
BLOCKS: Final = 1_500_000
"""Code blocks, precincts times layers, and so on of one JPEG 2000 picture: each costs its decoder about 200 bytes."""
TILES: Final = 8_192
RUNS: Final = 4_000_000
"""Runs of one RLE frame: one costs about 0.2 µs."""

SOF: Final = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})
BARE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
"""Markers without a length."""
NEXT_MARKER: Final = re.compile(rb"\xff[\x80-\xcf\xd8-\xfe]")
"""In entropy-coded data a marker's second byte never follows FF but for restarts (T.81 B.1.1.5; T.87 A.1 stuffs a bit)."""


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The size that the header declares."""

    rows: int
    columns: int
    samples: int
    bytes_per_sample: int


class _Broken(Exception):
    """The stream ends where more has to follow, or holds what no encoder writes."""


def frame_of(pixel_data: bytes) -> bytes:
    """The one frame of encapsulated pixel data (PS3.5 A.4).

    Raises:
        ImageError: ``truncated``, or ``multi_frame`` where its offset table has several.
    """
    parts: list[bytes] = []
    place = 0
    while place + 8 <= len(pixel_data) and len(parts) <= FRAGMENTS:
        tag, length = unpack_from("<4sI", pixel_data, place)
        if tag != b"\xfe\xff\x00\xe0":
            break
        parts.append(pixel_data[place + 8 : place + 8 + length])
        place += 8 + length
    if len(parts) < 2 or len(parts) > FRAGMENTS:
        raise ImageError("truncated", "the compressed pixel data are not one frame in at least one fragment")
    if len(parts[0]) > 4:
        raise ImageError("multi_frame", f"the compressed pixel data hold {len(parts[0]) // 4} frames; send one film a file")
    return parts[1] if len(parts) == 2 else b"".join(parts[1:])


def check_stream(stream: bytes, syntax: UID, declared: Declared) -> None:
    """Holds a compressed frame against its header.

    Raises:
        ImageError: ``truncated``, or ``too_large`` where it asks for more work than a film needs.
    """
    from pydicom.uid import JPEG2000TransferSyntaxes, JPEGLSTransferSyntaxes, JPEGTransferSyntaxes, RLELossless

    try:
        if syntax in JPEG2000TransferSyntaxes or "2000" in syntax.name:
            _check_jpeg_2000(stream, declared)
        elif syntax in JPEGLSTransferSyntaxes or syntax in JPEGTransferSyntaxes:
            check_jpeg(stream, declared)
        elif syntax == RLELossless:
            _check_rle(stream, declared)
        else:
            raise ImageError("unsupported", "the DICOM transfer syntax is not one of those that are read")
    except (_Broken, error, IndexError, ArithmeticError) as broken:
        raise ImageError("truncated", "the compressed pixel data are damaged or cut short") from broken


def _hold(rows: int, columns: int, samples: int, declared: Declared) -> None:
    if (rows, columns, samples) != (declared.rows, declared.columns, declared.samples):
        raise ImageError("truncated", "the compressed pixel data have another size than the DICOM header says")


# --- JPEG, JPEG-LS ----------------------------------------------------------------------------------------------------


def check_jpeg(stream: bytes, declared: Declared | None = None) -> None:
    """One frame of the declared size (any, without one), in a number of scans that ends."""
    frames = scans = kind = 0
    components: set[int] = set()
    for marker, place in _jpeg_segments(stream):
        if marker in SOF:
            _, rows, columns, samples = unpack_from(">BHHB", stream, place + 4)
            frames, kind = frames + 1, marker
            components = set(stream[place + 10 : place + 10 + 3 * samples : 3])
            if len(components) != samples:
                raise _Broken
            if declared is not None:
                _hold(rows, columns, samples, declared)
        elif marker in (0xDC, 0xDE, 0xDF):  # lines defined later, hierarchies
            raise ImageError("unsupported", "the JPEG picture is built in a way that films do not need (lines, hierarchy)")
        elif marker == 0xDA:
            scans += 1
            # over either of these libjpeg takes up to ten seconds, and holds Python's lock meanwhile
            count = stream[place + 4]
            apart = kind == 0xF7 and not 0 < stream[place + 6 + 2 * count] <= 2  # T.87 C.2.3: the interleave mode
            if not components.issuperset(stream[place + 5 : place + 5 + 2 * count : 2]) or (apart and count > 1):
                raise _Broken
        if frames > 1 or scans > SCANS:
            raise ImageError(
                "too_large", f"the JPEG picture has {frames} frames and over {scans - 1} scans; 1 and {SCANS} are read"
            )
    if not frames or not scans:
        raise _Broken


def check_picture(data: bytes) -> None:
    """Holds a JPEG file against the limits that compressed films have; ``check_stream`` says what it raises."""
    try:
        check_jpeg(data)
    except (_Broken, error, IndexError) as broken:
        raise ImageError("truncated", "the picture's data are damaged or cut short") from broken


def _jpeg_segments(stream: bytes) -> Iterator[tuple[int, int]]:
    """Markers and where they stand, past the entropy-coded data, to the end of the picture."""
    if not stream.startswith(b"\xff\xd8"):
        raise _Broken
    place = 2
    while place + 4 <= len(stream):
        if stream[place] != 0xFF:
            raise _Broken
        marker = stream[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker == 0xD9:
            return
        yield marker, place
        if marker not in BARE:
            (length,) = unpack_from(">H", stream, place + 2)
            if length < 2:
                raise _Broken
            place += length
        place += 2
        if marker == 0xDA:
            found = NEXT_MARKER.search(stream, place)
            place = found.start() if found else len(stream)


# --- JPEG 2000 --------------------------------------------------------------------------------------------------------


def _check_jpeg_2000(stream: bytes, declared: Declared) -> None:
    start = _start_of_codestream(stream)
    if stream[start : start + 4] != b"\xff\x4f\xff\x51":
        raise _Broken
    right, bottom, left, top, across, down, tile_left, tile_top, samples = unpack_from(">8IH", stream, start + 8)
    _hold(bottom - top, right - left, samples, declared)
    tiles = -(-(right - tile_left) // across) * -(-(bottom - tile_top) // down)
    if tiles > TILES:
        raise ImageError("too_large", f"the JPEG 2000 picture has {tiles} tiles; at most {TILES} are read")
    for component in range(samples):
        depth, *steps = unpack_from(">3B", stream, start + 42 + 3 * component)
        if depth % 128 >= 16 or not all(1 <= step <= 2 for step in steps):
            raise ImageError("unsupported", "a JPEG 2000 component has more than 16 bits, or is stored at under half the size")
    layers = 1
    for marker, place in _jpeg_2000_segments(stream, start):
        if marker == 0x52:  # COD
            (layers,) = unpack_from(">H", stream, place + 6)
            _hold_blocks(stream, place + 9, bool(stream[place + 4] & 1), layers, declared, tiles)
        elif marker == 0x53:  # COC: the number of its component takes a byte
            _hold_blocks(stream, place + 6, bool(stream[place + 5] & 1), layers, declared, tiles)
        elif marker == 0x5F:  # POC
            raise ImageError("unsupported", "the JPEG 2000 picture changes its order of progression")


def _hold_blocks(stream: bytes, place: int, own_precincts: bool, layers: int, declared: Declared, tiles: int) -> None:
    """``place``: of the number of decompositions (T.800 table A.15)."""
    levels, width, height = stream[place], stream[place + 1] + 2, stream[place + 2] + 2
    if levels > 32 or width > 10 or height > 10 or width + height > 12:
        raise _Broken
    blocks = (declared.rows * declared.columns >> (width + height)) + tiles * (levels + 1)
    for level in range(levels + 1):
        size = stream[place + 5 + level] if own_precincts else 0xFF
        shift = levels - level
        rows, columns = -(-declared.rows >> shift) or 1, -(-declared.columns >> shift) or 1
        blocks += ((rows >> (size >> 4)) + tiles) * ((columns >> (size & 15)) + 1) * max(layers, 1)
    if blocks * declared.samples > BLOCKS:
        raise ImageError("too_large", f"the JPEG 2000 picture is cut into more than {BLOCKS:,} blocks")


def _start_of_codestream(stream: bytes) -> int:
    """Behind the boxes of a JP2 file, which some writers put around it (T.800 annex I)."""
    if not stream.startswith(b"\0\0\0\x0cjP  "):
        return 0
    place = 12
    while True:
        length, kind = unpack_from(">I4s", stream, place)
        if kind == b"jp2c":
            return place + 8
        if length < 8:
            raise _Broken
        place += length


def _jpeg_2000_segments(stream: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Markers of the main header and of every tile-part's header."""
    place, end = start + 2, 0
    while place + 4 <= len(stream):
        first, marker, length = unpack_from(">BBH", stream, place)
        if first != 0xFF:
            raise _Broken
        if marker == 0xD9:
            return
        if marker == 0x93:  # the data of a tile-part
            if end <= place:
                return
            place = end
            continue
        if length < 2:
            raise _Broken
        yield marker, place
        if marker == 0x90:  # SOT
            (part,) = unpack_from(">I", stream, place + 6)
            end = place + part if part else 0
        place += 2 + length


# --- RLE --------------------------------------------------------------------------------------------------------------


def _check_rle(stream: bytes, declared: Declared) -> None:
    """A segment a byte of a sample, each of the picture's size (PS3.5 G.3)."""
    count, *offsets = unpack_from("<16I", stream)
    if count != declared.samples * declared.bytes_per_sample or count > 15:
        raise _Broken
    wanted, runs = declared.rows * declared.columns, 0
    for start, end in zip(offsets[:count], [*offsets[1:count], len(stream)], strict=True):
        if not 64 <= start <= end <= len(stream):
            raise _Broken
        made, place = 0, start
        while place < end:
            head = stream[place]
            if head < 128:
                made += head + 1
                place += head + 2
            else:
                made += 257 - head if head > 128 else 0
                place += 2 if head > 128 else 1
            runs += 1
            if made > wanted + 256 or runs > RUNS:
                raise ImageError("too_large", "an RLE segment holds more than the picture that the DICOM header declares")
        if made < wanted:
            raise _Broken
