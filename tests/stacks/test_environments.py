from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aws_cdk import RemovalPolicy

from constructs_lib.errors import ConfigurationError
from model_code.contract import Task
from stacks.environments import DEV, ENVIRONMENTS, PROD, STAGING, environment_named


@pytest.mark.parametrize("name", ["dev", "staging", "prod"])
def test_the_three_are_found_by_name(name: str) -> None:
    assert environment_named(name).name == name
    assert list(ENVIRONMENTS) == ["dev", "staging", "prod"]


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"'qa'; allowed: dev, staging, prod, delivery; choose one with -c env=NAME"):
        environment_named("qa")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"name": "Dev"}, r"environment name is 'Dev'; allowed: up to 12 lower-case letters and digits"),
        ({"name": "a-b"}, r"environment name is 'a-b'"),
        ({"name": "thirteenchars"}, r"environment name is 'thirteenchars'"),
        ({"region": "moon-east-1"}, r"region of training images 'moon-east-1'; allowed: .*us-east-1"),
        ({"task": "lungs"}, r"unknown task 'lungs'; allowed: chest14, pneumonia, skin8; a task is data in"),
        ({"account": "12345"}, r"account is '12345'; allowed: the 12 digits of an AWS account"),
        ({"task": Task.PNEUMONIA}, r"the preset chest14 is not of the task pneumonia; allowed: pneumonia; set it in"),
        ({"task": Task.SKIN8}, r"chest14 is not of the task skin8; allowed: skin8, skin8-mobilenet_v2, skin8-resnet50"),
        ({"zones": 1}, r"zones is 1; allowed: 2 to 3; one zone would be a single point of failure"),
        ({"zones": 4}, r"zones is 4; allowed: 2 to 3"),
    ],
)
def test_a_value_that_is_not_allowed_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        replace(DEV, **changed)


def test_only_dev_lets_go_of_data() -> None:
    assert DEV.removal_policy is RemovalPolicy.DESTROY
    assert STAGING.removal_policy is PROD.removal_policy is RemovalPolicy.RETAIN
