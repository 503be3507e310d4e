"""The other road to a classifier: SageMaker's built-in Image Classification algorithm (ResNet on MXNet), as a pipeline.

It reads RecordIO, learns without any code of ours, and makes a model that only its own image can serve: a baseline to compare
with. So its pipeline ends with scores of the test films, never with a registered model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk.region_info import RegionInfo
from constructs import Construct

from constructs_lib.data.phi_bucket import PhiBucket
from constructs_lib.errors import ConfigurationError, require_one_of, require_range
from constructs_lib.security.isolated_network import IsolatedNetwork
from constructs_lib.training.job_instance import Accelerator, JobInstance
from constructs_lib.training.job_role import FOR_AWS_ONLY, container_statements
from constructs_lib.training.model_registry import ModelRegistry
from constructs_lib.training.pipeline_role import STARTED, PipelineRole
from constructs_lib.training.pipeline_steps import RETRIES, VERSION, Value, channel, join, vpc_of
from model_code.contract import BuiltinSettings

REPOSITORY: Final = "image-classification"
ACCOUNTS: Final = {
    # region: account of the algorithm's image; operations.sdk_check compares it with the SageMaker SDK's table
    "af-south-1": "455444449433",
    "ap-east-1": "286214385809",
    "ap-northeast-1": "501404015308",
    "ap-northeast-2": "306986355934",
    "ap-northeast-3": "867004704886",
    "ap-south-1": "991648021394",
    "ap-south-2": "628508329040",
    "ap-southeast-1": "475088953585",
    "ap-southeast-2": "544295431143",
    "ap-southeast-3": "951798379941",
    "ap-southeast-4": "106583098589",
    "ca-central-1": "469771592824",
    "ca-west-1": "190319476487",
    "cn-north-1": "390948362332",
    "cn-northwest-1": "387376663083",
    "eu-central-1": "813361260812",
    "eu-central-2": "680994064768",
    "eu-north-1": "669576153137",
    "eu-south-1": "257386234256",
    "eu-south-2": "104374241257",
    "eu-west-1": "685385470294",
    "eu-west-2": "644912444149",
    "eu-west-3": "749696950732",
    "il-central-1": "898809789911",
    "me-central-1": "272398656194",
    "me-south-1": "249704162688",
    "sa-east-1": "855470959533",
    "us-east-1": "811284229777",
    "us-east-2": "825641698319",
    "us-gov-east-1": "237065988967",
    "us-gov-west-1": "226302683700",
    "us-west-1": "632365934929",
    "us-west-2": "433757028032",
}


def image_of(region: str) -> str:
    """The algorithm's image in a region.

    Raises:
        ConfigurationError: AWS keeps none there that we know of, or the region is not known yet at synthesis.
    """
    if Token.is_unresolved(region):
        raise ConfigurationError("the stack has no region (env-agnostic); a region's name is needed; set Environment.region")
    require_one_of("region of the built-in algorithm", region, ACCOUNTS, "set Environment.region to one of them")
    return f"{ACCOUNTS[region]}.dkr.ecr.{region}.{RegionInfo.get(region).domain_suffix}/{REPOSITORY}:1"


@dataclass(frozen=True, kw_only=True)
class BuiltinPlan(BuiltinSettings):
    """Settings in the algorithm's documented ranges, and the machine; it needs a GPU.

    Raises:
        ConfigurationError: a value that the algorithm refuses.
    """

    instance: JobInstance

    def __post_init__(self) -> None:
        require_one_of("number of layers", self.layers, self.LAYERS, "ResNets come in these depths")
        require_range("classes", self.classes, 2, 10_000, advice="one for each label")
        require_range("batch_size", self.batch_size, 1, self.training_films, advice="a batch is taken from the training films")
        require_range("image_size", self.image_size, 32, 1024, advice="224 is what the pretrained network saw")
        require_range("epochs", self.epochs, 1, 1000, advice="10 is a good start")
        if self.instance.accelerator is not Accelerator.CUDA:
            gpus = ", ".join(i.type_name for i in JobInstance if i.accelerator is Accelerator.CUDA)
            raise ConfigurationError(f"instance is {self.instance.type_name}; allowed: {gpus}; the algorithm trains on GPUs only")


class BuiltinClassifier(Construct):
    """The pipeline ``…-builtin``: learns from ``<task>/recordio/`` in ``shards`` and scores ``<task>/images/test``."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        plan: BuiltinPlan,
        network: IsolatedNetwork,
        shards: PhiBucket,
        artifacts: PhiBucket,
        registry: ModelRegistry,
    ) -> None:
        super().__init__(scope, construct_id)
        task = registry.task.value
        self._plan, self._network, self._key = plan, network, artifacts.key
        self._image = image_of(Stack.of(self).region)
        self._films = f"s3://{shards.bucket.bucket_name}/{task}"
        self._runs = f"s3://{artifacts.bucket.bucket_name}/{task}/builtin"
        self.jobs = iam.Role(self, "JobsRole", assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
        policy = iam.ManagedPolicy(
            self,
            "JobsPolicy",
            roles=[self.jobs],
            statements=[
                *container_statements(self, ("TrainingJobs", "TransformJobs")),
                *network.attachment_statements(),
                iam.PolicyStatement(actions=["kms:CreateGrant"], resources=[self._key.key_arn], conditions=FOR_AWS_ONLY),
                *self._may_pull(),
            ],
        )
        shards.grant_read(policy, task)
        artifacts.grant_read_write(policy, f"{task}/builtin")
        starter = PipelineRole(
            self, "Starter", jobs=self.jobs, kinds=("Training", "Transform"), statements=[self._may_make_models()]
        )
        self.name = f"{registry.group_name}-builtin"
        definition = {"Version": VERSION, "Steps": [self._train(), self._model(), self._score()]}
        self.pipeline = sagemaker.CfnPipeline(
            self,
            "Pipeline",
            pipeline_name=self.name,
            role_arn=starter.role.role_arn,
            pipeline_definition={"PipelineDefinitionBody": Stack.of(self).to_json_string(definition)},
        )
        self.pipeline.node.add_dependency(policy, starter)

    def _may_pull(self) -> list[iam.PolicyStatement]:
        """The image lies in an account of AWS's, whose own leave is not enough: the role needs its own too."""
        stack = Stack.of(self)
        name, account = REPOSITORY, ACCOUNTS[stack.region]
        image = stack.format_arn(service="ecr", account=account, resource="repository", resource_name=name)
        layers = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        return [
            iam.PolicyStatement(actions=layers, resources=[image]),
            iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),  # it knows no resource
        ]

    def _may_make_models(self) -> iam.PolicyStatement:
        return iam.PolicyStatement(
            actions=["sagemaker:CreateModel", "sagemaker:DescribeModel", "sagemaker:AddTags"],
            resources=[Stack.of(self).format_arn(service="sagemaker", resource="model", resource_name=STARTED)],
        )

    def _train(self) -> dict[str, Any]:
        channels = [
            channel(n, f"{self._films}/recordio/{n}", content_type=BuiltinSettings.RECORDS) for n in BuiltinSettings.CHANNELS
        ]
        return {
            "Name": "train",
            "Type": "Training",
            "RetryPolicies": [*RETRIES],
            "Arguments": {
                "RoleArn": self.jobs.role_arn,
                "AlgorithmSpecification": {"TrainingImage": self._image, "TrainingInputMode": "File"},
                "HyperParameters": self._plan.hyperparameters,
                "InputDataConfig": channels,
                "OutputDataConfig": {"S3OutputPath": self._run("model"), "KmsKeyId": self._key.key_arn},
                "ResourceConfig": self._plan.instance.cluster(100, self._key.key_arn),
                "CheckpointConfig": {"S3Uri": self._run("checkpoints")},
                "EnableManagedSpotTraining": True,
                "EnableNetworkIsolation": True,
                "EnableInterContainerTrafficEncryption": True,
                "VpcConfig": vpc_of(self._network),
                "StoppingCondition": {"MaxRuntimeInSeconds": 24 * 3600, "MaxWaitTimeInSeconds": 48 * 3600},
            },
        }

    def _model(self) -> dict[str, Any]:
        made = {"Get": "Steps.train.ModelArtifacts.S3ModelArtifacts"}
        return {
            "Name": "model",
            "Type": "Model",
            "Arguments": {
                "ExecutionRoleArn": self.jobs.role_arn,
                "PrimaryContainer": {"Image": self._image, "ModelDataUrl": made},
                "EnableNetworkIsolation": True,
                "VpcConfig": vpc_of(self._network),
            },
        }

    def _score(self) -> dict[str, Any]:
        source = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{self._films}/images/test"}}
        return {
            "Name": "score",
            "Type": "Transform",
            "RetryPolicies": [*RETRIES],
            "Arguments": {
                "ModelName": {"Get": "Steps.model.ModelName"},
                "TransformInput": {"DataSource": source, "ContentType": "application/x-image", "SplitType": "None"},
                "TransformOutput": {"S3OutputPath": self._run("scores"), "KmsKeyId": self._key.key_arn},
                "TransformResources": {
                    "InstanceCount": 1,
                    "InstanceType": JobInstance.M5_XLARGE.type_name,
                    "VolumeKmsKeyId": self._key.key_arn,
                },
            },
        }

    def _run(self, *path: str) -> Value:
        return join("/", self._runs, {"Get": "Execution.PipelineExecutionId"}, *path)
