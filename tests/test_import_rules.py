"""R1 and R2: where code lives, and which way imports point. Read from the files, so that nothing has to be imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli import REPOSITORY, python

SYNTHESIS = [
    "app.py",
    *sorted(str(p.relative_to(REPOSITORY)) for d in ("stacks", "constructs_lib") for p in (REPOSITORY / d).rglob("*.py")),
]
OPERATIONS = sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "operations").rglob("*.py"))
MODEL = sorted(str(path.relative_to(REPOSITORY)) for path in (REPOSITORY / "model_code").rglob("*.py"))

OURS = ("app", "operations", "stacks", "constructs_lib", "model_code")
ALLOWED = {
    "app.py": ("stacks", "constructs_lib"),
    "stacks": ("stacks", "constructs_lib", "model_code.contract"),
    "constructs_lib": ("constructs_lib", "model_code.contract"),
    "model_code": ("model_code",),
    # looks at the platform from outside; both it and the line on a laptop work out what templates say
    "operations": (
        "operations",
        "app",
        "stacks",
        "constructs_lib",
        *("model_code.contract", "model_code.files", "model_code.pipeline.literal"),
    ),
}
MODEL_LIBRARIES = ("torch", "torchvision", "numpy", "pandas", "onnxruntime", "pydicom", "sklearn", "fastapi")
SYNTHESIS_LIBRARIES = ("aws_cdk", "constructs", "cdk_nag", "jsii")


def imports(file: str) -> Iterator[str]:
    """Every module that a file imports, also inside functions; ``from a import b`` counts as ``a`` and, for our own, ``a.b``."""
    for node in ast.walk(ast.parse((REPOSITORY / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} imports relatively; name the package"
            assert node.module is not None
            if node.module == "model_code":
                yield from (f"model_code.{alias.name}" for alias in node.names)
            else:
                yield node.module


def within(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("file", [*SYNTHESIS, *OPERATIONS, *MODEL])
def test_imports_point_one_way(file: str) -> None:
    allowed = ALLOWED[Path(file).parts[0]]

    wrong = [module for module in imports(file) if within(module, OURS) and not within(module, allowed)]

    assert not wrong, (
        f"{file} imports {wrong}; it may import {allowed} of this project (app → stacks → constructs_lib → contract)"
    )


@pytest.mark.parametrize("file", SYNTHESIS)
def test_synthesis_needs_no_model_library(file: str) -> None:
    assert not [module for module in imports(file) if within(module, MODEL_LIBRARIES)]


@pytest.mark.parametrize("file", MODEL)
def test_the_model_line_knows_nothing_of_aws_cdk(file: str) -> None:
    assert not [module for module in imports(file) if within(module, SYNTHESIS_LIBRARIES)]


@pytest.mark.parametrize("file", SYNTHESIS)
def test_synthesis_is_a_pure_function(file: str) -> None:
    """No clock, no AWS calls, no environment variables, no other programs."""
    assert not [
        module for module in imports(file) if within(module, ("datetime", "time", "boto3", "botocore", "os", "subprocess"))
    ]


def test_the_contract_is_light() -> None:
    loaded = python("import sys, model_code.contract; print(sorted({name.partition('.')[0] for name in sys.modules}))")

    assert not [name for name in (*MODEL_LIBRARIES, "pydantic", "typer", "rich") if f"'{name}'" in loaded]
