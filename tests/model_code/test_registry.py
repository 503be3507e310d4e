"""Versions, decisions, and that nobody can exchange what was approved."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest

from model_code.errors import OverreadError, UsageError
from model_code.registry import ModelPackage, Registry, Status

MODEL, EVIDENCE = "s3://b/model.tar.gz", "s3://b/evidence.html"
NOW = {MODEL: "m" * 64, EVIDENCE: "e" * 64}


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "registry")


def add(registry: Registry, execution: str | None = None) -> ModelPackage:
    group = "overread-dev-chest14"
    return registry.register(
        lambda version: ModelPackage(
            group=group, version=version, registered="2030-01-01T00:00:00+00:00", execution=execution or uuid4().hex, model=MODEL,
            model_sha256=NOW[MODEL], files={EVIDENCE: NOW[EVIDENCE]}, properties={"evidence": EVIDENCE},
        ),
        group,
    )  # fmt: skip


def test_versions_count_up_and_wait(registry: Registry) -> None:
    assert [add(registry).name for _ in range(2)] == ["overread-dev-chest14/1", "overread-dev-chest14/2"]
    assert [package.status for package in registry.versions("overread-dev-chest14")] == [Status.PENDING] * 2
    assert registry.champion("overread-dev-chest14") is None


def test_an_approval_records_who_why_when_and_the_evidences_hash(registry: Registry) -> None:
    decided = registry.decide(add(registry), Status.APPROVED, by=" Dr. A ", why="better on every label", hash_of=NOW.__getitem__)

    (kept,) = registry.get("overread-dev-chest14", 1).decisions
    assert (kept.by, kept.why, kept.evidence_sha256, kept.model_sha256) == ("Dr. A", "better on every label", "e" * 64, "m" * 64)
    assert kept.at.endswith("+00:00")
    assert registry.champion("overread-dev-chest14") == decided


def test_the_champion_is_the_latest_approved_version(registry: Registry) -> None:
    for status in (Status.APPROVED, Status.APPROVED, Status.REJECTED):
        registry.decide(add(registry), status, by="A", why="w", hash_of=NOW.__getitem__)
    champion = registry.champion("overread-dev-chest14")
    assert champion is not None and champion.version == 2


def test_a_decision_can_be_taken_back_and_both_stay_on_record(registry: Registry) -> None:
    approved = registry.decide(add(registry), Status.APPROVED, by="A", why="good", hash_of=NOW.__getitem__)
    registry.decide(approved, Status.REJECTED, by="B", why="drift", hash_of=NOW.__getitem__)

    kept = registry.get("overread-dev-chest14", 1)
    assert kept.status is Status.REJECTED
    assert [decision.by for decision in kept.decisions] == ["A", "B"]


def test_of_two_who_decide_at_once_neither_is_lost(registry: Registry) -> None:
    read_before = add(registry)
    registry.decide(read_before, Status.APPROVED, by="A", why="good", hash_of=NOW.__getitem__)
    registry.decide(read_before, Status.REJECTED, by="B", why="drift", hash_of=NOW.__getitem__)

    kept = registry.get("overread-dev-chest14", 1)
    assert [decision.by for decision in kept.decisions] == ["A", "B"] and kept.status is Status.REJECTED


def test_runs_that_register_at_once_get_a_version_each(registry: Registry) -> None:
    with ThreadPoolExecutor(8) as pool:
        packages = list(pool.map(lambda _: add(registry), range(24)))
    assert sorted(package.version for package in packages) == list(range(1, 25))


def test_what_an_execution_registers_twice_is_one_version(registry: Registry) -> None:
    """It was killed before it could note that it had registered, and went on."""
    assert [add(registry, "run").version for _ in range(2)] == [1, 1]
    assert add(registry, "another run").version == 2


def test_what_was_altered_since_cannot_be_approved(registry: Registry) -> None:
    package = add(registry)
    with pytest.raises(OverreadError, match=r"'s3://b/evidence.html' is not what was registered as overread-dev-chest14/1"):
        registry.decide(package, Status.APPROVED, by="A", why="w", hash_of=lambda a: "0" * 64 if a == EVIDENCE else NOW[a])
    assert registry.get("overread-dev-chest14", 1).decisions == ()
    registry.decide(package, Status.REJECTED, by="A", why="altered", hash_of=lambda _: "0")  # rejecting is always possible


@pytest.mark.parametrize(("by", "why", "named"), [(" ", "w", "--by"), ("A", "", "--why")])
def test_nobody_and_no_reason_are_refused(registry: Registry, by: str, why: str, named: str) -> None:
    with pytest.raises(UsageError, match=f"{named} is empty"):
        registry.decide(add(registry), Status.APPROVED, by=by, why=why, hash_of=NOW.__getitem__)


def test_what_there_is_not_is_named(registry: Registry) -> None:
    with pytest.raises(UsageError, match=r"unknown model group 'x'; choose one of: \(none yet; overread pipeline run registers"):
        registry.get("x", 1)
    add(registry)
    with pytest.raises(UsageError, match="unknown version '7'; choose one of: 1"):
        registry.get("overread-dev-chest14", 7)


def test_a_damaged_record_is_named(registry: Registry) -> None:
    add(registry)
    path = registry.root / "overread-dev-chest14/1.json"
    path.write_text(path.read_text().replace('"status": "PendingManualApproval"', '"status": "Blessed"'))
    with pytest.raises(OverreadError, match=r"1.json' is no record of a model version \(status\); restore it"):
        registry.get("overread-dev-chest14", 1)
