"""What atheris runs: ``python -m tests.fuzz.guided CORPUS [libFuzzer's options]``. Any exception but ImageError ends it."""

from __future__ import annotations

import importlib
import logging
import sys

from model_code.errors import ImageError

atheris = importlib.import_module("atheris")  # an extra, without type information
with atheris.instrument_imports(include=["pydicom", "model_code.data", "PIL"]):
    from model_code.data.images import decode


def one(data: bytes) -> None:
    try:
        pixels = decode(data).pixels
    except ImageError:
        return
    assert 0 <= float(pixels.min()) <= float(pixels.max()) <= 1


if __name__ == "__main__":
    logging.disable()
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
