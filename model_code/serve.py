"""``overread serve``: listens at once, loads the model meanwhile, reads films, and ends without dropping one."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import uvicorn

from model_code.errors import OverreadError
from model_code.predictor import Predictor
from model_code.serving.app import build_app
from model_code.serving.logs import configure_logs

GRACE_SECONDS: Final = 25
"""For the films inside, after SIGTERM; SageMaker kills after 30."""


def serve(load: Callable[[], Predictor], *, host: str, port: int) -> None:
    """Serves until SIGTERM, then finishes what is inside. Port 0 takes a free one.

    The socket is open before the model is loaded, so that ``/ping`` can say that it is not; the address is printed to standard
    output once readings are given.

    Raises:
        OverreadError: the port is in use or must not be opened, or ``load`` raised it.
    """
    configure_logs()
    listener = _listen(host, port)
    # uvicorn finishes what is inside and then lets the signal go on, to here; as a container's first process there is no other
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with ThreadPoolExecutor(1, "load") as loader:
        loading = loader.submit(load)
        config = uvicorn.Config(
            build_app(loading), log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
        )
        server = uvicorn.Server(config)

        def loaded(done: Future[Predictor]) -> None:
            if done.exception():
                server.should_exit = True
            else:
                print(_address(listener), flush=True)

        loading.add_done_callback(loaded)
        server.run(sockets=[listener])
    loading.result()


def _address(listener: socket.socket) -> str:
    address, bound = listener.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{bound}"


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # named, or asyncio holds small packets back
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(128)
        except BaseException:
            listener.close()
            raise
    except (OSError, OverflowError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a port"
        raise OverreadError(f"cannot listen on {host}:{port} ({reason}); choose another --port, or 0 for a free one") from error
    return listener
