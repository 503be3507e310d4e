"""What the API answers, as data: each route once, for people and for machines alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_apigateway as apigateway

from constructs_lib.api.user_directory import Scope
from model_code.contract import IMAGE_CONTENT_TYPES

Kind = apigateway.JsonSchemaType

UPLOAD: Final = apigateway.JsonSchema(
    type=Kind.OBJECT,
    required=["content_type"],
    additional_properties=False,
    properties={
        "content_type": apigateway.JsonSchema(type=Kind.STRING, enum=list(IMAGE_CONTENT_TYPES)),
        "study": apigateway.JsonSchema(type=Kind.STRING, min_length=1, max_length=128),
    },
)

RETRAINING: Final = apigateway.JsonSchema(
    type=Kind.OBJECT,
    required=["reason"],
    additional_properties=False,
    properties={"reason": apigateway.JsonSchema(type=Kind.STRING, enum=["drift", "new_data", "calibration", "test"])},
)


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one resource. ``handler`` is the module of ``model_code.lambdas`` that answers it."""

    method: str
    path: str
    handler: str
    scope: Scope = Scope.READ
    body: apigateway.JsonSchema | None = None
    headers: tuple[str, ...] = ()
    """Without these a request is refused."""
    cached: bool = False
    """Whether the gateway may answer from its cache; never where an answer is about a patient, or about who asks."""

    @property
    def required(self) -> dict[str, bool]:
        """Parameters that the gateway insists on."""
        names = [part.strip("{}") for part in self.path.split("/") if part.startswith("{")]
        return {
            **{f"method.request.path.{name}": True for name in names},
            **{f"method.request.header.{name}": True for name in self.headers},
        }


ROUTES: Final = (
    Route(method="POST", path="predict", handler="predict", headers=("Content-Type",)),
    Route(method="POST", path="studies", handler="studies", body=UPLOAD),
    Route(method="GET", path="studies/{study}", handler="study_result"),
    Route(method="GET", path="models", handler="models", cached=True),
    Route(method="POST", path="retrain", handler="retrain", scope=Scope.TRAIN, body=RETRAINING),
)
