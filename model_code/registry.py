"""``overread registry``: the versions of a model on this machine, and who decided what about them.

A file-backed stand-in for SageMaker's model registry: a version is registered once and waits; a person approves or rejects it
and says why. The record holds the hashes of the model and of its evidence, so that what was approved cannot be exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from model_code.errors import OverreadError, UsageError, unknown
from model_code.files import atomic_file, locked

SCHEMA: Final = "overread.model-package/1"


class Status(StrEnum):
    """As SageMaker names them."""

    PENDING = "PendingManualApproval"
    APPROVED = "Approved"
    REJECTED = "Rejected"


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())


class Decision(_Record):
    """What a person decided, when and why, and on which files."""

    status: Status
    by: str
    why: str
    at: str
    model_sha256: str
    evidence_sha256: str | None


class ModelPackage(_Record):
    """One version."""

    schema_name: Literal["overread.model-package/1"] = SCHEMA
    group: str
    version: int
    registered: str
    execution: str
    """Id of the pipeline's run that made it."""
    model: str
    """S3 address of ``model.tar.gz``."""
    model_sha256: str
    files: dict[str, str]
    """Hashes of the other files that the registration names (metrics, evidence with all of its pack), by their S3 addresses."""
    properties: dict[str, str] = {}
    """What the registration says of itself (``CustomerMetadataProperties``)."""
    metrics: dict[str, Any] = {}
    status: Status = Status.PENDING
    decisions: tuple[Decision, ...] = ()

    @property
    def name(self) -> str:
        """``group/version``, as people write it."""
        return f"{self.group}/{self.version}"

    @property
    def origin(self) -> tuple[str, str, str, dict[str, str]]:
        """The execution and the very bytes that it registered: the same in no two versions."""
        return self.execution, self.model, self.model_sha256, self.files

    @property
    def evidence_sha256(self) -> str | None:
        """Of the evidence pack; None where the pipeline made none."""
        return self.properties.get("evidence_sha256") or self.files.get(self.properties.get("evidence", ""))

    @property
    def arn(self) -> str:
        """As SageMaker would name it, in no account."""
        return f"arn:aws:sagemaker:us-east-1:111122223333:model-package/{self.name}"


class Registry:
    """Model package groups below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def groups(self) -> list[str]:
        """Names of all groups."""
        return sorted(path.name for path in self.root.iterdir() if path.is_dir()) if self.root.is_dir() else []

    def versions(self, group: str) -> Iterator[ModelPackage]:
        """Of one group, from the oldest on.

        Raises:
            OverreadError: a record was altered so that it is none any more.
        """
        for number in sorted(int(path.stem) for path in (self.root / group).glob("*.json")):
            yield self._read(group, number)

    def get(self, group: str, version: int) -> ModelPackage:
        """One version.

        Raises:
            UsageError: there is no such group or version.
        """
        if group not in self.groups():
            raise unknown("model group", group, self.groups() or ["(none yet; overread pipeline run registers the first)"])
        if not self._path(group, version).is_file():
            raise unknown("version", str(version), [str(package.version) for package in self.versions(group)])
        return self._read(group, version)

    def champion(self, group: str) -> ModelPackage | None:
        """The latest approved version."""
        return next((p for p in reversed(list(self.versions(group))) if p.status is Status.APPROVED), None)

    def register(self, package: Callable[[int], ModelPackage], group: str) -> ModelPackage:
        """Stores what ``package`` makes of the next version number; what its execution registered before stays that version."""
        with self._alone(group):
            there = list(self.versions(group))
            made = package(max((p.version for p in there), default=0) + 1)
            if before := next((p for p in there if p.origin == made.origin), None):
                return before
            self._write(made)
        return made

    def decide(self, package: ModelPackage, status: Status, *, by: str, why: str, hash_of: Callable[[str], str]) -> ModelPackage:
        """Records a decision; approving asks that model and files still are what was registered.

        Args:
            package: about which.
            status: approved or rejected.
            by: who decides.
            why: the reason, for those who read it in years.
            hash_of: the SHA-256 of what an S3 address holds now.

        Raises:
            UsageError: nobody or no reason is named.
            OverreadError: a file was altered since it was registered.
        """
        for what, text in (("--by", by), ("--why", why)):
            if not text.strip():
                raise UsageError(f"{what} is empty; say who decides and why: it stays in the record")
        for address, expected in {package.model: package.model_sha256, **package.files}.items():
            if status is Status.APPROVED and hash_of(address) != expected:
                raise OverreadError(f"'{address}' is not what was registered as {package.name}; run the pipeline again")
        with self._alone(package.group):
            decision = Decision(
                status=status,
                by=by.strip(),
                why=why.strip(),
                at=now(),
                model_sha256=package.model_sha256,
                evidence_sha256=package.evidence_sha256,
            )
            before = self.get(package.group, package.version).decisions  # somebody else's may have come since it was read
            decided = package.model_copy(update={"status": status, "decisions": (*before, decision)})
            self._write(decided)
        return decided

    def _alone(self, group: str) -> AbstractContextManager[None]:
        """In which no other process changes the group, so that no version and no decision is lost."""
        return locked(self.root / group)

    def _path(self, group: str, version: int) -> Path:
        return self.root / group / f"{version}.json"

    def _read(self, group: str, version: int) -> ModelPackage:
        path = self._path(group, version)
        try:
            return ModelPackage.model_validate_json(path.read_bytes())
        except ValidationError as error:
            field = ".".join(map(str, error.errors()[0]["loc"])) or "the file"
            raise OverreadError(f"'{path}' is no record of a model version ({field}); restore it from a copy") from None

    def _write(self, package: ModelPackage) -> None:
        with atomic_file(self._path(package.group, package.version)) as temporary:
            temporary.write_text(package.model_dump_json(indent=2) + "\n", encoding="utf-8")


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")
