"""Archives of films, too large for a function: a workflow runs the verb ``deidentify`` as a processing job."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from constructs_lib.data.arrival_rule import arrivals
from constructs_lib.data.film_intake import FilmIntake
from constructs_lib.training.job_instance import JobInstance
from constructs_lib.training.job_role import JobRole, Workplace
from constructs_lib.training.pipeline_steps import ProcessingStep
from constructs_lib.workflows.event_trigger import EventTrigger
from constructs_lib.workflows.state_machine import StateMachine
from constructs_lib.workflows.states import ask, call, failed
from model_code.contract import Arrivals, SageMakerPaths, Verb

MAX_HOURS: Final = 24
DISK_GB: Final = 500
"""The archive, the films that come out of it, and those once more while they are moved: archives of up to 150 GB."""

LARGE: Final = {
    "$or": [
        {"key": [{"prefix": Arrivals.ARCHIVES}]},
        {"key": [{"prefix": Arrivals.FILMS}], "size": [{"numeric": [">", Arrivals.MAX_FILM_BYTES]}]},
    ]
}

BUSY: Final = [
    # refusals to start: a job that started and failed would fail again
    {
        "ErrorEquals": ["SageMaker.AmazonSageMakerException", "SageMaker.ResourceLimitExceededException"],
        "IntervalSeconds": 60,
        "BackoffRate": 2.0,
        "MaxAttempts": 6,
    }
]
REASON: Final = '{"code": "job_failed", "detail": "the archive could not be worked through; the log of the job says why"}'


class BulkIntake(Construct):
    """The workflow ``overread-<env>-deidentify``, between the buckets of ``films``.

    Films that fail stand in a report below ``quarantine/jobs/``.

    The job has no network, so it cannot ask KMS for pseudonyms: the function of ``films`` lays their key into the intake first,
    whose readers see the patients anyway.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        films: FilmIntake,
        workplace: Workplace,
    ) -> None:
        super().__init__(scope, id)
        self._films = films
        intake, clean = films.intake, films.clean
        self.jobs = JobRole(self, "Jobs", workplace=workplace, key=intake.key)
        for prefix in (Arrivals.FILMS, Arrivals.ARCHIVES):
            intake.grant_read(self.jobs.policy, prefix.rstrip("/"))
        intake.bucket.grant_read(self.jobs.policy, Arrivals.KEY)
        intake.grant_write(self.jobs.policy, f"{Arrivals.QUARANTINE}jobs")
        clean.grant_write(self.jobs.policy, films.task.value)
        self.workflow = StateMachine(
            self,
            "Workflow",
            name=Verb.DEIDENTIFY.value,
            definition={"StartAt": "LayKey", "States": self._states(), "TimeoutSeconds": (MAX_HOURS + 1) * 3600},
            place=films.function.place,
            statements=self._statements(),
        )
        films.function.grant_invoke(self.workflow.policy)
        intake.grant_write(self.workflow.policy, Arrivals.QUARANTINE.rstrip("/"))
        self.workflow.machine.node.add_dependency(self.jobs.policy)
        self.trigger = EventTrigger(
            self,
            "Arrivals",
            description="Archives of films, and what is too large for the function",
            pattern=arrivals(intake, LARGE),
            workflow=self.workflow,
        )

    def _states(self) -> dict[str, Any]:
        request = {"ProcessingJobName": "States.Format('deidentify-{}', States.UUID())", **self._job()}
        arguments = {"FunctionName": self._films.function.function.function_arn, "Payload": {"wanted": "key"}}
        job = call("sagemaker", "createProcessingJob.sync", _evaluated(request), then="Done", caught="Reason", retries=BUSY)
        return {
            "LayKey": call("lambda", "invoke", arguments, then="Clean", caught="Reason"),
            "Clean": {**job, "TimeoutSeconds": MAX_HOURS * 3600},
            "Reason": ask(
                "s3",
                "putObject",
                {
                    "Bucket": self._films.intake.bucket.bucket_name,
                    "Key.$": f"States.Format('{Arrivals.QUARANTINE}{{}}{Arrivals.REASON}', $.detail.object.key)",
                    "Body": REASON,
                    "ContentType": "application/json",
                },
                then="Failed",
                caught="Failed",
            ),
            "Failed": failed("FilmsNotCleaned"),
            "Done": {"Type": "Succeed"},
        }

    def _job(self) -> dict[str, Any]:
        """The request for the job, as a pipeline's step has it."""
        read, written = SageMakerPaths.PROCESSING_INPUT, SageMakerPaths.PROCESSING_OUTPUT
        intake, clean = (f"s3://{bucket.bucket.bucket_name}" for bucket in (self._films.intake, self._films.clean))
        key_file = Arrivals.KEY.rpartition("/")[2]
        folders = {
            "--root": read / "films",
            "--key": read / "key" / key_file,
            "--out": written / "clean",
            "--report": written / "report",
        }
        step = ProcessingStep(
            verb=Verb.DEIDENTIFY,
            arguments=["--task", self._films.task.value, *(text for pair in folders.items() for text in map(str, pair))],
            inputs={
                "films": "States.Format('s3://{}/{}', $.detail.bucket.name, $.detail.object.key)",
                "key": f"{intake}/{Arrivals.KEY}",
            },
            outputs={
                "clean": f"{clean}/{self._films.task.value}",
                "report": f"States.Format('{{}}/{Arrivals.QUARANTINE}jobs/{{}}', '{intake}', $$.Execution.Name)",
            },
            instance=JobInstance.M5_2XLARGE,
            disk_gb=DISK_GB,
            max_hours=MAX_HOURS,
        )
        arguments: dict[str, Any] = step.render(self.jobs)["Arguments"]
        return arguments

    def _statements(self) -> list[iam.PolicyStatement]:
        """Start the job, look after it, hand its role to SageMaker."""
        stack = Stack.of(self)
        jobs = stack.format_arn(service="sagemaker", resource="processing-job", resource_name="deidentify-*")
        rule = stack.format_arn(
            service="events", resource="rule", resource_name="StepFunctionsGetEventsForSageMakerProcessingJobsRule"
        )
        return [
            iam.PolicyStatement(
                actions=[
                    "sagemaker:AddTags",
                    "sagemaker:CreateProcessingJob",
                    "sagemaker:DescribeProcessingJob",
                    "sagemaker:StopProcessingJob",
                ],
                resources=[jobs],
            ),
            iam.PolicyStatement(
                actions=["iam:PassRole"],
                resources=[self.jobs.role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
            ),
            iam.PolicyStatement(actions=["events:PutTargets", "events:PutRule", "events:DescribeRule"], resources=[rule]),
        ]


def _evaluated(value: Any) -> Any:
    """Values that are intrinsic functions, under names that say so (``S3Uri.$``)."""
    if isinstance(value, Mapping):
        return {f"{k}.$" if _is_function(v) else k: _evaluated(v) for k, v in value.items()}
    return [_evaluated(entry) for entry in value] if isinstance(value, list) else value


def _is_function(value: Any) -> bool:
    return isinstance(value, str) and value.startswith("States.")
