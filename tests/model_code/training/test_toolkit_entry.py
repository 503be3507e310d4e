"""Under SageMaker's own training toolkit, as its containers run it: the real one, with only its base folder elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from model_code.bundle import open_bundle
from tests.cli import REPOSITORY
from tests.model_code.training.test_sagemaker import made

TOOLKIT = Path(sys.prefix) / "sagemaker" / "bin"


def toolkit() -> Path:
    """Its command; the test is skipped where it is not installed, but never in CI."""
    if not (TOOLKIT / "train").is_file() and not os.environ.get("CI"):
        pytest.skip("SageMaker's training toolkit is not installed; run: make toolkit")
    assert (TOOLKIT / "train").is_file(), "the training toolkit is missing, and CI must have it"
    return TOOLKIT / "train"


def run(base: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A training job of the toolkit: code from an archive, configuration from files."""
    made(base, {**settings, "sagemaker_program": "model_code/training/toolkit_entry.py"}, hosts=["localhost"])
    config = base / "input" / "config"
    (config / "resourceconfig.json").write_text(
        json.dumps({"current_host": "localhost", "hosts": ["localhost"], "network_interface_name": "lo"})
    )
    (config / "inputdataconfig.json").write_text(json.dumps({"data": {"TrainingInputMode": "File"}}))
    archive = base / "code.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as packed:
        packed.add(REPOSITORY / "model_code", "model_code", filter=lambda one: None if "__pycache__" in one.name else one)
    given = config / "hyperparameters.json"
    given.write_text(json.dumps({**json.loads(given.read_text()), "sagemaker_submit_directory": str(archive)}))
    environment: dict[str, Any] = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("SM_", "SAGEMAKER_"))},
        "PATH": f"{TOOLKIT}:{Path(sys.prefix) / 'bin'}:{os.environ['PATH']}",  # torchrun is the project's
        "SAGEMAKER_BASE_DIR": str(base),
        "SAGEMAKER_TRAINING_MODULE": "sagemaker_pytorch_container.training:main",
        "SM_STUDIO_LOCAL_MODE": "true",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run([toolkit()], capture_output=True, text=True, env=environment, cwd=base, timeout=300)


def test_two_processes_train_a_bundle(data: Path, tmp_path: Path) -> None:
    toolkit()
    base = tmp_path / "ml"
    shutil.copytree(data, base / "input" / "data" / "data")
    settings = {"task": "chest14", "architecture": '"mobilenet_v2"', "image-size": "32", "epochs": "1", "batch_size": "16",
                "compile": "False", "sagemaker_torch_distributed_enabled": "true",
                "sagemaker_mpi_num_of_processes_per_host": "2"}  # fmt: skip

    done = run(base, settings)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "torchrun --nnodes 1 --nproc_per_node 2" in done.stdout + done.stderr
    config = open_bundle(base / "model").info.training.config
    assert (config["architecture"], config["image_size"], config["epochs"]) == ("mobilenet_v2", 32, 1)
    assert list((base / "checkpoints").glob("state-*")) and not (base / "output" / "failure").exists()


def test_what_is_wrong_becomes_the_jobs_failure_reason(tmp_path: Path) -> None:
    toolkit()
    done = run(tmp_path / "ml", {"task": "chest14", "epoch": "1"})
    assert done.returncode != 0
    assert (tmp_path / "ml" / "output" / "failure").read_text() == "unknown setting 'epoch'; did you mean 'epochs'?"
