from __future__ import annotations

import errno
import io
import json
import random
import signal
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from model_code import fetch as module
from model_code.__main__ import app
from model_code.data.download import Remote
from model_code.data.manifest import read_manifest
from model_code.data.resumable import only_run
from model_code.data.sources import SOURCES
from model_code.errors import OverreadError, UsageError
from model_code.fetch import addresses, fetch
from model_code.tasks import PNEUMONIA
from tests.cli import environment
from tests.sources import pneumonia


def zipped(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in names.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


KNOWN: dict[str, Any] = {
    "nih": {
        "files": [
            {"name": "images_001.tar.gz", "url": "https://example.com/1"},
            {"name": "films.zip", "url": "https://example.com/2"},
            {"name": "table.csv", "url": "https://example.com/3"},
        ],
        "by_hand": "fetch the lists",
    }
}


@dataclass
class Site:
    """What the addresses hand out, and what was asked for."""

    files: dict[str, bytes]
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Site:
    """Without a network; ``download`` has tests of its own."""
    made = Site(
        {
            "images_001.tar.gz": tarred({"images/a.png": b"a"}),
            "films.zip": zipped({"b.jpg": b"b", "../../up.txt": b"c"}),
            "table.csv": b"1,2",
        }
    )

    def download(remote: Remote, folder: Path) -> Path:
        made.asked.append(remote.name)
        (folder / remote.name).write_bytes(made.files[remote.name])
        return folder / remote.name

    monkeypatch.setattr(module, "download", download)
    return made


def test_archives_are_unpacked_into_folders_of_their_names_and_removed(site: Site, tmp_path: Path) -> None:
    record = fetch("nih", out=tmp_path, known=KNOWN)
    files = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["fetched.json", "films/b.jpg", "films/up.txt", "images_001/images/a.png", "table.csv"]
    assert json.loads((tmp_path / "fetched.json").read_text()) == record
    assert record["files"]["table.csv"]["checked"] == "recorded on first use: its publisher states none"
    assert record["files"]["films.zip"]["unpacked"] and record["files"]["films.zip"]["bytes"] == len(site.files["films.zip"])


def test_what_is_there_is_not_fetched_again(site: Site, tmp_path: Path) -> None:
    fetch("nih", out=tmp_path, known=KNOWN)
    fetch("nih", out=tmp_path, known=KNOWN)
    assert len(site.asked) == 3
    (tmp_path / "table.csv").unlink()
    fetch("nih", out=tmp_path, known=KNOWN)
    assert site.asked[3:] == ["table.csv"]


def test_another_file_than_the_first_time_is_refused(site: Site, tmp_path: Path) -> None:
    fetch("nih", out=tmp_path, known=KNOWN)
    (tmp_path / "table.csv").unlink()
    site.files["table.csv"] = b"3,4"
    with pytest.raises(OverreadError, match=r"table\.csv is another file than when it was first fetched"):
        fetch("nih", out=tmp_path, known=KNOWN)
    assert not (tmp_path / "table.csv").exists()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("films.zip", lambda: b"text"),
        ("images_001.tar.gz", lambda: tarred({"../../up": b"x"})),
        ("images_001.tar.gz", lambda: tarred({"a": b"x" * 9000})[:-40]),
    ],
    ids=["no archive", "leads out", "cut short"],
)
def test_a_bad_archive_leaves_nothing_half_unpacked(name: str, content: Callable[[], bytes], site: Site, tmp_path: Path) -> None:
    site.files[name] = content()
    out = tmp_path / "out"
    with pytest.raises(OverreadError, match=rf"{name} cannot be unpacked"):
        fetch("nih", out=out, known=KNOWN)
    assert not (out / name.split(".")[0]).exists() and not (out / name).exists()
    assert not list(out.glob(".*")) and [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_command_that_fetch_names_next_prepares_what_was_fetched(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mendeley's archive has one folder, and fetch unpacks it into another."""
    tree = pneumonia(tmp_path / "tree")
    films = {path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    site.files["ChestXRay2017.zip"] = zipped(films)
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(app, ["fetch", "pneumonia", "--out", "raw"])
    assert said.exit_code == 0, said.output
    following = " ".join(said.output.split()).partition("next: overread ")[2]
    made = CliRunner().invoke(app, [*following.split(), "--image-size", "32"])
    assert made.exit_code == 0, made.output
    assert len(read_manifest(tmp_path / "DATA", PNEUMONIA)) == 54


def test_a_data_set_behind_a_login_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"logged in download: open https://www\.kaggle\.com/.* --source pneumonia"):
        fetch("pneumonia-kaggle", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_source_lists_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="choose one of: isic, nih, pneumonia, pneumonia-kaggle"):
        fetch("mimic", out=tmp_path)


def test_two_sources_do_not_share_a_folder(site: Site, tmp_path: Path) -> None:
    fetch("nih", out=tmp_path, known=KNOWN)
    with pytest.raises(UsageError, match="holds 'nih'; fetch 'isic' into a folder of its own"):
        fetch("isic", out=tmp_path)
    (tmp_path / "fetched.json").write_text("{")
    with pytest.raises(OverreadError, match=r"fetched\.json' cannot be read"):
        fetch("nih", out=tmp_path, known=KNOWN)


def test_the_official_addresses_are_well_formed() -> None:
    for source, wanted in addresses().items():
        assert source.split("-")[0] in SOURCES and urlsplit(wanted["page"]).scheme == "https"
        assert wanted["files"] or wanted["by_hand"]
        remotes = [Remote(**file) for file in wanted["files"]]
        assert len({remote.name for remote in remotes}) == len({remote.url for remote in remotes}) == len(remotes)


def test_a_full_disk_keeps_the_archive(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "extractall", full)
    with pytest.raises(OverreadError, match=r"No space left on device\); it is kept: make room"):
        fetch("nih", out=tmp_path, known=KNOWN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["images_001.tar.gz"]


def test_what_a_killed_run_had_half_unpacked_is_removed(site: Site, tmp_path: Path) -> None:
    (tmp_path / ".images_001.a_b3c9xy" / "images").mkdir(parents=True)
    (tmp_path / ".images_001.notes").mkdir()
    fetch("nih", out=tmp_path, known=KNOWN)
    assert [path.name for path in tmp_path.glob(".*")] == [".images_001.notes"]


def test_two_runs_do_not_fetch_into_one_folder(site: Site, tmp_path: Path) -> None:
    with only_run(tmp_path, tmp_path), pytest.raises(OverreadError, match="another run is making"):
        fetch("nih", out=tmp_path, known=KNOWN)


def test_a_file_that_was_cut_short_is_fetched_again(site: Site, tmp_path: Path) -> None:
    fetch("nih", out=tmp_path, known=KNOWN)
    (tmp_path / "table.csv").write_bytes(b"1")
    fetch("nih", out=tmp_path, known=KNOWN)
    assert (tmp_path / "table.csv").read_bytes() == b"1,2"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_anywhere_it_goes_on(number: signal.Signals, tmp_path: Path) -> None:
    """A real server that breaks off, a real process that is ended; what is there in the end is whole."""
    content = tarred({f"images/{index}.png": random.Random(index).randbytes(200_000) for index in range(20)})
    served = SlowSite(content)
    out = tmp_path / "out"
    command = [sys.executable, "-c", RUN, served.url, str(out)]
    try:
        process = subprocess.Popen(command, env=environment(), stderr=subprocess.DEVNULL)
        while process.poll() is None and not any(path.stat().st_size > 2**20 for path in out.glob(".*.part")):
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(timeout=60) != 0 and not (out / "images_001").exists()
        served.pause = 0.0
        subprocess.run(command, env=environment(), check=True, capture_output=True)
    finally:
        served.close()
    assert len(list((out / "images_001" / "images").iterdir())) == 20 and served.ranges[-1] is not None
    assert sorted(path.name for path in out.iterdir()) == ["fetched.json", "images_001"]


RUN = """
import signal
import sys
from pathlib import Path
from model_code.fetch import fetch
signal.signal(signal.SIGINT, signal.default_int_handler)  # jobs in a script's background begin deaf to it
fetch("nih", out=Path(sys.argv[2]), known={"nih": {"files": [{"name": "images_001.tar.gz", "url": sys.argv[1]}]}})
"""


class SlowSite:
    """A server on this machine that hands out one file in pieces, with pauses, from where it is asked to."""

    def __init__(self, content: bytes) -> None:
        self.pause, self.ranges = 0.02, list[str | None]()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                site.ranges.append(asked)
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                self.send_response(206 if asked else 200)
                self.send_header("ETag", '"one"')
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
                self.send_header("Content-Length", str(len(content) - start))
                self.end_headers()
                with suppress(OSError):  # the other end is gone
                    for at in range(start, len(content), 2**16):
                        self.wfile.write(content[at : at + 2**16])
                        time.sleep(site.pause)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/a.tar.gz"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
