"""The functions behind the API, each with what its work needs and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.api.audit_table import AuditTable
from constructs_lib.api.settings import ApiSettings
from constructs_lib.container_images import FunctionImage
from constructs_lib.endpoints.asynchronous import ANSWERS
from constructs_lib.endpoints.model_endpoint import Kind, ModelEndpoint, ServingSite
from constructs_lib.endpoints.on_lambda import BUNDLE_SPACE_MB
from constructs_lib.runtime_function import RuntimeFunction
from constructs_lib.workflows.state_machine import StateMachine

UPLOADS: Final = "uploads"
RESULTS: Final = "results"
"""Prefixes in the bucket of studies (``model_code.lambdas.study_files``)."""

LARGEST_FILM_MB: Final = 3008
"""Memory that a film of 64 MB and a DenseNet-121 fit into together."""


@dataclass(frozen=True, kw_only=True)
class ReadingSite:
    """What the API of one environment stands on."""

    environment: str
    serving: ServingSite
    champion: ModelEndpoint
    challenger: ModelEndpoint
    retraining: StateMachine


class ApiFunctions(Construct):
    """``by_handler`` answers routes; ``readers`` come when a film, or an answer by reference, has arrived."""

    def __init__(self, scope: Construct, id: str, *, site: ReadingSite, settings: ApiSettings, audit: AuditTable) -> None:
        super().__init__(scope, id)
        self._site, self._audit = site, audit
        self._studies = site.serving.studies
        self._variables = self._environment()
        self.by_handler = {
            "predict": self._function("predict", timeout=29, memory_mb=512, concurrency=settings.burst),
            "studies": self._function("studies"),
            "study_result": self._function("study_result"),
            "models": self._function("models"),
            "retrain": self._function("retrain", concurrency=1),
        }
        self.readers = [self._reader()]
        if site.champion.kind is Kind.ASYNC:
            self.readers.append(self._collector())
        self._allow(self.by_handler)

    def _environment(self) -> dict[str, str]:
        """One set of names for all (``model_code.lambdas.settings``); what a function may do with them, its policy says."""
        site = self._site
        return {
            "ENVIRONMENT": site.environment,
            "TASK": site.serving.registry.task.value,
            "MODEL_GROUP": site.serving.registry.group_name,
            "AUDIT_TABLE": self._audit.table.table_name,
            "STUDIES_BUCKET": self._studies.bucket.bucket_name,
            "STUDIES_KEY": self._studies.key.key_arn,
            **site.champion.environment(),
            **site.challenger.environment(),
            "MAX_BODY_BYTES": str(site.champion.max_body_bytes),
            "RETRAINING_ARN": site.retraining.arn,
        }

    def _function(
        self,
        handler: str,
        *,
        image: FunctionImage | None = None,
        timeout: int = 10,
        memory_mb: int = 256,
        concurrency: int = 5,
    ) -> RuntimeFunction:
        return RuntimeFunction(
            self,
            "".join(word.capitalize() for word in handler.split("_")),
            handler=handler,
            place=self._site.serving.place,
            environment=self._variables,
            image=image,
            memory_mb=memory_mb,
            timeout_seconds=timeout,
            concurrency=concurrency,
        )

    def _allow(self, by: Mapping[str, RuntimeFunction]) -> None:
        studies = self._studies.bucket
        for handler in ("predict", "studies", "study_result", "retrain"):
            self._audit.grant_add(by[handler].policy)
        for handler in ("predict", "models"):
            self._allow_the_release(by[handler].policy)
        self._allow_asking(by["predict"].policy)
        studies.grant_put(by["studies"].policy, f"{UPLOADS}/*")
        studies.grant_read(by["study_result"].policy, f"{RESULTS}/*")
        self._allow_looking_at_models(by["models"].policy, "ListModelPackages", "DescribeModelPackage")
        self._site.retraining.grant_start(by["retrain"].policy)

    def _reader(self) -> RuntimeFunction:
        """Reads films by reference; those too large for the endpoint it reads itself, with the registered model."""
        image = FunctionImage(self, "Image")
        reader = self._function("read_study", image=image, timeout=300, memory_mb=LARGEST_FILM_MB)
        resource = reader.function.node.default_child
        assert isinstance(resource, lambda_.CfnFunction)
        resource.ephemeral_storage = lambda_.CfnFunction.EphemeralStorageProperty(size=BUNDLE_SPACE_MB)
        self._studies.bucket.grant_read(reader.policy, f"{UPLOADS}/*")
        self._allow_ending(reader.policy)
        self._allow_the_release(reader.policy)
        self._allow_asking(reader.policy)
        self._allow_looking_at_models(reader.policy, "DescribeModelPackage")
        self._site.serving.models.grant_read(reader.policy, self._site.serving.registry.task.value)
        self._when_an_object_comes(reader, f"{UPLOADS}/")
        return reader

    def _collector(self) -> RuntimeFunction:
        collector = self._function("collect_reading")
        self._studies.bucket.grant_read(collector.policy, f"{ANSWERS}/*")
        self._allow_ending(collector.policy)
        self._when_an_object_comes(collector, f"{ANSWERS}/")
        return collector

    def _when_an_object_comes(self, function: RuntimeFunction, prefix: str) -> None:
        events.Rule(
            function,
            "Arrival",
            description=f"Objects below {prefix} of the bucket of studies",
            event_pattern=events.EventPattern(
                source=["aws.s3"],
                detail_type=["Object Created"],
                detail={
                    "bucket": {"name": [self._studies.bucket.bucket_name]},
                    "object": {"key": [{"prefix": prefix}]},
                },
            ),
            targets=[
                targets.LambdaFunction(
                    function.function,
                    dead_letter_queue=function.dead_letters,
                    retry_attempts=8,
                    max_event_age=Duration.hours(2),
                )
            ],
        )

    def _allow_ending(self, grantee: iam.IGrantable) -> None:
        """To look whether a study has a result, to write one, and to record it."""
        studies = self._studies.bucket
        studies.grant_read(grantee, f"{RESULTS}/*")
        studies.grant_put(grantee, f"{RESULTS}/*")
        self._audit.grant_add(grantee)

    def _allow_asking(self, grantee: iam.IGrantable) -> None:
        for endpoint in (self._site.champion, self._site.challenger):
            endpoint.grant_invoke(grantee)

    def _allow_the_release(self, grantee: iam.IGrantable) -> None:
        registry = self._site.serving.registry
        names = (registry.approved_parameter, registry.challenger_parameter, registry.routing_parameter)
        arns = [Stack.of(self).format_arn(service="ssm", resource="parameter", resource_name=name.lstrip("/")) for name in names]
        grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=["ssm:GetParameters"], resources=arns))

    def _allow_looking_at_models(self, grantee: iam.IGrantable, *actions: str) -> None:
        group, stack = self._site.serving.registry.group_name, Stack.of(self)
        arns = [
            stack.format_arn(service="sagemaker", resource="model-package", resource_name=f"{group}/*"),
            stack.format_arn(service="sagemaker", resource="model-package-group", resource_name=group),
        ]
        names = [f"sagemaker:{action}" for action in actions]
        grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=names, resources=arns))
