"""The process that reads bad input: ``python -m tests.fuzz.child [BUNDLE]``; without a bundle it only decodes.

Takes frames (length as 8 bytes, then the file) on standard input, answers each with one JSON line on standard output.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from model_code.data.images import LIMITS, decode
from model_code.errors import ImageError
from tests.films import png, ramp

Reader = Callable[[bytes], tuple[str, str]]
"""From a file's bytes to (code, text): ``read``, or why not."""


def reader_of(bundle: str | None) -> Reader:
    if bundle is None:
        return _decoded
    from model_code.predictor import Predictor

    predictor = Predictor.setup(Path(bundle))

    def answered(data: bytes) -> tuple[str, str]:
        reading = predictor.read(data)
        return (reading.reasons[0].code if reading.reasons else "read"), reading.to_json()

    return answered


def _decoded(data: bytes) -> tuple[str, str]:
    try:
        image = decode(data)
    except ImageError as error:
        return error.code, error.detail
    assert image.pixels.dtype.name == "float32" and 0 <= float(image.pixels.min()) <= float(image.pixels.max()) <= 1
    return "read", ""


def status(name: str) -> int:
    """A line of /proc/self/status in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _try_the_watch(data: bytes) -> None:
    """No file begins like these."""
    match data:
        case b"!raise":
            raise ValueError("as asked")
        case b"!crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        case b"!hang":
            time.sleep(60)


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a codec prints is noise, and must not be taken for an answer
    read = reader_of(sys.argv[1] if len(sys.argv) > 1 else None)
    read(png(ramp(8)))
    # a net below the limit that is measured: nothing may take the machine down
    resource.setrlimit(resource.RLIMIT_AS, (status("VmSize") + 2 * LIMITS.max_memory,) * 2)
    print(json.dumps({"code": "ready"}), file=answers, flush=True)
    while header := sys.stdin.buffer.read(8):
        data = sys.stdin.buffer.read(int.from_bytes(header))
        forget_peak()
        before, started = status("VmRSS"), time.monotonic()
        try:
            _try_the_watch(data)
            code, text = read(data)
        except BaseException as error:
            code, text = "RAISED", f"{type(error).__name__}: {error}"
        seconds = time.monotonic() - started
        found = {"code": code, "text": text, "seconds": seconds, "memory": status("VmHWM") - before}
        print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
