from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from constructs_lib.delivery.settings import Delivery
from constructs_lib.errors import ConfigurationError

CONNECTION = "arn:aws:codeconnections:eu-central-1:111122223333:connection/01234567-89ab-cdef-0123-456789abcdef"
GOOD = Delivery(connection_arn=CONNECTION, repository="hospital/overread")


def test_the_pipeline_runs_where_its_connection_is() -> None:
    assert GOOD.region == "eu-central-1"
    assert GOOD.branch == "main"


@pytest.mark.parametrize("repository", ["hospital/overread", "group/sub-group/over.read", "o/r_2"])
def test_names_of_repositories_at_several_hosts(repository: str) -> None:
    assert replace(GOOD, repository=repository).repository == repository


@pytest.mark.parametrize("branch", ["main", "release/2.0", "v1-rc"])
def test_names_of_branches(branch: str) -> None:
    assert replace(GOOD, branch=branch).branch == branch


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"connection_arn": ""},
            r"connection_arn is ''; allowed: arn:aws:codeconnections:REGION:ACCOUNT.*copy it from the console",
        ),
        (
            {"connection_arn": CONNECTION.replace("codeconnections", "codestar-connections")},
            r"connection_arn is 'arn:aws:codestar",
        ),
        ({"connection_arn": CONNECTION.replace("111122223333", "1111")}, r"connection_arn is"),
        ({"connection_arn": CONNECTION + "0"}, r"connection_arn is"),
        ({"connection_arn": CONNECTION.replace("eu-central-1", "*")}, r"connection_arn is"),
        ({"repository": "overread"}, r"repository is 'overread'; allowed: OWNER/NAME; leave out the host"),
        ({"repository": "https://github.com/hospital/overread"}, r"repository is 'https:"),
        ({"repository": "hospital/overread.git"}, r"repository is 'hospital/overread.git'.*leave out '.git'"),
        ({"repository": "hospital/over read"}, r"repository is 'hospital/over read'"),
        ({"branch": ""}, r"branch is ''; allowed: a name such as main"),
        ({"branch": "refs/heads/main"}, r"branch 'refs/heads/main'.*leave out '.git' and 'refs/heads/'"),
        ({"branch": "-x"}, r"branch is '-x'"),
        ({"branch": "a b"}, r"branch is 'a b'"),
    ],
)
def test_a_value_that_cannot_be_is_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        replace(GOOD, **changed)
