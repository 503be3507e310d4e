from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from constructs_lib.code_asset import CodeAsset, light_code
from constructs_lib.errors import ConfigurationError
from tests.cli import REPOSITORY
from tests.infra import Scope, many, statements, text_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the package, to be changed by a test."""
    shutil.copytree(REPOSITORY / "model_code", tmp_path / "model_code", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def name_of(root: Path) -> str:
    return CodeAsset(Scope().stack, "Code", root=root).asset.s3_object_key


def test_only_the_package_decides_the_name(root: Path) -> None:
    before = name_of(root)
    (root / "model_code" / "__pycache__").mkdir()
    (root / "model_code" / "__pycache__" / "train.pyc").write_bytes(b"cache")
    (root / "notes.md").write_text("a note")
    assert name_of(root) == before

    with (root / "model_code" / "train.py").open("a") as stream:
        stream.write("\n# changed\n")
    assert name_of(root) != before


def test_a_folder_without_the_package_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"no 'model_code/__main__.py' under '.*'; pass the folder"):
        CodeAsset(Scope().stack, "Code", root=tmp_path)


def test_python_runs_the_package_from_the_zip(tmp_path: Path) -> None:
    """As a job does: the asset's files as one zip, nothing unpacked, nothing of the checkout in reach."""
    scope = Scope()
    asset = CodeAsset(scope.stack, "Code").asset
    staged = Path(scope.stage.synth().directory) / asset.asset_path
    archive = tmp_path / asset.s3_object_key
    with zipfile.ZipFile(archive, "w") as bundle:
        for file in sorted(staged.rglob("*")):
            bundle.write(file, file.relative_to(staged))

    def python(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(archive)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)

    where = python("-c", "import model_code.train as m; print(m.__file__)")
    version = python("-m", "model_code", "--version")

    assert where.stdout.strip() == f"{archive}/model_code/train.py", where.stderr
    assert version.stdout.startswith("overread "), version.stderr


def test_a_job_finds_it_where_it_is_mounted() -> None:
    scope = Scope()
    code = CodeAsset(scope.stack, "Code")

    assert code.python_path(PurePosixPath("/opt/ml/input/data/code")) == f"/opt/ml/input/data/code/{code.asset.s3_object_key}"
    assert str(scope.stack.resolve(code.uri)["Fn::Sub"]).endswith(f"/{code.asset.s3_object_key}")


def test_the_grant_is_for_this_one_object() -> None:
    scope = Scope()
    code = CodeAsset(scope.stack, "Code")
    code.grant_read(iam.ManagedPolicy(scope.stack, "Reader"))
    (granted,) = statements(scope.template().to_json())

    objects = [text_of(resource) for resource in many(granted["Resource"]) if not text_of(resource).endswith(">")]
    assert objects
    assert all(resource.endswith(f"/{code.asset.s3_object_key}") for resource in objects)


HEAVY = ("deidentify", "read_study", "serve")
"""Handlers that run from the image: the standard library and boto3 are not enough for them."""


def handlers() -> list[str]:
    folder = REPOSITORY / "model_code" / "lambdas"
    named = (file.stem for file in sorted(folder.glob("*.py")) if re.search(r"^(def )?handler\b", file.read_text(), re.MULTILINE))
    return [name for name in named if name not in HEAVY]


def test_functions_on_the_managed_runtime_have_every_handler_and_what_it_imports() -> None:
    """As Lambda does it: the asset's files alone, and no package that the runtime does not bring."""
    scope = Scope()
    function = lambda_.Function(
        scope.stack, "Light", runtime=lambda_.Runtime.PYTHON_3_13, handler="model_code.lambdas.predict.handler", code=light_code()
    )
    assert handlers() and function
    assembly = scope.stage.synth()
    (folder,) = (path for path in Path(assembly.directory).parent.rglob("asset.*/model_code/lambdas") if path.is_dir())

    script = "import importlib, sys; sys.path.insert(0, '.')\n" + "".join(
        f"assert callable(importlib.import_module('model_code.lambdas.{name}').handler)\n" for name in handlers()
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script], cwd=folder.parent.parent, capture_output=True, text=True, timeout=60
    )

    assert ran.returncode == 0, ran.stderr
