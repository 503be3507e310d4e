"""From a model package's ARN to a loaded predictor, by way of S3; for functions."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from model_code import archive
from model_code.errors import UsageError
from model_code.lambdas.clients import client
from model_code.predictor import Predictor

S3: Final = "s3://"


def fetch(model: str) -> Predictor:
    """A predictor over a bundle, after every byte was checked.

    Args:
        model: the ARN of a model package, or, where there is no registry, the ``s3://`` address of a bundle's ``model.tar.gz``.

    Raises:
        BundleError: it is incomplete or altered, or not what the package was registered for.
        UsageError: the address names no object.
    """
    address = urlsplit(model if model.startswith(S3) else _address_of(model))
    bucket, key = address.netloc, address.path.lstrip("/")
    if not bucket or not key:
        raise UsageError(f"'{model}' names no object; give the ARN of a model package, or s3://BUCKET/KEY of a {archive.NAME}")
    with tempfile.TemporaryDirectory() as folder:
        packed = Path(folder) / archive.NAME
        found = client("s3").get_object(Bucket=bucket, Key=key)
        with packed.open("wb") as file:
            shutil.copyfileobj(found["Body"], file)
        # the graph and its limits stay in memory, so that the files may go
        with archive.unpacked(packed, Path(folder) / "unused") as (bundle, _):
            return Predictor.setup(bundle)


def _address_of(package: str) -> str:
    described = client("sagemaker").describe_model_package(ModelPackageName=package)
    return str(described["InferenceSpecification"]["Containers"][0]["ModelDataUrl"])
