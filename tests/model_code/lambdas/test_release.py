from __future__ import annotations

import pytest

from tests.aws import FakeAws
from tests.model_code.lambdas.conftest import GROUP, asked, package, parameters, post


def test_a_routing_that_cannot_be_read_sends_everything_to_the_champion(serving: FakeAws) -> None:
    serving.replies["ssm.GetParameters"] = parameters(package(7), package(8), "fifty")

    assert post()["headers"]["X-Overread-Role"] == "champion"


def test_the_release_is_read_once_a_minute(serving: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr("model_code.lambdas.release.time.monotonic", lambda: now[0])
    for moment in (1000.0, 1059.0, 1061.0):
        now[0] = moment
        post()

    assert len(serving.of("ssm.GetParameters")) == 2


def test_a_share_for_a_challenger_that_is_not_there_goes_to_the_champion(serving: FakeAws) -> None:
    serving.replies["ssm.GetParameters"] = parameters(package(7), "none", '{"challenger_percent": 100}')
    post()

    assert asked(serving) == [GROUP]
