"""An emulator that is not running: real clients whose answers are planted, and a folder with a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from operations.rehearse.exercises.scene import Scene
from operations.rehearse.inventory import Inventory, Resource, State
from operations.rehearse.start import Emulator
from tests.aws import FakeAws, Reply

STAGE = "overread-dev"


@dataclass(frozen=True)
class Deployed(Emulator):
    """What was deployed, as far as a test says."""

    aws: FakeAws = field(default_factory=FakeAws)

    def client(self, service: str) -> Any:
        return self.aws.client(service)


def deployed(work: Path, replies: dict[str, Reply] | None = None) -> Deployed:
    """Replies by ``service.Operation``."""
    running = Deployed("http://127.0.0.1:9", "us-east-1", work)
    running.aws.replies |= replies or {}
    return running


def found(type: str, physical_id: str | None, state: State = State.CREATED, why: str = "", name: str = "It") -> Resource:
    """One resource of an inventory."""
    return Resource(f"{STAGE}-data", name, type, state, physical_id, why)


def scene(running: Emulator, *resources: Resource) -> Scene:
    """What exercises are given."""
    return Scene(running, Inventory(resources), STAGE)
