from __future__ import annotations

import pytest

from constructs_lib.errors import ConfigurationError, require_one_of, require_range


def test_a_name_off_the_list_is_refused_with_the_list_and_advice() -> None:
    with pytest.raises(ConfigurationError, match=r"^unknown colour 'red'; allowed: blue, green; paint it again$"):
        require_one_of("colour", "red", ["blue", "green"], "paint it again")


@pytest.mark.parametrize("value", [1023, 1500, 3000, 7168])
def test_a_value_off_the_steps_is_refused(value: int) -> None:
    with pytest.raises(ConfigurationError, match=rf"^memory is {value}; allowed: 1024 to 6144 in steps of 1024; choose again$"):
        require_range("memory", value, 1024, 6144, step=1024, advice="choose again")


@pytest.mark.parametrize("value", [1024, 3072, 6144])
def test_a_value_on_the_steps_passes(value: int) -> None:
    require_range("memory", value, 1024, 6144, step=1024, advice="choose again")
