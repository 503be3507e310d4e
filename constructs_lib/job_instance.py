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

    def cluster(self, disk_gb: int, key_arn: str) -> dict[str, object]:
        """One machine, as SageMaker's requests say it.

        A local disk has a size of its own and is encrypted by its hardware; SageMaker refuses a key for it.
        """
        machine: dict[str, object] = {"InstanceCount": 1, "InstanceType": self.type_name}
        if self.local_disk_gb:
            return machine | {"VolumeSizeInGB": min(disk_gb, self.local_disk_gb)}
        return machine | {"VolumeSizeInGB": disk_gb, "VolumeKmsKeyId": key_arn}
