from __future__ import annotations

from tests.constructs_lib.endpoints.conftest import Built
from tests.infra import many, statements, text_of

POLICY = "AWS::ApplicationAutoScaling::ScalingPolicy"


def test_answers_and_failures_go_to_the_bucket_of_studies_under_its_key(asynchronous: Built) -> None:
    output = asynchronous.the("AWS::SageMaker::EndpointConfig")["AsyncInferenceConfig"]["OutputConfig"]
    places = [text_of(output[name]) for name in ("S3OutputPath", "S3FailurePath")]

    assert all("Studies" in place and "/readings/overread-test-chest14" in place for place in places)
    assert len(set(places)) == 2
    assert output["KmsKeyId"]


def test_success_and_failure_are_told_on_encrypted_topics_without_the_answer(asynchronous: Built) -> None:
    told = asynchronous.the("AWS::SageMaker::EndpointConfig")["AsyncInferenceConfig"]["OutputConfig"]["NotificationConfig"]
    topics = [asynchronous.template["Resources"][told[name]["Ref"]]["Properties"] for name in ("SuccessTopic", "ErrorTopic")]

    assert told.keys() == {"SuccessTopic", "ErrorTopic"}
    assert told["SuccessTopic"] != told["ErrorTopic"]
    assert all("KeysMessages" in text_of(topic["KmsMasterKeyId"]) for topic in topics)


def test_its_role_reads_films_that_callers_sent(asynchronous: Built) -> None:
    mine = list(statements(asynchronous.part("ChampionPolicy")))
    read = [text_of(r) for s in mine if "s3:GetObject*" in many(s["Action"]) for r in many(s["Resource"])]

    assert {place.rpartition(">")[2] for place in read if "Studies" in place} == {"", "/uploads/*"}, "the bucket, and its films"


def test_its_role_writes_answers_alone_and_publishes(asynchronous: Built) -> None:
    mine = list(statements(asynchronous.part("ChampionPolicy")))
    written = [text_of(r) for s in mine if "s3:PutObject" in many(s["Action"]) for r in many(s["Resource"])]
    published = [text_of(r) for s in mine if "sns:Publish" in many(s["Action"]) for r in many(s["Resource"])]

    assert [place.rpartition(">")[2] for place in written] == ["/readings/overread-test-chest14*"]
    assert len(published) == 2


def test_no_machine_runs_while_no_film_waits(asynchronous: Built) -> None:
    target = asynchronous.the("AWS::ApplicationAutoScaling::ScalableTarget")

    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 3)


def test_it_grows_with_the_queue(asynchronous: Built) -> None:
    (tracking,) = (p for p in asynchronous.champions(POLICY) if p["PolicyType"] == "TargetTrackingScaling")
    metric = tracking["TargetTrackingScalingPolicyConfiguration"]["CustomizedMetricSpecification"]

    assert metric["MetricName"] == "ApproximateBacklogSizePerInstance"
    assert metric["Dimensions"] == [{"Name": "EndpointName", "Value": "overread-test-chest14"}]


def test_the_first_film_starts_the_first_machine(asynchronous: Built) -> None:
    resources = asynchronous.part("Champion")["Resources"]
    (alarm,) = (r for r in resources.values() if r["Properties"].get("MetricName") == "HasBacklogWithoutCapacity")
    (action,) = alarm["Properties"]["AlarmActions"]
    policy = resources[action["Ref"]]["Properties"]

    assert policy["PolicyType"] == "StepScaling"
    assert policy["StepScalingPolicyConfiguration"]["StepAdjustments"] == [
        {"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}
    ]
    assert "Condition" in alarm, "its action is conditional too"


def test_invocations_are_counted_by_their_latency(asynchronous: Built) -> None:
    metric = asynchronous.champion.metrics().invocations

    assert (metric.metric_name, metric.statistic) == ("ModelLatency", "SampleCount")


def test_waking_up_is_not_among_the_alarms_that_a_release_is_judged_by(asynchronous: Built) -> None:
    """Those have the names that CloudFormation gives: the stack's, then the construct's."""
    named = {
        name: resource["Properties"].get("AlarmName")
        for name, resource in asynchronous.template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm" and name.startswith("Champion")
    }

    assert {given for name, given in named.items() if "Asleep" in name} == {"overread-test-chest14-asleep"}
    assert {given for name, given in named.items() if "Asleep" not in name} == {None}
