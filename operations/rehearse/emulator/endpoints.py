"""Endpoints in the emulator: it takes whatever they are asked for text, and knows the machines of years ago."""

from __future__ import annotations

import hashlib
from typing import Any

from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpointConfig
from moto.sagemakerruntime.responses import SageMakerRuntimeResponse

from operations.rehearse.emulator.models import Clients


def take_films() -> None:
    """An answer belongs to what was asked: films are told apart by their hash."""
    before = SageMakerRuntimeResponse.setup_class

    def setup_class(self: Any, request: Any, full_url: str, headers: Any, **_: Any) -> None:
        before(self, request, full_url, headers, use_raw_body=True)
        self.body = hashlib.sha256(self.raw_body).hexdigest()

    SageMakerRuntimeResponse.setup_class = setup_class  # type: ignore[assignment,method-assign]


def know_machines(clients: Clients) -> None:
    """The instance types of the service's own model."""
    model = clients("sagemaker").meta.service_model
    known = frozenset(model.shape_for("ProductionVariantInstanceType").enum)

    def validate_instance_type(_self: FakeEndpointConfig, instance_type: str) -> None:
        if instance_type not in known:
            raise ValidationError(message=f"{instance_type} is no instance type of an endpoint")

    FakeEndpointConfig.validate_instance_type = validate_instance_type  # type: ignore[assignment,method-assign]
