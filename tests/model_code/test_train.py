"""Training learns, keeps the best epoch, ignores unknown labels, and an interrupted run ends where a whole one does."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from model_code.checkpoint import STATE
from model_code.errors import ManifestError, UsageError
from model_code.train import Epoch, TrainConfig, learning_rate, macro_auroc, masked_loss, positive_weight, train
from tests.conftest import Line

CONFIG = TrainConfig("chest14", "resnet18", image_size=32, output_stride=32, epochs=2, batch_size=16)


# --- the whole run ----------------------------------------------------------------------------------------------------


def test_the_loss_falls(line: Line) -> None:
    from model_code.bundle import open_bundle

    epochs = open_bundle(line.trained).info.training.epochs
    assert len(epochs) == 2
    assert epochs[-1]["train_loss"] < epochs[0]["train_loss"]


def test_the_bundle_tells_how_it_was_made(line: Line) -> None:
    from model_code.bundle import open_bundle

    info = open_bundle(line.trained).info
    assert info.training.config["architecture"] == "densenet121"
    assert info.input.side == 32
    assert info.data.phantoms
    assert info.data.films.keys() == {"train", "val", "test"}
    assert (info.graph, info.calibration, info.film_gate, info.metrics) == (None, None, None, None)


def test_the_best_epoch_is_kept(line: Line) -> None:
    from model_code.bundle import open_bundle

    record = open_bundle(line.trained).info.training
    best = max((Epoch(**epoch) for epoch in record.epochs), key=Epoch.rank)
    assert record.best_epoch == best.epoch


def test_a_resumed_run_gives_the_same_weights_as_a_whole_one(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = train(CONFIG, data=data, out=tmp_path / "whole", checkpoints=tmp_path / "a")

    import model_code.train as module

    once = module.train_epoch

    def fails_in_the_second(*arguments: object) -> float:
        if arguments[-1] == 2:
            raise KeyboardInterrupt
        return once(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "train_epoch", fails_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        train(CONFIG, data=data, out=tmp_path / "resumed", checkpoints=tmp_path / "b")
    assert not (tmp_path / "resumed").exists()
    trained: list[object] = []

    def counts(*arguments: object) -> float:
        trained.append(arguments[-1])
        return once(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "train_epoch", counts)
    resumed = train(CONFIG, data=data, out=tmp_path / "resumed", checkpoints=tmp_path / "b")
    assert trained == [2]
    assert (resumed.folder / "weights.safetensors").read_bytes() == (whole.folder / "weights.safetensors").read_bytes()
    assert resumed.info.version == whole.info.version


def test_a_finished_run_is_not_run_again(line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import model_code.train as module
    from model_code.bundle import open_bundle

    monkeypatch.setattr(module, "train_epoch", None)
    checkpoints = shutil.copytree(line.checkpoints, tmp_path / "checkpoints")
    config = TrainConfig(**open_bundle(line.trained).info.training.config)
    again = train(config, data=line.data, out=tmp_path / "again", checkpoints=checkpoints)
    assert again.sha256 == open_bundle(line.trained).sha256


def test_another_runs_checkpoint_is_refused(line: Line, tmp_path: Path) -> None:
    config = TrainConfig("chest14", "densenet121", image_size=32, output_stride=8, epochs=2, seed=9, learning_rate=0.01)
    with pytest.raises(UsageError, match="differs in learning_rate, seed; delete it"):
        train(config, data=line.data, out=tmp_path / "out", checkpoints=line.checkpoints)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x04\x95pickle" * 10, None])
def test_a_file_that_is_no_checkpoint_is_refused(content: bytes | None, line: Line, tmp_path: Path) -> None:
    damaged = (line.checkpoints / STATE).read_bytes()[:100_000] if content is None else content
    (tmp_path / STATE).write_bytes(damaged)
    with pytest.raises(UsageError, match=r"is not a checkpoint of this program"):
        train(CONFIG, data=line.data, out=tmp_path / "out", checkpoints=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [STATE]


def test_nothing_is_written_where_there_is_no_data(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        train(CONFIG, data=tmp_path, out=tmp_path / "out", checkpoints=tmp_path / "checkpoints")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("epochs", 0), ("epochs", 1001), ("batch_size", 1), ("image_size", 31), ("image_size", 5000), ("learning_rate", 0.0),
     ("learning_rate", -1.0), ("learning_rate", 2.0)],
)  # fmt: skip
def test_a_value_out_of_range_names_its_option(field: str, value: Any) -> None:
    with pytest.raises(UsageError, match=f"--{field.replace('_', '-')} is {value}"):
        replace(CONFIG, **{field: value})


# --- its parts --------------------------------------------------------------------------------------------------------


def test_better_is_a_higher_auroc_then_a_lower_loss() -> None:
    worse, tie, best = (Epoch(n, 1.0, loss, auroc, 1.0) for n, loss, auroc in ((1, 0.1, 0.7), (2, 0.5, 0.8), (3, 0.4, 0.8)))
    assert sorted([best, worse, tie], key=Epoch.rank) == [worse, tie, best]


def test_an_unknown_label_counts_nothing() -> None:
    targets = torch.tensor([[1.0, torch.nan], [0.0, 1.0]])
    logits = torch.zeros(2, 2, requires_grad=True)
    changed = torch.tensor([[0.0, 37.0], [0.0, 0.0]])
    weight = torch.ones(2)
    with torch.no_grad():
        assert float(masked_loss(logits + changed, targets, weight)) == float(masked_loss(logits, targets, weight))
    masked_loss(logits, targets, weight).backward()  # type: ignore[no-untyped-call]
    assert logits.grad is not None
    assert (logits.grad == 0).tolist() == [[False, True], [False, False]]


def test_the_loss_is_the_mean_over_known_labels() -> None:
    targets = torch.tensor([[1.0, torch.nan, torch.nan]])
    assert float(masked_loss(torch.zeros(1, 3), targets, torch.ones(3))) == pytest.approx(float(np.log(2)))


def test_a_batch_without_any_known_label_has_no_loss() -> None:
    assert float(masked_loss(torch.ones(2, 2), torch.full((2, 2), torch.nan), torch.ones(2))) == 0


def test_rare_findings_weigh_more_up_to_a_bound() -> None:
    targets = torch.zeros(1000, 3)
    targets[:500, 0] = targets[:100, 1] = 1
    assert positive_weight(targets).tolist() == pytest.approx([1, 3, 10])


def test_the_learning_rate_rises_then_falls_to_zero() -> None:
    rates = [learning_rate(step / 100) for step in range(101)]
    peak = int(np.argmax(rates))
    assert rates[peak] == pytest.approx(1) and peak == 25
    assert rates[: peak + 1] == sorted(rates[: peak + 1]) and rates[peak:] == sorted(rates[peak:], reverse=True)
    assert 0 < rates[0] < 0.1 and rates[-1] == pytest.approx(0)


def test_macro_auroc_is_over_labels_that_can_be_scored() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, (40, 3)).astype(np.float32)
    scores = rng.random((40, 3)).astype(np.float32)
    targets[:, 2] = 0
    targets[:7, 1] = np.nan
    expected = np.mean([roc_auc_score(targets[:, 0], scores[:, 0]), roc_auc_score(targets[7:, 1], scores[7:, 1])])
    assert macro_auroc(targets, scores) == pytest.approx(expected)
    assert macro_auroc(targets[:, 2:], scores[:, 2:]) == 0.5
