from __future__ import annotations

import pytest

from model_code.lambdas.settings import Settings, SettingsError
from tests.model_code.lambdas.conftest import GROUP, VARIABLES


def test_every_field_is_read_from_its_variable() -> None:
    settings = Settings.of(VARIABLES)

    assert {name: str(getattr(settings, name.lower())) for name in VARIABLES} == VARIABLES
    assert settings.parameter("routing") == f"/{GROUP}/routing"


@pytest.mark.parametrize("missing", VARIABLES)
def test_a_missing_variable_is_named(missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        Settings.of({name: value for name, value in VARIABLES.items() if name != missing})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("ENDPOINT_KIND", "batch", "ENDPOINT_KIND is 'batch'; allowed: serverless, realtime, async, lambda"),
        ("MAX_BODY_BYTES", "0", "MAX_BODY_BYTES is 0; allowed: 1 or more"),
        ("MAX_BODY_BYTES", "4 MB", "not a number"),
    ],
)
def test_a_wrong_one_is_refused_with_what_is_allowed(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Settings.of({**VARIABLES, name: value})


@pytest.mark.parametrize(("endpoint", "direct"), [(4 * 2**20, 4 * 2**20), (6_291_456, 4_500_000), (2**30, 4_500_000)])
def test_what_comes_through_the_gateway_is_limited_by_both(endpoint: int, direct: int) -> None:
    assert Settings.of({**VARIABLES, "MAX_BODY_BYTES": str(endpoint)}).direct_max_bytes == direct
    assert direct * 4 / 3 < 6 * 2**20 - 20_000
