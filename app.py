"""The CDK application: ``cdk synth -c env=dev`` (staging, prod, delivery). A finding that nobody accepted fails synthesis."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import HIPAASecurityChecks
from rich.console import Console

from constructs_lib.compliance.findings import examine, failures, table
from constructs_lib.compliance.overread_checks import OverreadChecks
from constructs_lib.errors import ConfigurationError
from stacks.cicd_stack import CicdStack
from stacks.environments import DELIVERY, DELIVERY_NAME, DEV, ENVIRONMENTS, Environment, environment_named
from stacks.platform_stage import PlatformStage

FLAGS = Path(__file__).parent / "cdk.json"


def build_app(environment: Environment | None = None, *, outdir: str | None = None) -> App:
    """The application with one environment's stage, or the pipeline that delivers all of them, and both packs of checks.

    A pure function of its arguments and the files.

    Args:
        environment: what to build; None takes the name in the context (``-c env=NAME``), dev where there is none.
        outdir: where the templates go; None leaves it to the CDK CLI.

    Raises:
        ConfigurationError: the context names an unknown environment.
    """
    flags = json.loads(FLAGS.read_text(encoding="utf-8"))["context"]  # so that a test synthesizes what the CLI does
    app = App(analytics_reporting=False, outdir=outdir, context=flags)
    name = app.node.try_get_context("env") or DEV.name
    if environment is None and name == DELIVERY_NAME:
        # the pipeline synthesizes the stages that it is given, so they are complete before
        stages = [PlatformStage(app, environment=each) for each in ENVIRONMENTS.values()]
        CicdStack(app, delivery=DELIVERY, stages=stages)
    else:
        PlatformStage(app, environment=environment or environment_named(name))
    Validations.of(app).add_plugins(HIPAASecurityChecks(app), OverreadChecks())
    return app


def main() -> int:
    """Synthesizes for the CDK CLI and shows on standard error what there is and what the checks say of it."""
    try:
        app = build_app()
    except ConfigurationError as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 2
    assembly = app.synth()
    console = Console(stderr=True, highlight=False, force_terminal=sys.stderr.isatty())  # the CLI asks for colours in any log
    report = examine(app)
    console.print(table(report.stacks()))
    console.print(report.acknowledgements(), soft_wrap=True)
    failed = list(failures(Path(assembly.directory)))
    for line in failed:
        print(f"overread: error: {line}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
