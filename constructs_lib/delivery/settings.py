"""Where the platform's source comes from, as settings of the delivery pipeline."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from constructs_lib.errors import ConfigurationError

CONNECTION: Final = re.compile(
    r"arn:aws[a-z-]*:codeconnections:(?P<region>[a-z]{2}(-[a-z]+)+-\d):(?P<account>\d{12}):connection/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
REPOSITORY: Final = re.compile(r"[\w.-]+(/[\w.-]+)+")
BRANCH: Final = re.compile(r"\w[\w./-]{0,254}")


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """A branch that is delivered. The connection is made once by a person, who allows AWS at the host of the repository.

    Raises:
        ConfigurationError: a value cannot be what it should name.
    """

    connection_arn: str
    repository: str
    """``owner/name``; with groups in between where the host has them."""
    branch: str = "main"

    def __post_init__(self) -> None:
        _require(
            CONNECTION,
            "connection_arn",
            self.connection_arn,
            allowed="arn:aws:codeconnections:REGION:ACCOUNT:connection/ID",
            advice="copy it from the console: Developer Tools, Settings, Connections",
        )
        _require(REPOSITORY, "repository", self.repository, allowed="OWNER/NAME", advice="leave out the host and '.git'")
        _require(BRANCH, "branch", self.branch, allowed="a name such as main or release/2", advice="leave out 'refs/heads/'")
        if self.repository.endswith(".git") or self.branch.startswith("refs/"):
            raise ConfigurationError(
                f"repository is '{self.repository}' and branch '{self.branch}'; allowed: OWNER/NAME and the branch's own name; "
                "leave out '.git' and 'refs/heads/'"
            )

    @property
    def account(self) -> str:
        """Whose connection it is; the pipeline and all that it delivers are in that account."""
        found = CONNECTION.fullmatch(self.connection_arn)
        assert found is not None
        return found["account"]

    @property
    def region(self) -> str:
        """Where the pipeline runs: where its connection is."""
        found = CONNECTION.fullmatch(self.connection_arn)
        assert found is not None
        return found["region"]


def _require(pattern: re.Pattern[str], what: str, value: str, *, allowed: str, advice: str) -> None:
    if not pattern.fullmatch(value):
        raise ConfigurationError(f"{what} is '{value}'; allowed: {allowed}; {advice}")
