from __future__ import annotations

from typing import Any, Final

import botocore.session
import pytest

from constructs_lib.endpoints.serving_instance import ServingInstance
from constructs_lib.training.job_instance import JobInstance

HOSTED: Final[Any] = botocore.session.get_session().get_service_model("sagemaker").shape_for("ProductionVariantInstanceType")


@pytest.mark.parametrize("instance", ServingInstance)
def test_sagemaker_hosts_models_on_it(instance: ServingInstance) -> None:
    assert instance.type_name in HOSTED.enum


@pytest.mark.parametrize("instance", ServingInstance)
def test_it_has_neither_a_gpu_nor_a_local_disk(instance: ServingInstance) -> None:
    family = instance.type_name.split(".")[1]

    assert not family.startswith(("g", "p", "inf", "trn"))
    assert not family.endswith("d"), "families with a local disk end so: SageMaker refuses a key for it"
    assert instance.type_name not in {job.type_name for job in JobInstance if job.local_disk_gb}
