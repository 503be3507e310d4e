"""The machines that an endpoint may run on: our serving image has no CUDA, and their disks must take a customer key."""

from __future__ import annotations

from enum import Enum

from constructs_lib.errors import ConfigurationError
from constructs_lib.training.job_instance import Accelerator, JobInstance


class ServingInstance(Enum):
    """SageMaker instance types. None has a local disk: SageMaker refuses a key for one, and our checks demand a key."""

    M5_LARGE = "ml.m5.large"
    M5_XLARGE = "ml.m5.xlarge"
    C6I_LARGE = "ml.c6i.large"
    C6I_XLARGE = "ml.c6i.xlarge"
    C6I_2XLARGE = "ml.c6i.2xlarge"

    @property
    def type_name(self) -> str:
        """As SageMaker's requests say it."""
        return self.value


def require_serving_instance(instance: object) -> None:
    """Raises:
    ConfigurationError: it is no machine that our image can serve on; the message says why.
    """
    if isinstance(instance, ServingInstance):
        return
    name = instance.type_name if isinstance(instance, JobInstance) else str(instance)
    gpu = instance.accelerator is Accelerator.CUDA if isinstance(instance, JobInstance) else name.startswith(("ml.g", "ml.p"))
    reason = "the serving image has no CUDA, so its GPU would stand idle" if gpu else "it is not a machine that endpoints run on"
    allowed = ", ".join(f"{one.name} ({one.type_name})" for one in ServingInstance)
    raise ConfigurationError(f"endpoint instance is '{name}': {reason}; allowed: {allowed}; choose a ServingInstance")
