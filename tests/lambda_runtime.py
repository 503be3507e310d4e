"""A function as Lambda runs it: its zip unpacked, and Lambda's own runtime client (``awslambdaric``) in a process of its own.

What Lambda's service does stands here: its Runtime API (docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), with the moment
at which SnapStart takes its snapshot, and the two requests by which the function fetches its model. All on loopback.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

MANAGED: Final = ("awslambdaric", "boto3")
"""What the managed runtime brings, with what these need."""

PACKAGE: Final = "arn:aws:sagemaker:us-east-1:123456789012:model-package/overread-test-chest14/3"
SECONDS: Final = 60


@dataclass
class Function:
    """Lambda's side of one process."""

    model: bytes
    """The bundle's archive, as S3 gives it."""
    fetched: list[str] = field(default_factory=list)
    events: queue.Queue[Any] = field(default_factory=queue.Queue)
    answers: queue.Queue[tuple[str, Any]] = field(default_factory=queue.Queue)
    snapshot: threading.Event = field(default_factory=threading.Event)
    restore: threading.Event = field(default_factory=threading.Event)
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None

    def invoke(self, event: Any) -> Any:
        """The answer to an event; fails the test where the function raises."""
        self.events.put(event)
        path, answer = self.answers.get(timeout=SECONDS)
        assert path.endswith("/response"), f"{path}: {answer}"
        return answer

    def threads(self) -> int:
        assert self.process
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def sockets(self) -> list[str]:
        """The process's open sockets."""
        assert self.process
        links = [str(link.readlink()) for link in Path(f"/proc/{self.process.pid}/fd").iterdir()]
        return [link for link in links if link.startswith("socket:")]


@contextmanager
def running(task: Path, handler: str, *, model: bytes, folder: Path, initialization: str = "on-demand") -> Iterator[Function]:
    """Runs the handler of an unpacked zip, in a Python that sees that zip and the managed runtime's packages and no others."""
    function = Function(model)
    server = _Server(("127.0.0.1", 0), _handler(function))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_port}"
    (folder / "tmp").mkdir()
    environment = {
        "AWS_LAMBDA_RUNTIME_API": address,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization,
        "AWS_ENDPOINT_URL": f"http://{address}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "example",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_LAMBDA_FUNCTION_NAME": "reader",
        "LAMBDA_TASK_ROOT": str(task),
        "MODEL_PACKAGE": PACKAGE,
        "PYTHONPATH": os.pathsep.join((str(task), str(managed_packages(folder / "runtime")))),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(folder / "tmp"),
        "PATH": os.environ["PATH"],
        "no_proxy": "127.0.0.1",
    }
    function.log = folder / "log.txt"
    # -S: no site-packages; -P: nothing of the folder that it starts in
    command = [sys.executable, "-S", "-P", "-m", "awslambdaric", handler]
    try:
        with function.log.open("wb") as log:
            function.process = subprocess.Popen(command, cwd=task, env=environment, stdout=log, stderr=log)
        yield function
    finally:
        if function.process:
            function.process.kill()
            function.process.wait(20)
        function.restore.set()
        function.events.put(None)
        server.shutdown()
        server.server_close()


def managed_packages(folder: Path) -> Path:
    """A folder of links to the installed packages that the managed runtime would have."""
    folder.mkdir()
    wanted, seen = list(MANAGED), set()
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        installed = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (folder / top).symlink_to(Path(str(installed.locate_file(top))))
        needs = [line for line in installed.requires or () if "extra ==" not in line]
        wanted += [_name(line) for line in needs]
    return folder


def _name(requirement: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else " " for letter in requirement).split()[0]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A process that was ended leaves broken connections."""


def _handler(function: Function) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.endswith("/runtime/restore/next"):
                function.snapshot.set()
                function.restore.wait(SECONDS)
                self.reply(200, b"")
            elif self.path.endswith("/runtime/invocation/next"):
                event = function.events.get()
                if event is None:  # the process has ended
                    self.close_connection = True
                    return
                self.reply(200, json.dumps(event).encode(), ENVELOPE)
            else:
                function.fetched.append(self.path)
                self.reply(200, function.model, {"Content-Type": "application/x-tar"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("X-Amz-Target") == "SageMaker.DescribeModelPackage":
                container = {"Image": "image", "ModelDataUrl": "s3://artifacts/chest14/model.tar.gz"}
                described = {"ModelPackageArn": PACKAGE, "InferenceSpecification": {"Containers": [container]}}
                self.reply(200, json.dumps(described).encode(), {"Content-Type": "application/x-amz-json-1.1"})
            else:
                function.answers.put((self.path, json.loads(body)))
                self.reply(202, b"")

        def reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    return Handler


ENVELOPE: Final = {
    "Content-Type": "application/json",  # the client crashes without
    "Lambda-Runtime-Aws-Request-Id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
    "Lambda-Runtime-Trace-Id": "Root=1-0-0;Parent=0;Sampled=0",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:reader",
    "Lambda-Runtime-Deadline-Ms": "4102444800000",
}
