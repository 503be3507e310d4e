"""Every template of every environment against its snapshot, so that no change to what is deployed goes unseen.

A change to one environment changes its snapshots alone. After a change that is meant:
``pytest tests/stacks/test_templates.py --snapshot-update``, and read the difference.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from stacks.environments import ENVIRONMENTS
from tests.infra import Platform


def normalised(value: Any) -> Any:
    """Without the hashes of assets, in keys as well as in values: code may change without changing the platform."""
    if isinstance(value, dict):
        return {normalised(key): normalised(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [normalised(inner) for inner in value]
    return re.sub(r"[0-9a-f]{64}", "<asset>", value) if isinstance(value, str) else value


STACKS = ["security", "data", "audit", "registry", "training", "endpoint", "release", "retraining", "api", "monitoring"]


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_template_is_as_it_was(
    environment: str, stack: str, platform_of: Callable[[str], Platform], snapshot: SnapshotAssertion
) -> None:
    template = platform_of(environment).templates[stack]

    assert normalised(template) == snapshot(extension_class=JSONSnapshotExtension)


def test_hashes_are_left_out_of_keys_and_values() -> None:
    digest = "0123456789abcdef" * 4

    assert normalised({f"Asset{digest}": [f"{digest}.zip"]}) == {"Asset<asset>": ["<asset>.zip"]}
