from __future__ import annotations

import pytest
from pydicom.datadict import dictionary_VR, keyword_dict, repeater_has_keyword

from model_code.data.confidentiality import ATTRIBUTES, IDENTITY, OF_A_TABLE, Action


@pytest.mark.parametrize("keyword", sorted({*ATTRIBUTES, *IDENTITY, *OF_A_TABLE}))
def test_every_name_is_in_the_dictionary(keyword: str) -> None:
    """A misspelt one would keep, or look for, nothing."""
    assert keyword in keyword_dict or repeater_has_keyword(keyword)


def test_no_kept_element_is_made_for_names_dates_or_long_texts() -> None:
    unfit = ("PN", "DA", "DT", "TM", "LT", "ST", "UT", "UR", "SQ", "UN")
    kept = [keyword for keyword, action in ATTRIBUTES.items() if action is Action.KEEP]

    assert not [keyword for keyword in kept if dictionary_VR(keyword_dict[keyword]) in unfit]


@pytest.mark.parametrize(("action", "vr"), [(Action.SHIFT, "DA"), (Action.UID, "UI"), (Action.AGE, "AS"), (Action.TABLE, "SQ")])
def test_an_action_is_for_its_kind_of_element(action: Action, vr: str) -> None:
    assert {dictionary_VR(keyword_dict[keyword]) for keyword, a in ATTRIBUTES.items() if a is action} == {vr}


def test_texts_that_stay_are_few_and_known() -> None:
    kept = [keyword for keyword, action in ATTRIBUTES.items() if action is Action.KEEP]

    assert {keyword for keyword in kept if dictionary_VR(keyword_dict[keyword]) in ("LO", "SH")} == {
        "Manufacturer",
        "ManufacturerModelName",
        "RescaleType",
    }
