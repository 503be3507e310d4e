"""What holds for every kind of endpoint."""

from __future__ import annotations

from constructs_lib.training.model_registry import NO_MODEL
from tests.constructs_lib.endpoints.conftest import Built
from tests.infra import many, of_type, statements, text_of

PAID = (
    "AWS::SageMaker::Model",
    "AWS::SageMaker::EndpointConfig",
    "AWS::SageMaker::Endpoint",
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::Lambda::Function",
)


def test_there_is_nothing_to_pay_for_until_a_model_is_approved(each: Built) -> None:
    conditional = [r for r in each.part("Champion")["Resources"].values() if r["Type"] in PAID]

    assert conditional
    (condition,) = {resource.get("Condition") for resource in conditional}
    assert each.template["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "ChampionModelPackage"}, NO_MODEL]}]}


def test_champion_and_challenger_come_and_go_by_parameters_of_their_own(each: Built) -> None:
    names = {
        "ChampionModelPackage": "/overread-test-chest14/approved-model-package",
        "ChallengerModelPackage": "/overread-test-chest14/challenger-model-package",
    }
    parameters = {name: each.template["Parameters"][name] for name in names}

    assert {name: parameter["Default"] for name, parameter in parameters.items()} == names
    assert {parameter["Type"] for parameter in parameters.values()} == {"AWS::SSM::Parameter::Value<String>"}
    assert len(each.template["Conditions"]) == 2
    assert [endpoint.endpoint_name for endpoint in each.endpoints] == [
        "overread-test-chest14",
        "overread-test-chest14-challenger",
    ]


def test_nothing_that_always_stands_refers_to_what_may_not(each: Built) -> None:
    resources = each.template["Resources"]
    conditional = {name for name, resource in resources.items() if "Condition" in resource}
    firm = {name: text_of(resource) for name, resource in resources.items() if name not in conditional}

    assert not [(name, used) for name, text in firm.items() for used in conditional if used in text]


def test_callers_learn_its_name_and_kind_from_their_environment(each: Built) -> None:
    champion, challenger = each.endpoints

    assert champion.environment() == {"ENDPOINT_KIND": champion.kind.value, "ENDPOINT_NAME": "overread-test-chest14"}
    assert challenger.environment() == {
        "CHALLENGER_KIND": challenger.kind.value,
        "CHALLENGER_NAME": "overread-test-chest14-challenger",
    }
    assert champion.max_body_bytes >= 4_000_000


def test_a_grant_names_this_endpoint_alone(each: Built) -> None:
    (statement,) = statements(each.part("Caller"))
    (resource,) = many(statement["Resource"])

    action = {"async": "sagemaker:InvokeEndpointAsync", "lambda": "lambda:InvokeFunction"}
    assert statement["Action"] == action.get(each.champion.kind.value, "sagemaker:InvokeEndpoint")
    assert text_of(resource).endswith((":endpoint/overread-test-chest14", ":function:overread-test-chest14"))


def test_alarms_stand_before_there_is_an_endpoint_and_tell_somebody(each: Built) -> None:
    alarms = [r for r in each.part("Champion")["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    firm = [alarm["Properties"] for alarm in alarms if "Condition" not in alarm]

    assert len(firm) == len(each.champion.alarms) == 2
    for alarm in firm:
        assert "Notices" in text_of(alarm["AlarmActions"])
        assert alarm["TreatMissingData"] == "notBreaching"
        assert "overread-test-chest14" in {dimension["Value"] for dimension in alarm["Dimensions"]}


def test_people_see_latency_in_milliseconds(each: Built) -> None:
    metrics = each.champion.metrics()

    assert metrics.latency_ms.expression == f"ticks/{metrics.ticks_per_ms}"
    assert metrics.ticks_per_ms == (1 if each.champion.kind == "lambda" else 1000)


def test_its_roles_read_models_of_its_task_and_change_nothing(each: Built) -> None:
    mine = list(statements(each.part("Champion")))
    reads = [s for s in mine if "s3:GetObject*" in many(s["Action"])]
    actions = [action for s in mine for action in many(s["Action"])]

    assert any(text_of(resource).endswith("/chest14/*") for s in reads for resource in many(s["Resource"]))
    assert not [
        a for a in actions if a.startswith(("s3:Delete", "sagemaker:Create", "sagemaker:Update", "iam:")) or a.endswith(":*")
    ]


def test_what_names_every_resource_has_none_to_name(each: Built) -> None:
    open_ended = {a for s in statements(each.part("Champion")) if "*" in many(s["Resource"]) for a in many(s["Action"])}

    known = ("ec2:Describe", "ecr:GetAuthorizationToken", "cloudwatch:PutMetricData", "xray:Put")
    assert not [action for action in open_ended if not action.startswith(known)]


def test_nothing_is_found_and_nothing_is_inline(each: Built) -> None:
    assert not [found for found in each.findings if found[1].startswith(("stack/Ch", "stack/Registry", "stack/Notices"))]
    assert of_type(each.template, "AWS::IAM::Policy") == []
    assert not [role for role in of_type(each.template, "AWS::IAM::Role") if "Policies" in role]
