from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from aws_cdk import App, Stack

from constructs_lib import container_images
from constructs_lib.container_images import FunctionImage, ServingImage, TrainingImage, base_image
from constructs_lib.errors import ConfigurationError
from constructs_lib.training.job_instance import Accelerator
from model_code.contract import SERVING_PORT
from tests.cli import REPOSITORY
from tests.infra import REGION, Scope

DOCKERFILE = (REPOSITORY / "model_code" / "Dockerfile").read_text(encoding="utf-8")


def build_order(scope: Scope) -> dict[str, object]:
    """What the CLI is told to build, from the assembly."""
    directory = Path(scope.stage.synth().directory)
    (assets,) = directory.glob("*.assets.json")
    (image,) = json.loads(assets.read_text(encoding="utf-8"))["dockerImages"].values()
    return dict(image["source"])


def test_the_base_is_of_the_region_and_of_the_machines() -> None:
    home = "763104351884.dkr.ecr.eu-west-1.amazonaws.com"
    assert base_image("eu-west-1", Accelerator.NONE) == f"{home}/pytorch:2.13-cpu-amzn2023-sagemaker"
    assert base_image("eu-west-1", Accelerator.CUDA) == f"{home}/pytorch:2.13-cu133-amzn2023-sagemaker"
    assert base_image("cn-north-1", Accelerator.NONE).startswith("727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn/")


def test_an_unknown_region_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown region of training images 'moon-east-1'; allowed: .*us-east-1.*"):
        base_image("moon-east-1", Accelerator.NONE)


def test_a_stack_without_a_region_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"has no region .*; set Environment.region"):
        TrainingImage(Stack(App(), "anywhere"), "Image", accelerator=Accelerator.NONE)


def test_the_training_image_starts_from_the_base() -> None:
    scope = Scope()
    TrainingImage(scope.stack, "Training", accelerator=Accelerator.NONE)
    order = build_order(scope)

    assert order["dockerBuildTarget"] == "train"
    assert order["dockerBuildArgs"] == {"TRAIN_BASE": base_image(REGION, Accelerator.NONE)}


@pytest.mark.parametrize("changed", ["train.py", "data/images.py"])
def test_code_changes_the_serving_image_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: str) -> None:
    """Jobs get their code apart from their image; a server has it inside."""
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "model_code", tmp_path / "model_code", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(container_images._image, "__kwdefaults__", {"root": tmp_path})

    def names() -> tuple[str, str]:
        stack = Scope().stack
        training = TrainingImage(stack, "Training", accelerator=Accelerator.NONE)
        return training._asset.asset_hash, ServingImage(stack, "Serving")._asset.asset_hash

    training, serving = names()
    with (tmp_path / "model_code" / changed).open("a") as stream:
        stream.write("\n# changed\n")
    assert names()[0] == training
    assert names()[1] != serving

    with (tmp_path / "constraints.txt").open("a") as stream:
        stream.write("# changed\n")
    assert names()[0] != training


def test_all_that_the_dockerfile_copies_is_sent_along() -> None:
    for target in ("serve", "function", "train"):
        scope = Scope()
        if target == "train":
            TrainingImage(scope.stack, "Image", accelerator=Accelerator.NONE)
        else:
            {"serve": ServingImage, "function": FunctionImage}[target](scope.stack, "Image")
        source = Path(scope.stage.synth().directory) / str(build_order(scope)["directory"])
        (stage,) = re.findall(rf"AS {target}\n(.*?)(?=\nFROM|\Z)", DOCKERFILE, flags=re.DOTALL)

        for line in re.findall(r"^COPY (?!--from)(.*)$", stage, flags=re.MULTILINE):
            for name in line.split()[:-1]:
                assert (source / name).exists(), f"target {target} copies {name}, which the image's context leaves out"


def test_the_server_listens_where_sagemaker_asks_and_is_not_root() -> None:
    assert f"EXPOSE {SERVING_PORT}" in DOCKERFILE
    assert "USER reader" in DOCKERFILE
    assert 'ENTRYPOINT ["python", "-m", "model_code"]' in DOCKERFILE


def test_images_are_written_in_the_format_that_sagemaker_reads() -> None:
    scope = Scope()
    ServingImage(scope.stack, "Serving")

    assert build_order(scope)["dockerOutputs"] == ["type=docker"]


def test_one_build_of_the_base_can_be_named_by_its_digest() -> None:
    digest = f"sha256:{'0a' * 32}"

    assert base_image("us-east-1", Accelerator.NONE, digest).endswith(f"amazonaws.com/pytorch@{digest}")
    with pytest.raises(ConfigurationError, match="digest is 'latest'; allowed: sha256: and 64 hexadecimal digits"):
        base_image("us-east-1", Accelerator.NONE, "latest")
