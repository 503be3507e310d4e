"""A checkpoint gives back exactly what was saved, holds no pickle, and what is not whole is passed over."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest
import torch

from model_code.errors import OverreadError, UsageError
from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.epochs import Epoch
from model_code.training.learner import Learner
from tests.model_code.training.test_learner import one_step
from tests.model_code.training.tiny import learner

RUN = {"seed": 1}
EPOCH = Epoch(1, 0.5, 0.4, 0.7, 0.8, 2.5)


def trained(steps: int = 3) -> Learner:
    learning = learner(average=0.9)
    for _ in range(steps):
        one_step(learning)
    return learning


def test_everything_comes_back_to_the_bit_and_goes_on_the_same(tmp_path: Path) -> None:
    learning = trained()
    place = Place(2, 3, [0.1 + 0.2, 1 / 3], 1.5, [EPOCH], 0)
    Checkpoints(tmp_path, RUN).save(learning, place)
    other = learner(average=0.9)
    assert Checkpoints(tmp_path, RUN).resume(other) == place
    for ours, theirs in ((learning.model, other.model), (learning.best_guess, other.best_guess)):
        assert all(torch.equal(a, b) for a, b in zip(ours.state_dict().values(), theirs.state_dict().values(), strict=True))
    assert one_step(other) == one_step(learning)
    assert all(torch.equal(a, b) for a, b in zip(learning.model.parameters(), other.model.parameters(), strict=True))


def test_optimizer_slots_lie_in_memory_as_their_parameters(tmp_path: Path) -> None:
    Checkpoints(tmp_path, RUN).save(trained(), Place())
    other = learner(average=0.9)
    Checkpoints(tmp_path, RUN).resume(other)
    for parameter, slot in other.optimizer.state.items():
        assert slot["exp_avg"].stride() == parameter.stride()


def test_losses_on_a_device_are_fetched_when_they_are_saved(tmp_path: Path) -> None:
    place = Place(losses=[torch.tensor(0.1), 0.5])
    assert place.mean_loss == pytest.approx(0.3)
    Checkpoints(tmp_path, RUN).save(trained(), place)
    assert place.losses == [float(torch.tensor(0.1)), 0.5]


@pytest.mark.parametrize("made", [False, True])
def test_a_folder_without_a_checkpoint_starts_from_the_beginning(made: bool, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoints"
    if made:
        folder.mkdir()
    assert Checkpoints(folder, RUN).resume(learner()) == Place()
    assert folder.exists() is made


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", b"\x80\x04\x95pickle" * 10, None])
def test_a_state_that_is_not_whole_is_passed_over_for_the_one_before(
    damage: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states, learning = Checkpoints(tmp_path, RUN), trained()
    states.save(learning, Place(1, 2))
    states.save(learning, Place(1, 4))
    newest = tmp_path / "state-0001-0000004.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100] if damage is None else damage)
    assert states.resume(learner(average=0.9)) == Place(1, 2)
    assert f"the checkpoint '{newest.name}' is not whole and was passed over" in capsys.readouterr().err
    states.save(learning, Place(1, 3))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "state-0001-0000002.safetensors",
        "state-0001-0000003.safetensors",
    ]


def test_a_state_whose_best_weights_are_gone_is_passed_over(tmp_path: Path) -> None:
    states, learning = Checkpoints(tmp_path, RUN), trained()
    states.save(learning, Place(1, 2))
    states.save_best(1, learning.model)
    states.save(learning, Place(2, 0, best=1))
    (tmp_path / "best-0001.safetensors").write_bytes(b"")
    assert states.resume(learner(average=0.9)) == Place(1, 2)


def test_another_runs_state_is_refused(tmp_path: Path) -> None:
    Checkpoints(tmp_path, {"seed": 1, "epochs": 2, "old": 1}).save(trained(), Place())
    with pytest.raises(UsageError, match="differs in epochs, old; delete it or choose another --checkpoints"):
        Checkpoints(tmp_path, {"seed": 1, "epochs": 3}).resume(learner())


def test_the_two_newest_states_and_the_best_weights_they_name_are_kept(tmp_path: Path) -> None:
    states, learning = Checkpoints(tmp_path, RUN), trained()
    for epoch in range(1, 6):
        if epoch in (1, 2, 4):
            states.save_best(epoch, learning.model)
        states.save(learning, Place(epoch + 1, 0, best={1: 1, 2: 2, 3: 2, 4: 4, 5: 4}[epoch]))
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "best-0004.safetensors", "state-0005-0000000.safetensors", "state-0006-0000000.safetensors",
    ]  # fmt: skip


def test_what_a_killed_run_left_half_written_is_removed(tmp_path: Path) -> None:
    states = Checkpoints(tmp_path, RUN)
    states.save(trained(), Place(1, 2))
    for name in (".state-0001-0000003.safetensors.abc", ".best-0001.safetensors.abc", ".tmprcOKky"):
        (tmp_path / name).write_bytes(b"half")
    states.clear_leftovers()
    assert [path.name for path in tmp_path.iterdir()] == ["state-0001-0000002.safetensors"]


def test_the_best_weights_come_back_and_are_missed_where_they_are_gone(tmp_path: Path) -> None:
    states, learning = Checkpoints(tmp_path, RUN), trained()
    states.save_best(1, learning.model)
    other = learner()
    states.load_best(1, other.model)
    assert torch.equal(other.model.head.weight, learning.model.head.weight)
    with pytest.raises(UsageError, match="train again"):
        states.load_best(2, other.model)


def test_the_best_epoch_is_the_first_of_the_highest_and_the_next_begins_at_its_first_step() -> None:
    place = Place(1, 7, [0.5], 3.0)
    for number, auroc in enumerate((0.6, 0.8, 0.8, 0.7), 1):
        place = place.next_epoch(Epoch(number, 0.5, 0.4, auroc, 1.0 - auroc, 1.0), "auroc")
    assert (place.epoch, place.step, place.losses, place.seconds, place.best) == (5, 0, [], 0.0, 2)
    assert place.next_epoch(Epoch(5, 0.5, 0.4, 0.5, 0.9, 1.0), "accuracy").best == 5


def test_a_full_disk_leaves_the_state_before_and_says_what_to_do(tmp_path: Path) -> None:
    states, learning = Checkpoints(tmp_path, RUN), trained()
    states.save(learning, Place(1, 2))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(OverreadError, match=r"a checkpoint of 0 MB cannot be written to .* make room and run the same again"):
            states.save(learning, Place(1, 3))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["state-0001-0000002.safetensors"]


def test_a_folder_that_another_run_uses_is_refused_until_that_one_ends(tmp_path: Path) -> None:
    states, other = Checkpoints(tmp_path / "checkpoints", RUN), Checkpoints(tmp_path / "checkpoints", RUN)
    with states.held(leads=True):
        with pytest.raises(OverreadError, match=r"another run uses the checkpoints in .* choose another --checkpoints"):
            other.held(leads=True).__enter__()
        with other.held(leads=False):
            pass
    with other.held(leads=True):
        assert list((tmp_path / "checkpoints").iterdir()) == []
