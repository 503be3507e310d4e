"""The emulator's CloudFormation, mended: a stack that fails has a status that says so, and an event that names the resource."""

from __future__ import annotations

from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.models import CloudFormationBackend, Stack
from moto.cloudformation.responses import CloudFormationResponse

from operations.rehearse.record import Record

Json = dict[str, Any]


class ResourceFailed(Exception):
    """One resource could not be made."""

    def __init__(self, logical_id: str, resource_type: str, reason: str) -> None:
        super().__init__(f"{logical_id} ({resource_type}): {reason}")


def mend(record: Record) -> None:
    """Extends the emulator."""
    create_one = parsing.parse_and_create_resource
    create_stack, update_stack = CloudFormationBackend.create_stack, CloudFormationBackend.update_stack

    def parse_and_create_resource(logical_id: str, resource_json: Json, *args: Any, **kwargs: Any) -> Any:
        try:
            return create_one(logical_id, resource_json, *args, **kwargs)
        except ResourceFailed:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
            raise ResourceFailed(logical_id, resource_json["Type"], reason) from error

    def failed(backend: CloudFormationBackend, name: str, status: str, error: ResourceFailed) -> Stack:
        stack = backend.get_stack(name)
        stack.status = status
        stack.output_map._output_json_map = {}  # some of what they name is not there
        stack._add_stack_event(status, resource_status_reason=str(error))
        record.write("failed", stack=stack.name, status=status, reason=str(error))
        return stack

    def create(self: CloudFormationBackend, name: str, *args: Any, **kwargs: Any) -> Stack:
        try:
            stack = create_stack(self, name, *args, **kwargs)
            for parameter, slot in stack.template_dict.get("Parameters", {}).items():
                if "Default" in slot:  # so that an update finds a previous value
                    stack.parameters.setdefault(parameter, slot["Default"])
            return stack
        except ResourceFailed as error:
            return failed(self, name, "ROLLBACK_COMPLETE", error)

    def update(self: CloudFormationBackend, name: str, *args: Any, **kwargs: Any) -> Stack:
        try:
            stack = update_stack(self, name, *args, **kwargs)
            _appeared(stack)
            return stack
        except ResourceFailed as error:
            return failed(self, name, "UPDATE_ROLLBACK_COMPLETE", error)

    execute_change_set = CloudFormationBackend.execute_change_set

    def execute(self: CloudFormationBackend, change_set_name: str, stack_name: str | None = None) -> None:
        """The bootstrap goes by way of a change set."""
        try:
            execute_change_set(self, change_set_name, stack_name)
        except ResourceFailed as error:
            made = next(one for one in self.change_sets.values() if change_set_name in (one.change_set_id, one.change_set_name))
            failed(self, made.stack_id, "ROLLBACK_COMPLETE", error)

    validate = CloudFormationResponse._validate_different_update

    def validate_different_update(self: Any, parameters: Any, template: Any, stack: Stack) -> None:
        if not _pointed_elsewhere(stack):
            validate(self, parameters, template, stack)

    CloudFormationResponse._validate_different_update = validate_different_update  # type: ignore[assignment,method-assign]
    parsing.parse_and_create_resource = parse_and_create_resource
    CloudFormationBackend.create_stack = create  # type: ignore[method-assign]
    CloudFormationBackend.update_stack = update  # type: ignore[method-assign]
    CloudFormationBackend.execute_change_set = execute  # type: ignore[method-assign]


def _pointed_elsewhere(stack: Stack) -> bool:
    """Whether a parameter that names one of the parameter store now means another value: that is an update too."""
    resources = stack.resource_map
    return any(
        resources.parse_ssm_parameter(resources.input_parameters.get(name) or slot["Default"], slot["Type"])
        != resources.resolved_parameters[name]
        for name, slot in stack.template_dict.get("Parameters", {}).items()
        if slot["Type"].startswith("AWS::SSM::Parameter::")
    )


def _appeared(stack: Stack) -> None:
    """Makes what a condition had left out: the emulator looks at changes of the template alone, and it is still the same."""
    resources = stack.resource_map
    for logical_id in list(resources.resources):
        if logical_id not in resources._parsed_resources:
            resources[logical_id]
    stack.output_map = stack._create_output_map()
