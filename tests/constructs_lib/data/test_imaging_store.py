from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk.assertions import Match

from constructs_lib.data.imaging_store import ImagingStore
from tests.infra import Scope


def test_the_store_has_the_customer_key_and_outlives_its_stack_where_data_do() -> None:
    scope = Scope()
    ImagingStore(scope.stack, "Store", key=scope.keys().images, removal_policy=RemovalPolicy.RETAIN)

    scope.template().has_resource(
        "AWS::HealthImaging::Datastore",
        {
            "DeletionPolicy": "Retain",
            "Properties": {
                "DatastoreName": "overread-test-studies",
                "KmsKeyArn": {"Fn::GetAtt": [Match.string_like_regexp("KeysImages.*"), "Arn"]},
            },
        },
    )
    assert not scope.findings()
