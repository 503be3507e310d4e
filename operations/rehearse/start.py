"""The emulator as a process of its own: started on a free loopback port, ended with everything that it started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from operations.rehearse.record import Record

REPOSITORY: Final = Path(__file__).resolve().parents[2]
PYTHON: Final = Path(sys.prefix) / "rehearse" / "bin" / "python"
"""Of the environment that ``make rehearse`` makes."""
ACCOUNT: Final = "123456789012"
STARTS_IN_SECONDS: Final = 60
ENDS_IN_SECONDS: Final = 10


class RehearsalError(RuntimeError):
    """The rehearsal failed; the message is one line for a person."""


@dataclass(frozen=True)
class Emulator:
    """A running emulator. Clients that it makes can reach nothing else."""

    url: str
    region: str
    work: Path
    """Its record and its logs."""

    @property
    def record(self) -> Record:
        return Record(self.work / "record.jsonl")

    def client(self, service: str) -> Any:
        """A botocore client."""
        return _client(self.url, self.region, service)

    def environment(self) -> dict[str, str]:
        """For a process that is to find nothing but the emulator: no profile, no credentials of this shell, no proxy."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and "proxy" not in name.lower()}
        return mine | {
            "AWS_ENDPOINT_URL": self.url,
            # the CDK CLI tells CloudFormation where templates are; CloudFormation takes the bucket's name for a host's
            "AWS_ENDPOINT_URL_S3_FOR_CLOUDFORMATION": self.url.replace("127.0.0.1", "localhost"),
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "no_proxy": "127.0.0.1,localhost",
        }


@cache
def _client(url: str, region: str, service: str) -> Any:
    import botocore.session
    from botocore.config import Config

    return botocore.session.get_session().create_client(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="rehearsal",
        aws_secret_access_key="rehearsal",  # noqa: S106  the emulator knows no other
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=60),
    )


@contextmanager
def emulator(work: Path, assembly: Path, region: str, python: Path = PYTHON) -> Iterator[Emulator]:
    """Starts one with nothing in it, and ends it.

    Raises:
        RehearsalError: it did not start.
    """
    if not python.exists():
        raise RehearsalError(f"there is no {python}; `make rehearse` makes it")
    log = work / "emulator.log"
    arguments = ["--work", work, "--assembly", assembly, "--packages", sysconfig.get_path("purelib"), "--region", region]
    with log.open("wb") as errors:
        child = subprocess.Popen(  # noqa: S603  our own module
            [str(python), "-W", "ignore", "-m", "operations.rehearse.emulator", *map(str, arguments)],
            cwd=REPOSITORY,
            env={**_without_aws(os.environ), "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,  # so that Ctrl-C reaches this process alone, which ends that one in order
        )
        try:
            yield Emulator(f"http://127.0.0.1:{_port(child, log)}", region, work)
        finally:
            _end(child)


def _port(child: subprocess.Popen[bytes], log: Path) -> int:
    assert child.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        line = child.stdout.readline() if selector.select(STARTS_IN_SECONDS) else b""
    if not line.strip().isdigit():
        tail = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise RehearsalError(f"the emulator did not start: {tail[-1] if tail else 'it said nothing'}")
    return int(line)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Asks it to end, and after a while ends it and whatever it started."""
    for stream in (child.stdin, child.stdout):
        if stream is not None:
            stream.close()
    try:
        child.wait(ENDS_IN_SECONDS)
    except subprocess.TimeoutExpired:
        child.terminate()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait(ENDS_IN_SECONDS)


def _without_aws(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith("AWS_")}
