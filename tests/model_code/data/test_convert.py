from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from model_code.data.convert import convert
from model_code.data.images import decode
from model_code.data.transforms import to_model_input
from model_code.errors import ImageError
from tests.films import dicom, jpeg, planted_in, png, ramp
from tests.sources import picture


def turned(kind: str) -> bytes:
    """A picture on its side, which a text of its PNG sets upright."""
    info = PngInfo()
    if kind == "XMP":
        info.add_itxt("XML:com.adobe.xmp", '<rdf:Description tiff:Orientation="6"/>')
    else:
        exif = Image.Exif()
        exif[0x0112] = 6
        info.add_text("Raw profile type exif", f"\nexif\n{len(exif.tobytes()):8}\n{exif.tobytes().hex()}\n", zip=True)
    return png(picture(1)[:-16], pnginfo=info)


FILES = {
    "8 bits": png(picture(1)),
    "16 bits": png(ramp(16)),
    "DICOM of 12 bits": dicom(ramp(12), BitsStored=12, PhotometricInterpretation="MONOCHROME1"),
    "colour": jpeg(picture(2, channels=3)),
    "colour PNG": png(picture(2, channels=3)),
    "turned by XMP": turned("XMP"),
    "turned by Exif in a text": turned("Exif"),
    "grey in colour": png(np.stack([ramp(8), ramp(8), np.maximum(ramp(8), 1) - 1], axis=2)),
}


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("kind", FILES)
def test_the_shard_holds_what_the_serving_path_makes_of_the_film(kind: str, channels: int, tmp_path: Path) -> None:
    """To the bit: whether training read the film or the shard must not matter."""
    (tmp_path / "Zebra^Quagga").write_bytes(FILES[kind])
    made = convert(tmp_path / "Zebra^Quagga", side=48, channels=channels)
    np.testing.assert_array_equal(made.small, to_model_input(decode(made.film).pixels, 48, channels))
    assert made.small.shape == (channels, 48, 48) and made.small.dtype == np.uint8
    assert not planted_in(made.film)


@pytest.mark.parametrize(
    ("kind", "mode"), [("8 bits", "L"), ("16 bits", "I;16"), ("DICOM of 12 bits", "I;16"), ("colour", "RGB")]
)
def test_a_film_has_as_many_bits_as_it_needs(kind: str, mode: str, tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(FILES[kind])
    (tmp_path / "film.png").write_bytes(convert(tmp_path / "film", side=48, channels=3).film)
    with Image.open(tmp_path / "film.png") as film:
        assert film.mode == mode
    before, after = (decode(path.read_bytes()).pixels for path in (tmp_path / "film", tmp_path / "film.png"))
    np.testing.assert_allclose(after, before, atol=0.51 / 65535)


def test_what_is_not_there_or_no_picture_is_told_by_a_code(tmp_path: Path) -> None:
    for path, code in ((tmp_path / "none", "missing"), (tmp_path, "unreadable")):
        with pytest.raises(ImageError) as raised:
            convert(path, side=48, channels=1)
        assert raised.value.code == code


def test_a_name_that_no_file_can_have_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ImageError) as raised:
        convert(tmp_path / "a\0.png", side=32, channels=1)
    assert raised.value.code == "missing"
