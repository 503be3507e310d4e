"""Where AWS keeps its PyTorch training image: region to account, and the tags that match our torch."""

from __future__ import annotations

from typing import Final

REPOSITORY: Final = "pytorch"
TAG_CPU: Final = "2.13-cpu-amzn2023-sagemaker"
TAG_GPU: Final = "2.13-cu133-amzn2023-sagemaker"

COMMERCIAL_ACCOUNT: Final = "763104351884"
ACCOUNTS: Final[dict[str, str]] = dict.fromkeys(
    (
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1",
        "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
        "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "sa-east-1",
    ),
    COMMERCIAL_ACCOUNT,
)  # fmt: skip
"""Regions that every account has. GovCloud, China and opt-in regions use other accounts and are not offered."""


def training_image(region: str, *, accelerated: bool) -> str:
    """The image's address in a region.

    Raises:
        ValueError: AWS keeps no such image under this account in that region.
    """
    if region not in ACCOUNTS:
        raise ValueError(f"no training image is known for region '{region}'; choose one of: {', '.join(ACCOUNTS)}")
    tag = TAG_GPU if accelerated else TAG_CPU
    return f"{ACCOUNTS[region]}.dkr.ecr.{region}.amazonaws.com/{REPOSITORY}:{tag}"
