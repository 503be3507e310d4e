"""Training learns, keeps the best epoch, and an interrupted run ends where a whole one does."""

from __future__ import annotations

import shutil
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
import torch

import model_code.train as module
from model_code.bundle import open_bundle
from model_code.errors import ManifestError, OverreadError, UsageError
from model_code.files import locked
from model_code.train import Epoch, TrainConfig, train
from model_code.training.config import make_config
from model_code.training.distributed import Crew
from model_code.training.learner import Learner
from tests.cli import error_line, overread
from tests.conftest import Line

CONFIG = TrainConfig("chest14", "resnet18", image_size=32, output_stride=32, epochs=2, batch_size=16)


def test_the_loss_falls(line: Line) -> None:
    epochs = open_bundle(line.trained).info.training.epochs
    assert len(epochs) == 2
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]


def test_the_bundle_tells_how_it_was_made(line: Line) -> None:
    info = open_bundle(line.trained).info
    config = make_config(info.training.config)
    assert (config.task, config.architecture, config.image_size) == ("chest14", "densenet121", 32)
    assert (info.input.side, info.input.channels) == (32, 1)
    assert info.data.phantoms
    assert info.data.films.keys() == {"train", "val", "test"}
    assert (info.graph, info.calibration, info.film_gate, info.metrics) == (None, None, None, None)


def test_the_best_epoch_is_kept(line: Line) -> None:
    record = open_bundle(line.trained).info.training
    best = max((Epoch(**epoch) for epoch in record.epochs), key=Epoch.rank)
    assert record.best_epoch == best.epoch


def test_a_resumed_run_gives_the_same_weights_as_a_whole_one(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted in the middle of its second epoch, by whatever; ``training/test_interruption`` does worse."""
    config = replace(CONFIG, architecture="mobilenet_v2", checkpoint_steps=3, average=0.9)
    whole = train(config, data=data, out=tmp_path / "whole", checkpoints=tmp_path / "a")
    step, places = Learner.step, list[tuple[int, int]]()

    def interrupted(self: Learner, *arguments: object, place: tuple[int, int], progress: float) -> object:
        places.append(place)
        if place == (2, 4) and places.count(place) == 1:
            raise KeyboardInterrupt
        return step(self, *arguments, place=place, progress=progress)  # type: ignore[arg-type]

    monkeypatch.setattr(Learner, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        train(config, data=data, out=tmp_path / "resumed", checkpoints=tmp_path / "b")
    assert not (tmp_path / "resumed").exists()
    places.clear()
    places.append((2, 4))
    resumed = train(config, data=data, out=tmp_path / "resumed", checkpoints=tmp_path / "b")
    assert places[1:3] == [(2, 3), (2, 4)]
    assert (resumed.folder / "weights.safetensors").read_bytes() == (whole.folder / "weights.safetensors").read_bytes()
    losses = [[epoch["train_loss"] for epoch in bundle.info.training.epochs] for bundle in (whole, resumed)]
    assert losses[0] == losses[1]


def test_a_finished_run_is_not_run_again(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Learner, "step", None)
    monkeypatch.setattr(module, "validate", None)
    checkpoints = shutil.copytree(line.checkpoints, tmp_path / "checkpoints")
    config = TrainConfig(**open_bundle(line.trained).info.training.config)
    again = train(config, data=line.data, out=tmp_path / "again", checkpoints=checkpoints)
    assert again.sha256 == open_bundle(line.trained).sha256


def test_what_another_run_is_writing_stays(data: Path, tmp_path: Path) -> None:
    checkpoints = tmp_path / "checkpoints"
    with locked(checkpoints):
        half = checkpoints / ".state-0001-0000002.safetensors.abc"
        half.write_bytes(b"half")
        with pytest.raises(OverreadError, match="another run uses the checkpoints"):
            train(CONFIG, data=data, out=tmp_path / "out", checkpoints=checkpoints)
        assert list(checkpoints.iterdir()) == [half]


def test_a_batch_that_is_too_small_for_the_processes_is_refused_before_a_film_is_read(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "joined", lambda: nullcontext(Crew(0, 4, torch.device("cpu"))))
    config = replace(CONFIG, batch_size=31, accumulate=4)
    with pytest.raises(
        UsageError, match=r"--batch-size is 31 for 4 processes with 4 parts each \(accumulate\).* choose 32 or more"
    ):
        train(config, data=data, out=tmp_path / "out", checkpoints=tmp_path / "checkpoints")
    assert list(tmp_path.iterdir()) == []


def test_another_runs_checkpoint_is_refused(line: Line, tmp_path: Path) -> None:
    config = TrainConfig("chest14", "densenet121", image_size=32, output_stride=8, epochs=2, seed=9, learning_rate=0.01)
    with pytest.raises(UsageError, match="differs in learning_rate, seed; delete it"):
        train(config, data=line.data, out=tmp_path / "out", checkpoints=line.checkpoints)
    assert not (tmp_path / "out").exists()


def test_nothing_is_written_where_there_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        train(CONFIG, data=tmp_path, out=tmp_path / "out", checkpoints=tmp_path / "checkpoints")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("there", ["notes.txt", "manifest.parquet"])
def test_a_folder_with_other_files_is_not_replaced(there: str, tmp_path: Path) -> None:
    (tmp_path / there).write_text("precious")
    with pytest.raises(UsageError, match="holds other files and no SHA256SUMS; it would be replaced as a whole"):
        train(CONFIG, data=tmp_path, out=tmp_path, checkpoints=tmp_path / "checkpoints")
    assert [path.name for path in tmp_path.iterdir()] == [there]


def test_the_command_refuses_what_it_does_not_know(tmp_path: Path) -> None:
    given = ("train", "--data", tmp_path, "--out", tmp_path / "out")
    assert "did you mean 'average'?" in error_line(overread(*given, "--set", "avrage=0.9"))
    assert "unknown preset 'chest'" in error_line(overread(*given, "--preset", "chest"))
    assert "--epochs is 0; allowed: 1 to 1000" in error_line(overread(*given, "--epochs", "0"))


def test_the_command_takes_the_current_folder_for_a_place(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("precious")
    done = overread("train", "--data", tmp_path, "--out", ".", cwd=tmp_path)
    assert done.returncode == 2 and "'.' holds other files" in error_line(done)
