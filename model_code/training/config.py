"""One configuration a run: from a preset, a file, a container's hyperparameters and the command line; later ones win."""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, get_type_hints

from model_code.contract import AS_PRESET, PACKAGE, Architecture, Preset, Task
from model_code.errors import UsageError, unknown
from model_code.tasks import task_spec

CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "architecture": tuple(Architecture),
    "loss": ("task", "weighted_bce", "asymmetric", "cross_entropy", "weighted_cross_entropy"),
    "augmentation": ("task", "films", "dermoscopy", "none"),
    "precision": ("auto", "float32", "bf16", "fp16"),
    "select": ("auroc", "accuracy"),
}
BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "image_size": (32, 1024),
    "epochs": (1, 1000),
    "batch_size": (2, 65_536),
    "accumulate": (1, 1024),
    "learning_rate": (1e-7, 1),
    "weight_decay": (0, 1),
    "warm_up": (0, 0.9),
    "average": (0, 0.99999),
    "balance": (0, 1),
    "checkpoint_seconds": (0, 86_400),
    "checkpoint_steps": (0, 1_000_000),
}


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a run, beside the data. Saved in the checkpoint and in the bundle.

    A batch is what one step of the optimizer sees, however many parts (``accumulate``) and processes share it. The same number of
    parts over all processes gives the same weights, up to rounding, on one machine and on several.
    """

    task: str
    architecture: str
    image_size: int
    output_stride: int = 32
    epochs: int = 10
    batch_size: int = 32
    """Films of one step, over all parts and processes."""
    accumulate: int = 1
    """Parts of a batch that go through the network one after another (on each process); batch norm sees one part."""
    learning_rate: float = 2e-3
    """Peak of the schedule."""
    weight_decay: float = 0.02
    warm_up: float = 0.25
    """Share of the run in which the learning rate rises."""
    average: float = 0.0
    """Decay of the moving average of the weights, which then is what is validated and kept; 0: the weights themselves."""
    loss: str = "task"
    """``task``: weighted_bce, or weighted_cross_entropy where labels exclude each other."""
    balance: float = 0.0
    """How far rare labels are drawn more often: 0 not at all, 0.5 by the square root of their rarity, 1 as often as any."""
    augmentation: str = "task"
    """``task``: films for grey pictures, dermoscopy for colour ones."""
    precision: str = "auto"
    """``auto``: bf16 or else fp16 on a GPU, float32 on processors."""
    compile: bool = False
    """Whether ``torch.compile`` makes the network's kernels: minutes at the start, faster steps on a GPU."""
    select: str = "auroc"
    """Which epoch is the best: the highest ``auroc`` or ``accuracy`` on validation; a tie goes to the lower loss."""
    pretrained: str = ""
    """Where the backbone's weights come from (see ``model_code.pretrained``); empty: drawn from the seed."""
    checkpoint_seconds: float = 300.0
    """A checkpoint so often within an epoch, beside the one at its end; 0: none by time."""
    checkpoint_steps: int = 0
    """And one every so many steps; 0: none by steps."""
    seed: int = 0
    experiment: str = ""
    """Name of the experiment in which MLflow records the run (see ``model_code.training.experiments``); empty: none."""

    def __post_init__(self) -> None:
        for name, (low, high) in BOUNDS.items():
            value = getattr(self, name)
            if not low <= value <= high:
                raise UsageError(f"--{name.replace('_', '-')} is {value}; allowed: {low:g} to {high:g}")
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise unknown(name, getattr(self, name), allowed)
        if self.batch_size < 2 * self.accumulate:
            raise UsageError(
                f"--batch-size is {self.batch_size} in {self.accumulate} parts; batch norm needs at least two films a part: "
                f"choose {2 * self.accumulate} or more"
            )


KEPT_OUT: Final = ("checkpoint_seconds", "checkpoint_steps", "compile", "experiment")
"""Fields that change how a run is done, not what comes out: a run may be resumed with other ones."""


