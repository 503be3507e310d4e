"""Every question is one that its service answers."""

from __future__ import annotations

import pytest

from operations.rehearse.readers import READERS, filled
from tests.operations.rehearse.types.asked import operation


@pytest.mark.parametrize("type", READERS)
def test_the_operation_and_all_that_it_is_asked_by_exist(type: str) -> None:
    reader = READERS[type]
    shape = operation(reader.service, reader.operation).input_shape

    members = set(shape.members) if shape else set()
    required = set(shape.required_members) if shape else set()

    assert required <= set(reader.request) <= members


def test_braces_are_filled_wherever_they_stand() -> None:
    facts = {"id": "w-1", "Workspace": "arn:aws:aps:us-east-1:1:workspace/w-1"}

    assert filled({"a": ["{id}"], "b": "{Workspace/}", "limit": 500}, facts) == {"a": ["w-1"], "b": "w-1", "limit": 500}


def test_what_is_not_known_is_an_error() -> None:
    with pytest.raises(KeyError, match="RestApiId"):
        filled({"restApiId": "{RestApiId}"}, {"id": "x"})
