"""Each environment is synthesized once a session."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from aws_cdk import Stack, Stage

from app import build_app
from stacks.environments import ENVIRONMENTS
from tests.infra import Platform


@pytest.fixture(scope="session")
def platform_of() -> Callable[[str], Platform]:
    """The platform of the environment of that name."""

    @cache
    def synthesize(name: str) -> Platform:
        stage = build_app(ENVIRONMENTS[name]).node.find_child(f"overread-{name}")
        assert isinstance(stage, Stage)
        assembly = stage.synth()
        stacks = [child for child in stage.node.children if isinstance(child, Stack)]
        return Platform(stage, {stack.node.id: assembly.get_stack_by_name(stack.stack_name).template for stack in stacks})

    return synthesize


@pytest.fixture(params=list(ENVIRONMENTS))
def platform(request: pytest.FixtureRequest, platform_of: Callable[[str], Platform]) -> Platform:
    """Each environment in turn."""
    return platform_of(request.param)


@pytest.fixture
def dev(platform_of: Callable[[str], Platform]) -> Platform:
    return platform_of("dev")


@pytest.fixture
def prod(platform_of: Callable[[str], Platform]) -> Platform:
    return platform_of("prod")
