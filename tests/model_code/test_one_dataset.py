"""The path of one data set, as a user walks it: every step from the command line, on phantoms, to a film that is read."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd

from tests.cli import overread


def done(*arguments: str | Path) -> str:
    """A step that must work; what it prints for programs."""
    finished = overread(*arguments, "--json")
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_from_phantoms_through_prepare_to_an_answer(data: Path, tmp_path: Path) -> None:
    """The phantoms as somebody's own folder, a ResNet-18, and a bundle that anybody can check."""
    source, prepared, bundle = tmp_path / "source", tmp_path / "prepared", tmp_path / "bundle"
    source.mkdir()
    (source / "films").symlink_to(data / "films")
    frame = pd.read_parquet(data / "manifest.parquet")
    frame.drop(columns="sha256").to_csv(source / "manifest.csv", index=False)

    report = json.loads(done("prepare", "--root", source, "--out", prepared))
    assert report["films"] == len(frame) and report["quarantined"] == []
    small = ("--arch", "resnet18", "--image-size", "32", "--output-stride", "16", "--epochs", "1")
    record = json.loads(done("train", "--data", prepared, "--out", bundle, *small))
    assert record["best_epoch"] == 1
    assert json.loads(done("export", "--bundle", bundle, "--data", prepared))["parity"] <= 1e-5
    done("calibrate", "--bundle", bundle, "--data", prepared)
    metrics = json.loads(done("evaluate", "--bundle", bundle, "--data", prepared))
    assert metrics["split"] == "test" and 0 <= metrics["macro_auroc"]["value"] <= 1
    film = next((prepared / "films").iterdir())
    reading = json.loads(done("predict", film, "--bundle", bundle))
    assert len(reading["findings"]) == 14 or reading["reasons"]
    assert subprocess.run(["sha256sum", "--quiet", "-c", "SHA256SUMS"], cwd=bundle).returncode == 0
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["bundle", "bundle.checkpoints", "bundle.checkpoints.shards", "prepared", "source"]
