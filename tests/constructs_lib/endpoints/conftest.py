"""One champion and one challenger of each kind, built and synthesized once a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Final

import pytest
from aws_cdk import aws_iam as iam

from constructs_lib.container_images import ServingImage
from constructs_lib.endpoints.build import build_endpoint
from constructs_lib.endpoints.model_endpoint import ModelEndpoint, ServingSite
from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.endpoints.settings import Async, EndpointSettings, OnLambda, QuietHours, Realtime, Serverless
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.workflows.encrypted_topic import EncryptedTopic
from model_code.contract import Task
from tests.infra import Json, Scope, of_type

SETTINGS: Final[dict[str, EndpointSettings]] = {
    "serverless": Serverless(memory_mb=3072, max_concurrency=5),
    "realtime": Realtime(
        instance=ServingInstance.M5_LARGE,
        min_instances=3,
        invocations_per_instance=60,
        quiet_hours=QuietHours(start=20, end=6, min_instances=2, time_zone="America/New_York"),
    ),
    "async": Async(instance=ServingInstance.C6I_XLARGE, max_instances=3),
    "lambda": OnLambda(memory_mb=3008, concurrency=10),
}


@dataclass
class Built:
    """A stack with the two endpoints of one kind, and a policy of a caller of theirs."""

    settings: EndpointSettings
    scope: Scope = field(default_factory=Scope)

    def __post_init__(self) -> None:
        stack, keys, logs = self.scope.stack, self.scope.keys(), self.scope.access_logs()
        site = ServingSite(
            registry=ModelRegistry(stack, "Registry", task=Task.CHEST14, image=ServingImage(stack, "Serving")),
            models=self.scope.bucket("Models", keys, logs),
            studies=self.scope.bucket("Studies", keys, logs),
            place=self.scope.place(keys),
            notices=EncryptedTopic(stack, "Notices", key=keys.messages, services=("cloudwatch",)).topic,
        )
        slots = site.registry.champion, site.registry.challenger
        self.champion, self.challenger = (build_endpoint(stack, settings=self.settings, slot=s, site=site) for s in slots)
        caller = iam.ManagedPolicy(stack, "Caller")
        self.champion.grant_invoke(caller)

    @property
    def endpoints(self) -> tuple[ModelEndpoint, ModelEndpoint]:
        return self.champion, self.challenger

    @cached_property
    def template(self) -> Json:
        return dict(self.scope.template().to_json())

    @cached_property
    def findings(self) -> set[tuple[str, str]]:
        return self.scope.findings()

    def part(self, prefix: str) -> Json:
        """The template with the resources alone whose logical ids begin so."""
        kept = {name: resource for name, resource in self.template["Resources"].items() if name.startswith(prefix)}
        return {**self.template, "Resources": kept}

    def champions(self, kind: str) -> list[Json]:
        """Properties of the champion's resources of a type."""
        return of_type(self.part("Champion"), kind)

    def the(self, kind: str) -> Json:
        """Of the only one."""
        (properties,) = self.champions(kind)
        return properties


@pytest.fixture(scope="session")
def built() -> Callable[[str], Built]:
    return cache(lambda kind: Built(SETTINGS[kind]))


@pytest.fixture(params=list(SETTINGS))
def each(request: pytest.FixtureRequest, built: Callable[[str], Built]) -> Built:
    """Each kind in turn."""
    return built(request.param)


@pytest.fixture
def serverless(built: Callable[[str], Built]) -> Built:
    return built("serverless")


@pytest.fixture
def realtime(built: Callable[[str], Built]) -> Built:
    return built("realtime")


@pytest.fixture
def asynchronous(built: Callable[[str], Built]) -> Built:
    return built("async")


@pytest.fixture
def on_lambda(built: Callable[[str], Built]) -> Built:
    return built("lambda")
