"""Functions really run: Lambda's own runtime client and interface emulator as a process for each function. In the emulator.

A function from a zip runs in a Python that has boto3 and nothing else, as on the managed runtime, from the very zip that was
deployed; one from an image runs from the image's build context, with the platform's own packages.
"""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from moto.awslambda.models import LambdaFunction

from operations.rehearse.record import Record

STARTS_IN_SECONDS: Final = 20
MOST_OF_AN_ERROR: Final = 400
RIE: Final = {"x86_64": "aws-lambda-rie-x86_64", "aarch64": "aws-lambda-rie-arm64"}


@dataclass(frozen=True)
class Places:
    """Where code comes from, and where it runs."""

    assembly: Path
    """The build contexts of images are in it."""
    packages: Path
    """``site-packages`` of the platform: what an image has installed."""
    work: Path
    endpoint: str


class Runner:
    """A process for each function, started when it is first called."""

    def __init__(self, places: Places, record: Record) -> None:
        self._places, self._record = places, record
        self._lock = threading.Lock()
        self._running: dict[str, _Process] = {}
        self._stopped = False

    def invoke(self, function: LambdaFunction, payload: str) -> tuple[str, bool]:
        """The answer, and whether it is an error."""
        started = time.monotonic()
        try:
            answer, failed = self._process(function).invoke(payload)
        except (RuntimeError, OSError) as error:  # the runtime, not the function
            answer, failed = json.dumps({"errorType": "Rehearsal.Runtime", "errorMessage": str(error)}), True
        self._record.write(
            "invoked",
            function=function.function_name,
            handler=handler_of(function),
            failed=failed,
            milliseconds=round((time.monotonic() - started) * 1000),
            answer=answer[:MOST_OF_AN_ERROR] if failed else "",
        )
        return answer, failed

    def _process(self, function: LambdaFunction) -> _Process:
        with self._lock:
            if self._stopped:
                raise RuntimeError("the emulator is ending")
            process = self._running.get(function.function_name)
            if process is None or not process.alive or process.made_of != made_of(function):
                if process is not None:
                    process.stop()
                process = _Process(function, self._places)
                self._running[function.function_name] = process
            return process

    def stop(self) -> None:
        """Ends all of them at once, and starts no more."""
        self._stopped = True
        ending = [threading.Thread(target=process.stop) for process in list(self._running.values())]
        for one in ending:
            one.start()
        for one in ending:
            one.join()


class _Process:
    def __init__(self, function: LambdaFunction, places: Places) -> None:
        self.handler = handler_of(function)
        self.made_of = made_of(function)
        self._timeout = int(function.timeout or 3)
        self._turn = threading.Lock()
        self._port, runtime_port = _free_port(), _free_port()
        folder = places.work / "functions" / function.function_name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        task, packages = _code(function, places, folder)
        emulator = Path(shutil.which("aws-lambda-rie") or _rie())
        environment = {
            **{str(name): str(value) for name, value in (function.environment_vars or {}).items()},
            "AWS_ENDPOINT_URL": places.endpoint,
            "AWS_REGION": function.region,
            "AWS_DEFAULT_REGION": function.region,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_LAMBDA_FUNCTION_NAME": function.function_name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_size),
            "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self._timeout),
            "AWS_EC2_METADATA_DISABLED": "true",
            "LAMBDA_TASK_ROOT": str(task),
            "PYTHONPATH": os.pathsep.join(map(str, (task, *packages))),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(folder),
            "PATH": os.environ["PATH"],
            "no_proxy": "127.0.0.1,localhost",
        }
        self._log = (folder / "log.txt").open("wb")
        self._child = subprocess.Popen(  # noqa: S603  the runtime of our own functions
            [
                str(emulator),
                "--runtime-interface-emulator-address", f"127.0.0.1:{self._port}",
                "--runtime-api-address", f"127.0.0.1:{runtime_port}",
                sys.executable, "-m", "awslambdaric", self.handler,
            ],
            cwd=task, env=environment, stdout=self._log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self._wait()

    @property
    def alive(self) -> bool:
        return self._child.poll() is None

    def invoke(self, payload: str) -> tuple[str, bool]:
        url = f"http://127.0.0.1:{self._port}/2015-03-31/functions/function/invocations"
        request = urllib.request.Request(url, data=payload.encode(), method="POST")
        limit = self._timeout + STARTS_IN_SECONDS
        with self._turn, urllib.request.urlopen(request, timeout=limit) as answer:  # noqa: S310  our own loopback
            text = answer.read().decode()
        return text, is_failure(text)

    def stop(self) -> None:
        if self.alive:
            os.killpg(self._child.pid, 15)
            try:
                self._child.wait(3)
            except subprocess.TimeoutExpired:
                os.killpg(self._child.pid, 9)
                self._child.wait(3)
        self._log.close()

    def _wait(self) -> None:
        until = time.monotonic() + STARTS_IN_SECONDS
        while time.monotonic() < until:
            if not self.alive:
                raise RuntimeError(f"the runtime of {self.handler} ended with code {self._child.returncode}")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError(f"the runtime of {self.handler} did not start within {STARTS_IN_SECONDS} s")


def handler_of(function: LambdaFunction) -> str:
    """``model_code.lambdas.predict.handler``: the function's own, or the command of its image."""
    if function.package_type == "Image":
        return str(function.image_config.response()["Command"][0])
    return str(function.handler)


def made_of(function: LambdaFunction) -> str:
    """What a running process depends on: Lambda starts a function anew when its code or its configuration changes."""
    return json.dumps([function.code_sha_256, function.description, function.environment_vars], default=str)


def is_failure(answer: str) -> bool:
    """Whether the runtime client reported an exception, or the emulator the end of the time."""
    try:
        value = json.loads(answer)
    except ValueError:
        return answer.startswith("Task timed out")
    return isinstance(value, dict) and "errorType" in value and "errorMessage" in value


def _code(function: LambdaFunction, places: Places, folder: Path) -> tuple[Path, list[Path]]:
    """The folder of its code, and what else it may import."""
    if function.package_type == "Image":
        tag = str(function.code["ImageUri"]).rsplit(":", 1)[-1].rsplit("@", 1)[0]
        return places.assembly / f"asset.{tag}", [places.packages]
    task = folder / "task"
    with zipfile.ZipFile(io.BytesIO(function.code_bytes)) as archive:
        archive.extractall(task)
    return task, []


def _rie() -> str:
    import samcli  # type: ignore[import-not-found,unused-ignore]  # the emulator's environment has it

    machine = platform.machine()
    if platform.system() != "Linux" or machine not in RIE:
        raise RuntimeError(f"functions run on Linux on {' or '.join(RIE)}; this is {platform.system()} on {machine}")
    file = Path(samcli.__file__).parent / "local" / "rapid" / RIE[machine]
    file.chmod(0o755)
    return str(file)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_functions(runner: Runner) -> None:
    """Puts the runner in the place of the emulator's containers."""

    def invoke(self: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> str | bytes:
        text = body.decode() if isinstance(body, bytes) else (body or "{}")
        if request_headers.get("x-amz-invocation-type", "RequestResponse") == "Event":
            threading.Thread(target=runner.invoke, args=(self, text), daemon=True).start()
            return ""
        answer, failed = runner.invoke(self, text)
        if failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        return answer.encode()

    LambdaFunction.invoke = invoke  # type: ignore[method-assign]
