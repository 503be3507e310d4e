"""What the HIPAA.Security pack asks: its rules with the paragraphs that they serve and the resource types that they look at.

The pack reports findings alone. To say what complies one has to know what it looked at, and that stands only in the pack's own
sources, which the Python package carries along: each rule names the types with ``node instanceof …``. Read from there, the
list cannot fall behind the version that is installed.
"""

from __future__ import annotations

import importlib
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import cdk_nag

from constructs_lib.compliance.accepted import PACK

ARCHIVES: Final = Path(cdk_nag.__file__).parent / "_jsii"
PACK_FILE: Final = "package/lib/packs/hipaa-security.js"
RULE_FILE: Final = re.compile(r"package/lib/rules/\w+/(\w+)\.js")

APPLIED: Final = re.compile(r"info: (?P<quote>['\"`])(?P<info>.*?)(?P=quote),\s.*?rule: \(?(?:0, )?\w+\.(?P<rule>\w+)", re.DOTALL)
PARAGRAPH: Final = re.compile(r"164\.\d{3}(?:\([A-Za-z0-9]+\))+")
LOOKED_AT: Final = re.compile(r"\bnode instanceof (aws_\w+?)_1\.(Cfn\w+)")


@dataclass(frozen=True)
class PackRule:
    """One rule of a pack: what it asks, for which paragraphs, of which types."""

    id: str
    asks: str
    """What it looks for; the HIPAA pack words it as the fault."""
    safeguards: tuple[str, ...]
    types: tuple[str, ...]


@cache
def hipaa_rules() -> tuple[PackRule, ...]:
    """Every rule of the installed pack.

    Raises:
        LookupError: the pack's sources are not written as they were; see whether a newer cdk-nag reports compliance itself.
    """
    sources = dict(_sources())
    rules = []
    for applied in APPLIED.finditer(sources[PACK_FILE]):
        name, info = applied["rule"], applied["info"]
        asks, _, controls = info.partition(" - (Control ID")
        types = {_cloudformation_type(*found) for found in LOOKED_AT.findall(sources[name])}
        paragraphs = tuple(PARAGRAPH.findall(controls))
        if not paragraphs or not types:
            raise LookupError(f"no paragraphs or no resource types are to be found for the rule {name} in {ARCHIVES}")
        rules.append(PackRule(f"{PACK}-{name}", f"{asks}.".replace("..", "."), paragraphs, tuple(sorted(types))))
    return tuple(rules)


def _sources() -> Iterator[tuple[str, str]]:
    """The pack by its file's name, the rules by theirs."""
    (archive,) = ARCHIVES.glob("cdk-nag@*.jsii.tgz")
    with tarfile.open(archive) as files:
        for member in files:
            rule = RULE_FILE.fullmatch(member.name)
            if rule or member.name == PACK_FILE:
                content = files.extractfile(member)
                assert content is not None  # both are files
                yield rule[1] if rule else PACK_FILE, content.read().decode()


def _cloudformation_type(module: str, name: str) -> str:
    """``aws_s3``, ``CfnBucket`` → ``AWS::S3::Bucket``."""
    construct = getattr(importlib.import_module(f"aws_cdk.{module}"), name)
    return str(construct.CFN_RESOURCE_TYPE_NAME)
