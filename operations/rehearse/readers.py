"""How each type of resource is found again with the service's own describe or list, by CloudFormation's name.

Braces hold ``id`` (what CloudFormation calls the resource), ``id0`` (its first part between bars) or a property of the template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True)
class Reader:
    """One question, and what its answer must hold."""

    service: str
    operation: str
    request: Mapping[str, Any]
    needle: str = "{id}"
    """Text that is somewhere in the answer if the resource is there."""


_API: Final = {"restApiId": "{RestApiId}"}
_METHOD: Final = {"restApiId": "{id0}", "resourceId": "{id1}", "httpMethod": "{id2}"}
_PLAN_KEY: Final = {"usagePlanId": "{UsagePlanId}"}
_POOL: Final = {"UserPoolId": "{UserPoolId}"}
_WEB_ACL: Final = {"Name": "{id0}", "Id": "{id1}", "Scope": "{id2}"}

READERS: Final[Mapping[str, Reader]] = {
    "AWS::APS::RuleGroupsNamespace": Reader("amp", "ListRuleGroupsNamespaces", {"workspaceId": "{Workspace/}"}),
    "AWS::APS::Workspace": Reader("amp", "ListWorkspaces", {}),
    "AWS::ApiGateway::Account": Reader("apigateway", "GetAccount", {}, "cloudwatchRoleArn"),
    "AWS::ApiGateway::ApiKey": Reader("apigateway", "GetApiKey", {"apiKey": "{id}"}),
    "AWS::ApiGateway::Authorizer": Reader("apigateway", "GetAuthorizers", _API),
    "AWS::ApiGateway::Deployment": Reader("apigateway", "GetDeployments", _API),
    "AWS::ApiGateway::GatewayResponse": Reader(
        "apigateway", "GetGatewayResponse", {"restApiId": "{id0}", "responseType": "{id1}"}, "{id1}"
    ),
    "AWS::ApiGateway::Method": Reader("apigateway", "GetMethod", _METHOD, "methodIntegration"),
    "AWS::ApiGateway::Model": Reader("apigateway", "GetModels", _API),
    "AWS::ApiGateway::RequestValidator": Reader("apigateway", "GetRequestValidators", _API),
    "AWS::ApiGateway::Resource": Reader("apigateway", "GetResources", {**_API, "limit": 500}),
    "AWS::ApiGateway::RestApi": Reader("apigateway", "GetRestApis", {}),
    "AWS::ApiGateway::Stage": Reader("apigateway", "GetStages", _API),
    "AWS::ApiGateway::UsagePlan": Reader("apigateway", "GetUsagePlans", {}),
    "AWS::ApiGateway::UsagePlanKey": Reader("apigateway", "GetUsagePlanKeys", _PLAN_KEY, "{KeyId}"),
    "AWS::ApplicationAutoScaling::ScalableTarget": Reader(
        "application-autoscaling", "DescribeScalableTargets", {"ServiceNamespace": "{id2}"}, "{id0}"
    ),
    "AWS::ApplicationAutoScaling::ScalingPolicy": Reader(
        "application-autoscaling", "DescribeScalingPolicies", {"ServiceNamespace": "sagemaker"}
    ),
    "AWS::Backup::BackupPlan": Reader("backup", "ListBackupPlans", {}),
    "AWS::Backup::BackupSelection": Reader("backup", "ListBackupSelections", {"BackupPlanId": "{BackupPlanId}"}),
    "AWS::Backup::BackupVault": Reader("backup", "ListBackupVaults", {}),
    "AWS::Budgets::Budget": Reader("budgets", "DescribeBudget", {"AccountId": "{account}", "BudgetName": "{id}"}),
    "AWS::CloudTrail::Trail": Reader("cloudtrail", "GetTrailStatus", {"Name": "{id}"}, "IsLogging"),
    "AWS::CloudWatch::Alarm": Reader("cloudwatch", "DescribeAlarms", {"AlarmNames": ["{id}"]}),
    "AWS::CloudWatch::Dashboard": Reader("cloudwatch", "GetDashboard", {"DashboardName": "{id}"}),
    "AWS::Cognito::UserPool": Reader("cognito-idp", "DescribeUserPool", {"UserPoolId": "{id}"}),
    "AWS::Cognito::UserPoolClient": Reader("cognito-idp", "DescribeUserPoolClient", {**_POOL, "ClientId": "{id}"}),
    "AWS::Cognito::UserPoolDomain": Reader("cognito-idp", "DescribeUserPoolDomain", {"Domain": "{id}"}),
    "AWS::Cognito::UserPoolGroup": Reader("cognito-idp", "ListGroups", _POOL),
    "AWS::Cognito::UserPoolResourceServer": Reader("cognito-idp", "DescribeResourceServer", {**_POOL, "Identifier": "{id}"}),
    "AWS::DynamoDB::Table": Reader("dynamodb", "DescribeTable", {"TableName": "{id}"}),
    "AWS::EC2::FlowLog": Reader("ec2", "DescribeFlowLogs", {"FlowLogIds": ["{id}"]}),
    "AWS::EC2::RouteTable": Reader("ec2", "DescribeRouteTables", {"RouteTableIds": ["{id}"]}),
    "AWS::EC2::SecurityGroup": Reader("ec2", "DescribeSecurityGroups", {"GroupIds": ["{id}"]}),
    "AWS::EC2::SecurityGroupEgress": Reader("ec2", "DescribeSecurityGroups", {"GroupIds": ["{GroupId}"]}, "IpPermissionsEgress"),
    "AWS::EC2::SecurityGroupIngress": Reader(
        "ec2", "DescribeSecurityGroups", {"GroupIds": ["{GroupId}"]}, "{SourceSecurityGroupId}"
    ),
    "AWS::EC2::Subnet": Reader("ec2", "DescribeSubnets", {"SubnetIds": ["{id}"]}),
    "AWS::EC2::SubnetRouteTableAssociation": Reader(
        "ec2", "DescribeRouteTables", {"RouteTableIds": ["{RouteTableId}"]}, "{SubnetId}"
    ),
    "AWS::EC2::VPC": Reader("ec2", "DescribeVpcs", {"VpcIds": ["{id}"]}),
    "AWS::EC2::VPCEndpoint": Reader("ec2", "DescribeVpcEndpoints", {"VpcEndpointIds": ["{id}"]}),
    "AWS::ECR::Repository": Reader("ecr", "DescribeRepositories", {"repositoryNames": ["{id}"]}),
    "AWS::Events::Rule": Reader("events", "ListTargetsByRule", {"Rule": "{id}"}, "Arn"),
    "AWS::IAM::ManagedPolicy": Reader("iam", "GetPolicy", {"PolicyArn": "{id}"}),
    "AWS::IAM::Role": Reader("iam", "GetRole", {"RoleName": "{id}"}),
    "AWS::KMS::Alias": Reader("kms", "ListAliases", {}),
    "AWS::KMS::Key": Reader("kms", "DescribeKey", {"KeyId": "{id}"}),
    "AWS::Lambda::EventSourceMapping": Reader("lambda", "GetEventSourceMapping", {"UUID": "{id}"}),
    "AWS::Lambda::Function": Reader("lambda", "GetFunction", {"FunctionName": "{id}"}),
    "AWS::Lambda::Permission": Reader("lambda", "GetPolicy", {"FunctionName": "{FunctionName}"}),
    "AWS::Logs::LogGroup": Reader("logs", "DescribeLogGroups", {"logGroupNamePrefix": "{id}"}),
    "AWS::Logs::MetricFilter": Reader("logs", "DescribeMetricFilters", {"filterNamePrefix": "{id}"}),
    "AWS::Logs::ResourcePolicy": Reader("logs", "DescribeResourcePolicies", {}),
    "AWS::S3::Bucket": Reader("s3", "GetBucketVersioning", {"Bucket": "{id}"}, ""),
    "AWS::S3::BucketPolicy": Reader("s3", "GetBucketPolicy", {"Bucket": "{Bucket}"}, "Statement"),
    "AWS::SNS::Subscription": Reader("sns", "GetSubscriptionAttributes", {"SubscriptionArn": "{id}"}),
    "AWS::SNS::Topic": Reader("sns", "GetTopicAttributes", {"TopicArn": "{id}"}),
    "AWS::SNS::TopicPolicy": Reader("sns", "GetTopicAttributes", {"TopicArn": "{id}"}, "Policy"),
    "AWS::SQS::Queue": Reader("sqs", "GetQueueAttributes", {"QueueUrl": "{id}", "AttributeNames": ["All"]}, "QueueArn"),
    "AWS::SQS::QueuePolicy": Reader("sqs", "GetQueueAttributes", {"QueueUrl": "{id}", "AttributeNames": ["Policy"]}, "Policy"),
    "AWS::SSM::Parameter": Reader("ssm", "GetParameter", {"Name": "{id}"}),
    "AWS::SageMaker::Endpoint": Reader("sagemaker", "ListEndpoints", {}),
    "AWS::SageMaker::EndpointConfig": Reader("sagemaker", "ListEndpointConfigs", {}),
    "AWS::SageMaker::Model": Reader("sagemaker", "ListModels", {}),
    "AWS::SageMaker::ModelPackageGroup": Reader("sagemaker", "ListModelPackageGroups", {}),
    "AWS::SageMaker::Pipeline": Reader("sagemaker", "DescribePipeline", {"PipelineName": "{id}"}),
    "AWS::Scheduler::Schedule": Reader("scheduler", "GetSchedule", {"Name": "{id}"}),
    "AWS::SecretsManager::Secret": Reader("secretsmanager", "DescribeSecret", {"SecretId": "{id}"}),
    "AWS::StepFunctions::StateMachine": Reader("stepfunctions", "DescribeStateMachine", {"stateMachineArn": "{id}"}),
    "AWS::WAFv2::LoggingConfiguration": Reader("wafv2", "GetLoggingConfiguration", {"ResourceArn": "{id}"}),
    "AWS::WAFv2::WebACL": Reader("wafv2", "GetWebACL", _WEB_ACL, "{id1}"),
    "AWS::WAFv2::WebACLAssociation": Reader("wafv2", "GetWebACLForResource", {"ResourceArn": "{id1}"}, "WebACL"),
}


def filled(template: Any, facts: Mapping[str, str]) -> Any:
    """``template`` with its braces replaced.

    Raises:
        KeyError: a brace names what is not known.
    """
    if isinstance(template, Mapping):
        return {key: filled(value, facts) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(value, facts) for value in template]
    return template.format_map(_Facts(facts)) if isinstance(template, str) else template


class _Facts(dict[str, str]):
    """A name that ends in a stroke stands for the last part of a path."""

    def __missing__(self, name: str) -> str:
        if name.endswith("/"):
            return self[name[:-1]].rsplit("/", 1)[-1]
        raise KeyError(name)
