from __future__ import annotations

from pathlib import Path

import pytest

from model_code.errors import UsageError
from model_code.machines import ALONE, Machine, this_machine


def test_a_laptop_is_alone(tmp_path: Path) -> None:
    assert this_machine(tmp_path / "resourceconfig.json") == ALONE


def test_sagemaker_says_which_one_of_how_many(tmp_path: Path) -> None:
    config = tmp_path / "resourceconfig.json"
    config.write_text('{"current_host": "algo-2", "hosts": ["algo-1", "algo-2", "algo-3"], "network_interface_name": "eth0"}')

    assert this_machine(config) == Machine("algo-2", 3)


def test_a_pipeline_on_a_laptop_has_its_folders_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config/resourceconfig.json").write_text('{"current_host": "algo-1", "hosts": ["algo-1", "algo-2"]}')
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))

    assert this_machine() == Machine("algo-1", 2)


@pytest.mark.parametrize("content", ["", "[]", '{"hosts": ["algo-1"]}', '{"current_host": "algo-1", "hosts": 3}'])
def test_a_configuration_that_does_not_say_so_is_refused(content: str, tmp_path: Path) -> None:
    config = tmp_path / "resourceconfig.json"
    config.write_text(content)

    with pytest.raises(UsageError, match="does not name current_host and hosts"):
        this_machine(config)
