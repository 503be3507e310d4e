from __future__ import annotations

from pathlib import Path

import pytest

from model_code.data.clean_table import CleanTable, read_clean
from model_code.data.pseudonyms import Pseudonyms
from model_code.errors import ManifestError
from model_code.tasks import CHEST14
from tests.films import planted_in

KEY = Pseudonyms(b"0" * 32)
COLUMNS = "image,group,Mass,Edema,sex,age,view,site,body_site,split,remark"


def read(tmp_path: Path, text: str | bytes) -> CleanTable:
    (tmp_path / "manifest.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_clean(tmp_path / "manifest.csv", CHEST14, KEY)


def row(tmp_path: Path, **values: str) -> dict[str, str]:
    """What stays of one row of these values."""
    fields = {"image": "a.png", "group": "4711", **values}
    return read(tmp_path, ",".join(fields) + "\n" + ",".join(fields.values()) + "\n").rows[0]


def test_a_row_keeps_what_names_nobody(tmp_path: Path) -> None:
    line = "a/1.png,4711,1.0,,F,93.5,PA,site_3,lower extremity,Training,saw Quagga"

    assert read(tmp_path, f"{COLUMNS}\n{line}\n").rows == (
        {
            "image": "a/1.png",
            "group": KEY.patient("4711"),
            "Mass": "1",
            "Edema": "",
            "sex": "F",
            "age": "90",
            "view": "PA",
            "site": "site_3",
            "body_site": "lower extremity",
            "split": "train",
        },
    )


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("Mass", "Quagga"),
        ("Mass", "-1"),
        ("Mass", "2"),
        ("Mass", "4711"),
        ("sex", "Quagga"),
        ("split", "Quagga"),
        ("view", "Quagga"),
        ("site", "Zebra Quagga"),
        ("site", "Zebra^Quagga"),
        ("site", "19800302"),
        ("site", "1980-03-02"),
        ("site", "MRN-4711"),
        ("site", "4711"),
        ("body_site", "Quagga"),
        ("site", "Q" * 17),
    ],
)
def test_what_does_not_belong_into_a_column_is_refused_without_a_word_of_it(tmp_path: Path, column: str, value: str) -> None:
    with pytest.raises(ManifestError, match=f"line 3 .* column '{column}'") as raised:
        read(tmp_path, f"image,group,{column}\na.png,1,\nb.png,2,{value}\n")

    assert not planted_in(str(raised.value))
    assert value not in str(raised.value).replace(str(tmp_path), "") or len(value) < 3


@pytest.mark.parametrize(("line", "count"), [("a.png,1,0,Doe, John", 5), ("a.png,1,0", 3), ("a.png", 1)])
def test_a_row_with_other_than_its_fields_is_refused(tmp_path: Path, line: str, count: int) -> None:
    with pytest.raises(ManifestError, match=f"line 4 .* has {count} fields, but the first line 4"):
        read(tmp_path, f"image,group,Mass,remark\nb.png,1,0,\n\n{line}\n")


@pytest.mark.parametrize("nothing", ["", " ", "NA", "NaN", "null", "None"])
def test_what_is_not_known_is_empty(tmp_path: Path, nothing: str) -> None:
    found = row(tmp_path, group=nothing, Mass=nothing, sex=nothing, age=nothing, view=nothing, split=nothing)

    assert found == {"image": "a.png", "group": "", "Mass": "", "sex": "", "age": "", "view": "", "split": ""}


@pytest.mark.parametrize(
    ("age", "kept"), [("45", "45"), ("45.9", "45"), ("120", "90"), ("Quagga", ""), ("²", ""), ("1980-03-02", "")]
)
def test_an_age_is_a_number_of_years(tmp_path: Path, age: str, kept: str) -> None:
    assert row(tmp_path, age=age)["age"] == kept


@pytest.mark.parametrize("image", ["sub\\a.png", " sub/a.png ", "./sub/a.png", "sub//a.png"])
def test_a_film_is_found_however_its_path_is_written(tmp_path: Path, image: str) -> None:
    assert row(tmp_path, image=image)["image"] == "sub/a.png"


def test_blanks_make_no_other_patient(tmp_path: Path) -> None:
    assert row(tmp_path, group="4711 ")["group"] == row(tmp_path, group=" 4711")["group"] == KEY.patient("4711")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_table_is_read_that_prepare_reads(tmp_path: Path, separator: str, encoding: str, end: str) -> None:
    lines = [["image", "group ", "Mass", "remark"], ["a.png", "4711", "1", '"Müller, and; more"']]
    found = read(tmp_path, "".join(separator.join(line) + end for line in lines).encode(encoding))

    assert found.columns == ("image", "group", "Mass")
    assert found.rows == ({"image": "a.png", "group": KEY.patient("4711"), "Mass": "1"},)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "lacks the column"),
        (b"image,Mass\na.png,1\n", r"lacks the column\(s\) group"),
        ("image,group,remark\na.png,1,M\xfcller\n".encode("latin-1"), "not UTF-8"),
        (b'image,group,remark\na.png,1,"Quagga\nb.png,2,\n', "cannot be read as CSV"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, data: bytes, told: str) -> None:
    with pytest.raises(ManifestError, match=told) as raised:
        read(tmp_path, data)

    assert "Quagga" not in str(raised.value)
