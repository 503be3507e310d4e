"""Our tables of AWS's images, compared with those of the SageMaker SDK: ``python -m operations.sdk_check``.

The SDK is a judge here and no dependency: its tables are JSON files in the wheel ``sagemaker-core``, which is put into a folder
and never imported. Regions that only one side knows are shown; an account that differs fails.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aws_cdk.region_info import RegionInfo
from rich.console import Console
from rich.table import Table

from constructs_lib.container_images import BASE_REPOSITORY, BASE_TAG
from constructs_lib.errors import ConfigurationError
from constructs_lib.training.builtin_classifier import ACCOUNTS, REPOSITORY
from constructs_lib.training.job_instance import Accelerator

TABLES: Final = Path("sagemaker/core/image_uri_config")
FOLDER: Final = Path(".venv/sdk")
VERSION: Final = BASE_TAG.partition("-")[0]
"""Of PyTorch in the training image."""


@dataclass(frozen=True)
class Compared:
    """One table of ours beside the SDK's. All are regions."""

    image: str
    same: tuple[str, ...]
    different: tuple[str, ...]
    only_here: tuple[str, ...]
    only_sdk: tuple[str, ...]


def compare(image: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> Compared:
    """Accounts by region, ours and the SDK's."""
    both = sorted(ours.keys() & theirs.keys())
    return Compared(
        image,
        same=tuple(region for region in both if ours[region] == theirs[region]),
        different=tuple(region for region in both if ours[region] != theirs[region]),
        only_here=tuple(sorted(ours.keys() - theirs.keys())),
        only_sdk=tuple(sorted(theirs.keys() - ours.keys())),
    )


def compared(sdk: Path) -> list[Compared]:
    """Both tables.

    Raises:
        ConfigurationError: the SDK is not there, or knows our images no more.
    """
    training = _table(sdk, "pytorch-amzn2023")["training"]["versions"].get(VERSION, {})
    tags = {f"{VERSION}-{flavour}" for flavour in training.get("container_version", {}).values()}
    wanted = {BASE_TAG.format(accelerator=accelerator.value) for accelerator in Accelerator}
    if training.get("repository") != BASE_REPOSITORY or not wanted <= tags:
        raise ConfigurationError(
            f"the SDK knows no images {', '.join(sorted(wanted - tags) or [BASE_REPOSITORY])}; look for newer"
        )
    builtin = _table(sdk, REPOSITORY)["versions"]["1"]
    homes = {info.name: str(info.dlc_repository_account) for info in RegionInfo.regions if info.dlc_repository_account}
    return [
        compare(f"{BASE_REPOSITORY}:{VERSION}", homes, training["registries"]),
        compare(f"{builtin['repository']}:1", ACCOUNTS, builtin["registries"]),
    ]


def main() -> int:
    """Prints both comparisons; 1 where an account differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sdk", type=Path, default=FOLDER, help="folder that sagemaker-core was installed into")
    try:
        found = compared(parser.parse_args().sdk)
    except ConfigurationError as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 2
    table = Table(title="AWS's images: our tables and the SageMaker SDK's", title_justify="left")
    for column in ("image", "same account", "different", "only here", "only in the SDK"):
        table.add_column(column, overflow="fold")
    for one in found:
        shown = (", ".join(regions) or "-" for regions in (one.different, one.only_here, one.only_sdk))
        table.add_row(one.image, f"{len(one.same)} regions", *shown)
    Console().print(table)
    return 1 if any(one.different for one in found) else 0


def _table(sdk: Path, name: str) -> dict[str, Any]:
    path = sdk / TABLES / f"{name}.json"
    if not path.is_file():
        raise ConfigurationError(
            f"no '{path}'; install it: pip install --no-deps --target {sdk} --requirement operations/requirements-sdk.txt"
        )
    return dict(json.loads(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    sys.exit(main())
