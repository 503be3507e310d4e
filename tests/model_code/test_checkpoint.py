"""A checkpoint gives back exactly what was saved, and holds no pickle."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from model_code import checkpoint
from model_code.errors import UsageError


def trained() -> tuple[nn.Linear, torch.optim.AdamW]:
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.rand(5, 4)).square().sum().backward()
        optimizer.step()
    return model, optimizer


def test_model_optimizer_and_history_come_back(tmp_path: Path) -> None:
    model, optimizer = trained()
    checkpoint.save(tmp_path, {"seed": 1}, model, optimizer, [{"epoch": 1}])
    other = nn.Linear(4, 2)
    fresh = torch.optim.AdamW(other.parameters())
    assert checkpoint.resume(tmp_path, {"seed": 1}, other, fresh) == [{"epoch": 1}]
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters(), strict=True))
    for index, slot in optimizer.state_dict()["state"].items():
        assert all(torch.equal(value, fresh.state_dict()["state"][index][name]) for name, value in slot.items())


def test_a_folder_without_a_checkpoint_starts_from_the_beginning(tmp_path: Path) -> None:
    model, optimizer = trained()
    assert checkpoint.resume(tmp_path / "none", {}, model, optimizer) == []


def test_the_best_weights_are_kept_beside_the_last(tmp_path: Path) -> None:
    model, _ = trained()
    best = {name: value.clone() for name, value in model.state_dict().items()}
    checkpoint.save_best(tmp_path, model)
    nn.init.zeros_(model.weight)
    checkpoint.load_best(tmp_path, model)
    assert all(torch.equal(value, best[name]) for name, value in model.state_dict().items())


def test_a_checkpoint_is_safetensors_and_nothing_else(tmp_path: Path) -> None:
    model, optimizer = trained()
    checkpoint.save(tmp_path, {}, model, optimizer, [])
    checkpoint.save_best(tmp_path, model)
    assert {path.suffix for path in tmp_path.iterdir()} == {".safetensors"}


def test_a_best_epoch_that_is_gone_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="train again"):
        checkpoint.load_best(tmp_path, torch.nn.Linear(1, 1))
