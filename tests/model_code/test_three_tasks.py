"""Every task goes the whole way on its phantoms, from drawing to reading. (``conftest`` does it for chest14.)"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from model_code.bundle_info import BundleInfo, DermoscopyGateRecord
from model_code.calibrate import calibrate
from model_code.data.manifest import read_manifest
from model_code.evaluate import evaluate
from model_code.export import MAX_PARITY, export
from model_code.overlay import MARGIN, overlay
from model_code.predictor import Predictor
from model_code.synthesize import synthesize
from model_code.tasks import PNEUMONIA, SKIN8, TaskSpec
from model_code.train import TrainConfig, train


@dataclass(frozen=True)
class Run:
    """A task's small data set, and a small model of it. (A hundred films of 32 pixels are too few to learn pneumonia well.)"""

    spec: TaskSpec
    patients: int
    seed: int
    """The draw of which validation and test hold every label."""
    epochs: int
    better_than: float


RUNS = (Run(PNEUMONIA, 90, 3, 4, 0.5), Run(SKIN8, 90, 553, 4, 0.75))


@dataclass(frozen=True)
class Made:
    spec: TaskSpec
    better_than: float
    data: Path
    info: BundleInfo
    predictor: Predictor


@pytest.fixture(scope="module", params=RUNS, ids=lambda run: run.spec.task.value)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    run: Run = request.param
    root = tmp_path_factory.mktemp(run.spec.task.value)
    data, bundle = root / "data", root / "bundle"
    synthesize(run.spec, patients=run.patients, seed=run.seed, out=data)
    config = TrainConfig(run.spec.task.value, "resnet18", image_size=32, output_stride=16, epochs=run.epochs, batch_size=16)
    train(config, data=data, out=bundle, checkpoints=root / "checkpoints")
    export(bundle, data=data)
    calibrate(bundle, data=data)
    return Made(run.spec, run.better_than, data, evaluate(bundle, data=data), Predictor.setup(bundle))


def test_it_learns_and_ships_what_it_learned(made: Made) -> None:
    info = made.info
    assert info.input.channels == made.spec.channels and info.labels == made.spec.labels
    assert info.graph is not None and info.graph.parity <= MAX_PARITY
    losses = [epoch["train_loss"] for epoch in info.training.epochs]
    assert losses[-1] < losses[0]
    assert info.metrics is not None and info.metrics.macro_auroc.value >= made.better_than


def test_the_gate_is_that_of_the_task(made: Made) -> None:
    assert isinstance(made.info.film_gate, DermoscopyGateRecord) == (made.spec.channels == 3)


def test_probabilities_of_exclusive_labels_add_up_before_they_are_calibrated(made: Made) -> None:
    paths = read_manifest(made.data, made.spec).split("test").paths[:6]
    scores = made.predictor.predict_many([made.predictor.decode(path.read_bytes()) for path in paths])
    logits = np.concatenate([one.logits for one in scores])
    np.testing.assert_allclose((1 / (1 + np.exp(-logits))).sum(axis=1), 1, atol=1e-4)


def test_most_pictures_of_its_own_are_read(made: Made) -> None:
    readings = [made.predictor.read(path.read_bytes()) for path in read_manifest(made.data, made.spec).split("test").paths]
    read = [reading for reading in readings if reading.status == "read"]
    assert len(read) >= 0.8 * len(readings)  # so few validation pictures fix the limits of these bundles
    assert all([finding.label for finding in reading.findings] == list(made.spec.labels) for reading in read)


def test_the_overlay_keeps_the_pictures_colours(made: Made) -> None:
    image = made.predictor.decode(read_manifest(made.data, made.spec).paths[0].read_bytes())
    scores = made.predictor.predict(image)
    picture = overlay(image, scores, made.predictor.encode(image, scores))
    left = np.asarray(picture.crop((MARGIN, MARGIN, MARGIN + 700, MARGIN + 700)), int)
    coloured = float(np.ptp(left, axis=2).mean())
    assert coloured > 10 if made.spec.channels == 3 else coloured < 1
