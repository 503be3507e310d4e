"""The machines that jobs may run on, with what their kind decides: the image's flavour and whose encryption the disk has."""

from __future__ import annotations

from enum import Enum


class Accelerator(Enum):
    """Tag part of AWS's training images."""

    NONE = "cpu"
    CUDA = "cu133"


class JobInstance(Enum):
    """SageMaker instance types: name, accelerator, gigabytes of local disk (0: a network disk of any size)."""

    M5_XLARGE = ("ml.m5.xlarge", Accelerator.NONE, 0)
    M5_2XLARGE = ("ml.m5.2xlarge", Accelerator.NONE, 0)
    C5_4XLARGE = ("ml.c5.4xlarge", Accelerator.NONE, 0)
    G4DN_XLARGE = ("ml.g4dn.xlarge", Accelerator.CUDA, 125)
    G5_XLARGE = ("ml.g5.xlarge", Accelerator.CUDA, 250)
    G5_2XLARGE = ("ml.g5.2xlarge", Accelerator.CUDA, 450)

    def __init__(self, type_name: str, accelerator: Accelerator, local_disk_gb: int) -> None:
        self.type_name = type_name
        self.accelerator = accelerator
        self.local_disk_gb = local_disk_gb

    @property
    def exchangeable(self) -> list[str]:
        """Names of the types that fit the same request: the same image, and the same answer about the disk's key."""
        return [
            other.type_name
            for other in JobInstance
            if other.accelerator is self.accelerator and bool(other.local_disk_gb) == bool(self.local_disk_gb)
        ]

    def cluster(self, disk_gb: int, key_arn: str, *, machines: object = 1, type_name: object | None = None) -> dict[str, object]:
        """The machines, as SageMaker's requests say it; ``type_name`` and ``machines`` may be decided at run time.

        A local disk has a size of its own and is encrypted by its hardware; SageMaker refuses a key for it.
        """
        cluster: dict[str, object] = {"InstanceCount": machines, "InstanceType": type_name or self.type_name}
        if self.local_disk_gb:
            smallest = min(i.local_disk_gb for i in JobInstance if i.type_name in self.exchangeable)
            return cluster | {"VolumeSizeInGB": min(disk_gb, smallest)}
        return cluster | {"VolumeSizeInGB": disk_gb, "VolumeKmsKeyId": key_arn}
