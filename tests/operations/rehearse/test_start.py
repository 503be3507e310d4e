"""The emulator as a process: it starts or says why not, sees nothing of this shell, and never stays."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from operations.rehearse import start
from operations.rehearse.start import RehearsalError, emulator
from tests.operations.rehearse.deployed import deployed


def stand_in(folder: Path, body: str) -> Path:
    """A Python that is none: it leaves its number and that of a child behind, and then does as it is told."""
    script = folder / "python"
    script.write_text(f"#!/bin/bash\necho $$ > {folder}/pid\nenv > {folder}/env\n{body}\n", encoding="utf-8")
    script.chmod(0o755)
    return script


def gone(folder: Path, *names: str) -> bool:
    """Whether the processes whose numbers it left are not there any more; a child of the ended one takes a moment."""
    until = time.monotonic() + 5
    while time.monotonic() < until:
        if not any(alive(int((folder / name).read_text())) for name in names or ("pid",)):
            return True
        time.sleep(0.02)
    return False


def alive(number: int) -> bool:
    stat = Path(f"/proc/{number}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[-1].split()[0] != "Z"
    except OSError:
        return False


SERVES = "echo 4711; cat > /dev/null"


def test_it_is_known_by_its_port_and_ended_with_its_input(tmp_path: Path) -> None:
    with emulator(tmp_path, tmp_path, "us-east-1", stand_in(tmp_path, SERVES)) as running:
        assert running.url == "http://127.0.0.1:4711"
        assert alive(int((tmp_path / "pid").read_text()))

    assert gone(tmp_path)


@pytest.mark.parametrize("problem", [KeyboardInterrupt, RehearsalError])
def test_it_is_ended_whatever_happens(tmp_path: Path, problem: type[BaseException]) -> None:
    with pytest.raises(problem), emulator(tmp_path, tmp_path, "us-east-1", stand_in(tmp_path, SERVES)):
        raise problem

    assert gone(tmp_path)


def test_one_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "ENDS_IN_SECONDS", 0.2)
    stubborn = f"trap '' TERM; sleep 60 & echo $! > {tmp_path}/child; echo 4711; wait"

    with emulator(tmp_path, tmp_path, "us-east-1", stand_in(tmp_path, stubborn)):
        pass

    assert gone(tmp_path, "pid", "child")


def test_one_that_dies_says_its_last_line(tmp_path: Path) -> None:
    dies = stand_in(tmp_path, "echo Traceback >&2; echo 'ModuleNotFoundError: moto' >&2; exit 1")

    with pytest.raises(RehearsalError, match="did not start: ModuleNotFoundError: moto"), emulator(tmp_path, tmp_path, "r", dies):
        pass


def test_one_that_says_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "STARTS_IN_SECONDS", 0.3)
    silent = stand_in(tmp_path, "cat > /dev/null")

    with pytest.raises(RehearsalError, match="did not start: it said nothing"), emulator(tmp_path, tmp_path, "r", silent):
        pass
    assert gone(tmp_path)


def test_without_its_environment_it_says_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(RehearsalError, match="`make rehearse` makes it"), emulator(tmp_path, tmp_path, "r", tmp_path / "nowhere"):
        pass


SECRETS = {
    "AWS_PROFILE": "hospital",
    "AWS_SESSION_TOKEN": "token",
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_ENDPOINT_URL_S3": "https://s3.amazonaws.com",
    "HTTPS_PROXY": "http://proxy",
    "https_proxy": "http://proxy",
}


def test_what_the_cli_is_given_leads_nowhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    given = deployed(tmp_path).environment()

    assert not set(SECRETS.values()) & set(given.values())
    assert given["AWS_CONFIG_FILE"] == given["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert given["AWS_ENDPOINT_URL"] == deployed(tmp_path).url
    assert [name for name in given if "proxy" in name.lower()] == ["no_proxy"]
    assert given["PATH"] == os.environ["PATH"]


def test_the_emulator_itself_is_given_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)

    with emulator(tmp_path, tmp_path, "us-east-1", stand_in(tmp_path, SERVES)):
        pass

    assert "AWS_" not in (tmp_path / "env").read_text()
