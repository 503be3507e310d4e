"""One small data set and one real model of it, made once a session. Tests read them; who alters one copies it first."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from model_code.predictor import Predictor

# the tests' workers share the processors: torch's threads wait asleep, not by taking the others' time (read when torch is loaded)
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

PATIENTS, SEED = 60, 123
"""The smallest draw found in which validation and test hold films with and without every finding."""


@dataclass(frozen=True)
class Line:
    """The folders of one run of the model line: the bundle after each of its steps."""

    data: Path
    checkpoints: Path
    trained: Path
    exported: Path
    calibrated: Path
    complete: Path


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom data set."""
    from model_code.synthesize import synthesize
    from model_code.tasks import CHEST14

    folder = tmp_path_factory.mktemp("session") / "data"
    synthesize(CHEST14, patients=PATIENTS, seed=SEED, out=folder)
    return folder


@pytest.fixture(scope="session")
def line(data: Path) -> Line:
    """A DenseNet-121 that was really trained, exported, calibrated and evaluated on it."""
    from model_code.calibrate import calibrate
    from model_code.evaluate import evaluate
    from model_code.export import export
    from model_code.train import TrainConfig, train

    root = data.parent
    made = Line(data, *(root / name for name in ("checkpoints", "trained", "exported", "calibrated", "complete")))
    config = TrainConfig("chest14", "densenet121", image_size=32, output_stride=8, epochs=2)
    train(config, data=data, out=made.trained, checkpoints=made.checkpoints)
    export(made.trained, data=data, out=made.exported)
    calibrate(made.exported, data=data, out=made.calibrated)
    evaluate(made.calibrated, data=data, out=made.complete, report=root / "report")
    return made


@pytest.fixture(scope="session")
def bundle(line: Line) -> Path:
    """The complete bundle's folder; read only."""
    return line.complete


@pytest.fixture(scope="session")
def predictor(bundle: Path) -> Predictor:
    from model_code.predictor import Predictor

    return Predictor.setup(bundle)


@pytest.fixture
def own_bundle(bundle: Path, tmp_path: Path) -> Path:
    """A copy of the complete bundle to alter."""
    return Path(shutil.copytree(bundle, tmp_path / "bundle"))


@pytest.fixture(scope="session")
def film(data: Path) -> bytes:
    """A phantom film's file."""
    return sorted((data / "films").iterdir())[0].read_bytes()
