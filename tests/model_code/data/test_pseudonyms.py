from __future__ import annotations

from pathlib import Path

import pytest

from model_code.data.pseudonyms import MAX_SHIFT_DAYS, Pseudonyms
from model_code.errors import UsageError

ONE, OTHER = Pseudonyms(bytes(32)), Pseudonyms(b"k" * 32)


def test_one_number_has_one_name_and_another_key_another() -> None:
    assert ONE.patient("MRN-1") == Pseudonyms(bytes(32)).patient("MRN-1")
    assert len({ONE.patient("MRN-1"), ONE.patient("MRN-2"), OTHER.patient("MRN-1")}) == 3
    assert "MRN" not in ONE.patient("MRN-1")


def test_the_same_value_means_another_name_for_each_purpose() -> None:
    value = "1.2.3"

    assert ONE.patient(value)[1:].lower() not in ONE.film(value)
    assert ONE.film(value) not in ONE.uid(value)


def test_uids_are_valid_and_told_apart() -> None:
    uids = {ONE.uid(f"1.2.840.{number}") for number in range(200)}

    assert len(uids) == 200
    assert all(uid.startswith("2.25.") and len(uid) <= 64 and uid[5:].isdigit() and uid[5] != "0" for uid in uids)


def test_dates_move_by_whole_days_and_never_by_none() -> None:
    shifts = [ONE.days(f"MRN-{number}") for number in range(500)]

    assert min(shifts) >= 1
    assert max(shifts) <= MAX_SHIFT_DAYS
    assert len(set(shifts)) > 400


def test_the_key_is_not_shown() -> None:
    assert "kkkk" not in repr(OTHER)


@pytest.mark.parametrize("content", [b"", b"too short", bytes(33)])
def test_a_key_of_another_length_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(UsageError, match=f"has {len(content)} bytes; it needs 32"):
        Pseudonyms.from_file(tmp_path / "key")


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="head -c 32"):
        Pseudonyms.from_file(tmp_path / "none")
