"""Logs are kept as long as they must, trails run, budgets have their limit."""

from __future__ import annotations

from tests.operations.rehearse.types.asked import accepted


def test_a_log_group_is_kept_for_its_time() -> None:
    asked = accepted("AWS::Logs::LogGroup", {"LogGroupName": "g", "KmsKeyId": "k", "RetentionInDays": 2192})

    assert asked["CreateLogGroup"] == {"logGroupName": "g", "kmsKeyId": "k"}
    assert asked["PutRetentionPolicy"] == {"logGroupName": "g", "retentionInDays": 2192}


def test_the_dimensions_of_a_metric_are_a_mapping() -> None:
    change = {"MetricName": "m", "MetricNamespace": "n", "MetricValue": "1", "Dimensions": [{"Key": "Task", "Value": "$.task"}]}

    asked = accepted("AWS::Logs::MetricFilter", {"LogGroupName": "g", "FilterPattern": "", "MetricTransformations": [change]})

    assert asked["PutMetricFilter"]["metricTransformations"][0]["dimensions"] == {"Task": "$.task"}


def test_a_trail_logs_and_sees_what_it_selects() -> None:
    selectors = [{"Name": "films", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}]
    asked = accepted(
        "AWS::CloudTrail::Trail",
        {"TrailName": "t", "S3BucketName": "b", "KMSKeyId": "k", "IsLogging": True, "AdvancedEventSelectors": selectors},
    )

    assert asked["CreateTrail"]["KmsKeyId"] == "k"
    assert asked["PutEventSelectors"] == {"TrailName": "t", "AdvancedEventSelectors": selectors}
    assert asked["StartLogging"] == {"Name": "t"}


def test_a_trail_that_is_off_stays_off() -> None:
    assert list(accepted("AWS::CloudTrail::Trail", {"S3BucketName": "b", "IsLogging": False})) == ["CreateTrail"]


def test_the_limit_of_a_budget_is_text() -> None:
    budget = {"BudgetName": "b", "BudgetType": "COST", "TimeUnit": "MONTHLY", "BudgetLimit": {"Amount": 400, "Unit": "USD"}}

    asked = accepted("AWS::Budgets::Budget", {"Budget": budget})

    assert asked["CreateBudget"]["Budget"]["BudgetLimit"] == {"Amount": "400", "Unit": "USD"}


def test_traffic_leaves_to_where_it_may() -> None:
    properties = {"GroupId": "sg-1", "IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "Description": "HTTPS"}

    asked = accepted("AWS::EC2::SecurityGroupEgress", {**properties, "DestinationPrefixListId": "pl-1"})

    (permission,) = asked["AuthorizeSecurityGroupEgress"]["IpPermissions"]
    assert permission["PrefixListIds"] == [{"PrefixListId": "pl-1", "Description": "HTTPS"}]
