"""The code of jobs: ``model_code`` as one zip in S3, named by its content."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Final

from aws_cdk import IgnoreMode
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3_assets as assets
from constructs import Construct

from constructs_lib.errors import ConfigurationError
from model_code.contract import PACKAGE

REPOSITORY: Final = Path(__file__).parent.parent
ONLY_HANDLERS: Final = (
    "*",
    f"!{PACKAGE}",
    f"{PACKAGE}/*",
    f"!{PACKAGE}/__init__.py",
    f"!{PACKAGE}/contract.py",
    f"!{PACKAGE}/lambdas",
    f"!{PACKAGE}/lambdas/**",
    "**/__pycache__",
)
"""What functions on the managed runtime need: a change to the model line does not touch them."""

ONLY_THE_PACKAGE: Final = ("*", f"!{PACKAGE}", f"!{PACKAGE}/**", "**/__pycache__", f"{PACKAGE}/Dockerfile")
"""In the manner of .gitignore: tests, caches and documents never change what is deployed."""


def light_code() -> lambda_.Code:
    """The handlers and the contract, as a function's code."""
    return lambda_.Code.from_asset(str(REPOSITORY), exclude=list(ONLY_HANDLERS), ignore_mode=IgnoreMode.GIT)


class CodeAsset(Construct):
    """The package ``model_code`` under ``root``, to be mounted into jobs.

    Python imports straight from a zip on its path, so a job needs no shell, no unpacking and no network to reach its code;
    and the code's hash is part of every request, so a pipeline says exactly what ran.
    """

    def __init__(self, scope: Construct, id: str, *, root: Path = REPOSITORY) -> None:
        super().__init__(scope, id)
        if not (root / PACKAGE / "__main__.py").is_file():
            raise ConfigurationError(f"no '{PACKAGE}/__main__.py' under '{root}'; pass the folder that holds {PACKAGE}")
        self.asset = assets.Asset(self, "Zip", path=str(root), exclude=list(ONLY_THE_PACKAGE), ignore_mode=IgnoreMode.GIT)

    @property
    def uri(self) -> str:
        return self.asset.s3_object_url

    def python_path(self, folder: PurePosixPath) -> str:
        """``PYTHONPATH`` of a job that mounts the asset in ``folder``."""
        return str(folder / self.asset.s3_object_key)

    def grant_read(self, grantee: iam.IGrantable) -> None:
        self.asset.bucket.grant_read(grantee, self.asset.s3_object_key)
