"""The three resources of a hosted endpoint are requests that SageMaker's own model of its API accepts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.constructs_lib.endpoints.conftest import Built

SERVICE = botocore.session.get_session().get_service_model("sagemaker")
NAMES = {
    "Model": {"ModelName": "model"},
    "EndpointConfig": {"EndpointConfigName": "config"},
    "Endpoint": {},
}
CLOUDFORMATION_ALONE = ("RetainAllVariantProperties",)
"""It belongs to UpdateEndpoint."""


def known(value: Any) -> Any:
    """With text in the place of what only deployment knows."""
    if isinstance(value, Mapping):
        if {"Ref", "Fn::GetAtt", "Fn::Join"} & value.keys():
            return "arn:known-when-deployed"
        return {key: known(inner) for key, inner in value.items() if key not in CLOUDFORMATION_ALONE}
    return [known(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("resource", NAMES)
@pytest.mark.parametrize("kind", ["serverless", "realtime", "asynchronous"])
def test_sagemaker_would_accept_it(kind: str, resource: str, request: pytest.FixtureRequest) -> None:
    built: Built = request.getfixturevalue(kind)
    asked = known(built.the(f"AWS::SageMaker::{resource}")) | NAMES[resource]

    report = ParamValidator().validate(asked, SERVICE.operation_model(f"Create{resource}").input_shape)
    assert not report.has_errors(), report.generate_report()


def test_a_misspelt_field_would_be_seen(realtime: Built) -> None:
    asked = known(realtime.the("AWS::SageMaker::EndpointConfig")) | {"EndpointConfigName": "config", "KmsKey": "x"}

    report = ParamValidator().validate(asked, SERVICE.operation_model("CreateEndpointConfig").input_shape)
    assert "KmsKey" in report.generate_report()
