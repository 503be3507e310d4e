"""The emulator's CloudFormation imports a validator of API descriptions, which the rehearsal's environment has and nothing here
asks: where it is not installed, something stands in its place."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from types import ModuleType

from tests.stacks.conftest import platform_of

__all__ = ["platform_of"]

VALIDATOR = "openapi_spec_validator"


def stand_in(name: str, **members: object) -> None:
    module = ModuleType(name)
    vars(module).update(members, __path__=[])
    sys.modules[name] = module


if find_spec(VALIDATOR) is None:
    stand_in(VALIDATOR, validate=lambda *_: None)
    stand_in(f"{VALIDATOR}.validation")
    stand_in(f"{VALIDATOR}.validation.exceptions", OpenAPIValidationError=ValueError)
