"""The model bundle: the only thing handed from training to serving.

A folder with ``bundle.json``, ``weights.safetensors``, ``model.onnx``, ``film_gate.safetensors``, ``MODEL_CARD.md`` and
``SHA256SUMS`` (as ``sha256sum -c`` reads it). It grows by steps (train, export, calibrate, evaluate); each step adds its
section to ``bundle.json`` and seals the folder anew, all or nothing. No pickle anywhere. What is incomplete or altered is
refused by name.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from model_code.bundle_info import BundleInfo
from model_code.contract import Verb
from model_code.errors import BundleError
from model_code.files import atomic_folder, check_replaceable, sha256_of
from model_code.model_card import model_card
from model_code.tasks import TaskSpec, task_spec

INFO: Final = "bundle.json"
WEIGHTS: Final = "weights.safetensors"
GRAPH: Final = "model.onnx"
FILM_GATE: Final = "film_gate.safetensors"
CARD: Final = "MODEL_CARD.md"
SUMS: Final = "SHA256SUMS"

_FILES: Final = {None: (INFO, WEIGHTS, CARD), "graph": (GRAPH,), "film_gate": (FILM_GATE,)}
"""The files that a bundle must hold, by the section that brings them."""

_MADE_BY: Final = {
    "graph": Verb.EXPORT,
    "calibration": Verb.CALIBRATE,
    "film_gate": Verb.CALIBRATE,
    "metrics": Verb.EVALUATE,
}


@dataclass(frozen=True)
class Bundle:
    """A bundle whose sums held when it was opened."""

    folder: Path
    info: BundleInfo
    sha256: str
    """Hash of ``SHA256SUMS``, and so of everything that decides an answer."""

    @property
    def spec(self) -> TaskSpec:
        """The task that this model answers."""
        return task_spec(self.info.task)


@dataclass
class Draft:
    """A bundle under construction: put files into ``folder`` and replace ``info``; leaving the context seals it."""

    folder: Path
    info: BundleInfo


def open_bundle(folder: Path, *, needs: tuple[str, ...] = ()) -> Bundle:
    """Opens a bundle after checking every byte of it.

    Args:
        folder: where it is.
        needs: sections of ``bundle.json`` that the caller cannot work without.

    Raises:
        BundleError: there is none, a file is missing, altered or unlisted, ``bundle.json`` is not valid, or a needed section
            has not been made; the message names the file or the command that makes the section.
    """
    listed = _read_sums(folder)
    for name, expected in listed.items():
        path = folder / name
        if not path.is_file():
            raise BundleError(f"bundle '{folder}' is incomplete: '{name}' is missing; copy it again or export it again")
        if sha256_of(path) != expected:
            raise BundleError(f"bundle '{folder}' was altered: '{name}' does not match {SUMS}; copy it again or export it again")
    unlisted = sorted({path.name for path in folder.iterdir()} - set(listed) - {SUMS})
    if unlisted:
        raise BundleError(f"bundle '{folder}' holds '{unlisted[0]}', which {SUMS} does not list; remove it")
    info = _read_info(folder)
    for section, files in _FILES.items():
        if section is None or getattr(info, section) is not None:
            for name in files:
                if name not in listed:
                    raise BundleError(f"bundle '{folder}' is incomplete: {SUMS} does not list '{name}'; export it again")
    for section in needs:
        if getattr(info, section) is None:
            raise BundleError(f"bundle '{folder}' has no {section} yet; run: overread {_MADE_BY[section]} --bundle {folder}")
    return Bundle(folder, info, sha256_of(folder / SUMS))


@contextmanager
def create_bundle(folder: Path, info: BundleInfo) -> Iterator[Draft]:
    """A new bundle; it appears sealed when the context is left, and not at all when the step fails.

    Raises:
        UsageError: the folder holds something else.
    """
    check_replaceable(folder, SUMS)
    with atomic_folder(folder) as temporary:
        draft = Draft(temporary, info)
        yield draft
        _seal(draft)


@contextmanager
def edit_bundle(bundle: Bundle, out: Path | None = None) -> Iterator[Draft]:
    """The next step of a bundle, in place or into ``out``; when the step fails, what was there stays as it was.

    Raises:
        UsageError: ``out`` holds something else.
    """
    check_replaceable(out or bundle.folder, SUMS)
    with atomic_folder(out or bundle.folder) as temporary:
        shutil.copytree(bundle.folder, temporary, dirs_exist_ok=True)
        draft = Draft(temporary, bundle.info)
        yield draft
        _seal(draft)


def _seal(draft: Draft) -> None:
    (draft.folder / INFO).write_text(draft.info.to_json(), encoding="utf-8")
    (draft.folder / CARD).write_text(model_card(draft.info), encoding="utf-8")
    names = sorted(path.name for path in draft.folder.iterdir() if path.name != SUMS)
    lines = [f"{sha256_of(draft.folder / name)}  {name}\n" for name in names]
    (draft.folder / SUMS).write_text("".join(lines), encoding="utf-8")


def _read_sums(folder: Path) -> dict[str, str]:
    path = folder / SUMS
    if not path.is_file():
        raise BundleError(f"no bundle at '{folder}': '{SUMS}' is missing; make one with 'overread train'")
    sums: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64 or Path(name).name != name:
            raise BundleError(f"bundle '{folder}' was altered: '{SUMS}' has a line that is not '<sha256>  <file>'; copy it again")
        sums[name] = digest
    return sums


def _read_info(folder: Path) -> BundleInfo:
    try:
        return BundleInfo.model_validate_json((folder / INFO).read_bytes())
    except FileNotFoundError:
        raise BundleError(f"bundle '{folder}' is incomplete: '{INFO}' is missing; copy it again") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise BundleError(
            f"bundle '{folder}': '{INFO}' is not valid at {where} ({first['msg']}); train it again with this version"
        ) from error
