"""How the rehearsal is told to end: by the end of its input, so that it ends too where whoever started it is killed."""

from __future__ import annotations

import os
import signal
import threading


def end_with_input() -> None:
    """The end of standard input interrupts this process, once."""

    def interrupted(*_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    def follow() -> None:
        while os.read(0, 1):  # not sys.stdin, which a thread must not hold when Python ends
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, interrupted)
    threading.Thread(target=follow, daemon=True).start()
