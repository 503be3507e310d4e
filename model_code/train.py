"""``overread train``: from a manifest to a draft bundle with the best epoch's weights.

One configuration, one loop that reads from top to bottom. Everything random is drawn from the seed and the place in the run
(epoch, step, part), so a run that was interrupted anywhere and goes on from its checkpoint ends in the weights of one that was
not.
"""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save

from model_code import __version__
from model_code.bundle import SUMS, WEIGHTS, Bundle, create_bundle, open_bundle
from model_code.bundle_info import BundleInfo, DataRecord, InputSpec, TrainingRecord
from model_code.code_sum import code_sha256
from model_code.data.manifest import Manifest, read_manifest
from model_code.files import check_replaceable
from model_code.models import Classifier
from model_code.progress import console
from model_code.tasks import task_spec
from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.config import TrainConfig, identity, told
from model_code.training.course import begin, resumed, say_what_validation_lacks, steps_left
from model_code.training.distributed import joined
from model_code.training.epochs import Epoch
from model_code.training.experiments import make_recorder
from model_code.training.interruption import Keeper
from model_code.training.validation import validate

__all__ = ["Epoch", "TrainConfig", "train"]


def train(config: TrainConfig, *, data: Path, out: Path, checkpoints: Path) -> Bundle:
    """Trains, keeps the best epoch on validation, and writes it to ``out`` as a bundle that still lacks its graph.

    Goes on from what ``checkpoints`` holds of a run with the same configuration and data. Of several processes (``torchrun``)
    the first one writes; the others end here, with exit code 0.

    Raises:
        ManifestError: the manifest cannot be trained on.
        UsageError: an unknown task or architecture, a value out of range or of another run, or ``out`` holds something else.
        OverreadError: the network has come to say nothing that is a number, or another run uses ``checkpoints``.
        Interrupted: SIGTERM came; the state is saved.
    """
    check_replaceable(out, SUMS)
    manifest = read_manifest(data, task_spec(config.task))
    targets = {name: torch.from_numpy(manifest.split(name).targets) for name in ("train", "val")}
    states = Checkpoints(checkpoints, {**identity(config), "data": manifest.sha256, "code": __version__})
    with joined() as crew:
        learner, films = begin(config, manifest, targets["train"], checkpoints, crew)
        with states.held(leads=crew.leads), Keeper(states, learner, config) as keeper:
            place = resumed(states, learner)
            recorder = make_recorder(config, manifest, checkpoints, leads=crew.leads)
            say_what_validation_lacks(manifest.labels, targets["val"])
            for number in range(place.epoch, config.epochs + 1):
                started = time.monotonic() - place.seconds
                for batch, truth, progress in steps_left(learner, films["train"], targets["train"], place):
                    loss = learner.step(batch, truth, place=(number, place.step), progress=progress)
                    place.after_step(loss, time.monotonic() - started)
                    keeper.after_step(place)

                learner.share_buffers()
                figures = validate(learner, films["val"], targets["val"], after_each=partial(keeper.while_validating, place))
                epoch = Epoch(number, place.mean_loss, *figures, seconds=round(time.monotonic() - started, 1))
                place = place.next_epoch(epoch, config.select)
                console.print(f"{epoch}{', best so far' if place.best == number else ''}", soft_wrap=True)
                if place.best == number and crew.leads:
                    states.save_best(number, learner.best_guess)
                keeper.after_epoch(place)
                recorder.epochs(place.history)
        crew.wait()
    if not crew.leads:
        sys.exit(0)
    states.load_best(place.best, learner.model)
    bundle = _write(learner.model.cpu(), config, manifest, place, out)
    recorder.finish(bundle)
    return bundle


def _write(model: Classifier, config: TrainConfig, manifest: Manifest, place: Place, out: Path) -> Bundle:
    weights = save({name: tensor.contiguous() for name, tensor in model.state_dict().items()})
    info = BundleInfo(
        schema="overread.bundle/1",
        name=f"{config.task}-{config.architecture}",
        version=f"{__version__}+{hashlib.sha256(weights).hexdigest()[:8]}",
        code_version=__version__,
        task=config.task,
        labels=manifest.labels,
        input=InputSpec(side=config.image_size, channels=model.channels),
        data=DataRecord(
            manifest_sha256=manifest.sha256,
            films=manifest.frame["split"].value_counts().sort_index().to_dict(),
            phantoms=manifest.phantoms,
        ),
        training=TrainingRecord(
            config=told(config),
            epochs=[asdict(epoch) for epoch in place.history],
            best_epoch=place.best,
            torch=str(torch.__version__),
            code_sha256=code_sha256(),
        ),
    )
    with create_bundle(out, info) as draft:
        (draft.folder / WEIGHTS).write_bytes(weights)
    return open_bundle(out)
