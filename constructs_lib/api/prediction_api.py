"""The API: every route behind two doors, one for people with a token, one for machines with a role.

People ask ``/predict``; machines ask ``/machines/predict``, signed (IAM) and with a key that their day's quota is counted by.
There is no third way in: no method is open, and none answers from another origin (no CORS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.api.routes import ROUTES, Route
from constructs_lib.api.settings import ApiSettings
from constructs_lib.api.stage import NAME, ApiStage
from constructs_lib.api.user_directory import UserDirectory
from constructs_lib.naming import named
from constructs_lib.place import Place
from constructs_lib.runtime_function import RuntimeFunction
from model_code.contract import IMAGE_CONTENT_TYPES

MACHINES: Final = "machines"
TLS: Final = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
"""TLS 1.2 and 1.3 with forward secrecy, for the gateway's own domain."""


@dataclass(frozen=True, kw_only=True)
class Door:
    """One of the two ways in: what every method behind it asks for."""

    path: str
    authorization: apigateway.AuthorizationType
    authorizer: apigateway.IAuthorizer | None = None


class PredictionApi(Construct):
    """A REST API over the functions that answer its routes, by the handler's name."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: ApiSettings,
        place: Place,
        people: UserDirectory,
        functions: Mapping[str, RuntimeFunction],
    ) -> None:
        super().__init__(scope, id)
        self.settings = settings
        self.stage = ApiStage(self, "Stage", settings=settings, place=place, routes=_stage_paths())
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=named(self, "api"),
            description="Overread: readings of medical images. Research use only.",
            binary_media_types=list(IMAGE_CONTENT_TYPES),
            endpoint_configuration=self._endpoint(place),
            policy=self._only_from(place) if settings.private else None,
            deploy_options=self.stage.options,
            cloud_watch_role=True,
        )
        self._let_the_logging_role_stay()
        resource = self.api.node.default_child
        assert isinstance(resource, apigateway.CfnRestApi)
        resource.security_policy, resource.endpoint_access_mode = TLS, "BASIC"
        self._validators = {
            content: self.api.add_request_validator(
                "Whole" if content else "Parameters", validate_request_body=content, validate_request_parameters=True
            )
            for content in (True, False)
        }
        self._models = {route.handler: self._model(route) for route in ROUTES if route.body}
        self._refuse_in_json()
        authorizer = apigateway.CognitoUserPoolsAuthorizer(self, "People", cognito_user_pools=[people.pool])
        self.methods = [
            self._method(route, door, functions[route.handler])
            for door in (
                Door(path="", authorization=apigateway.AuthorizationType.COGNITO, authorizer=authorizer),
                Door(path=f"{MACHINES}/", authorization=apigateway.AuthorizationType.IAM),
            )
            for route in ROUTES
        ]
        self.stage.complete(self.api)

    @property
    def url(self) -> str:
        """Ends with a slash; routes follow it."""
        return self.api.url

    def grant_invoke(self, grantee: iam.IGrantable) -> None:
        """Lets a machine's policy ask for readings; starting a training is not among it."""
        allowed = [route for route in ROUTES if route.scope.value == "read"]
        arns = [self.api.arn_for_execute_api(route.method, f"/{MACHINES}/{_wild(route.path)}", NAME) for route in allowed]
        grantee.grant_principal.add_to_principal_policy(iam.PolicyStatement(actions=["execute-api:Invoke"], resources=arns))

    def _let_the_logging_role_stay(self) -> None:
        """The role with which API Gateway writes logs is the account's, not this API's: it stays when the stack goes.

        Inside the platform's boundary it would keep the boundary's policy from ever being deleted.
        """
        role = self.api.node.find_child("CloudWatchRole")
        iam.PermissionsBoundary.of(role).clear()

    def _endpoint(self, place: Place) -> apigateway.EndpointConfiguration:
        if self.settings.private:
            return apigateway.EndpointConfiguration(
                types=[apigateway.EndpointType.PRIVATE], vpc_endpoints=[place.network.interfaces["Api"]]
            )
        return apigateway.EndpointConfiguration(types=[apigateway.EndpointType.REGIONAL])

    def _only_from(self, place: Place) -> iam.PolicyDocument:
        """Whoever asks, it must come through the network's own endpoint; who may ask what, the methods say."""
        through = {"aws:SourceVpce": place.network.interfaces["Api"].vpc_endpoint_id}

        def calls(effect: iam.Effect, operator: str) -> iam.PolicyStatement:
            return iam.PolicyStatement(
                effect=effect,
                principals=[iam.AnyPrincipal()],
                actions=["execute-api:Invoke"],
                resources=["execute-api:/*"],
                conditions={operator: through},
            )

        return iam.PolicyDocument(statements=[calls(iam.Effect.ALLOW, "StringEquals"), calls(iam.Effect.DENY, "StringNotEquals")])

    def _model(self, route: Route) -> apigateway.Model:
        assert route.body
        return self.api.add_model(f"{route.handler.capitalize()}Body", content_type="application/json", schema=route.body)

    def _method(self, route: Route, door: Door, function: RuntimeFunction) -> apigateway.Method:
        model = self._models.get(route.handler)
        return self.api.root.resource_for_path(f"{door.path}{route.path}").add_method(
            route.method,
            apigateway.LambdaIntegration(function.function, proxy=True, allow_test_invoke=False),
            authorization_type=door.authorization,
            authorizer=door.authorizer,
            authorization_scopes=[route.scope.full_name] if door.authorizer else None,
            api_key_required=door.authorizer is None,
            request_parameters=route.required or None,
            # whatever type a body says it is of, it is held against the schema
            request_models={"$default": model} if model else None,
            request_validator=self._validators[model is not None],
        )

    def _refuse_in_json(self) -> None:
        """The gateway's own refusals look like ours; they quote nothing of the request."""
        template = '{"code": "$context.error.responseType", "error": $context.error.messageString}'
        for name in (apigateway.ResponseType.DEFAULT_4_XX, apigateway.ResponseType.DEFAULT_5_XX):
            self.api.add_gateway_response(
                name.response_type.replace("_", "").capitalize(),
                type=name,
                response_headers={"Cache-Control": "'no-store'", "Strict-Transport-Security": "'max-age=63072000'"},
                templates={"application/json": template},
            )


def _wild(path: str) -> str:
    return "/".join("*" if part.startswith("{") else part for part in path.split("/"))


def _stage_paths() -> dict[str, bool]:
    """``/predict/POST`` … → whether the gateway may answer from its cache."""
    return {f"/{door}{route.path}/{route.method}": route.cached for door in ("", f"{MACHINES}/") for route in ROUTES}
