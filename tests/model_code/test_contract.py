"""What the platform and Lambdas import is light, what serves needs no training packages, and a verb is a file and a command."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_code.contract import Architecture, Preset, Task, Verb
from model_code.tasks import TASKS, task_spec
from tests.cli import REPOSITORY, python


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after a piece of code."""
    return {name.partition(".")[0] for name in python(f"{code}\nimport sys\nprint(*sys.modules, sep='\\n')").split()}


TRAINING = {"torch", "torchvision", "pandas", "pyarrow", "sklearn", "scipy", "onnx", "onnxscript", "torchxrayvision"}


@pytest.mark.parametrize("module", ["contract", "tasks", "errors"])
def test_the_contract_is_light(module: str) -> None:
    heavy = TRAINING | {"numpy", "pydantic", "PIL", "pydicom", "onnxruntime", "typer", "fastapi"}
    assert not loaded_by(f"import model_code.{module}") & heavy


def test_the_command_line_loads_nothing_heavy_before_it_knows_the_command() -> None:
    assert not loaded_by("import model_code.__main__") & (TRAINING | {"numpy", "pydicom", "onnxruntime", "fastapi"})


def test_reading_and_serving_need_no_training_packages(bundle: Path, data: Path) -> None:
    """A film is really read and drawn, with none of them loaded."""
    film = sorted((data / "films").iterdir())[0]
    code = (
        "from pathlib import Path; import model_code.serve, model_code.serving.app\n"
        "from model_code.predict import write_overlay\n"
        "from model_code.predictor import Predictor\n"
        f"predictor = Predictor.setup(Path({str(bundle)!r})); model_code.serving.app.build_app(predictor)\n"
        f"data = Path({str(film)!r}).read_bytes(); reading = predictor.read(data); assert reading.status == 'read'\n"
    )
    assert not loaded_by(code) & TRAINING


def test_every_verb_is_a_file() -> None:
    """Rule R3: one of its name, or a package where the verb is several."""
    package = REPOSITORY / "model_code"
    for verb in Verb:
        name = verb.value.replace("-", "_")
        assert (package / name / "__init__.py").is_file() or list(package.rglob(f"{name}.py")), verb


def test_every_task_is_described_and_labels_are_told_apart() -> None:
    for task in Task:
        spec = task_spec(task.value)
        assert spec.task is task and TASKS[task] is spec
        assert len(set(spec.labels)) == len(spec.labels) > 1
        assert spec.architecture in Architecture


def test_every_preset_is_a_file_and_named_after_its_task() -> None:
    from model_code.training.config import read_preset

    assert {path.stem for path in (REPOSITORY / "model_code/presets").iterdir()} == set(Preset)
    for preset in Preset:
        assert read_preset(preset)["task"] == preset.task
    assert {preset for preset in Preset if preset.value == preset.task.value} == {Preset(task.value) for task in Task}


def test_an_unknown_task_lists_those_there_are() -> None:
    from model_code.errors import UsageError

    with pytest.raises(UsageError, match="unknown task 'skin'; choose one of: chest14, pneumonia, skin8"):
        task_spec("skin")
