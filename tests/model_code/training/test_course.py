"""A run begins as its configuration says, and goes on with what is left of an epoch."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.course import resumed, say_what_validation_lacks, steps_left
from tests.model_code.training.tiny import Rows, learner, targets


def test_what_calibration_will_miss_is_said_before_training(capsys: pytest.CaptureFixture[str]) -> None:
    truth = torch.tensor([[1, 0, 1, torch.nan], [0, 0, 1, 1]])
    say_what_validation_lacks(("A", "B", "C", "D"), truth)
    assert "the validation split lacks films with or without B, C, D; overread calibrate will refuse" in capsys.readouterr().err
    say_what_validation_lacks(("A",), truth[:, :1])
    assert capsys.readouterr().err == ""


def test_the_rest_of_an_epoch_is_what_a_whole_one_ends_with() -> None:
    learning, films, truth = learner(batch_size=8, accumulate=2), Rows(20), targets(20)
    whole = list(steps_left(learning, films, truth, Place(epoch=2)))
    rest = list(steps_left(learning, films, truth, Place(epoch=2, step=1)))
    assert [len(parts) for parts, _, _ in whole] == [2, 2, 2]
    assert [progress for _, _, progress in whole] == pytest.approx([1 / 2, 1 / 2 + 1 / 6, 1 / 2 + 2 / 6])
    for (parts, all_of_it, progress), (same, again, where) in zip(whole[1:], rest, strict=True):
        assert progress == where and torch.equal(all_of_it, again)
        assert torch.equal(torch.cat([part.targets for part in parts]), all_of_it)
        assert all(torch.equal(one.films, other.films) for one, other in zip(parts, same, strict=True))


def test_processes_share_the_steps_between_them() -> None:
    learning, films, truth = learner(batch_size=8), Rows(20), targets(20)
    alone = list(steps_left(learner(batch_size=8, accumulate=2), films, truth, Place()))
    for rank in (0, 1):
        learning.crew = replace(learning.crew, rank=rank, size=2)
        for (mine,), (everyones, all_of_it, _) in zip(
            (parts for parts, _, _ in steps_left(learning, films, truth, Place())), alone, strict=True
        ):
            assert mine.number == rank and torch.equal(mine.targets, everyones[rank].targets)
            assert len(all_of_it) == sum(len(part.targets) for part in everyones)


def test_a_run_begins_where_there_is_no_checkpoint_and_says_where_it_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states, learning = Checkpoints(tmp_path, {}), learner()
    (tmp_path / ".state-half").write_text("what a killed run was writing")
    assert resumed(states, learning) == Place()
    assert list(tmp_path.iterdir()) == [] and capsys.readouterr().err == ""
    states.save(learning, Place(2, 3))
    assert resumed(states, learner()) == Place(2, 3)
    assert "resumed after step 3 of epoch 2 of 2" in capsys.readouterr().err
