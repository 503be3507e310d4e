"""What must not stay in a film's pixels is taken out of them: text that was found, and overlays in bits that no pixel uses."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from model_code.data.burned_in_text import Region

OVERLAY_BIT_POSITION: Final = 0x0102
"""Element of the groups 6000 to 60FF: in which bit of the pixels an overlay lies; 0 where it has data of its own."""


def paint_over(stored: NDArray[Any], regions: tuple[Region, ...]) -> NDArray[Any]:
    """A copy of a film's values (rows, columns) or (rows, columns, 3), each region filled with the median around it."""
    painted = stored.copy()
    for region in regions:
        top, left = max(region.y - 2, 0), max(region.x - 2, 0)
        around = stored[top : region.y + region.height + 2, left : region.x + region.width + 2]
        ring = np.ones(around.shape[:2], bool)
        ring[region.y - top : region.y - top + region.height, region.x - left : region.x - left + region.width] = False
        fill = np.median(around[ring], axis=0) if ring.any() else np.zeros(stored.shape[2:])
        painted[region.y : region.y + region.height, region.x : region.x + region.width] = fill.astype(stored.dtype)
    return painted


def clean_pixels(dataset: Dataset, text: tuple[Region, ...]) -> None:
    """Alters a film's data set in place; nothing changes where there is no text, and no overlay within the pixels.

    Compressed pixels in which text stood are stored uncompressed: compressing them once more could alter all others.
    """
    hidden = _overlays_in_pixels(dataset)
    if not text and not hidden:
        return
    if transfer_syntax(dataset).is_compressed:
        dataset.decompress(generate_instance_uid=False)
    colour = int(dataset.SamplesPerPixel) == 3
    stored = pixel_array(dataset, raw=not colour)
    if hidden and not colour:
        unused = int(dataset.BitsAllocated) - int(dataset.BitsStored)
        stored = (stored << unused) >> unused
    if colour:
        dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    painted = paint_over(stored, text)
    raw = painted.astype(painted.dtype.newbyteorder("<" if transfer_syntax(dataset).is_little_endian else ">")).tobytes()
    dataset.PixelData = raw + b"\0" * (len(raw) % 2)
    dataset["PixelData"].VR = "OW" if int(dataset.BitsAllocated) > 8 else "OB"


def transfer_syntax(dataset: Dataset) -> UID:
    """The one that the file declares, or else the one in which it was read."""
    meta = getattr(dataset, "file_meta", None)
    if meta is not None and "TransferSyntaxUID" in meta:
        return UID(meta.TransferSyntaxUID)
    return ImplicitVRLittleEndian if dataset.original_encoding[0] else ExplicitVRLittleEndian


def _overlays_in_pixels(dataset: Dataset) -> bool:
    """Old devices put annotations into the bits above the pixels' own, where taking their groups out leaves them."""
    positions = (e for e in dataset if 0x6000 <= e.tag.group < 0x6100 and e.tag.element == OVERLAY_BIT_POSITION)
    return any(int(position.value or 0) != 0 for position in positions)
