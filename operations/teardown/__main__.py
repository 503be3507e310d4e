"""``python -m operations.teardown --env dev [--yes]``.

Exit code 0: gone, but for what the plan retains. 1: AWS did not delete something. 2: refused, nothing was done.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.errors import ConfigurationError
from operations.assembly import synthesize
from operations.teardown.account import Account, TeardownError
from operations.teardown.act import consent, tear_down
from operations.teardown.plan import describe, plan
from stacks.environments import ENVIRONMENTS, Environment


def clients(region: str) -> Callable[[str], Any]:
    """Clients with the credentials of the shell."""
    session = botocore.session.get_session()
    return cache(lambda service: session.create_client(service, region_name=region))


def teardown(environment: Environment, *, yes: bool, client: Callable[[str], Any], ask: Callable[[str], str]) -> int:
    """Shows the plan, asks, does it, and reports."""
    with tempfile.TemporaryDirectory(prefix="overread-teardown-") as folder:
        found = plan(environment, synthesize(environment, Path(folder))[1])
    for line in describe(found):
        print(line)
    account = Account(client, lambda text: print(text, file=sys.stderr))
    print(f"Account {account.identity()}, region {environment.region}.", flush=True)
    consent(found, yes=yes, ask=ask)
    left = tear_down(found, account)
    for title, lines in (("Retained, as planned", left.retained), ("NOT deleted", left.undeleted)):
        if lines:
            print(f"{title}:")
            print("\n".join(f"  {line}" for line in lines))
    print("Done." if not left.undeleted else "Not done: see what was not deleted; run this again when its reason is gone.")
    return 1 if left.undeleted else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m operations.teardown", description="deletes an environment")
    parser.add_argument("--env", required=True, choices=list(ENVIRONMENTS))
    parser.add_argument("--yes", action="store_true", help="do not ask; only for an environment that keeps no data")
    given = parser.parse_args(arguments)
    os.environ.setdefault("CDK_VALIDATION", "false")
    environment = ENVIRONMENTS[given.env]
    try:
        return teardown(environment, yes=given.yes, client=clients(environment.region), ask=input)
    except EOFError:
        print("overread: error: nobody answered; nothing was done", file=sys.stderr)
        return 2
    except ConfigurationError as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 2
    except (TeardownError, BotoCoreError, ClientError) as error:
        print(f"overread: error: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
