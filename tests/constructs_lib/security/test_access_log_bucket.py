from __future__ import annotations

from aws_cdk.assertions import Match

from tests.infra import Scope, of_type


def test_only_the_logging_service_of_this_account_may_write() -> None:
    scope = Scope()
    scope.access_logs()

    scope.template().has_resource_properties(
        "AWS::S3::BucketPolicy",
        {
            "PolicyDocument": {
                "Statement": Match.array_with(
                    [
                        Match.object_like(
                            {
                                "Action": "s3:PutObject",
                                "Principal": {"Service": "logging.s3.amazonaws.com"},
                                "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
                            }
                        )
                    ]
                )
            }
        },
    )


def test_what_cannot_be_otherwise_is_found_and_nothing_else() -> None:
    """S3 delivers to SSE-S3 only, nobody logs the logger, and logs are a second record; accepted.py says why that is fine."""
    scope = Scope()
    scope.access_logs()

    assert {rule.partition("-")[2] for rule, _ in scope.findings()} == {
        "S3BucketLoggingEnabled",
        "S3BucketReplicationEnabled",
        "S3DefaultEncryptionKMS",
    }


def test_logs_are_kept_for_six_years_and_then_go() -> None:
    scope = Scope()
    scope.access_logs()
    (bucket,) = of_type(scope.template().to_json(), "AWS::S3::Bucket")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]

    assert rule["ExpirationInDays"] == 2192
    assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": 90}
