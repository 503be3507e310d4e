"""Films with planted identities, and a search that finds these again in whatever form they got out."""

from __future__ import annotations

import base64
import io
import urllib.parse
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, PngImagePlugin
from pydicom import Dataset, Sequence, dcmread

from tests.burned_in import burn
from tests.films import dicom, jpeg, png

PLANTED: Final = {
    "PatientName": "Quaggazebra^Okapina^Wombat",
    "PatientID": "MRN-90417-QZX",
    "AccessionNumber": "ACC83371946",
    "PatientBirthDate": "19370814",
    "StudyDate": "20190723",
    "InstitutionName": "Numbatville Infirmary",
    "ReferringPhysicianName": "Bilbytail^Dugongia",
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.77341190265512",
}
"""Words and numbers that occur nowhere else, by the keyword that carries them."""
NAME: Final = "Quaggazebra_Okapina MRN-90417-QZX"
"""How a careless hand names a file or a folder."""
WORDS: Final = tuple(
    sorted({part for value in PLANTED.values() for part in (value, *value.replace(" ", "^").split("^")) if len(part) > 7})
)


def leaks(content: bytes | str) -> list[str]:
    """The planted words in it: in any case, their parts in any order, URL-quoted, in hex, base64 at any offset, and UTF-16."""
    data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
    lower = data.lower()
    return [word for word in WORDS if any(form in lower for form in _folded(word)) or any(form in data for form in _base64(word))]


def _folded(word: str) -> set[bytes]:
    """Forms that are looked for without regard to case."""
    reversed_ = "^".join(word.split("^")[::-1])
    texts = {word, reversed_, word.replace("^", " "), urllib.parse.quote(word, safe=""), word.replace("^", "_")}
    coded = {text.lower().encode(code) for text in texts for code in ("utf-8", "utf-16-le", "utf-16-be")}
    return coded | {case.encode().hex().encode() for case in (word, word.lower(), word.upper())}


def _base64(word: str) -> set[bytes]:
    """The characters that a word always gives, at each of three places, cut where its neighbours take part."""
    forms = set()
    for text in (word, word.lower(), word.upper()):
        for before in range(3):
            coded = base64.b64encode(b"\0" * before + text.encode()).rstrip(b"=")
            forms.add(coded[-(-before * 8 // 6) : (before + len(text)) * 8 // 6])
    return forms


def without_pixels(path: Path) -> bytes:
    """A file's name and content; of a picture only what is not the picture, unpacked."""
    data = path.read_bytes()
    name = str(path).encode("utf-8", "surrogateescape") + b"\n"
    if data.startswith(b"\x89PNG"):
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            return name + repr((picture.info, dict(picture.getexif()))).encode()
    if data[128:132] == b"DICM":
        dataset = dcmread(io.BytesIO(data))
        dataset.pop("PixelData", None)
        return name + data[:4096] + str(dataset).encode("utf-8", "replace")
    return name + data


def everything_below(*folders: Path) -> bytes:
    """What stands below folders, names relative to them."""
    return b"\n".join(without_pixels(path) if path.is_file() else path.name.encode() for f in folders for path in f.rglob("*"))


def films(pixels: NDArray[np.float32]) -> dict[str, bytes]:
    """Files of one patient by name: good and bad, DICOM, PNG and JPEG, planted wherever a header takes text, and burned in.

    Args:
        pixels: a film (rows, columns) in [0, 1].
    """
    text = PLANTED["PatientName"].replace("^", " ")
    burned = burn(np.round(pixels * 255).astype(np.uint8), text, height=9, value=255.0).film
    item = Dataset()
    item.PatientID, item.ReferencedSOPInstanceUID = PLANTED["PatientID"], PLANTED["StudyInstanceUID"]
    header: dict[str, Any] = {
        **PLANTED, "ImageComments": text, "StudyDescription": f"for {text}", "Modality": "DX", "ProtocolName": text,
        "RequestAttributesSequence": Sequence([item]), "BitsStored": 8,
    }  # fmt: skip
    whole = dicom(burned, **header)
    good_pictures = {"film.png": _png(burned, text), "film.jpg": _jpeg(burned, text)}
    return {
        f"{NAME}.dcm": whole,
        f"{NAME} cut.dcm": whole[:-100],
        f"{NAME} half.dcm": whole[: len(whole) - burned.size // 2],
        f"{NAME} header.dcm": dicom(None, **{k: v for k, v in header.items() if k != "BitsStored"}),
        f"{NAME} photometric.dcm": dicom(burned, **{**header, "PhotometricInterpretation": text[:16].upper()}),
        f"{NAME} window.dcm": _poisoned(dicom(burned, **header, WindowCenter=90417, WindowWidth=10), b"90417", b"QZX-9"),
        f"{NAME} frames.dcm": dicom(burned, **header, NumberOfFrames=83371946),
        f"{NAME}.txt": text.encode(),
        **{f"{NAME} {name}": data for name, data in good_pictures.items()},
        **{f"{NAME} cut {name}": data[: len(data) // 2] for name, data in good_pictures.items()},
    }


def _poisoned(data: bytes, old: bytes, new: bytes) -> bytes:
    place = data.rindex(old, 0, len(data))
    return data[:place] + new + data[place + len(old) :]


def _exif(text: str) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x8298] = text, PLANTED["PatientID"], PLANTED["InstitutionName"]
    return exif


def _profile(text: str) -> bytes:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile + text.encode()  # what follows a profile's end is carried along


def _png(film: NDArray[np.uint8], text: str) -> bytes:
    chunks = PngImagePlugin.PngInfo()
    chunks.add_text("Title", text)
    chunks.add_text("Comment", PLANTED["AccessionNumber"], zip=True)
    chunks.add_itxt("Author", PLANTED["ReferringPhysicianName"])
    return png(film, pnginfo=chunks, exif=_exif(text), icc_profile=_profile(text))


def _jpeg(film: NDArray[np.uint8], text: str) -> bytes:
    return jpeg(film, comment=text.encode(), exif=_exif(text), icc_profile=_profile(text))
