"""A real Prometheus for tests: it scrapes one address on loopback, and promtool judges rules."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.judges import program

START_SECONDS = 60


@dataclass(frozen=True)
class Prometheus:
    """Its address."""

    address: str

    def value(self, query: str) -> float | None:
        """What a query gives now; None where it gives nothing."""
        response = httpx.get(f"{self.address}/api/v1/query", params={"query": query}, trust_env=False)
        response.raise_for_status()
        found = response.json()["data"]["result"]
        return float(found[0]["value"][1]) if found else None

    def wait_for(self, query: str, value: float) -> None:
        """Waits until a query gives a value."""
        until = time.monotonic() + START_SECONDS
        while (seen := self.value(query)) != value:
            assert time.monotonic() < until, f"{query} is {seen} after {START_SECONDS} s, not {value}"
            time.sleep(0.2)

    def target(self) -> dict[str, str]:
        """What it says of the address that it scrapes."""
        response = httpx.get(f"{self.address}/api/v1/targets", trust_env=False)
        return dict(response.json()["data"]["activeTargets"][0])


@contextmanager
def prometheus(folder: Path, *, scrapes: str, rules: str) -> Iterator[Prometheus]:
    """Runs Prometheus on a server's ``/metrics`` until the context is left."""
    command = program("prometheus")
    (folder / "rules.yml").write_text(rules)
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
        "rule_files: [rules.yml]\n"
        f"scrape_configs: [{{job_name: overread, static_configs: [{{targets: ['{urlsplit(scrapes).netloc}']}}]}}]\n"
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    arguments = [
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'series'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([command, *arguments], stdout=log, stderr=log)
        try:
            _wait_for(f"http://{address}/-/ready", process, folder / "log")
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([program("promtool"), *map(str, arguments)], capture_output=True, text=True, timeout=60)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(url, trust_env=False).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"Prometheus did not start within {START_SECONDS} s: {log.read_text()}")
