"""The real CDK CLI against the emulator: bootstrap, and the deployment of what was synthesized."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from operations.rehearse.start import ACCOUNT, Emulator, RehearsalError

CDK: Final = Path(sys.executable).parent / "cdk"
LIMIT_SECONDS: Final = 420
IMAGE: Final = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 2, "digest": "sha256:" + "0" * 64},
    "layers": [],
}
"""Stands for an image, so that the CLI finds it published and builds nothing."""
DONE: Final = re.compile(r"^\s*✅\s+(\S+) ")
TOLD: Final = re.compile(r"❌|‣|\bfail: |ROLLBACK|FAILED")


def bootstrap(emulator: Emulator, assembly: Path) -> None:
    """What ``cdk bootstrap`` does in an empty account.

    Raises:
        RehearsalError: it failed.
    """
    _run(emulator, assembly, ["bootstrap", f"aws://{ACCOUNT}/{emulator.region}"], lambda _: None)


def publish_images(emulator: Emulator, assembly: Path) -> int:
    """Puts a stand-in for every image into the repository that the bootstrap made; returns how many."""
    registry = emulator.client("ecr")
    tags = sorted(set(_images(assembly)))
    for repository, tag in tags:
        registry.put_image(repositoryName=repository, imageTag=tag, imageManifest=json.dumps(IMAGE))
    return len(tags)


def deploy(emulator: Emulator, assembly: Path, stage: str, say: Callable[[str], None]) -> None:
    """Deploys every stack of the stage; says each that is done.

    Raises:
        RehearsalError: a stack did not reach CREATE_COMPLETE; the message names the resource and why.
    """

    def progress(line: str) -> None:
        done = DONE.match(line)
        if done:
            say(done.group(1))

    _run(emulator, assembly, ["deploy", f"{stage}/*", "--require-approval", "never", "--progress", "events"], progress)
    for stack in emulator.client("cloudformation").describe_stacks()["Stacks"]:
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise RehearsalError(f"the stack {stack['StackName']} is {stack['StackStatus']}")


def _images(assembly: Path) -> Iterator[tuple[str, str]]:
    """Repository and tag of every image of an assembly and of those in it."""
    for file in assembly.rglob("*.assets.json"):
        for image in json.loads(file.read_text(encoding="utf-8")).get("dockerImages", {}).values():
            for destination in image["destinations"].values():
                yield placed(destination["repositoryName"]), destination["imageTag"]


def placed(name: str) -> str:
    """A name of the bootstrap's with the account in it."""
    return name.replace("${AWS::AccountId}", ACCOUNT).replace("${AWS::Partition}", "aws")


def _run(emulator: Emulator, assembly: Path, arguments: list[str], progress: Callable[[str], None]) -> None:
    log = emulator.work / f"cdk-{arguments[0]}.log"
    command = [str(CDK), "--app", str(assembly), "--ci", *arguments, "--method", "direct"]
    told: list[str] = []
    with log.open("w", encoding="utf-8") as out:
        child: subprocess.Popen[str] = subprocess.Popen(  # noqa: S603  the CLI of this environment
            command,
            env=emulator.environment() | {"CI": "1", "CDK_DISABLE_VERSION_CHECK": "1", "TMPDIR": str(emulator.work)},
            cwd=emulator.work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        late = threading.Event()

        def too_late() -> None:
            late.set()
            _kill(child)

        limit = threading.Timer(LIMIT_SECONDS, too_late)
        limit.start()
        try:
            assert child.stdout is not None
            for line in child.stdout:
                out.write(line)
                progress(line)
                if TOLD.search(line):
                    told.append(" ".join(line.split()))
            code = child.wait()
        finally:
            limit.cancel()
            _kill(child)
            if child.stdout is not None:
                child.stdout.close()
    if late.is_set():
        raise RehearsalError(f"cdk {arguments[0]} did not end within {LIMIT_SECONDS} s (log: {log})")
    if code:
        raise RehearsalError(f"cdk {arguments[0]} ended with code {code}: {_reason(emulator, told)} (log: {log})")


def _reason(emulator: Emulator, told: list[str]) -> str:
    """What the emulator knows is exact; what the CLI said is the rest."""
    failed: list[dict[str, Any]] = emulator.record.read("failed")
    if failed:
        return f"{failed[0]['stack']} is {failed[0]['status']}: {failed[0]['reason']}"
    return told[-1] if told else "it did not say why"


def _kill(child: subprocess.Popen[str]) -> None:
    """It and whatever it started, which may outlive it and hold its output open."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
