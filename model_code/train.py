"""``overread train``: from a manifest to a draft bundle with the best epoch's weights.

One configuration, one loop that reads from top to bottom. Everything random is drawn from (seed, epoch), so a run that was
interrupted and resumed from its checkpoint gives the same weights as one that was not.
"""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import save
from sklearn.metrics import roc_auc_score
from torch import Tensor
from torch.nn import functional

from model_code import __version__, checkpoint
from model_code.bundle import WEIGHTS, Bundle, create_bundle, open_bundle
from model_code.bundle_info import BundleInfo, DataRecord, InputSpec, TrainingRecord
from model_code.cpus import usable_cpus
from model_code.data.augment import augment
from model_code.data.films import load_films
from model_code.data.manifest import Manifest, read_manifest
from model_code.errors import UsageError
from model_code.models import Classifier, build_model
from model_code.progress import console, track
from model_code.tasks import task_spec


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a run, beside the data. Saved in the checkpoint and in the bundle."""

    task: str
    architecture: str
    image_size: int
    output_stride: int = 32
    epochs: int = 10
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    seed: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (("epochs", 1, 1000), ("batch_size", 2, 4096), ("image_size", 32, 1024)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"--{name.replace('_', '-')} is {value}; allowed: {low} to {high}")
        if not 0 < self.learning_rate <= 1:
            raise UsageError(f"--learning-rate is {self.learning_rate}; allowed: above 0, at most 1 (0.002 is a good start)")


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave. Better is a higher validation AUROC; a tie goes to the lower validation loss."""

    epoch: int
    train_loss: float
    val_loss: float
    val_auroc: float
    seconds: float

    def rank(self) -> tuple[float, float]:
        """Orders epochs from worse to better."""
        return self.val_auroc, -self.val_loss

    def __str__(self) -> str:
        return (
            f"epoch {self.epoch}: loss {self.train_loss:.3f}, validation loss {self.val_loss:.3f}, "
            f"validation AUROC {self.val_auroc:.3f}, {self.seconds:.0f} s"
        )


def train(config: TrainConfig, *, data: Path, out: Path, checkpoints: Path) -> Bundle:
    """Trains, keeps the best epoch by validation AUROC, and writes it to ``out`` as a bundle that still lacks its graph.

    Epochs found in ``checkpoints`` from a run with the same configuration and data are not run again.

    Raises:
        ManifestError: the manifest cannot be trained on.
        UsageError: an unknown task or architecture, or a value out of range.
    """
    spec = task_spec(config.task)
    torch.set_num_threads(usable_cpus())
    torch.manual_seed(config.seed)
    model = build_model(config.architecture, len(spec.labels), config.output_stride)
    manifest = read_manifest(data, spec)
    splits = {name: manifest.split(name) for name in ("train", "val")}
    films = {name: torch.from_numpy(load_films(rows, config.image_size, f"decode {name} films")) for name, rows in splits.items()}
    targets = {name: torch.from_numpy(rows.targets) for name, rows in splits.items()}
    model.normalise_by(films["train"])
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)

    run = {**asdict(config), "data": manifest.sha256, "code": __version__}
    history = [Epoch(**saved) for saved in checkpoint.resume(checkpoints, run, model, optimizer)]
    best = max(history, key=Epoch.rank, default=None)
    if history:
        console.print(f"resumed after epoch {len(history)} of {config.epochs} from {checkpoints}")
    weight = positive_weight(targets["train"])
    for number in range(len(history) + 1, config.epochs + 1):
        started = time.monotonic()
        train_loss = train_epoch(model, optimizer, films["train"], targets["train"], weight, config, number)
        val_loss, val_auroc = validate(model, films["val"], targets["val"], weight)
        epoch = Epoch(number, round(train_loss, 4), round(val_loss, 4), round(val_auroc, 4), round(time.monotonic() - started, 1))
        history.append(epoch)
        if best is None or epoch.rank() > best.rank():
            best = epoch
            checkpoint.save_best(checkpoints, model)
        checkpoint.save(checkpoints, run, model, optimizer, [asdict(done) for done in history])
        console.print(f"{epoch} {'(best so far)' if best is epoch else ''}")

    assert best is not None  # at least one epoch has run
    checkpoint.load_best(checkpoints, model)
    return _write(model, config, manifest, history, best, out)


