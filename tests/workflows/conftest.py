"""The interpreter, for all tests of workflows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.workflows.interpreter import Run, interpreter


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[..., Run]]:
    """``run(definition, input, replies)``. A first run loads the interpreter's grammar, so that no test pays for it."""
    with interpreter() as execute:
        execute({"StartAt": "It", "States": {"It": {"Type": "Succeed"}}}, {}, {})
        yield execute
