"""What several tests of the model line share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``make synth ENV=dev`` writes."""
    from aws_cdk import App

    from app import FLAGS
    from stacks.environments import DEV
    from stacks.platform_stage import PlatformStage

    folder = tmp_path_factory.mktemp("synth") / "cdk.out"
    context = json.loads(FLAGS.read_text(encoding="utf-8"))["context"]
    app = App(analytics_reporting=False, outdir=str(folder), context=context, builtin_cloud_formation_validation=False)
    PlatformStage(app, environment=DEV)
    app.synth()
    return folder
