"""PNG files that can be passed on without being encoded again: only what the pixels need, chunk by chunk (W3C PNG, 5 and 11).

Encoding takes most of the time of preparing a film that comes as PNG; taking its compressed pixels over as they are loses
nothing. All text, dates, profiles and whatever stands behind the end are left out.
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
NEEDED: Final = (b"IHDR", b"IDAT", b"IEND")
HARMLESS: Final = frozenset(
    {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"pHYs", b"gAMA", b"sRGB", b"cHRM", b"iCCP", b"sBIT", b"bKGD", b"hIST"}
)
"""Chunks that the decoder makes nothing of, but for ``TURNING``, so that leaving them out changes no pixel."""
TEXT: Final = (b"tEXt", b"zTXt", b"iTXt")
TURNING: Final = (b"exif", b"xmp")
"""In the keyword of a text: it can say that the picture is to be turned, which the decoder does."""
GREY, COLOUR = 0, 2
"""Colour types without a palette and without transparency."""


def plain_png(data: bytes, *, grey: bool) -> bytes | None:
    """The same picture with nothing but its pixels; None where it is no PNG that can be taken over so.

    Taken over are grey ones of 8 or 16 bits, or coloured ones of 8, in one piece and with right check sums.
    """
    if not data.startswith(SIGNATURE):
        return None
    kept = [SIGNATURE]
    position, last = len(SIGNATURE), b""
    while last != b"IEND":
        if position + 12 > len(data):
            return None
        (length,) = struct.unpack_from(">I", data, position)
        kind, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data) or (kind not in HARMLESS and kind not in NEEDED):
            return None
        if kind in TEXT and any(word in data[position + 8 : end - 4].partition(b"\0")[0].lower() for word in TURNING):
            return None
        if kind in NEEDED:
            if zlib.crc32(data[position + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
                return None
            kept.append(data[position:end])
        position, last = end, kind
    return b"".join(kept) if len(kept) > 3 and _is_taken(kept[1], grey) else None


def _is_taken(header: bytes, grey: bool) -> bool:
    if header[4:8] != b"IHDR" or len(header) != 25:
        return False
    bits, kind = header[16], header[17]
    return (kind == GREY and bits in (8, 16)) if grey else (kind == COLOUR and bits == 8)
