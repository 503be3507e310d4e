"""A real PACS for tests: Orthanc with its DICOMweb plugin, on loopback, with a folder and ports of its own."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.judges import program

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "reader", "only-for-this-test"
START_SECONDS = 30


@dataclass(frozen=True)
class Orthanc:
    """Its address, and its own REST interface to look at what it holds."""

    address: str

    @property
    def dicomweb(self) -> str:
        return f"{self.address}/dicom-web"

    def ask(self, path: str) -> object:
        response = httpx.get(f"{self.address}/{path}", auth=(USER, PASSWORD), trust_env=False)
        response.raise_for_status()
        return response.json()

    def instances(self, study: str) -> dict[str, dict[str, str]]:
        """The tags of everything in a study, by SOP Instance UID."""
        (found,) = [one for one in self._all("studies") if one["MainDicomTags"]["StudyInstanceUID"] == study]
        tags = [self.ask(f"instances/{one['ID']}/simplified-tags") for one in self._all(f"studies/{found['ID']}/instances")]
        return {one["SOPInstanceUID"]: one for one in tags}  # type: ignore[index, misc]

    def forget_everything(self) -> None:
        for patient in self._all("patients"):
            httpx.delete(f"{self.address}/patients/{patient['ID']}", auth=(USER, PASSWORD), trust_env=False).raise_for_status()

    def _all(self, path: str) -> list[dict[str, dict[str, str]]]:
        found = self.ask(f"{path}?expand")
        assert isinstance(found, list)
        return found


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    """Runs Orthanc until the context is left."""
    command = program("Orthanc")
    http, dimse = _free_ports()
    settings = {
        "StorageDirectory": str(folder / "films"),
        "IndexDirectory": str(folder / "index"),
        "HttpPort": http,
        "DicomPort": dimse,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "DicomAlwaysAllowEcho": False,
        "StorageCompression": False,
    }
    (folder / "orthanc.json").write_text(json.dumps(settings))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([command, str(folder / "orthanc.json")], stdout=log, stderr=log)
        try:
            server = Orthanc(f"http://127.0.0.1:{http}")
            _wait_for(server, process, folder / "log")
            yield server
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for(server: Orthanc, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            server.ask("system")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"Orthanc did not start within {START_SECONDS} s: {log.read_text()}")


def _free_ports() -> list[int]:
    sockets = [socket.socket() for _ in range(2)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()
