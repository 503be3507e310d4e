"""Who asked for which reading, and who answered: a table that functions add to and never change."""

from __future__ import annotations

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

BY_PERSON: Final = "by-person"


class AuditTable(Construct):
    """Records by ``subject`` (a study's or a reading's id) and time; the index answers what somebody did.

    Nothing expires: HIPAA asks for six years at least (45 CFR 164.316), and a record has some 300 bytes.
    """

    def __init__(self, scope: Construct, id: str, *, key: kms.IKey, removal_policy: RemovalPolicy) -> None:
        super().__init__(scope, id)
        self._key = key
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="subject", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=key,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
            deletion_protection=removal_policy == RemovalPolicy.RETAIN,
            removal_policy=removal_policy,
        )
        self.table.add_global_secondary_index(
            index_name=BY_PERSON,
            partition_key=dynamodb.Attribute(name="who", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="at", type=dynamodb.AttributeType.STRING),
        )

    def grant_add(self, grantee: iam.IGrantable) -> None:
        """Lets a policy add records and read those of a subject; not change, delete or list any."""
        grantee.grant_principal.add_to_principal_policy(
            iam.PolicyStatement(actions=["dynamodb:PutItem", "dynamodb:Query"], resources=[self.table.table_arn])
        )
        self._key.grant_encrypt_decrypt(grantee)
        self._key.grant(grantee, "kms:DescribeKey")  # DynamoDB looks at a customer's key on behalf of whoever asks
