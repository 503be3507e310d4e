"""Around the loop of training: the network and the films at the beginning, where a run goes on, what is left of an epoch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from model_code.data.manifest import Manifest
from model_code.data.shards import Shards
from model_code.errors import UsageError
from model_code.models import Classifier, build_model
from model_code.progress import console, track
from model_code.tasks import task_spec
from model_code.training.batches import Films, Part, parts_of, plan
from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.config import TrainConfig
from model_code.training.distributed import Crew
from model_code.training.films import open_films, sample
from model_code.training.learner import Learner
from model_code.training.losses import make_loss


def begin(
    config: TrainConfig, manifest: Manifest, truth: Tensor, checkpoints: Path, crew: Crew
) -> tuple[Learner, dict[str, Shards]]:
    """The network before its first step, and the films of each split. What is wrong is said before any film is read.

    Raises:
        UsageError: a batch is too small for so many parts and processes; see also ``TrainConfig`` and ``load_pretrained``.
        ManifestError: see ``open_films``.
    """
    if config.batch_size < (needed := 2 * config.accumulate * crew.size):
        raise UsageError(
            f"--batch-size is {config.batch_size} for {crew.size} processes with {config.accumulate} parts each (accumulate); "
            f"batch norm needs at least two films a part: choose {needed} or more, or fewer processes"
        )
    spec = task_spec(config.task)
    loss = make_loss(config.loss, truth, exclusive=spec.exclusive)
    torch.manual_seed(config.seed)
    model = network_of(config)
    normalised = False
    if config.pretrained:
        from model_code.pretrained import load_pretrained

        normalised = load_pretrained(model, config.pretrained, architecture=config.architecture)
    films = open_films(manifest, image_size=config.image_size, channels=spec.channels, beside=checkpoints, crew=crew)
    if not normalised:
        model.normalise_by(sample(films["train"]))
    return Learner(config, model, loss, crew), films


def network_of(config: TrainConfig) -> Classifier:
    """The network that a run of this configuration trains, with random weights."""
    spec = task_spec(config.task)
    labels = len(spec.labels)
    return build_model(config.architecture, labels, config.output_stride, channels=spec.channels, exclusive=spec.exclusive)


def resumed(states: Checkpoints, learner: Learner) -> Place:
    """Where the run stands: at its beginning, or where it was interrupted."""
    if learner.crew.leads:
        states.clear_leftovers()
    place = states.resume(learner)
    learner.crew.agree(place.epoch, place.step)
    if place != Place():
        epochs = learner.config.epochs
        console.print(f"resumed after step {place.step} of epoch {place.epoch} of {epochs} from {states.folder}")
    return place


def say_what_validation_lacks(labels: Sequence[str], targets: Tensor) -> None:
    """Before hours of training: ``calibrate`` needs films of both kinds of each label there."""
    both = (targets == 1).any(dim=0) & (targets == 0).any(dim=0)
    if lacking := [label for label, there in zip(labels, both.tolist(), strict=True) if not there]:
        console.print(
            f"the validation split lacks films with or without {', '.join(lacking)}; "
            "overread calibrate will refuse this data set: use more patients",
            soft_wrap=True,
        )


def steps_left(learner: Learner, films: Films, targets: Tensor, place: Place) -> Iterator[tuple[list[Part], Tensor, float]]:
    """What is left of the place's epoch: this process's parts of a batch, the whole batch's targets, share of the run done."""
    config, crew, first = learner.config, learner.crew, place.step
    parts = config.accumulate * crew.size
    steps = plan(targets, batch_size=config.batch_size, parts=parts, balance=config.balance, seed=config.seed, epoch=place.epoch)
    mine = slice(crew.rank, None, crew.size)
    batches = parts_of(films, targets, steps[first:], parts=parts, mine=mine, device=crew.device)
    shown = track(batches, f"epoch {place.epoch}/{config.epochs}", total=len(steps) - first)
    for number, batch in enumerate(shown, first):
        yield batch, targets[torch.from_numpy(steps[number])], (place.epoch - 1 + number / len(steps)) / config.epochs
