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
from model_code.bundle import WEIGHTS, Bundle, create_bundle, open_bundle
from model_code.bundle_info import BundleInfo, DataRecord, InputSpec, TrainingRecord
from model_code.data.manifest import Manifest, read_manifest
from model_code.models import Classifier, build_model
from model_code.progress import console, track
from model_code.tasks import task_spec
from model_code.training.batches import parts_of, plan
from model_code.training.checkpoint import Checkpoints, Place
from model_code.training.config import TrainConfig, identity, told
from model_code.training.distributed import joined
from model_code.training.epochs import Epoch
from model_code.training.experiments import make_recorder
from model_code.training.films import open_films, sample
from model_code.training.interruption import Keeper
from model_code.training.learner import Learner
from model_code.training.losses import make_loss
from model_code.training.validation import validate

__all__ = ["Epoch", "TrainConfig", "train"]


def train(config: TrainConfig, *, data: Path, out: Path, checkpoints: Path) -> Bundle:
    """Trains, keeps the best epoch on validation, and writes it to ``out`` as a bundle that still lacks its graph.

    Goes on from what ``checkpoints`` holds of a run with the same configuration and data. Of several processes (``torchrun``)
    the first one writes; the others end here, with exit code 0.

    Raises:
        ManifestError: the manifest cannot be trained on.
        UsageError: an unknown task or architecture, or a value out of range or of another run.
        Interrupted: SIGTERM came; the state is saved.
    """
    spec = task_spec(config.task)
    manifest = read_manifest(data, spec)
    splits = {name: manifest.split(name) for name in ("train", "val")}
    targets = {name: torch.from_numpy(rows.targets) for name, rows in splits.items()}
    loss = make_loss(config.loss, targets["train"], exclusive=spec.exclusive)
    with joined() as crew:
        torch.manual_seed(config.seed)
        model = build_model(
            config.architecture, len(spec.labels), config.output_stride, channels=spec.channels, exclusive=spec.exclusive
        )
        films = open_films(manifest, image_size=config.image_size, channels=spec.channels, beside=checkpoints, crew=crew)
        model.normalise_by(sample(films["train"]))
        if config.pretrained:
            from model_code.pretrained import load_pretrained

            load_pretrained(model, config.pretrained, architecture=config.architecture)
        learner = Learner(config, model, loss, crew)
        states = Checkpoints(checkpoints, {**identity(config), "data": manifest.sha256, "code": __version__})
        if crew.leads:
            states.clear_leftovers()
        place = states.resume(learner)
        crew.agree(place.epoch, place.step)
        if place != Place():
            console.print(f"resumed after step {place.step} of epoch {place.epoch} of {config.epochs} from {checkpoints}")
        history = [Epoch(**done) for done in place.history]
        recorder = make_recorder(config, manifest, checkpoints, leads=crew.leads)
        parts = config.accumulate * crew.size

        with Keeper(states, learner, config) as keeper:
            for number in range(place.epoch, config.epochs + 1):
                started = time.monotonic() - place.seconds
                steps = plan(
                    targets["train"],
                    batch_size=config.batch_size, parts=parts, balance=config.balance, seed=config.seed, epoch=number,
                )  # fmt: skip
                batches = parts_of(
                    films["train"], targets["train"], steps[place.step :],
                    parts=parts, mine=slice(crew.rank, None, crew.size), device=crew.device,
                )  # fmt: skip
                for batch in track(batches, f"epoch {number}/{config.epochs}", total=len(steps) - place.step):
                    progress = (number - 1 + place.step / len(steps)) / config.epochs
                    truth = targets["train"][torch.from_numpy(steps[place.step])]
                    place.losses.append(learner.step(batch, truth, place=(number, place.step), progress=progress))
                    place.step += 1
                    place.seconds = time.monotonic() - started
                    keeper.after_step(place)

                learner.share_buffers()
                figures = validate(learner, films["val"], targets["val"], after_each=partial(keeper.while_validating, place))
                seconds = round(time.monotonic() - started, 1)
                epoch = Epoch(number, place.mean_loss, figures.loss, figures.auroc, figures.accuracy, seconds)
                history.append(epoch)
                best = max(history, key=lambda done: done.rank(config.select))
                console.print(f"{epoch} {'(best so far)' if best is epoch else ''}")
                if best is epoch and crew.leads:
                    states.save_best(number, learner.best_guess)
                place = place.next_epoch(asdict(epoch), best.epoch)
                keeper.after_epoch(place)
                recorder.epochs(history)
        crew.wait()
    if not crew.leads:
        sys.exit(0)
    states.load_best(place.best, learner.model)
    bundle = _write(learner.model.cpu(), config, manifest, history, place.best, out)
    recorder.finish(bundle)
    return bundle


def _write(model: Classifier, config: TrainConfig, manifest: Manifest, history: list[Epoch], best: int, out: Path) -> Bundle:
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
            epochs=[asdict(epoch) for epoch in history],
            best_epoch=best,
            torch=str(torch.__version__),
        ),
    )
    with create_bundle(out, info) as draft:
        (draft.folder / WEIGHTS).write_bytes(weights)
    return open_bundle(out)
