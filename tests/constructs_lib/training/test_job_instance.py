from __future__ import annotations

import pytest

from constructs_lib.training.job_instance import Accelerator, JobInstance


@pytest.mark.parametrize("instance", JobInstance)
def test_a_network_disk_has_our_key_and_a_local_one_cannot(instance: JobInstance) -> None:
    cluster = instance.cluster(10_000, "arn:key")

    assert cluster["InstanceType"] == instance.type_name
    if instance.local_disk_gb:
        assert "VolumeKmsKeyId" not in cluster
        assert cluster["VolumeSizeInGB"] == 125, "what the smallest of those it may be exchanged for has"
    else:
        assert (cluster["VolumeKmsKeyId"], cluster["VolumeSizeInGB"]) == ("arn:key", 10_000)


@pytest.mark.parametrize("instance", JobInstance)
def test_machines_with_a_gpu_take_the_image_for_it(instance: JobInstance) -> None:
    assert (instance.accelerator is Accelerator.CUDA) == instance.type_name.startswith("ml.g")
