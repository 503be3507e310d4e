"""torchvision can be imported, and used where it needs no compiled operator, whichever torch is installed."""

from __future__ import annotations

from tests.cli import python


def test_models_are_there_after_the_shim() -> None:
    code = "from model_code.torchvision_shim import torchvision; print(callable(torchvision.models.densenet121))"
    assert python(code).strip() == "True"


def test_only_the_shim_and_nothing_else_imports_torchvision() -> None:
    from tests.cli import REPOSITORY

    importers = [
        path.name
        for path in (REPOSITORY / "model_code").rglob("*.py")
        if any(line.strip().startswith(("import torchvision", "from torchvision")) for line in path.read_text().splitlines())
    ]
    assert importers == ["torchvision_shim.py"]
