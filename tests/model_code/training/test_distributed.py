"""Two processes give one process's run; alone nothing of it is in the way."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import model_code.training.distributed as module
from model_code.bundle import open_bundle
from model_code.errors import OverreadError
from model_code.progress import console
from model_code.train import TrainConfig, train
from model_code.training.config import make_config
from model_code.training.distributed import Crew, joined
from tests.cli import REPOSITORY, environment

SETTINGS = {"task": "chest14", "architecture": "resnet18", "image_size": 32, "epochs": 2, "batch_size": 16, "learning_rate": 1e-4}


def test_two_processes_give_the_loss_curve_of_one(data: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(json.dumps(SETTINGS))
    launcher = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "model_code"]
    options = ["train", "--config", tmp_path / "run.json", "--data", data, "--out", tmp_path / "two"]
    command = [sys.executable, *launcher, *map(str, options)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**environment(), "OMP_NUM_THREADS": "1"}, cwd=REPOSITORY, timeout=180
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("epoch 1: loss") == 1  # one of them speaks
    assert "Warning" not in done.stderr

    alone = train(make_config(SETTINGS, {"accumulate": 2}), data=data, out=tmp_path / "one", checkpoints=tmp_path / "checkpoints")
    two = open_bundle(tmp_path / "two").info.training
    for ours, theirs in zip(two.epochs, alone.info.training.epochs, strict=True):
        assert ours["train_loss"] == pytest.approx(theirs["train_loss"], rel=2e-3)
        assert ours["val_loss"] == pytest.approx(theirs["val_loss"], rel=0.05)  # running values are means over processes
    assert two.config == {**alone.info.training.config, "accumulate": 1}


def test_alone_there_is_nothing_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "RANK", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)
    with joined() as crew:
        assert (crew.rank, crew.size, crew.leads) == (0, 1, True)
        model = torch.nn.Linear(1, 1)
        assert crew.whole(model) is model
        crew.wait()
        crew.agree(1, 2)
        assert (crew.any(True), crew.any(False)) == (True, False)
        assert float(crew.sum(torch.tensor(2.0))) == 2


def test_the_first_process_of_another_machine_leads_there_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"WORLD_SIZE": "4", "RANK": "2", "LOCAL_RANK": "0", "LOCAL_WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    for name in ("init_process_group", "destroy_process_group"):
        monkeypatch.setattr(torch.distributed, name, lambda *given, **named: None)
    monkeypatch.setattr(module, "SETTLING", 0)
    monkeypatch.setattr(console, "quiet", False)  # put back afterwards
    with joined() as crew:
        assert (crew.rank, crew.size, crew.leads, crew.leads_here) == (2, 4, False, True)


def test_processes_that_found_different_checkpoints_do_not_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    crew = Crew(0, 2, torch.device("cpu"))
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda values: values.mul_(2).add_(1))
    with pytest.raises(OverreadError, match="the processes found different checkpoints"):
        crew.agree(1, 5)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda values: values.mul_(2))
    crew.agree(1, 5)
    crew.agree(True)


def test_the_configuration_is_the_same_whatever_runs_it() -> None:
    assert "processes" not in TrainConfig.__dataclass_fields__
