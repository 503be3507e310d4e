"""The packs of cdk-nag judge constructs in this process."""

from __future__ import annotations

import pytest
from aws_cdk import App, Stack, Stage
from aws_cdk import aws_s3 as s3

from operations.judge.nag import PACKS, nag


def with_an_open_bucket() -> App:
    app = App()
    s3.Bucket(Stack(Stage(app, "overread-dev"), "data"), "Open")
    return app


@pytest.mark.parametrize(
    ("pack", "rule"),
    [("AwsSolutions", "S10"), ("NIST 800-53 R5", "S3BucketVersioningEnabled")],
)
def test_a_pack_finds_the_open_bucket(pack: str, rule: str) -> None:
    opinion = nag(pack, with_an_open_bucket(), "dev", 1)

    assert (rule, "data/Open/Resource") in {(found.rule, found.resource) for found in opinion.findings}


@pytest.mark.parametrize("pack", PACKS)
def test_an_empty_application_has_no_findings(pack: str) -> None:
    assert list(nag(pack, App(), "dev", 0).findings) == []
