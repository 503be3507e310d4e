"""The application as the CDK CLI runs it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_s3 as s3

import app as application
from constructs_lib.compliance.findings import examine
from stacks.environments import DEV, ENVIRONMENTS, STAGING
from tests.cli import REPOSITORY


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=REPOSITORY, env={**os.environ, **variables}, capture_output=True, text=True, timeout=120)


def with_an_open_bucket(outdir: Path, context: dict[str, bool] | None = None) -> App:
    """The dev environment with a bucket that nobody secured."""
    app = application.build_app(DEV, outdir=str(outdir))
    for key, value in (context or {}).items():
        app.node.set_context(key, value)
    stack = app.node.find_child("overread-dev").node.find_child("data")
    assert isinstance(stack, Stack)
    s3.Bucket(stack, "Open")
    return app


def test_an_unknown_environment_is_one_line_and_exit_code_2() -> None:
    done = run(sys.executable, "app.py", CDK_CONTEXT_JSON=json.dumps({"env": "nope"}))

    assert done.returncode == 2
    assert done.stderr.splitlines() == [
        "overread: error: unknown environment 'nope'; allowed: dev, staging, prod, delivery; choose one with -c env=NAME"
    ]


def test_a_finding_fails_synthesis(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="S3DefaultEncryptionKMS"):
        with_an_open_bucket(tmp_path).synth()


def test_a_finding_fails_synthesis_under_the_cli_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The CLI takes over reporting, and then looks only at stacks outside stages, of which there are none."""

    class UnderTheCli(App):
        def __init__(self, *, context: dict[str, object], **settings: object) -> None:
            super().__init__(context={**context, "@aws-cdk/core:failSynthOnValidationErrors": False}, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(application, "App", UnderTheCli)
    broken = with_an_open_bucket(tmp_path)
    monkeypatch.setattr(application, "build_app", lambda: broken)

    assert application.main() == 1


def test_the_same_source_gives_the_same_bytes(tmp_path: Path) -> None:
    contents = []
    for outdir in (tmp_path / "first", tmp_path / "second"):
        application.build_app(DEV, outdir=str(outdir)).synth()
        contents.append({str(f.relative_to(outdir)): f.read_bytes() for f in outdir.rglob("*") if f.is_file()})

    assert contents[0].keys() == contents[1].keys()
    assert [name for name, content in contents[0].items() if contents[1][name] != content] == []


def test_what_an_earlier_synthesis_left_is_not_counted(tmp_path: Path) -> None:
    for environment in (DEV, STAGING):
        app = application.build_app(environment, outdir=str(tmp_path))
        app.synth()

    assert {row.stack.split("-")[1] for row in examine(app).stacks()} == {"staging"}


def test_the_delivery_has_every_environment_and_its_own_pipeline(tmp_path: Path) -> None:
    done = run(sys.executable, "app.py", CDK_CONTEXT_JSON=json.dumps({"env": "delivery"}), CDK_OUTDIR=str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "overread-delivery.template.json").is_file()
    assert {folder.name for folder in tmp_path.glob("assembly-*")} == {f"assembly-overread-{name}" for name in ENVIRONMENTS}


def test_the_cli_synthesizes_with_all_checks_on(tmp_path: Path) -> None:
    """As `make synth` does, CloudFormation's own validation included."""
    cdk = shutil.which("cdk", path=str(Path(sys.executable).parent))
    assert cdk is not None, "the CDK CLI is not installed; run `make setup`"

    done = run(cdk, "synth", "--quiet", "-c", "env=prod", "--output", str(tmp_path), CDK_VALIDATION="true")

    assert done.returncode == 0, done.stderr
    sums = re.search(r"all\W+(\d+)\W+(\d+)\W+(\d+)", re.sub(r"\x1b\[\d+m", "", done.stderr))
    assert sums is not None
    assert int(sums[1]) > 50
    assert int(sums[2]) == 0
