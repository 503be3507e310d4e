"""A monthly budget that warns, and in the end keeps training from starting anything new."""

from __future__ import annotations

from typing import Final

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from constructs_lib.errors import require_range
from constructs_lib.naming import named

BUDGET: Final = "budget"
"""Of a budget's name: workflows read it by that, and wait for nothing that makes it."""

WARNINGS: Final = (("ACTUAL", 80), ("FORECASTED", 100), ("ACTUAL", 100))
"""Kind of figure, and per cent of the limit at which the topic is told."""


class SpendingLimit(Construct):
    """The budget ``overread-<env>`` over what is tagged with the environment (activate the tag ``environment`` for billing).

    When the limit is reached, ``stops`` (the role that starts training jobs) is denied new jobs until a person lifts it.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: str, monthly_usd: int, notices: sns.ITopic, stops: iam.IRole
    ) -> None:
        super().__init__(scope, construct_id)
        require_range("monthly_usd", monthly_usd, 1, 1_000_000, advice="`make cost` estimates what an environment needs")
        name = named(self, BUDGET)
        subscribers = [budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=notices.topic_arn)]
        budget = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=name,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=monthly_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:environment${environment}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind, comparison_operator="GREATER_THAN", threshold=percent, threshold_type="PERCENTAGE"
                    ),
                    subscribers=subscribers,
                )
                for kind, percent in WARNINGS
            ],
        )
        self.brake = iam.ManagedPolicy(
            self,
            "Brake",
            description="Attached by the budget when the month's limit is reached",
            statements=[
                iam.PolicyStatement(
                    effect=iam.Effect.DENY,
                    actions=["sagemaker:CreateTrainingJob", "sagemaker:CreateProcessingJob", "sagemaker:CreateTransformJob"],
                    resources=["*"],
                )
            ],
        )
        action = budgets.CfnBudgetsAction(
            self,
            "Action",
            budget_name=name,
            action_type="APPLY_IAM_POLICY",
            notification_type="ACTUAL",
            approval_model="AUTOMATIC",
            action_threshold=budgets.CfnBudgetsAction.ActionThresholdProperty(type="PERCENTAGE", value=100),
            definition=budgets.CfnBudgetsAction.DefinitionProperty(
                iam_action_definition=budgets.CfnBudgetsAction.IamActionDefinitionProperty(
                    policy_arn=self.brake.managed_policy_arn, roles=[stops.role_name]
                )
            ),
            execution_role_arn=self._hand(stops).role_arn,
            subscribers=[budgets.CfnBudgetsAction.SubscriberProperty(type="SNS", address=notices.topic_arn)],
        )
        action.add_resource_dependency(budget)

    def _hand(self, stops: iam.IRole) -> iam.Role:
        """Outside the platform's boundary, which forbids this: it may put one policy on one role, and take it off again."""
        role = iam.Role(self, "Hand", assumed_by=iam.ServicePrincipal("budgets.amazonaws.com"))
        iam.PermissionsBoundary.of(role).clear()
        iam.ManagedPolicy(
            self,
            "HandPolicy",
            roles=[role],
            statements=[
                iam.PolicyStatement(
                    actions=["iam:AttachRolePolicy", "iam:DetachRolePolicy"],
                    resources=[stops.role_arn],
                    conditions={"ArnEquals": {"iam:PolicyARN": self.brake.managed_policy_arn}},
                )
            ],
        )
        return role
