"""The figures as sections of one report, which is shown as tables, as Markdown, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from operations.assembly import Json, SynthesizedStack
from operations.cost.hosts import hosts
from operations.cost.per_use import per_use
from operations.cost.prices import HOURS, Prices
from operations.cost.resources import comparing, fixed, of_kind
from operations.cost.training import run_cost
from operations.cost.usage import INSTANCE_SECONDS, MODEL_SECONDS, PROFILES

Stacks = Mapping[str, Sequence[SynthesizedStack]]
"""By environment."""


@dataclass(frozen=True)
class Section:
    """One table. The first column is text, the others are figures."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def table(self) -> Table:
        """For a terminal."""
        shown = Table(title=self.title, title_justify="left")
        for number, column in enumerate(self.columns):
            shown.add_column(column, justify="right" if number else "left")
        for row in self.rows:
            shown.add_row(*row)
        return shown

    def markdown(self) -> str:
        """For a document."""
        line = "| " + " | ".join(self.columns) + " |"
        rule = "|" + "|".join(["---"] + ["---:"] * (len(self.columns) - 1)) + "|"
        return "\n".join([f"**{self.title}**", "", line, rule, *("| " + " | ".join(row) + " |" for row in self.rows)])


def sections(stacks: Stacks, prices: Prices) -> list[Section]:
    """The whole report."""
    return [_fixed(stacks, prices), _totals(stacks, prices), _use(stacks, prices), _hosts(stacks, prices), *_jobs(stacks, prices)]


def as_data(stacks: Stacks, prices: Prices) -> Json:
    """The same figures, unrounded."""
    return {
        "prices": {"date": prices.date, "region": prices.region, "currency": prices.currency},
        "environments": {
            name: {
                "fixed": fixed(found, prices),
                "comparing": comparing(found, prices),
                "per_use": {profile.name: per_use(found, profile, prices) for profile in PROFILES},
                "training_run": run_cost(found, prices).__dict__ if run_cost(found, prices) else None,
                "hosts": hosts(found, prices).__dict__,
            }
            for name, found in stacks.items()
        },
    }


def dollars(usd: float) -> str:
    """``1,234`` above a hundred, ``12.30`` below."""
    return f"{usd:,.0f}" if abs(usd) >= 100 else f"{usd:.2f}"


def _by_item(title: str, columns: Mapping[str, Mapping[str, float]]) -> Section:
    largest = {item: max(values.get(item, 0.0) for values in columns.values()) for values in columns.values() for item in values}
    items = sorted((item for item, usd in largest.items() if usd > 0), key=lambda item: -largest[item])
    rows = [[item, *(dollars(values.get(item, 0.0)) for values in columns.values())] for item in items]
    total = ["all", *(dollars(sum(values.values())) for values in columns.values())]
    return Section(title, ["item", *columns], [*rows, total])


def _fixed(stacks: Stacks, prices: Prices) -> Section:
    return _by_item("Fixed, USD a month", {name: fixed(found, prices) for name, found in stacks.items()})


def _use(stacks: Stacks, prices: Prices) -> Section:
    name, found = list(stacks.items())[-1]
    return _by_item(f"Use in {name}, USD a month", {profile.name: per_use(found, profile, prices) for profile in PROFILES})


def _totals(stacks: Stacks, prices: Prices) -> Section:
    def rows() -> Iterator[list[str]]:
        for name, found in stacks.items():
            always = sum(fixed(found, prices).values())
            for profile in PROFILES:
                used = sum(per_use(found, profile, prices).values())
                a_thousand = (always + used) / profile.reads * 1000
                place = f"{name}, {profile.name} ({profile.reads_a_day:,} reads a day)"
                yield [place, dollars(always), dollars(used), dollars(always + used), dollars(a_thousand)]

    return Section("Altogether, USD a month", ["environment, profile", "fixed", "use", "all", "per 1,000 reads"], list(rows()))


def _hosts(stacks: Stacks, prices: Prices) -> Section:
    def rows() -> Iterator[list[str]]:
        for name, found in stacks.items():
            at = hosts(found, prices)
            yield [
                f"{name}: {at.memory_gb:g} GB or {at.instances} {at.instance}",
                f"{at.serverless_read * 1000:.3f}",
                f"{at.lambda_read * 1000:.3f}",
                dollars(at.realtime_month),
                *(_reads(at.break_even(each), at.capacity) for each in (at.serverless_read, at.lambda_read)),
            ]

    title = f"Hosts of the model: {MODEL_SECONDS:g} s a film by the second, {INSTANCE_SECONDS:g} s on the instance"
    columns = ["environment", "serverless, 1,000 reads", "Lambda, 1,000 reads", "realtime, a month"]
    return Section(title, [*columns, "realtime is cheaper than serverless from", "than Lambda from"], list(rows()))


def _reads(number: float, capacity: float) -> str:
    return f"{number:,.0f} reads" if number <= capacity else "never (it would take more instances)"


def _jobs(stacks: Stacks, prices: Prices) -> Iterator[Section]:
    runs = {name: run for name, found in stacks.items() if (run := run_cost(found, prices))}
    if runs:
        rows = [
            [f"{name}: {run.instance}, {run.hours:g} h", dollars(run.on_demand), dollars(run.spot)] for name, run in runs.items()
        ]
        yield Section("One training run, USD", ["environment", "on demand", "spot"], rows)
    more = {name: comparing(found, prices) for name, found in stacks.items()}
    if any(more.values()):
        rows = [[name, dollars(usd)] for name, usd in more.items()]
        yield Section("More while a challenger is compared, USD a month", ["environment", "instances"], rows)
    rows = []
    for name, found in stacks.items():
        interfaces = [each for each in of_kind(found, "AWS::EC2::VPCEndpoint") if each.get("VpcEndpointType") == "Interface"]
        if interfaces:
            zones = max(len(each["SubnetIds"]) for each in interfaces)
            endpoints = fixed(found, prices)["VPC endpoints"]
            nat = zones * HOURS * prices["nat_hour"]
            rows.append([f"{name}: {len(interfaces)} services, {zones} zones", dollars(endpoints), dollars(nat)])
    title = "No way out: endpoints in place of NAT gateways, USD a month"
    yield Section(title, ["environment", "endpoints", "NAT gateways (open to the internet)"], rows)
