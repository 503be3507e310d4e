"""HIPAA findings of the delivery stack that cannot be otherwise; the rules of ``accepted.py`` hold for them."""

from __future__ import annotations

from collections.abc import Iterable

from constructs_lib.compliance.accepted import Accepted


def accepted_in_delivery(stages: Iterable[str]) -> tuple[Accepted, ...]:
    """By path below the delivery stack; every stage has a project of its own, which asks for a reading there."""
    builds = (
        "Pipeline/Pipeline/Build/Synth/CdkBuildProject/Resource",
        "Pipeline/Delivery/UpdatePipeline/SelfMutation/Resource",
        "Pipeline/Delivery/Assets/DockerAsset/Resource",
        "Pipeline/Delivery/Assets/FileAsset/Resource",
        *(f"Pipeline/Pipeline/{stage}/Smoke/Smoke/Resource" for stage in stages),
    )
    return (
        _accepted(
            "S3DefaultEncryptionKMS",
            "AccessLogs/Bucket/Resource",
            reason="S3 delivers server access logs only to buckets with SSE-S3.",
            control="SSE-S3 encrypts every object; the logs hold keys of build artifacts; TLS only, private, versioned.",
        ),
        _accepted(
            "S3BucketReplicationEnabled",
            "AccessLogs/Bucket/Resource",
            reason="Access logs of build artifacts are a second record: the pipeline keeps its own history of every delivery.",
            control="Build logs, with who delivered which commit, are kept for six years; the bucket keeps versions.",
        ),
        _accepted(
            "S3BucketReplicationEnabled",
            "Artifacts/Bucket/Resource",
            reason="Artifacts are made from a commit: running the pipeline again makes the same ones, and no film is among them.",
            control="The source is kept at its host, assets in the buckets and repositories that bootstrapping made; versioned.",
        ),
        _accepted(
            "VPCDefaultSecurityGroupClosed",
            "Network/Vpc/Resource",
            reason="CloudFormation cannot empty a VPC's default group; CDK's way is a Lambda that may change any group.",
            control="Nothing uses the default group: every build names the group of builds, which a test holds.",
        ),
        *(
            _accepted(
                "CodeBuildProjectSourceRepoUrl",
                build,
                reason="The check wants OAuth even where a build names no repository: these get their source from the pipeline.",
                control="The pipeline reads the repository by a CodeConnections connection; no build holds a credential for it.",
            )
            for build in builds
        ),
    )


def _accepted(rule: str, construct: str, *, reason: str, control: str) -> Accepted:
    return Accepted(
        rule=rule, construct=construct, reason=reason, control=control, owner="platform engineer", expires="2027-11-30"
    )
