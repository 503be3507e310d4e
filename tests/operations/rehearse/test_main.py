"""Whatever signal comes, and however often: the rehearsal is told once, by the end of its input, and ends in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli import REPOSITORY, environment
from tests.operations.rehearse.test_start import gone

REHEARSAL = """
import os, sys, time
from pathlib import Path
from operations.rehearse.interruption import end_with_input
end_with_input()
Path(sys.argv[-1], "pid").write_text(str(os.getpid()))
try:
    print("rehearsing", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(0.3)  # tidying up takes a while
    print("tidied", flush=True)
"""
FRONT = """
import subprocess, sys
from operations.rehearse import __main__ as front
Popen = subprocess.Popen
rehearsal, folder = sys.argv[1:]
subprocess.Popen = lambda command, **more: Popen([sys.executable, "-W", "ignore", "-c", rehearsal, folder], **more)
sys.exit(front.main([]))
"""


@pytest.fixture
def front(tmp_path: Path) -> subprocess.Popen[str]:
    """The command in a session of its own, in the middle of a rehearsal that does nothing."""
    return subprocess.Popen(
        [sys.executable, "-c", FRONT, REHEARSAL, str(tmp_path)],
        env=environment(),
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def press_twice(number: int) -> None:
    os.killpg(number, signal.SIGINT)
    os.killpg(number, signal.SIGINT)


@pytest.mark.parametrize(
    ("hit", "code"),
    [
        (press_twice, 130),
        (lambda number: os.killpg(number, signal.SIGTERM), 143),
        (lambda number: os.kill(number, signal.SIGKILL), -9),
    ],
)
def test_it_ends_in_order(front: subprocess.Popen[str], hit: Callable[[int], None], code: int, tmp_path: Path) -> None:
    assert front.stdout is not None
    assert front.stdout.readline() == "rehearsing\n"

    hit(front.pid)
    out, err = front.communicate(timeout=20)

    assert (front.returncode, out, err) == (code, "tidied\n", "")
    assert gone(tmp_path)


@pytest.mark.parametrize("code", [0, 1, 2])
def test_the_code_of_the_rehearsal_is_its_own(code: int, tmp_path: Path) -> None:
    command = [sys.executable, "-c", FRONT, f"import sys; sys.exit({code})", str(tmp_path)]

    assert subprocess.run(command, env=environment(), cwd=REPOSITORY, timeout=20).returncode == code


def test_one_that_is_killed_is_no_success(tmp_path: Path) -> None:
    killed = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    command = [sys.executable, "-c", FRONT, killed, str(tmp_path)]

    assert subprocess.run(command, env=environment(), cwd=REPOSITORY, timeout=20).returncode == 137
