"""The table of resource types as models of the emulator's CloudFormation. In the emulator's process."""

from __future__ import annotations

import random
import string
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel

from operations.rehearse.record import Record
from operations.rehearse.request import Json, Request
from operations.rehearse.types import TYPES
from operations.rehearse.types.kind import Kind, resolve

NOT_THERE: Final = ("404", "501")
"""Codes of an answer that no service gave: the emulator has no such operation, or no such address."""


class NotEmulated(Exception):
    """The service's model takes the request; the emulator has nothing behind it."""


class Clients:
    """Clients of this very server."""

    def __init__(self, endpoint: str, region: str) -> None:
        self._endpoint, self._region = endpoint, region

    def __call__(self, service: str) -> Any:
        from botocore.config import Config

        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60)
        return boto3.client(
            service, region_name=self._region, endpoint_url=self._endpoint, config=config,
            aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal",  # noqa: S106  it knows no other
        )  # fmt: skip


def send(clients: Clients, request: Request) -> Json:
    """Raises:
    NotEmulated: the emulator does not know the operation.
    ClientError: it refuses.
    """
    from botocore import xform_name

    client = clients(request.service)
    method = getattr(client, xform_name(request.operation))
    try:
        answer = dict(method(**request.parameters))
    except ClientError as error:
        if error.response["Error"]["Code"] in NOT_THERE:
            raise NotEmulated(f"the emulator has no {request.operation}") from error
        raise
    answer.pop("ResponseMetadata", None)
    return answer


def add_types(clients: Clients, record: Record) -> None:
    """Makes every type of the table known; one that the emulator knows too is made from the table."""
    ours = {name: _model(name, kind, clients, record) for name, kind in TYPES.items()}
    theirs = parsing.resource_class_from_type

    def resource_class_from_type(resource_type: str) -> Any:
        return ours.get(resource_type) or theirs(resource_type)

    parsing.resource_class_from_type = resource_class_from_type


def members(clients: Clients, request: Request) -> set[str]:
    """The fields that the operation takes."""
    shape = clients(request.service).meta.service_model.operation_model(request.operation).input_shape
    return set(shape.members) if shape else set()


def short(name: str) -> str:
    """A generated name that every service takes: at most 63 characters, its random end kept."""
    return name if len(name) <= 63 else f"{name[:40].rstrip('-')}-{name[-20:].lstrip('-')}"


def _model(name: str, kind: Kind, clients: Clients, record: Record) -> type[CloudFormationModel]:
    def create(
        _cls: Any, /, resource_name: str, cloudformation_json: Json, account_id: str, region_name: str, **kwargs: Any
    ) -> CloudFormationModel:
        properties = cloudformation_json.get("Properties", {})
        request = kind.first(properties, short(resource_name))
        if "AccountId" in members(clients, request):
            request.parameters.setdefault("AccountId", account_id)
        made: Json = {"request": request.parameters, "answer": {}, "place": {"region": region_name, "account": account_id}}
        accepted = False
        try:
            made["answer"] = send(clients, request)
            for more in kind.follow(properties, made):
                try:
                    send(clients, more)
                except NotEmulated as error:
                    record.write("dropped", type=name, logical=kwargs.get("LogicalId"), reason=str(error))
        except NotEmulated as error:
            accepted = True
            record.write("accepted", type=name, logical=kwargs.get("LogicalId"), reason=str(error))
        return Resource(made, resource_name, accepted)

    class Resource(CloudFormationModel):
        """One resource of the type."""

        def __init__(self, made: Json, generated: str, accepted: bool) -> None:
            self.made, self.accepted = made, accepted
            try:
                self.identifier = resolve(kind.ref, made)
            except KeyError:  # nothing is behind it, so it answered nothing
                self.identifier = f"{generated}-{''.join(random.choices(string.ascii_lowercase, k=6))}"

        @property
        def physical_resource_id(self) -> str:
            return self.identifier

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in kind.attributes

        def get_cfn_attribute(self, attribute_name: str) -> str:
            try:
                return resolve(kind.attributes[attribute_name], self.made)
            except KeyError:
                return f"{self.identifier}.{attribute_name}"

        @staticmethod
        def cloudformation_name_type() -> str:
            return kind.name or ""

        @staticmethod
        def cloudformation_type() -> str:
            return name

        create_from_cloudformation_json = classmethod(create)

        @classmethod
        def update_from_cloudformation_json(cls, original_resource: Any, *_args: Any, **_kwargs: Any) -> Any:
            return original_resource

        @classmethod
        def delete_from_cloudformation_json(cls, *_args: Any, **_kwargs: Any) -> None:
            return None

        def is_created(self) -> bool:
            return True

    Resource.__name__ = name.replace("::", "")
    return Resource
