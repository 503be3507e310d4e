"""The three images, all targets of ``model_code/Dockerfile``. Synthesis names them by content and needs no Docker."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from aws_cdk import IgnoreMode, Stack, Token
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from constructs_lib.code_asset import REPOSITORY
from constructs_lib.errors import ConfigurationError, require_one_of
from constructs_lib.training.job_instance import Accelerator
from model_code.contract import PACKAGE

BASE_REPOSITORY: Final = "pytorch"
BASE_TAG: Final = "2.13-{accelerator}-amzn2023-sagemaker"
"""AWS's training image with PyTorch 2.13; it is patched until 2027-07-20."""

DEPENDENCIES: Final = ("*", "!pyproject.toml", "!constraints.txt", f"!{PACKAGE}", f"{PACKAGE}/*", f"!{PACKAGE}/Dockerfile")
"""What decides the training image: the lists of packages. The code of jobs travels by itself."""

CODE_TOO: Final = (*DEPENDENCIES, f"!{PACKAGE}/**", "**/__pycache__")

DOCKER_FORMAT: Final = "type=docker"
"""Newer builders write OCI manifests by themselves, which SageMaker refuses ("Unsupported manifest media type")."""


def base_image(region: str, accelerator: Accelerator, digest: str | None = None) -> str:
    """AWS's training image for PyTorch in a region; each has it in one of several accounts.

    Args:
        region: name of the region.
        accelerator: what the machine has.
        digest: ``sha256:…`` of one build, for who must rebuild the very same image; None takes the newest patched one.

    Raises:
        ConfigurationError: AWS keeps no training images there, the region is not known yet at synthesis, or no such digest.
    """
    if digest is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise ConfigurationError(
            f"digest is '{digest}'; allowed: sha256: and 64 hexadecimal digits; 'aws ecr describe-images' shows it"
        )
    if Token.is_unresolved(region):
        raise ConfigurationError("the stack has no region (env-agnostic); a region's name is needed; set Environment.region")
    homes = {info.name: info for info in RegionInfo.regions if info.dlc_repository_account}
    require_one_of("region of training images", region, sorted(homes), "set Environment.region to one of them")
    info = homes[region]
    registry = f"{info.dlc_repository_account}.dkr.ecr.{region}.{info.domain_suffix}"
    build = f"@{digest}" if digest else f":{BASE_TAG.format(accelerator=accelerator.value)}"
    return f"{registry}/{BASE_REPOSITORY}{build}"


class TrainingImage(Construct):
    """AWS's training image of the stack's region plus our packages: jobs run without a network, so nothing is left to install."""

    def __init__(self, scope: Construct, id: str, *, accelerator: Accelerator, digest: str | None = None) -> None:
        super().__init__(scope, id)
        base = base_image(Stack.of(self).region, accelerator, digest)
        self._asset = _image(self, target="train", exclude=DEPENDENCIES, build_args={"TRAIN_BASE": base})
        self.uri = self._asset.image_uri

    def grant_pull(self, grantee: iam.IGrantable) -> None:
        self._asset.repository.grant_pull(grantee)


class ServingImage(Construct):
    """A small image with the code and what reading needs (no torch); it serves a bundle and runs as nobody in particular."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self._asset = _image(self, target="serve", exclude=CODE_TOO, build_args={})
        self.uri = self._asset.image_uri

    def grant_pull(self, grantee: iam.IGrantable) -> None:
        self._asset.repository.grant_pull(grantee)

    def grant_inspect(self, grantee: iam.IGrantable) -> None:
        """For who registers a model with it: SageMaker looks up the image with the registrar's rights."""
        self._asset.repository.grant(grantee, "ecr:BatchGetImage", "ecr:DescribeImages")


class FunctionImage(Construct):
    """The serving image with Lambda's runtime client: for functions that decode or read films."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self._asset = _image(self, target="function", exclude=CODE_TOO, build_args={})

    def code(self, handler: str) -> lambda_.Code:
        """The image as the code of a function, whose handler is ``package.module.function``."""
        return lambda_.Code.from_ecr_image(self._asset.repository, tag_or_digest=self._asset.image_tag, cmd=[handler])


def _image(
    scope: Construct, *, target: str, exclude: tuple[str, ...], build_args: dict[str, str], root: Path = REPOSITORY
) -> ecr_assets.DockerImageAsset:
    return ecr_assets.DockerImageAsset(
        scope,
        "Image",
        directory=str(root),
        file=f"{PACKAGE}/Dockerfile",
        target=target,
        build_args=build_args,
        platform=ecr_assets.Platform.LINUX_AMD64,
        exclude=list(exclude),
        ignore_mode=IgnoreMode.GIT,
        outputs=[DOCKER_FORMAT],
    )
