"""The table in the README is what the templates cost today; nothing in any template is without a price."""

from __future__ import annotations

import functools

import pytest

from operations.cost.__main__ import main, markdown, refuse_unknown, synthesized
from operations.cost.prices import read_prices
from operations.cost.report import Stacks
from operations.document import replaced
from stacks.environments import ENVIRONMENTS
from tests.cli import REPOSITORY


@functools.cache
def stacks() -> Stacks:
    return synthesized(list(ENVIRONMENTS.values()))


def test_every_kind_of_resource_has_a_price_or_is_known_to_be_free() -> None:
    refuse_unknown(stacks(), read_prices())


def test_the_readme_shows_what_the_command_prints() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    assert readme == replaced(readme, "cost", markdown(stacks(), read_prices())), (
        "README.md shows other costs; run `python -m operations.cost --write README.md`"
    )


def test_the_command_prints_tables_with_their_date(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.cost.__main__.synthesized", lambda _: stacks())

    assert main([]) == 0

    printed = capsys.readouterr().out
    assert f"as of {read_prices().date}" in printed
    assert "estimates before tax; verify with the AWS calculator" in printed
    for environment in ENVIRONMENTS:
        assert f"{environment}, hospital" in printed
