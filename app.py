"""The CDK application. ``cdk synth -c env=dev`` (or staging, prod); synthesis fails on any HIPAA finding that is not accepted."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from aws_cdk import App, Validations
from cdk_nag import HIPAASecurityChecks
from rich.console import Console

from constructs_lib.errors import ConfigurationError
from constructs_lib.findings import acknowledgements, failures, findings, table
from stacks.environments import DEV, Environment, environment_named
from stacks.platform_stage import PlatformStage

FLAGS = Path(__file__).parent / "cdk.json"


def build_app(environment: Environment | None = None, *, outdir: str | None = None) -> App:
    """The application with one environment's stage, HIPAA checks attached. A pure function of its arguments and the files.

    Args:
        environment: what to build; None takes the name in the context (``-c env=NAME``), dev where there is none.
        outdir: where the templates go; None leaves it to the CDK CLI.

    Raises:
        ConfigurationError: the context names an unknown environment.
    """
    flags = json.loads(FLAGS.read_text(encoding="utf-8"))["context"]  # so that a test synthesizes what the CLI does
    app = App(analytics_reporting=False, outdir=outdir, context=flags)
    chosen = environment or environment_named(app.node.try_get_context("env") or DEV.name)
    PlatformStage(app, environment=chosen)
    Validations.of(app).add_plugins(HIPAASecurityChecks(app))
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
    for stage in app.node.children:
        if isinstance(stage, PlatformStage):
            console.print(table(findings(stage)))
            console.print(acknowledgements(), soft_wrap=True)
    failed = list(failures(Path(assembly.directory)))
    for line in failed:
        print(f"overread: error: {line}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
