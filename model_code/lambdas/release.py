"""What is released now: the approved model, the challenger, and how studies are shared. Parameters, read once a minute."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Final

from model_code.lambdas.clients import client
from model_code.lambdas.routing import Role, Routing
from model_code.lambdas.settings import Settings

KEPT_S: Final = 60.0
NONE: Final = "none"


@dataclass(frozen=True)
class Release:
    """Model packages by role (only those there are), and the routing."""

    packages: dict[Role, str]
    routing: Routing

    @property
    def shadowed(self) -> bool:
        return self.routing.shadow and Role.CHALLENGER in self.packages

    def role_of(self, slot: int) -> Role:
        """Who answers; without a challenger always the champion."""
        return self.routing.role_of(slot) if Role.CHALLENGER in self.packages else Role.CHAMPION


_kept: dict[str, tuple[float, Release]] = {}


def current(settings: Settings) -> Release:
    """The release as of at most a minute ago. A routing that cannot be read sends everything to the champion."""
    until, release = _kept.get(settings.model_group, (0.0, None))
    if release is None or time.monotonic() >= until:
        release = _read(settings)
        _kept[settings.model_group] = (time.monotonic() + KEPT_S, release)
    return release


def forget() -> None:
    """The next ``current`` reads anew."""
    _kept.clear()


def _read(settings: Settings) -> Release:
    names = {name: settings.parameter(name) for name in ("approved-model-package", "challenger-model-package", "routing")}
    answer = client("ssm").get_parameters(Names=list(names.values()))
    values = {found["Name"]: str(found["Value"]) for found in answer["Parameters"]}
    packages = {
        role: values.get(names[name], NONE)
        for role, name in ((Role.CHAMPION, "approved-model-package"), (Role.CHALLENGER, "challenger-model-package"))
    }
    if not settings.challenger_name:
        packages.pop(Role.CHALLENGER)
    try:
        routing = Routing.of(values.get(names["routing"], "{}"))
    except ValueError as error:
        print(json.dumps({"event": "routing_ignored", "error": str(error)}))
        routing = Routing()
    return Release({role: package for role, package in packages.items() if package != NONE}, routing)
