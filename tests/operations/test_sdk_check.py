"""Tables of images compared with planted ones, and with the SDK's where it is installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.errors import ConfigurationError
from constructs_lib.training.builtin_classifier import ACCOUNTS
from operations.sdk_check import FOLDER, TABLES, compare, compared, main
from tests.cli import REPOSITORY


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """Tables like the SDK's."""
    flavours = {"cpu": "cpu-amzn2023-sagemaker", "gpu": "cu133-amzn2023-sagemaker"}
    training = {"repository": "pytorch", "container_version": flavours, "registries": {"us-east-1": "763104351884"}}
    write(tmp_path, "pytorch-amzn2023", {"training": {"versions": {"2.13": training}}})
    write(tmp_path, "image-classification", {"versions": {"1": {"repository": "image-classification", "registries": ACCOUNTS}}})
    return tmp_path


def write(sdk: Path, name: str, content: Any) -> None:
    (sdk / TABLES).mkdir(parents=True, exist_ok=True)
    (sdk / TABLES / f"{name}.json").write_text(json.dumps(content))


def run(sdk: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", ["sdk_check", "--sdk", str(sdk)])
    return main()


def test_equal_tables_pass(sdk: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(sdk, monkeypatch) == 0
    assert f"{len(ACCOUNTS)} regions" in capsys.readouterr().out


def test_another_account_fails_and_other_regions_are_shown(sdk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {**ACCOUNTS, "us-east-1": "000000000000", "moon-1": "1"}
    write(sdk, "image-classification", {"versions": {"1": {"repository": "image-classification", "registries": theirs}}})
    assert run(sdk, monkeypatch) == 1

    one = compare("x", ACCOUNTS, theirs)
    assert (one.different, one.only_here, one.only_sdk) == (("us-east-1",), (), ("moon-1",))
    assert len(one.same) == len(ACCOUNTS) - 1


def test_an_image_that_the_sdk_knows_no_more_is_said(sdk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(sdk, "pytorch-amzn2023", {"training": {"versions": {"2.14": {}}}})
    with pytest.raises(ConfigurationError, match=r"knows no images 2\.13-cpu-amzn2023-sagemaker, 2\.13-cu133"):
        compared(sdk)
    assert run(sdk, monkeypatch) == 2


def test_without_the_sdk_the_command_that_installs_it_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"pip install --no-deps --target .* operations/requirements-sdk\.txt$"):
        compared(tmp_path)


@pytest.mark.skipif(not (REPOSITORY / FOLDER).is_dir(), reason="the SDK is not there; operations/requirements-sdk.txt says how")
def test_our_accounts_are_the_sdks() -> None:
    assert not [one for one in compared(REPOSITORY / FOLDER) if one.different]
