"""Several processes end as one would: with 143 when they were told to stop, else with what the first that failed said."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli import REPOSITORY, environment

LAUNCH = [sys.executable, "-m", "model_code.training.launch", "--standalone", "--nproc-per-node", "2"]

WAITING = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
open(os.environ["RANK"], "w").close()
time.sleep(100)
"""


def start(program: str, folder: Path) -> subprocess.Popen[str]:
    (folder / "program.py").write_text(program)
    told = {**environment(), "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    command = [*LAUNCH, str(folder / "program.py")]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=told, cwd=folder)


def test_told_to_stop_it_hands_that_on_and_ends_with_143(tmp_path: Path) -> None:
    with start(WAITING, tmp_path) as process:
        try:
            while process.poll() is None and not all((tmp_path / rank).exists() for rank in "01"):
                time.sleep(0.05)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 143, said
    assert "Traceback" not in said


@pytest.mark.parametrize(("program", "code"), [("raise SystemExit(2)", 2), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_it_ends_as_its_processes_do(program: str, code: int, tmp_path: Path) -> None:
    with start(program, tmp_path) as process:
        _, said = process.communicate(timeout=60)
    assert process.returncode == code, said
    assert "Traceback" not in said
