"""Jobs that see films: where they run, who they may talk to, whose keys lie on what they write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from constructs_lib.compliance.checks.requests import SOURCES, Request, requests
from constructs_lib.compliance.checks.rule import Rule
from constructs_lib.compliance.checks.synthesized import Assembly, Json, Resource

LOCAL_DISK: Final = (
    *("g4dn", "g5", "g6", "g6e", "p3dn", "p4d", "p4de", "p5", "p5e", "p5en", "trn1", "trn1n"),
    *("c5d", "m5d", "r5d", "c6id", "m6id", "r6id"),
)
"""Families whose machines have a disk of their own: its hardware encrypts it, and SageMaker refuses a volume key there."""


def has_local_disk(instance_type: object) -> bool:
    """Whether ``ml.<family>.<size>`` has a local disk. Deployment decides over what is not text: then it has not."""
    return isinstance(instance_type, str) and any(instance_type.startswith(f"ml.{family}.") for family in LOCAL_DISK)


def _jobs(resource: Resource) -> list[Request]:
    """A tuning job's definition of its training jobs counts as one."""
    found = []
    for request in requests(resource):
        if request.kind == "HyperParameterTuningJob":
            inner = request.arguments.get("TrainingJobDefinitions") or [request.arguments.get("TrainingJobDefinition", {})]
            found += [Request(request.where, "TrainingJob", arguments) for arguments in inner]
        elif request.kind.endswith("Job"):
            found.append(request)
    return found


def _isolated(resource: Resource, _: Assembly) -> Iterator[str] | None:
    jobs = [job for job in _jobs(resource) if job.kind in ("TrainingJob", "ProcessingJob")]
    return (wrong for job in jobs for wrong in _holes(job)) if jobs else None


def _holes(job: Request) -> Iterator[str]:
    settings: Json = job.arguments.get("NetworkConfig") or {} if job.kind == "ProcessingJob" else job.arguments
    vpc = settings.get("VpcConfig") or {}
    if not vpc.get("Subnets") or not vpc.get("SecurityGroupIds"):
        yield f"{job.where} names no VpcConfig with subnets and security groups"
    for switch in ("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption"):
        if settings.get(switch) is not True:
            yield f"{job.where} does not set {switch}"


def _encrypted(resource: Resource, _: Assembly) -> Iterator[str] | None:
    jobs = _jobs(resource)
    return (wrong for job in jobs for wrong in _open_disks(job)) if jobs else None


def _open_disks(job: Request) -> Iterator[str]:
    arguments = job.arguments
    output, cluster = {
        "TrainingJob": (arguments.get("OutputDataConfig"), arguments.get("ResourceConfig")),
        "ProcessingJob": (
            arguments.get("ProcessingOutputConfig"),
            (arguments.get("ProcessingResources") or {}).get("ClusterConfig"),
        ),
        "TransformJob": (arguments.get("TransformOutput"), arguments.get("TransformResources")),
    }.get(job.kind, (None, None))
    if not (output or {}).get("KmsKeyId"):
        yield f"{job.where} writes its output without KmsKeyId"
    yield from disk_key(job.where, cluster or {}, "VolumeKmsKeyId")


def disk_key(where: str, machine: Json, key: str) -> Iterator[str]:
    """A network disk needs a key; a local one must not be given any."""
    instance: Any = machine.get("InstanceType")
    if has_local_disk(instance) and machine.get(key):
        yield f"{where} gives {instance} {key}, which SageMaker refuses for its local disk"
    elif not has_local_disk(instance) and not machine.get(key):
        yield f"{where} attaches a disk without {key}"


RULES: Final = (
    Rule(
        "SageMakerJobIsolated",
        "Training and processing jobs run in the VPC, isolated, and encrypt what their machines say to each other.",
        ("164.312(a)(1)", "164.312(e)(1)", "164.312(e)(2)(ii)"),
        SOURCES,
        _isolated,
    ),
    Rule(
        "SageMakerJobEncrypted",
        "What jobs write, and the disks that they write it on, are encrypted with customer keys.",
        ("164.312(a)(2)(iv)",),
        SOURCES,
        _encrypted,
    ),
)
