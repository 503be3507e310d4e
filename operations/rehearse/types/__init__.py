"""Resource types that the emulator's CloudFormation lacks or makes without their properties, by CloudFormation's name.

Requests go through real clients, so botocore holds every property against the service's model: one that the service does not
know stops the deployment. A new type is an entry in the module of its area.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from operations.rehearse.types import gateway, learning, messages, people, storage, watching
from operations.rehearse.types.kind import Kind

TYPES: Final[Mapping[str, Kind]] = {
    **gateway.TYPES,
    **learning.TYPES,
    **messages.TYPES,
    **people.TYPES,
    **storage.TYPES,
    **watching.TYPES,
}