def train_epoch(
    model: Classifier,
    optimizer: torch.optim.Optimizer,
    films: Tensor,
    targets: Tensor,
    weight: Tensor,
    config: TrainConfig,
    number: int,
) -> float:
    """One pass over the training films in an order, and with changes, that (seed, epoch) alone decide; returns the mean loss."""
    generator = torch.Generator().manual_seed(config.seed * 100_003 + number)
    model.train()
    batches = torch.split(torch.randperm(len(films), generator=generator), config.batch_size)
    if len(batches) > 1 and len(batches[-1]) < 2:
        batches = batches[:-1]  # batch norm needs two films
    total = 0.0
    for step, batch in enumerate(track(batches, f"epoch {number}/{config.epochs}", total=len(batches))):
        rate = learning_rate((number - 1 + step / len(batches)) / config.epochs) * config.learning_rate
        for group in optimizer.param_groups:
            group["lr"] = rate
        outputs = model(augment(as_input(films[batch]), generator))
        loss = masked_loss(outputs.logits, targets[batch], weight)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        total += loss.item()
    return total / len(batches)


@torch.no_grad()
def validate(model: Classifier, films: Tensor, targets: Tensor, weight: Tensor) -> tuple[float, float]:
    """Mean loss and macro AUROC (over labels that have both kinds of film) on the validation films, unchanged."""
    model.eval()
    logits = torch.cat([model(as_input(batch)).logits for batch in torch.split(films, 64)])
    return masked_loss(logits, targets, weight).item(), macro_auroc(targets.numpy(), logits.numpy())


def as_input(films: Tensor) -> Tensor:
    """uint8 (N, side, side) to the model's input: (N, 1, side, side) float32 in [0, 1]."""
    return (films.float() / 255).unsqueeze(1).contiguous(memory_format=torch.channels_last)


def positive_weight(targets: Tensor) -> Tensor:
    """How much more a positive counts than a negative: the square root of their ratio, at most 10."""
    prevalence = torch.nanmean(targets, dim=0).clamp(1e-4, 1 - 1e-4)
    return ((1 - prevalence) / prevalence).sqrt().clamp(max=10)


def masked_loss(logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
    """Binary cross-entropy over the known labels; unknown ones (NaN) count nothing."""
    known = ~targets.isnan()
    losses = functional.binary_cross_entropy_with_logits(logits, targets.nan_to_num(), pos_weight=weight, reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


def learning_rate(progress: float) -> float:
    """Share of the peak rate at a point of the run (0 to 1): a linear rise over the first quarter, then half a cosine to zero."""
    warm = 0.25
    if progress < warm:
        return 0.05 + 0.95 * progress / warm
    return 0.5 * (1 + math.cos(math.pi * (progress - warm) / (1 - warm)))


def macro_auroc(targets: NDArray[np.float32], scores: NDArray[np.float32]) -> float:
    """Mean AUROC over labels; 0.5 where no label has both kinds of film."""
    areas = []
    for label in range(targets.shape[1]):
        known = ~np.isnan(targets[:, label])
        truth = targets[known, label]
        if 0 < truth.sum() < len(truth):
            areas.append(float(roc_auc_score(truth, scores[known, label])))
    return float(np.mean(areas)) if areas else 0.5


def _write(model: Classifier, config: TrainConfig, manifest: Manifest, history: list[Epoch], best: Epoch, out: Path) -> Bundle:
    weights = save({name: tensor.contiguous() for name, tensor in model.state_dict().items()})
    info = BundleInfo(
        schema="overread.bundle/1",
        name=f"{config.task}-{config.architecture}",
        version=f"{__version__}+{hashlib.sha256(weights).hexdigest()[:8]}",
        code_version=__version__,
        task=config.task,
        labels=manifest.labels,
        input=InputSpec(side=config.image_size),
        data=DataRecord(
            manifest_sha256=manifest.sha256,
            films=manifest.frame["split"].value_counts().sort_index().to_dict(),
            phantoms=manifest.phantoms,
        ),
        training=TrainingRecord(
            config=asdict(config),
            epochs=[asdict(epoch) for epoch in history],
            best_epoch=best.epoch,
            torch=str(torch.__version__),
        ),
    )
    with create_bundle(out, info) as draft:
        (draft.folder / WEIGHTS).write_bytes(weights)
    return open_bundle(out)
