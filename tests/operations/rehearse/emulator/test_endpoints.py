"""Endpoints run on the machines that the service's own model knows."""

from __future__ import annotations

from typing import Any

import pytest
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import FakeEndpointConfig

from operations.rehearse.emulator.endpoints import know_machines
from tests.aws import FakeAws


def test_machines_of_today_are_known_and_others_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeEndpointConfig, "validate_instance_type", None)
    clients: Any = FakeAws().client
    nobody: Any = None

    know_machines(clients)

    FakeEndpointConfig.validate_instance_type(nobody, "ml.g6.xlarge")
    with pytest.raises(ValidationError, match="no instance type"):
        FakeEndpointConfig.validate_instance_type(nobody, "ml.moon.xlarge")
