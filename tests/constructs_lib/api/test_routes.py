"""Routes and the handlers that answer them agree."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.api.routes import RETRAINING, ROUTES
from constructs_lib.api.user_directory import GROUPS, Scope
from model_code.lambdas import retrain, web


def test_schema_and_handler_agree_on_reasons() -> None:
    assert RETRAINING.properties
    assert tuple(RETRAINING.properties["reason"].enum or ()) == retrain.REASONS


def test_every_route_has_a_handler() -> None:
    folder = Path(web.__file__).parent

    assert all((folder / f"{route.handler}.py").is_file() for route in ROUTES)


def test_both_sides_know_the_same_groups() -> None:
    assert set(GROUPS) == set(web.GROUPS)


def test_scopes_are_those_of_tokens() -> None:
    assert [scope.full_name for scope in Scope] == ["overread/read", "overread/train"]
