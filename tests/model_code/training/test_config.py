"""A run's settings come from a preset, a container, a file and the command line, and nothing misspelt passes unnoticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from model_code.errors import UsageError
from model_code.models import build_model
from model_code.packing import zip_of
from model_code.tasks import task_spec
from model_code.training.config import (
    BOUNDS,
    CHOICES,
    KEPT_OUT,
    TrainConfig,
    gather,
    identity,
    make_config,
    presets,
    read_config,
    read_preset,
    read_settings,
)
from tests.cli import REPOSITORY

CONFIG = TrainConfig("chest14", "resnet18", image_size=32)


def changed(name: str, value: Any) -> dict[str, Any]:
    return {name: value}


def test_what_nobody_sets_is_the_tasks_default() -> None:
    config = make_config({"task": "skin8"})
    assert (config.architecture, config.image_size) == ("efficientnet_b0", 224)


def test_later_sources_win_and_dashes_are_underscores(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text('preset = "pneumonia"\nepochs = 3\nbatch-size = 8\n')
    config = gather({"epochs": "2", "seed": "5", "preset": "skin8"}, file, {"epochs": 4})
    assert (config.task, config.architecture, config.select) == ("pneumonia", "resnet18", "accuracy")
    assert (config.epochs, config.batch_size, config.seed) == (4, 8, 5)


def test_a_hyperparameter_is_text() -> None:
    given = {"task": "chest14", "epochs": "3", "learning-rate": "1e-3", "compile": "True", "average": "0.5"}
    config = make_config(given, {"compile": "false"})
    assert (config.epochs, config.learning_rate, config.compile, config.average) == (3, 0.001, False, 0.5)
    assert make_config(given).compile is True


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("epochs", "many", "a whole number"),
        ("epochs", 2.5, "a whole number"),
        ("epochs", True, "a whole number"),
        ("epochs", "inf", "a whole number"),
        ("learning_rate", "fast", "a number"),
        ("compile", "maybe", "true or false"),
        ("task", None, "unknown task"),
        ("task", "chest", "unknown task 'chest'"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: Any, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_config({"task": "chest14"}, {name: value})


@pytest.mark.parametrize(
    ("name", "hint"), [("epoch", "did you mean 'epochs'"), ("Batch_size", "'batch_size'"), ("xyz", "there are: task")]
)
def test_an_unknown_setting_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        make_config({"task": "chest14", name: 1})


@pytest.mark.parametrize("name", BOUNDS)
def test_a_value_out_of_range_names_its_option(name: str) -> None:
    low, high = BOUNDS[name]
    for value in (low - 1, high + 1, float("nan")):
        with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} is "):
            replace(CONFIG, **changed(name, value))


@pytest.mark.parametrize("name", CHOICES)
def test_a_choice_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"unknown {name} 'other'; choose one of"):
        replace(CONFIG, **changed(name, "other"))


def test_parts_that_batch_norm_could_not_use_are_refused() -> None:
    with pytest.raises(UsageError, match="at least two films a part: choose 8 or more"):
        replace(CONFIG, batch_size=6, accumulate=4)


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_a_run_that_could_start(name: str) -> None:
    config = make_config(read_preset(name))
    spec = task_spec(config.task)
    model = build_model(
        config.architecture, len(spec.labels), config.output_stride, channels=spec.channels, exclusive=spec.exclusive
    )
    assert model.channels == spec.channels


def test_the_presets_of_the_three_tasks_are_there() -> None:
    assert {"chest14", "pneumonia", "skin8", "skin8-resnet50", "skin8-mobilenet_v2"} <= set(presets())
    with pytest.raises(UsageError, match="unknown preset 'none'; choose one of: chest14"):
        read_preset("none")


def test_a_preset_is_read_where_the_package_is_a_zip_as_in_sagemakers_jobs(tmp_path: Path) -> None:
    archive = tmp_path / "code.zip"
    archive.write_bytes(zip_of(REPOSITORY, only="model_code"))
    code = "from model_code.training import config; print(config.__file__, config.read_preset('skin8')['architecture'])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(archive)}, capture_output=True, text=True
    )
    assert done.stdout.split() == [f"{archive}/model_code/training/config.py", "efficientnet_b0"], done.stderr


def test_what_is_given_as_preset_is_left_to_the_preset() -> None:
    left = gather({"epochs": "preset"}, None, {"preset": "pneumonia", "architecture": "preset"})
    assert left == make_config(read_preset("pneumonia"))


@pytest.mark.parametrize(("name", "content"), [("a.json", "{"), ("a.toml", "= 1"), ("a.json", "\xff"), ("none.json", None)])
def test_a_file_that_is_no_configuration_is_refused(name: str, content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="latin-1")
    with pytest.raises(UsageError, match="cannot be read"):
        read_config(tmp_path / name)


def test_a_list_is_no_configuration(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[]")
    with pytest.raises(UsageError, match="holds a list; give a table of settings"):
        read_config(tmp_path / "a.json")


def test_settings_of_the_command_line_have_an_equals_sign() -> None:
    assert read_settings(["average=0.5", "pretrained=a=b"]) == {"average": "0.5", "pretrained": "a=b"}
    with pytest.raises(UsageError, match="--set is 'average'; write name=value"):
        read_settings(["average"])


def test_a_configuration_comes_back_from_what_a_bundle_holds() -> None:
    config = make_config(read_preset("skin8"))
    assert make_config(json.loads(json.dumps(asdict(config)))) == config


def test_only_what_cannot_change_the_weights_may_differ_when_a_run_goes_on() -> None:
    assert set(asdict(CONFIG)) - set(identity(CONFIG)) == set(KEPT_OUT)
