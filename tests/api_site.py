"""The API's stack over the least that it needs: for tests of it and of its constructs."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Final, cast

from aws_cdk import App, Stack, Stage
from aws_cdk import Environment as CdkEnvironment
from aws_cdk import aws_iam as iam

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.endpoints.model_endpoint import Kind, ServingSite
from constructs_lib.place import Place
from constructs_lib.training.model_registry import ModelSlot
from constructs_lib.workflows.state_machine import StateMachine
from stacks.api_stack import ApiStack
from stacks.endpoint_stack import EndpointStack
from stacks.environments import DEV, PROD, Environment
from stacks.registry_stack import RegistryStack
from stacks.security_stack import SecurityStack
from tests.infra import Json, Platform

PUBLIC: Final = replace(DEV, api=replace(DEV.api, private=False))
PRIVATE: Final = replace(PROD, api=replace(PROD.api, private=True))
PASS: Final = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}


class Endpoint:
    """What the API knows of one: a name, a kind, a grant."""

    max_body_bytes = 4 * 2**20

    def __init__(self, slot: ModelSlot, kind: Kind) -> None:
        self.slot, self.kind, self.endpoint_name = slot, kind, slot.endpoint_name

    def environment(self) -> dict[str, str]:
        prefix = "ENDPOINT" if self.slot.role == "Champion" else "CHALLENGER"
        return {f"{prefix}_KIND": self.kind.value, f"{prefix}_NAME": self.endpoint_name}

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{self.endpoint_name}"
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["sagemaker:InvokeEndpoint"], resources=[arn])
        )


class ApiSite:
    """Built, and synthesized once when somebody looks."""

    def __init__(self, environment: Environment, kind: Kind = Kind.SERVERLESS) -> None:
        self.stage = Stage(App(), f"overread-{environment.name}", env=CdkEnvironment(region=environment.region))
        security = SecurityStack(self.stage, "security", environment=environment)
        data = Stack(self.stage, "data")
        artifacts, studies = (
            PhiBucket(
                data,
                name,
                key=security.keys.images,
                replica_key=security.keys.replicas,
                access_logs=security.access_logs,
                removal_policy=environment.removal_policy,
            )
            for name in ("Artifacts", "Studies")
        )
        models = RegistryStack(self.stage, "registry", environment=environment).registry
        place = Place(keys=security.keys, network=security.network, removal_policy=environment.removal_policy)
        site = ServingSite(registry=models, models=artifacts, studies=studies, place=place, notices=security.notices)
        champion, challenger = (Endpoint(slot, kind) for slot in (models.champion, models.challenger))
        endpoint = SimpleNamespace(site=site, champion=champion, challenger=challenger)
        flow = StateMachine(
            Stack(self.stage, "retraining"), "Flow", name="retraining", definition=PASS, place=place, statements=[]
        )
        self.api = ApiStack(
            self.stage,
            "api",
            environment=environment,
            endpoint=cast(EndpointStack, endpoint),
            retraining=flow,
        )

    def platform(self) -> Platform:
        assembly = self.stage.synth()
        stacks = [child for child in self.stage.node.children if isinstance(child, Stack)]
        return Platform(self.stage, {stack.node.id: assembly.get_stack_by_name(stack.stack_name).template for stack in stacks})

    def template(self) -> Json:
        return self.platform().templates["api"]
