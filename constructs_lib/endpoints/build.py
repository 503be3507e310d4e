"""From settings to an endpoint: the only place that knows all four kinds."""

from __future__ import annotations

from constructs import Construct

from constructs_lib.endpoints.asynchronous import AsyncEndpoint
from constructs_lib.endpoints.model_endpoint import ModelEndpoint, ServingSite
from constructs_lib.endpoints.on_lambda import LambdaEndpoint
from constructs_lib.endpoints.realtime import RealtimeEndpoint
from constructs_lib.endpoints.serverless import ServerlessEndpoint
from constructs_lib.endpoints.settings import Async, EndpointSettings, OnLambda, Realtime, Serverless
from constructs_lib.errors import ConfigurationError
from constructs_lib.training.model_registry import ModelSlot


def build_endpoint(scope: Construct, *, settings: EndpointSettings, slot: ModelSlot, site: ServingSite) -> ModelEndpoint:
    """The endpoint of a slot, of the kind that the settings are of.

    Raises:
        ConfigurationError: they are of none.
    """
    match settings:
        case Serverless():
            return ServerlessEndpoint(scope, slot.role, settings=settings, slot=slot, site=site)
        case Realtime():
            return RealtimeEndpoint(scope, slot.role, settings=settings, slot=slot, site=site)
        case Async():
            return AsyncEndpoint(scope, slot.role, settings=settings, slot=slot, site=site)
        case OnLambda():
            return LambdaEndpoint(scope, slot.role, settings=settings, slot=slot, site=site)
    raise ConfigurationError(
        f"endpoint settings are {settings!r}; allowed: Serverless, Realtime, Async or OnLambda; see endpoints/settings.py"
    )
