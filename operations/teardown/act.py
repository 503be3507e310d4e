"""Does what the plan says, stack by stack, and tells what is left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from constructs_lib.errors import ConfigurationError
from operations.assembly import SynthesizedStack
from operations.teardown.account import Account
from operations.teardown.plan import Item, Plan

ATTEMPTS: Final = 3
"""Access logs arrive hours late: a bucket that was emptied may not be empty when its turn comes."""


@dataclass
class Left:
    """What a teardown leaves behind."""

    retained: list[str] = field(default_factory=list)
    """As the plan says, with their names in AWS."""
    undeleted: list[str] = field(default_factory=list)
    """Against the plan."""


def consent(plan: Plan, *, yes: bool, ask: Callable[[str], str]) -> None:
    """Asks for the environment's name. ``--yes`` answers only for an environment that keeps no data.

    Raises:
        ConfigurationError: the answer is another one, or something in the plan forbids the teardown.
    """
    name = plan.environment.name
    if plan.refused:
        raise ConfigurationError(f"{len(plan.refused)} resources of {name} are protected (see 'refuse' above); nothing was done")
    if yes and plan.environment.keeps_data:
        raise ConfigurationError(f"{name} keeps its data, so --yes is not enough; leave it out and type the name")
    if not yes and ask(f"Type the environment's name to delete it ({name}): ") != name:
        raise ConfigurationError(f"that is not '{name}'; nothing was done")


def tear_down(plan: Plan, account: Account) -> Left:
    """Deletes the stacks in their order.

    Raises:
        ConfigurationError: a stack is protected and its environment keeps data; nothing was done.
        TeardownError: AWS refuses or does not come to an end.
    """
    there = {stack.name: found for stack in plan.stacks if (found := account.stack_id(stack.name))}
    protected = [name for name, (_, protection) in there.items() if protection]
    if protected and plan.environment.keeps_data:
        raise ConfigurationError(
            f"{', '.join(protected)} is protected and keeps data; nothing was done; if you mean it, first run "
            f"`aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {protected[0]}`"
        )
    left = Left()
    for stack in plan.stacks:
        if stack.name not in there:
            account.say(f"{stack.name}: is not there")
            continue
        stack_id, protection = there[stack.name]
        if protection:
            account.unprotect(stack.name)
        _delete(stack, stack_id, plan, account, left)
    return left


def _delete(stack: SynthesizedStack, stack_id: str, plan: Plan, account: Account, left: Left) -> None:
    """Empties and deletes one stack. What is to stay, and CloudFormation would not keep by itself, a second request keeps."""
    names = account.physical_ids(stack_id)
    kept = {item.logical_id: item for item in plan.retained if item.stack == stack.name}
    for item in plan.stopped:
        if item.stack == stack.name and item.logical_id in names:
            account.stop_trail(names[item.logical_id])
    retain: tuple[str, ...] = ()
    for _ in range(ATTEMPTS):
        _empty(stack, account.physical_ids(stack_id), plan, account)  # what went at an earlier attempt cannot be emptied again
        outcome = account.delete_stack(stack_id, stack.name, retain)
        if outcome.status == "DELETE_COMPLETE":
            break
        retain = tuple(logical_id for logical_id in outcome.failed if logical_id in kept)
    else:
        left.undeleted += [f"{stack.path(name)} ({names.get(name, name)}): {why}" for name, why in outcome.failed.items()]
    account.say(f"{stack.name}: {outcome.status}")
    still_there = account.physical_ids(stack_id)
    left.retained += [_line(item, names) for item in kept.values() if item.logical_id in still_there]


def _empty(stack: SynthesizedStack, names: dict[str, str], plan: Plan, account: Account) -> None:
    for item in plan.emptied:
        if item.stack == stack.name and item.logical_id in names:
            deleted = account.empty(item.kind, names[item.logical_id])
            if deleted:
                account.say(f"{item.path}: {deleted:,} deleted")


def _line(item: Item, names: dict[str, str]) -> str:
    return f"{item.path} ({names[item.logical_id]}): {item.why}"
