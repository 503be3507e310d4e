"""A managed store of whole studies, for environments that keep an archive of their own in AWS HealthImaging."""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_healthimaging as healthimaging
from aws_cdk import aws_kms as kms
from constructs import Construct

from constructs_lib.naming import named


class ImagingStore(Construct):
    """The data store ``overread-<env>-studies``, under a customer key, empty until somebody imports into it."""

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.datastore = healthimaging.CfnDatastore(
            self, "Datastore", datastore_name=named(self, "studies"), kms_key_arn=key.key_arn
        )
        self.datastore.apply_removal_policy(removal_policy)
