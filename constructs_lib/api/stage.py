"""How the API is served: throttled, metered, traced, logged without bodies, and cached only where nothing is about anybody."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Duration
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.api.settings import ApiSettings
from constructs_lib.place import Place

NAME: Final = "v1"

LOGGED: Final = {
    "request": "$context.requestId",
    "time": "$context.requestTime",
    "method": "$context.httpMethod",
    "route": "$context.resourcePath",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "error": "$context.error.responseType",
    "address": "$context.identity.sourceIp",
    "person": "$context.authorizer.claims.sub",
    "role": "$context.identity.userArn",
    "trace": "$context.xrayTraceId",
}
"""The route stands for the path; a query, a header or a body is never written down."""


class ApiStage(Construct):
    """The one stage of an API. ``options`` make it; ``complete`` adds what needs the API to be there.

    ``routes``: ``/predict/POST`` → whether the gateway may answer it from its cache.
    """

    def __init__(self, scope: Construct, id: str, *, settings: ApiSettings, place: Place, routes: Mapping[str, bool]) -> None:
        super().__init__(scope, id)
        self._settings, self._place = settings, place
        self.access_logs = self._group("AccessLogs")
        certificate = apigateway.CfnClientCertificate(
            self, "ClientCertificate", description="Shows what stands behind the gateway that the gateway asks"
        )
        self.options = apigateway.StageOptions(
            stage_name=NAME,
            client_certificate_id=certificate.attr_client_certificate_id,
            access_log_destination=apigateway.LogGroupLogDestination(self.access_logs),
            access_log_format=apigateway.AccessLogFormat.custom(json.dumps(LOGGED)),
            tracing_enabled=True,
            cache_cluster_enabled=True,
            cache_cluster_size="0.5",
            **_method_settings(settings, cached=True),
            method_options={
                path: apigateway.MethodDeploymentOptions(**_method_settings(settings, cached=False))
                for path, cached in routes.items()
                if not cached
            },
        )

    def complete(self, api: apigateway.RestApi) -> None:
        """A log of executions with a key and an end, before the service makes one with neither; and the meter of machines."""
        execution = self._group("ExecutionLogs", f"API-Gateway-Execution-Logs_{api.rest_api_id}/{NAME}")
        api.deployment_stage.node.add_dependency(execution)
        self._meter(api)

    def _group(self, id: str, name: str | None = None) -> logs.LogGroup:
        return self._place.log_group(self, id, name)

    def _meter(self, api: apigateway.RestApi) -> None:
        """A machine's key is no proof of anything; it only counts what the machine asks."""
        settings = self._settings
        throttle = apigateway.ThrottleSettings(rate_limit=settings.requests_per_second, burst_limit=settings.burst)
        self.plan = api.add_usage_plan(
            "Machines",
            description="What one machine may ask",
            throttle=throttle,
            quota=apigateway.QuotaSettings(limit=settings.daily_quota, period=apigateway.Period.DAY),
            api_stages=[apigateway.UsagePlanPerApiStage(api=api, stage=api.deployment_stage)],
        )
        self.machine_key = apigateway.ApiKey(self, "MachineKey", description="The first machine's; each further one gets its own")
        self.plan.add_api_key(self.machine_key)


def _method_settings(settings: ApiSettings, *, cached: bool) -> dict[str, Any]:
    """A method's settings replace the stage's altogether, so both are written in full."""
    return {
        "caching_enabled": cached,
        "cache_data_encrypted": True,
        "cache_ttl": Duration.minutes(1),
        "data_trace_enabled": False,
        "logging_level": apigateway.MethodLoggingLevel.ERROR,
        "metrics_enabled": True,
        "throttling_rate_limit": settings.requests_per_second,
        "throttling_burst_limit": settings.burst,
    }
