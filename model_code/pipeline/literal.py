"""Templates with their functions worked out, as deployment would: what reads them as data cannot follow references.

Ids that only deployment knows become examples of the right form (account 111122223333), so that a judge can tell an
ARN of a bucket from one of a key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

Json = dict[str, Any]

ACCOUNT: Final = "111122223333"
_ID: Final = "11111111-2222-3333-4444-555555555555"

ARNS: Final = {
    "AWS::ApiGateway::RestApi": "arn:aws:apigateway:{region}::/restapis/{id}",
    "AWS::Backup::BackupVault": "arn:aws:backup:{region}:{account}:backup-vault:{id}",
    "AWS::CloudWatch::Alarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{id}",
    "AWS::CloudWatch::CompositeAlarm": "arn:aws:cloudwatch:{region}:{account}:alarm:{id}",
    "AWS::CodePipeline::Pipeline": "arn:aws:codepipeline:{region}:{account}:{id}",
    "AWS::Cognito::UserPool": "arn:aws:cognito-idp:{region}:{account}:userpool/{id}",
    "AWS::IAM::ManagedPolicy": "arn:aws:iam::{account}:policy/{id}",
    "AWS::IAM::Role": "arn:aws:iam::{account}:role/{id}",
    "AWS::KMS::Key": "arn:aws:kms:{region}:{account}:key/" + _ID,
    "AWS::Lambda::Function": "arn:aws:lambda:{region}:{account}:function:{id}",
    "AWS::Lambda::Version": "arn:aws:lambda:{region}:{account}:function:{id}:1",
    "AWS::Lambda::Alias": "arn:aws:lambda:{region}:{account}:function:{id}:live",
    "AWS::Logs::LogGroup": "arn:aws:logs:{region}:{account}:log-group:{id}:*",
    "AWS::S3::Bucket": "arn:aws:s3:::{id}",
    "AWS::SNS::Topic": "arn:aws:sns:{region}:{account}:{id}",
    "AWS::SQS::Queue": "arn:aws:sqs:{region}:{account}:{id}",
    "AWS::StepFunctions::StateMachine": "arn:aws:states:{region}:{account}:stateMachine:{id}",
    "AWS::WAFv2::WebACL": "arn:aws:wafv2:{region}:{account}:regional/webacl/{id}/" + _ID,
}
"""Where the resource's kind is not simply ``arn:aws:SERVICE:REGION:ACCOUNT:KIND/ID``."""

REF_IS_ARN: Final = {
    "AWS::CloudWatch::CompositeAlarm", "AWS::IAM::ManagedPolicy", "AWS::Lambda::Alias", "AWS::Lambda::Version",
    "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine", "AWS::SageMaker::Model", "AWS::SageMaker::Endpoint",
}  # fmt: skip


class Template(Protocol):
    """A stack as synthesis left it."""

    @property
    def name(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def template(self) -> Json: ...
    @property
    def resources(self) -> Mapping[str, Json]:
        """By logical id."""


class Literal:
    """Works out values of the stacks of one environment."""

    def __init__(self, stacks: Sequence[Template]) -> None:
        self._exports: dict[str, tuple[Template, Any]] = {}
        for stack in stacks:
            for output in stack.template.get("Outputs", {}).values():
                if "Export" in output:
                    self._exports[str(self.of(stack, output["Export"]["Name"]))] = (stack, output["Value"])

    def template(self, stack: Template) -> Json:
        """The template with every value worked out."""
        return {
            **{section: body for section, body in stack.template.items() if section != "Resources"},
            "Resources": {
                name: {**resource, "Properties": self.of(stack, resource.get("Properties", {}))}
                for name, resource in stack.resources.items()
            },
        }

    def of(self, stack: Template, value: Any) -> Any:
        """A value of a template, without functions; what a condition leaves out is left out."""
        if isinstance(value, list):
            return [self.of(stack, item) for item in value if not _is_nothing(item)]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            function = self._functions.get(name)
            if function:
                return function(self, stack, argument)
        return {key: self.of(stack, item) for key, item in value.items() if not _is_nothing(item)}

    def _ref(self, stack: Template, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": stack.region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": stack.name,
            "AWS::StackId": f"arn:aws:cloudformation:{stack.region}:{ACCOUNT}:stack/{stack.name}/{_ID}",
        }
        if name in pseudo:
            return pseudo[name]
        if name in stack.resources:
            resource = stack.resources[name]
            return self._arn(stack, name) if resource["Type"] in REF_IS_ARN else self._id(stack, name)
        parameter = stack.template.get("Parameters", {}).get(name, {})
        return parameter.get("Default", name.lower())

    def _id(self, stack: Template, name: str) -> str:
        """The name that the template gives it, or one like those that CloudFormation makes."""
        resource = stack.resources[name]
        kind = resource["Type"].rsplit("::", 1)[-1]
        for key in (f"{kind}Name", "Name"):
            given = resource.get("Properties", {}).get(key)
            if given is not None:
                return str(self.of(stack, given))
        return name.lower()

    def _arn(self, stack: Template, name: str) -> str:
        _, service, kind = stack.resources[name]["Type"].split("::")
        form = ARNS.get(f"AWS::{service}::{kind}", f"arn:aws:{service.lower()}:{{region}}:{{account}}:{kind.lower()}/{{id}}")
        return form.format(region=stack.region, account=ACCOUNT, id=self._id(stack, name))

    def _get_att(self, stack: Template, argument: Any) -> str:
        name, attribute = argument.split(".", 1) if isinstance(argument, str) else argument
        if name not in stack.resources:
            return str(name)
        return self._arn(stack, name) if attribute.endswith("Arn") else f"{name.lower()}-{attribute.lower()}"

    def _import(self, stack: Template, argument: Any) -> Any:
        name = str(self.of(stack, argument))
        if name not in self._exports:
            return name
        owner, exported = self._exports[name]
        return self.of(owner, exported)

    def _join(self, stack: Template, argument: Any) -> str:
        separator, parts = argument
        return str(separator).join(str(part) for part in self.of(stack, parts))

    def _sub(self, stack: Template, argument: Any) -> str:
        text, given = argument if isinstance(argument, list) else (argument, {})
        values = self.of(stack, given)
        parts = str(text).split("${")
        worked_out = [parts[0]]
        for part in parts[1:]:
            name, rest = part.split("}", 1)
            if name in values:
                value = values[name]
            elif "." in name:
                value = self._get_att(stack, name)
            else:
                value = self._ref(stack, name)
            worked_out += [str(value), rest]
        return "".join(worked_out)

    def _select(self, stack: Template, argument: Any) -> Any:
        index, items = self.of(stack, argument[0]), self.of(stack, argument[1])
        return items[int(index)] if int(index) < len(items) else f"item-{index}"

    def _split(self, stack: Template, argument: Any) -> list[str]:
        return str(self.of(stack, argument[1])).split(argument[0])

    def _if(self, stack: Template, argument: Any) -> Any:
        return self.of(stack, argument[2] if _is_nothing(argument[1]) else argument[1])

    def _zones(self, stack: Template, _: Any) -> list[str]:
        return [f"{stack.region}{letter}" for letter in "abc"]

    _functions: Final[dict[str, Callable[[Literal, Template, Any], Any]]] = {
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::ImportValue": _import,
        "Fn::Join": _join,
        "Fn::Sub": _sub,
        "Fn::Select": _select,
        "Fn::Split": _split,
        "Fn::If": _if,
        "Fn::GetAZs": _zones,
        "Fn::Base64": of,
    }


def _is_nothing(value: Any) -> bool:
    return bool(value == {"Ref": "AWS::NoValue"})
