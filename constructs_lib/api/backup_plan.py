"""Copies of tables in a vault of their own, under another key than the tables'."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_backup as backup
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct


class BackupPlan(Construct):
    """A copy every night, kept for 35 days, and one every month, kept for seven years (HIPAA asks for six)."""

    def __init__(
        self, scope: Construct, id: str, *, table: dynamodb.ITable, key: kms.IKey, removal_policy: RemovalPolicy
    ) -> None:
        super().__init__(scope, id)
        self.vault = backup.BackupVault(
            self,
            "Vault",
            encryption_key=key,
            block_recovery_point_deletion=removal_policy == RemovalPolicy.RETAIN,
            removal_policy=removal_policy,
        )
        self.plan = backup.BackupPlan(
            self,
            "Plan",
            backup_vault=self.vault,
            backup_plan_rules=[
                self._rule("nightly", events.Schedule.cron(hour="3", minute="0"), Duration.days(35)),
                self._rule("monthly", events.Schedule.cron(day="1", hour="4", minute="0"), Duration.days(7 * 365)),
            ],
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("backup.amazonaws.com"))
        backup.BackupSelection(
            self,
            "Tables",
            backup_plan=self.plan,
            resources=[backup.BackupResource.from_dynamo_db_table(table)],
            role=role.without_policy_updates(),
            disable_default_backup_policy=True,
        )
        iam.ManagedPolicy(self, "Policy", roles=[role], statements=self._statements(table, key))

    def _rule(self, name: str, schedule: events.Schedule, kept: Duration) -> backup.BackupPlanRule:
        return backup.BackupPlanRule(
            rule_name=name,
            schedule_expression=schedule,
            delete_after=kept,
            start_window=Duration.hours(1),
            completion_window=Duration.hours(4),
        )

    def _statements(self, table: dynamodb.ITable, key: kms.IKey) -> list[iam.PolicyStatement]:
        """To copy one table into one vault; AWS's own policy would open every table and every vault."""
        encryption = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
        keys = [key.key_arn, *([table.encryption_key.key_arn] if table.encryption_key else [])]
        return [
            iam.PolicyStatement(
                actions=[
                    "dynamodb:CreateBackup",
                    "dynamodb:DescribeTable",
                    "dynamodb:ListTagsOfResource",
                    "dynamodb:StartAwsBackupJob",
                ],
                resources=[table.table_arn],
            ),
            iam.PolicyStatement(
                actions=["dynamodb:DeleteBackup", "dynamodb:DescribeBackup"], resources=[f"{table.table_arn}/backup/*"]
            ),
            iam.PolicyStatement(
                actions=["backup:CopyIntoBackupVault", "backup:DescribeBackupVault"], resources=[self.vault.backup_vault_arn]
            ),
            iam.PolicyStatement(actions=encryption, resources=keys),
            iam.PolicyStatement(
                actions=["kms:CreateGrant"], resources=keys, conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}}
            ),
        ]
