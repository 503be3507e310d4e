"""The emulator: moto's server on loopback, with what it lacks. A process of its own, in the rehearsal's virtual environment.

``python -m operations.rehearse.emulator --work DIR --assembly DIR --packages DIR --region R`` prints its port, and ends when its
standard input does, so that it never outlives the rehearsal.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from operations.rehearse.record import Record

LOOPBACK = "127.0.0.1"


def main() -> int:
    """Serves until standard input ends or a signal comes."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--assembly", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--region", required=True)
    given = parser.parse_args()

    from moto.core.config import default_user_config
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    def create_app(service: Any) -> Any:
        application = create_backend_app(service)
        # so that what the emulator lacks can be told from what it does wrong
        application.register_error_handler(NotImplementedError, lambda error: (str(error), 501))
        return application

    application = DomainDispatcherApplication(create_app)
    server = make_server(LOOPBACK, 0, application, threaded=True, request_handler=MotoRequestHandler)
    os.environ["MOTO_PORT"] = str(server.server_port)
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    default_user_config["iam"] = {"load_aws_managed_policies": True}
    record = Record(given.work / "record.jsonl")
    endpoint = f"http://{LOOPBACK}:{server.server_port}"
    stop = extend(endpoint, given, record)

    def end(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    def follow_parent() -> None:
        sys.stdin.read()
        end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the rehearsal, which ends this process
    threading.Thread(target=follow_parent, daemon=True).start()
    print(server.server_port, flush=True)
    try:
        server.serve_forever()
    finally:
        stop()
    return 0


def extend(endpoint: str, given: argparse.Namespace, record: Record) -> Callable[[], None]:
    """Adds resource types, functions that run, events that arrive, and workflows whose waits take no time."""
    from operations.rehearse.emulator import bucket_policies, cloudformation, endpoints, events, functions, models, workflows

    clients = models.Clients(endpoint, given.region)
    models.add_types(clients, record)
    cloudformation.mend(record)
    bucket_policies.leave_out_conditions()
    endpoints.take_films()
    endpoints.know_machines(clients)
    places = functions.Places(given.assembly, given.packages, given.work, endpoint)
    runner = functions.Runner(places, record)
    functions.run_functions(runner)
    events.deliver_events(clients, record)
    workflows.mend(clients)
    return runner.stop


if __name__ == "__main__":
    sys.exit(main())
