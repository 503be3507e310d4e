from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.errors import ConfigurationError
from tests.constructs_lib.endpoints.conftest import SETTINGS, Built


@pytest.mark.parametrize("kind", SETTINGS)
def test_settings_decide_the_kind(kind: str, each: Built) -> None:
    assert (each.champion.kind == kind) == (each.settings is SETTINGS[kind])
    assert each.challenger.kind == each.champion.kind


def test_other_settings_are_refused_with_those_there_are() -> None:
    wrong: Any = {"kind": "batch"}
    with pytest.raises(ConfigurationError, match=r"'batch'\}; allowed: Serverless, Realtime, Async or OnLambda"):
        Built(wrong)
