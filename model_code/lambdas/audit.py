"""Who asked for what, and who answered: records that are added and never changed. No PHI: ids are our own.

Items: ``subject`` (a study's or a request's id), ``at`` (when, and what: sorted), ``who``, ``event`` and what belongs to it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from model_code.lambdas.clients import client
from model_code.lambdas.settings import Settings


def write(settings: Settings, *, subject: str, event: str, who: str, **facts: str | int) -> None:
    """Adds one record; fails rather than let something happen without one."""
    at = datetime.now(UTC).isoformat(timespec="microseconds")
    item = {"subject": subject, "at": f"{at}#{event}", "who": who, "event": event, **facts}
    client("dynamodb").put_item(
        TableName=settings.audit_table,
        Item={name: {"N": str(value)} if isinstance(value, int) else {"S": value} for name, value in item.items()},
        ConditionExpression="attribute_not_exists(subject)",
    )


def first(settings: Settings, subject: str) -> dict[str, Any] | None:
    """The oldest record of a subject, such as a study's ``sent``; None where there is none."""
    found = client("dynamodb").query(
        TableName=settings.audit_table,
        KeyConditionExpression="subject = :subject",
        ExpressionAttributeValues={":subject": {"S": subject}},
        ConsistentRead=True,
        Limit=1,
    )["Items"]
    if not found:
        return None
    return {name: int(value["N"]) if "N" in value else value["S"] for name, value in found[0].items()}
