"""``python -m operations.cost [--json | --markdown | --write README.md]``."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from constructs_lib.errors import ConfigurationError
from operations.assembly import synthesize
from operations.cost.prices import Prices, read_prices
from operations.cost.report import Stacks, as_data, sections
from operations.cost.resources import unknown
from operations.document import replaced
from stacks.environments import ENVIRONMENTS, Environment

WIDTH: Final = 130


def synthesized(environments: Sequence[Environment]) -> Stacks:
    """The stacks of each environment."""
    with tempfile.TemporaryDirectory(prefix="overread-cost-") as folder:
        return {each.name: synthesize(each, Path(folder, each.name))[1] for each in environments}


def refuse_unknown(stacks: Stacks, prices: Prices) -> None:
    """Raises:
    ConfigurationError: a template has a kind of resource that no price list has.
    """
    kinds = sorted({kind for found in stacks.values() for kind in unknown(found, prices)})
    if kinds:
        raise ConfigurationError(
            f"no cost is known of {', '.join(kinds)}; add each to 'free' or 'per_use' in operations/prices.json, "
            "or to FIXED in operations/cost/resources.py"
        )


def markdown(stacks: Stacks, prices: Prices) -> str:
    """What stands between the markers of a document."""
    return "\n\n".join([*(section.markdown() for section in sections(stacks, prices)), prices.describe()])


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m operations.cost", description="what the environments cost a month")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="figures as data")
    form.add_argument("--markdown", action="store_true", help="the tables as Markdown")
    form.add_argument("--write", type=Path, metavar="FILE", help="put the tables between the markers of a document")
    given = parser.parse_args(arguments)
    os.environ.setdefault("CDK_VALIDATION", "false")
    try:
        stacks, prices = synthesized(list(ENVIRONMENTS.values())), read_prices()
        refuse_unknown(stacks, prices)
        if given.json:
            print(json.dumps(as_data(stacks, prices), indent=1))
        elif given.markdown:
            print(markdown(stacks, prices))
        elif given.write:
            text = given.write.read_text(encoding="utf-8")
            given.write.write_text(replaced(text, "cost", markdown(stacks, prices)), encoding="utf-8")
        else:
            _show(stacks, prices)
    except (ConfigurationError, OSError) as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 1
    return 0


def _show(stacks: Stacks, prices: Prices) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH)
    for section in sections(stacks, prices):
        console.print(section.table())
    console.print(prices.describe(), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
