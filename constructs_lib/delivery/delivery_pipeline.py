"""From a push to production: test, synthesize, renew the pipeline itself, publish assets, then stage after stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from aws_cdk import Stack, Stage, pipelines
from aws_cdk import aws_codepipeline as codepipeline
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.container_images import BASE_REPOSITORY, base_image
from constructs_lib.data.phi_bucket import SecureBucket
from constructs_lib.delivery.build_network import BuildNetwork
from constructs_lib.delivery.build_projects import build_options, image_publisher, login_to, narrow_build_permissions
from constructs_lib.delivery.managed_policies import manage_policies
from constructs_lib.delivery.settings import Delivery
from constructs_lib.training.job_instance import Accelerator

CDK_CLI: Final = "2.1148.1"
"""As in the Makefile, which says why it is pinned."""

SOURCE: Final = "Source"
FILM: Final = "phantom.png"
PROTECT: Final = "aws cloudformation update-termination-protection --enable-termination-protection"
SYNTH: Final = (
    "make lint",
    "make test",
    "make synth ENV=delivery",
    ".venv/bin/overread synthesize --task chest14 --patients 20 --seed 1 --out build/phantoms",
    f'mkdir -p smoke && cp "$(ls build/phantoms/films/*.png | head -n 1)" smoke/{FILM}',
)


class DeliveryPipeline(Construct):
    """A CodePipeline (V2) that delivers the stages in the order given; before the last one a person approves.

    After each stage a phantom film is sent through the API that was just deployed: a stage whose API does not read it stops
    the delivery before the next.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        delivery: Delivery,
        network: BuildNetwork,
        artifacts: SecureBucket,
        log_group: logs.ILogGroup,
        stages: Sequence[Stage],
    ) -> None:
        super().__init__(scope, construct_id)
        self.pipeline = codepipeline.Pipeline(
            self,
            "Pipeline",
            pipeline_type=codepipeline.PipelineType.V2,
            artifact_bucket=artifacts.bucket,
            restart_execution_on_update=True,  # the renewed pipeline goes on with the commit that renewed it
        )
        registry = base_image(Stack.of(self).region, Accelerator.NONE).partition("/")[0]
        source = pipelines.CodePipelineSource.connection(
            delivery.repository, delivery.branch, connection_arn=delivery.connection_arn, action_name=SOURCE
        )
        synth = pipelines.ShellStep("Synth", input=source, commands=list(SYNTH), primary_output_directory="cdk.out")
        delivering = pipelines.CodePipeline(
            self,
            "Delivery",
            code_pipeline=self.pipeline,
            synth=synth,
            self_mutation=True,
            cli_version=CDK_CLI,  # cdk-assets stays unpinned: 4.7.3 refuses this library's manifests, and newer ones read older
            publish_assets_in_parallel=False,  # one project for files and one, with privileges, for images
            code_build_defaults=build_options(network, log_group),
            asset_publishing_code_build_defaults=login_to(registry),
        )
        film = synth.add_output_directory("smoke")
        for stage in stages:
            approval = [pipelines.ManualApprovalStep("Approve", comment=_question(stage))] if stage is stages[-1] else []
            delivering.add_stage(stage, pre=approval, post=[self._smoke(stage, source, film)])
        delivering.build_pipeline()
        self._let_source_be_fetched(delivery)
        self._let_images_be_based_on(registry, image_publisher(delivering))
        manage_policies(self, narrow_build_permissions(self, network))

    def _let_source_be_fetched(self, delivery: Delivery) -> None:
        """The library grants the action by its old name; AWS wants the one whose prefix is that of the connection's ARN."""
        role = self.pipeline.node.find_child(SOURCE).node.find_child(SOURCE).node.find_child("CodePipelineActionRole")
        assert isinstance(role, iam.Role)
        use = iam.PolicyStatement(actions=["codeconnections:UseConnection"], resources=[delivery.connection_arn])
        iam.ManagedPolicy(self, "Connection", roles=[role], statements=[use])

    def _let_images_be_based_on(self, registry: str, publisher: iam.IRole) -> None:
        """AWS keeps the base of the training image in an account of its own, and wants a login like for any."""
        stack = Stack.of(self)
        account = registry.partition(".")[0]
        arn = stack.format_arn(service="ecr", account=account, resource="repository", resource_name=BASE_REPOSITORY)
        iam.ManagedPolicy(
            self,
            "BaseImages",
            roles=[publisher],
            statements=[
                iam.PolicyStatement(
                    actions=["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
                    resources=[arn],
                ),
                iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),  # it knows no resource
            ],
        )

    def _smoke(
        self, stage: Stage, source: pipelines.IFileSetProducer, film: pipelines.IFileSetProducer
    ) -> pipelines.CodeBuildStep:
        """Asks the stage's API for a reading, and protects its stacks from deletion where the stage says so.

        CodePipeline deploys stacks and leaves their protection as it is, which is off.
        """
        stack = Stack.of(self)
        protected = [s.stack_name for s in stage.node.children if isinstance(s, Stack) and s.termination_protection]
        stacks = [stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{name}/*") for name in protected]
        parameters = stack.format_arn(service="ssm", resource="parameter", resource_name=f"{stage.stage_name}/*")
        # ids of the API and its key are known when the stage is deployed, which is after this
        keys = stack.format_arn(service="apigateway", account="", resource="/apikeys", resource_name="*")
        door = stack.format_arn(service="execute-api", resource="*", resource_name="*/POST/machines/predict")
        return pipelines.CodeBuildStep(
            "Smoke",
            input=source,
            additional_inputs={"smoke": film},
            install_commands=["pip install --constraint constraints.txt botocore"],
            commands=[
                *(f"{PROTECT} --stack-name {name}" for name in protected),
                f"python -m operations.smoke --stage {stage.stage_name} --film smoke/{FILM}",
            ],
            role_policy_statements=[
                *(
                    [iam.PolicyStatement(actions=["cloudformation:UpdateTerminationProtection"], resources=stacks)]
                    if stacks
                    else []
                ),
                iam.PolicyStatement(actions=["ssm:GetParameter"], resources=[parameters]),
                iam.PolicyStatement(actions=["apigateway:GET"], resources=[keys]),
                iam.PolicyStatement(actions=["execute-api:Invoke"], resources=[door]),
            ],
        )


def _question(stage: Stage) -> str:
    return f"Deploy to {stage.stage_name}? The stages before it are deployed and read a phantom film."
