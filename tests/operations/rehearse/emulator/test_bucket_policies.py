"""A statement with a condition refuses nobody in the emulator; one without still does."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from moto.s3.models import FakeBucket

from operations.rehearse.emulator.bucket_policies import leave_out_conditions, unconditional

DENY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}
WITHOUT_TLS = {**DENY, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def policy(*statements: object) -> bytes:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}).encode()


def test_what_has_no_condition_stays() -> None:
    assert unconditional(policy(WITHOUT_TLS, DENY)) == policy(DENY)
    assert unconditional(policy(WITHOUT_TLS)) is None
    assert unconditional(None) is None


def test_the_emulator_is_asked_without_conditions_and_keeps_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes | None] = []
    monkeypatch.setattr(FakeBucket, "get_permission", lambda self, *_: seen.append(self.policy))
    bucket = SimpleNamespace(policy=policy(WITHOUT_TLS, DENY))

    leave_out_conditions()
    FakeBucket.get_permission(bucket, "s3:GetObject", "films/one")  # type: ignore[arg-type]

    assert seen == [policy(DENY)]
    assert bucket.policy == policy(WITHOUT_TLS, DENY)