def make_config(*sources: Mapping[str, Any]) -> TrainConfig:
    """A configuration from settings, later sources before earlier ones; what none names is the task's default.

    Text is read as the field's type, so that hyperparameters (always text) and command lines do.

    Raises:
        UsageError: an unknown key (with the nearest known one), a value of the wrong type or out of range.
    """
    types = get_type_hints(TrainConfig)
    settings: dict[str, Any] = {}
    for source in sources:
        for key, value in source.items():
            name = key.replace("-", "_")
            if name not in types:
                raise UsageError(f"unknown setting '{key}'; {_hint(name, list(types))}")
            settings[name] = _typed(name, value, types[name])
    spec = task_spec(settings.get("task", ""))
    defaults = {"architecture": spec.architecture.value, "image_size": spec.image_size}
    return TrainConfig(**{**defaults, **settings})


def gather(container: Mapping[str, Any], file: Path | None, options: Mapping[str, Any]) -> TrainConfig:
    """The run's configuration: a preset, over it hyperparameters, over them a file, over it the command line.

    The preset may be named in any of these (``preset``), the last one counts. A setting whose value is the word ``preset`` is
    left to it.

    Raises:
        UsageError: see ``make_config``, ``read_config``, ``read_preset``.
    """
    sources = [
        {key: value for key, value in source.items() if value != AS_PRESET}
        for source in (container, read_config(file) if file else {}, options)
    ]
    named = [source.pop("preset") for source in sources if "preset" in source]
    return make_config({"task": Task.CHEST14.value}, read_preset(str(named[-1])) if named else {}, *sources)


def read_config(path: Path) -> dict[str, Any]:
    """The settings in a JSON or TOML file.

    Raises:
        UsageError: there is no such file, or it does not hold a table of settings.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except (OSError, ValueError) as error:
        text = f"the configuration '{path}' cannot be read ({type(error).__name__}); give a JSON or TOML file"
        raise UsageError(text) from error
    if not isinstance(content, dict):
        raise UsageError(f"the configuration '{path}' holds a {type(content).__name__}; give a table of settings")
    return content


def read_preset(name: str) -> dict[str, Any]:
    """The settings of a preset.

    Raises:
        UsageError: there is no such preset; the message lists those there are.
    """
    names = presets()
    if name not in names:
        raise unknown("preset", name, names)
    # not a path: SageMaker's jobs import the package from a zip
    settings: dict[str, Any] = json.loads((files(PACKAGE) / "presets" / f"{name}.json").read_bytes())
    return settings


def presets() -> list[str]:
    """The names of all presets."""
    return sorted(preset.value for preset in Preset)


def read_settings(pairs: list[str]) -> dict[str, str]:
    """Settings given as ``name=value``.

    Raises:
        UsageError: one has no ``=``.
    """
    wrong = [pair for pair in pairs if "=" not in pair]
    if wrong:
        raise UsageError(f"--set is '{wrong[0]}'; write name=value, such as average=0.999")
    return dict(pair.split("=", 1) for pair in pairs)


def identity(config: TrainConfig) -> dict[str, Any]:
    """What a checkpoint must agree in with the run that goes on from it."""
    return {field.name: getattr(config, field.name) for field in fields(config) if field.name not in KEPT_OUT}


def told(config: TrainConfig) -> dict[str, Any]:
    """What bundles and experiments say of a configuration: all of it, but of a place on somebody's disk only its last part."""
    return {**asdict(config), "pretrained": Path(config.pretrained).name}


def _typed(name: str, value: Any, wanted: type) -> Any:
    try:
        if wanted is bool:
            return {"true": True, "1": True, "false": False, "0": False}[str(value).lower()]
        if isinstance(value, bool) or (wanted is int and float(value) != int(float(value))):
            raise ValueError
        return wanted(float(value)) if wanted is int else wanted(value)
    except (KeyError, TypeError, ValueError, OverflowError):
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[wanted]
        raise UsageError(f"the setting '{name}' is '{value}'; it must be {kind}") from None


def _hint(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"there are: {', '.join(known)}"
