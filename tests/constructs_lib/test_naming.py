from __future__ import annotations

import pytest
from aws_cdk import App, Stack

from constructs_lib.errors import ConfigurationError
from constructs_lib.naming import named
from tests.infra import Scope


def test_names_start_with_the_stage() -> None:
    assert named(Scope().stack, "chest14") == "overread-test-chest14"


def test_a_construct_in_no_stage_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"'alone' is in no stage; build its stack inside a Stage"):
        named(Stack(App(), "alone"), "chest14")
