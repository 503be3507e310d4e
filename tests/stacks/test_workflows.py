"""Whatever workflows the platform has: their requests are known to the services, and none waits for ever."""

from __future__ import annotations

from tests.infra import Json, Platform
from tests.workflows.definitions import check_task, definitions_of, tasks


def definitions(platform: Platform) -> list[Json]:
    return [definition for template in platform.templates.values() for definition in definitions_of(template)]


def test_the_services_know_every_request(platform: Platform) -> None:
    requests = [state for definition in definitions(platform) for _, state in tasks(definition)]

    assert requests
    for request in requests:
        check_task(request)


def test_every_workflow_has_an_end(platform: Platform) -> None:
    assert all(definition["TimeoutSeconds"] for definition in definitions(platform))
