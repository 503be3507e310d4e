"""``python -m stacks.diagram FILE.svg``: the platform as a picture, drawn from the synthesized stage.

Each stack is a box with what stands in it; an arrow leads from a stack to one that uses it. The same stage, the same bytes.
"""

from __future__ import annotations

import sys
from collections import Counter
from html import escape
from pathlib import Path
from typing import Final, NamedTuple

from aws_cdk import App, Stack, Stage

from stacks.environments import DEV
from stacks.platform_stage import PlatformStage

SHOWN: Final = {
    # what people look for, in the order of the boxes' lines
    "AWS::KMS::Key": "key",
    "AWS::EC2::VPC": "VPC",
    "AWS::EC2::Subnet": "isolated subnet",
    "AWS::EC2::VPCEndpoint": "VPC endpoint",
    "AWS::EC2::FlowLog": "flow log",
    "AWS::S3::Bucket": "bucket",
    "AWS::CloudTrail::Trail": "trail with S3 data events",
    "AWS::SageMaker::ModelPackageGroup": "model package group",
    "AWS::SSM::Parameter": "parameter",
    "AWS::SageMaker::Pipeline": "training pipeline",
    "AWS::SageMaker::Model": "approved model",
    "AWS::SageMaker::Endpoint": "endpoint",
    "AWS::ApplicationAutoScaling::ScalableTarget": "autoscaling target",
    "AWS::ApiGateway::RestApi": "REST API",
    "AWS::Cognito::UserPool": "user pool",
    "AWS::WAFv2::WebACL": "web firewall",
    "AWS::DynamoDB::Table": "audit table",
    "AWS::Backup::BackupPlan": "backup plan",
    "AWS::Events::Rule": "event rule",
    "AWS::Scheduler::Schedule": "schedule",
    "AWS::StepFunctions::StateMachine": "state machine",
    "AWS::Lambda::Function": "function",
    "AWS::SNS::Topic": "topic",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::CompositeAlarm": "composite alarm",
    "AWS::Budgets::Budget": "budget",
    "AWS::APS::Workspace": "Prometheus workspace",
    "AWS::IAM::Role": "role",
}
WIDTH, LINE, HEAD, GAP_X, GAP_Y, MARGIN = 236, 22, 40, 96, 28, 24


class Box(NamedTuple):
    """A stack: where it stands, and its lines."""

    x: int
    y: int
    height: int
    title: str
    lines: tuple[str, ...]


def diagram(stage: Stage) -> str:
    """The SVG of a stage. Stacks stand in columns, each to the right of all that it uses."""
    assembly = stage.synth()
    order = [child.stack_name for child in stage.node.children if isinstance(child, Stack)]
    artifacts = {artifact.stack_name: artifact for artifact in assembly.stacks}
    names = {artifact.id: name for name, artifact in artifacts.items()}
    uses = {name: {names[other.id] for other in artifacts[name].dependencies if other.id in names} for name in order}
    boxes: dict[str, Box] = {}
    bottoms: Counter[int] = Counter()
    for name in order:
        column = _column(name, uses)
        lines = _lines(artifacts[name].template["Resources"])
        height = HEAD + LINE * len(lines) + 12
        boxes[name] = Box(MARGIN + column * (WIDTH + GAP_X), MARGIN + bottoms[column], height, name.rsplit("-", 1)[-1], lines)
        bottoms[column] += height + GAP_Y
    width = max(box.x for box in boxes.values()) + WIDTH + MARGIN
    bottom = max(box.y + box.height for box in boxes.values())
    pairs = [(boxes[source], boxes[name]) for name in order for source in order if source in _directly(name, uses)]
    far = [pair for pair in pairs if pair[1].x - pair[0].x > WIDTH + GAP_X]
    arrows = [_arrow(*pair) for pair in pairs if pair not in far]
    arrows += [_detour(*pair, lane=bottom + LINE * number) for number, pair in enumerate(far, start=1)]
    total = bottom + LINE * len(far) + MARGIN
    return "\n".join([_head(width, total), *arrows, *map(_drawn, boxes.values()), "</svg>", ""])


def _column(name: str, uses: dict[str, set[str]]) -> int:
    return max((_column(other, uses) + 1 for other in uses[name]), default=0)


def _directly(name: str, uses: dict[str, set[str]]) -> set[str]:
    """What a stack uses, less what it also reaches through another one: fewer arrows say the same."""
    return uses[name] - {far for near in uses[name] for far in uses[near]}


def _lines(resources: dict[str, dict[str, str]]) -> tuple[str, ...]:
    counts = Counter(resource["Type"] for resource in resources.values())
    return tuple(f"{counts[kind]} {label}{'s' if counts[kind] > 1 else ''}" for kind, label in SHOWN.items() if counts[kind])


def _head(width: int, height: int) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, sans-serif">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 L8 4 L0 8 z" fill="#7a8694"/></marker></defs>\n'
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    )


def _arrow(source: Box, user: Box) -> str:
    x0, y0 = source.x + WIDTH, source.y + HEAD // 2
    x1, y1 = user.x - 2, user.y + HEAD // 2
    bend = (x1 - x0) // 2
    return _line(f"M{x0} {y0} C{x0 + bend} {y0} {x1 - bend} {y1} {x1} {y1}")


def _detour(source: Box, user: Box, *, lane: int) -> str:
    """To a column further off: below everything, since boxes stand in between."""
    x0, y0 = source.x + WIDTH, source.y + HEAD
    x1, y1 = user.x - 2, user.y + HEAD
    down, up, r = x0 + GAP_X // 3, x1 - GAP_X // 3, 10
    return _line(
        f"M{x0} {y0} H{down - r} Q{down} {y0} {down} {y0 + r} V{lane - r} Q{down} {lane} {down + r} {lane} "
        f"H{up - r} Q{up} {lane} {up} {lane - r} V{y1 + r} Q{up} {y1} {up + r} {y1} H{x1}"
    )


def _line(path: str) -> str:
    return f'<path d="{path}" fill="none" stroke="#7a8694" stroke-width="1.6" marker-end="url(#tip)"/>'


def _drawn(box: Box) -> str:
    x, y = box.x, box.y
    parts = [
        f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{box.height}" rx="8" fill="#f5f8fb" stroke="#2f5d8a"/>',
        f'<text x="{x + 14}" y="{y + 26}" font-size="17" font-weight="bold" fill="#1d3c5a">{escape(box.title)}</text>',
    ]
    for number, line in enumerate(box.lines):
        parts.append(
            f'<text x="{x + 14}" y="{y + HEAD + 14 + number * LINE}" font-size="14" fill="#33404d">{escape(line)}</text>'
        )
    return "\n".join(parts)


def main() -> None:
    """Writes the picture of the dev environment."""
    target = Path(sys.argv[1])
    stage = PlatformStage(App(analytics_reporting=False), environment=DEV)
    target.write_text(diagram(stage), encoding="utf-8")


if __name__ == "__main__":
    main()
