"""A job gets of this process's environment what it needs to run, and nothing that is a secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_code.pipeline.process import Command, run

SAYS = "import json, os; print(json.dumps(dict(os.environ)))"


def test_a_job_uses_the_gpus_that_this_process_may_use_and_gets_no_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    run(Command(("python", "-c", SAYS), {"TRAINING_JOB_NAME": "job"}, tmp_path, tmp_path / "log", 60))
    told = json.loads((tmp_path / "log").read_text())
    assert (told["CUDA_VISIBLE_DEVICES"], told["TRAINING_JOB_NAME"]) == ("1", "job")
    assert "AWS_SECRET_ACCESS_KEY" not in told
