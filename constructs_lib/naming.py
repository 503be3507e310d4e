"""Names that people and other services type; everything else is named by CloudFormation."""

from __future__ import annotations

from aws_cdk import Stage
from constructs import Construct, IConstruct

from constructs_lib.errors import ConfigurationError


def named(scope: Construct | IConstruct, *parts: str) -> str:
    """``overread-dev-chest14``: the stage and the parts, so that two environments fit into one account.

    Raises:
        ConfigurationError: the construct is not inside a stage.
    """
    stage = Stage.of(scope)
    if stage is None or not stage.stage_name:
        raise ConfigurationError(f"'{scope.node.path}' is in no stage; build its stack inside a Stage, such as PlatformStage")
    return "-".join((stage.stage_name, *parts))
