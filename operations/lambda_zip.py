"""``make lambda``: the reader as one zip for Lambda's own Python, put together from wheels, without Docker.

The wheels are those of the versions in ``pyproject.toml`` and ``constraints.txt``, for the machine that Lambda runs on, whatever
machine this is. Of them goes what no reading needs: tests, documentation, headers, compiled bytecode. boto3 and the runtime
client are not in it: the managed runtime brings them. The same wheels make the same bytes.

Limits: docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html. Handler: ``model_code.lambdas.serve.handler``.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from model_code.contract import PACKAGE
from model_code.files import atomic_file, sha256_of

REPOSITORY: Final = Path(__file__).resolve().parents[1]
MAX_UNZIPPED: Final = 250 * 2**20
MAX_DIRECT: Final = 50 * 2**20
"""A larger zip is not uploaded with the function but put into a bucket that the function is told of."""

PYTHON: Final = "3.13"
GLIBC: Final = (34, 31, 28, 27, 17)
"""Minor versions of glibc 2 that wheels are built for, up to that of Amazon Linux 2023, which the runtime is made on."""

DROPPED: Final = re.compile(
    r"(^|/)(tests?|test_files|_tests|docs?|__pycache__|include)/"
    r"|\.(pyc|pyi|pxd|pyx|h|hpp|c|cpp|a|lib|f90)$"
    r"|\.dist-info/(RECORD|WHEEL|sboms/.*)$"
    r"|^numpy/f2py/"
    r"|^onnxruntime/(transformers|tools|quantization)/"
)
"""What no reading needs. Metadata stays (plugins are found by it), and so do licences."""


class ZipError(Exception):
    """There is no zip, or none that Lambda takes; one line that says why."""


@dataclass(frozen=True)
class Member:
    """A file of the zip. ``package`` is what brings it."""

    package: str
    name: str
    content: bytes


@dataclass
class Size:
    """Bytes of one package in the zip, and those left out of it."""

    unzipped: int = 0
    zipped: int = 0
    dropped: int = 0


def requirements() -> list[str]:
    """What a reading needs, and what takes Lambda's requests."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["lambda"]]


def download(folder: Path, python: str) -> list[Path]:
    """The wheels, of this project's versions, for Lambda's machine.

    Raises:
        ZipError: pip could not get them; its own last line says why.
    """
    platforms = [f"--platform=manylinux_2_{minor}_x86_64" for minor in GLIBC] + ["--platform=manylinux2014_x86_64"]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), "--only-binary=:all:", "--implementation=cp",
        f"--python-version={python}", *platforms, f"--constraint={REPOSITORY / 'constraints.txt'}", *requirements(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  pip, with our own arguments
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or ["pip said nothing"]
        raise ZipError(f"no wheels of Python {python} for Lambda: {said[0]}")
    return sorted(folder.glob("*.whl"))


def members_of(wheel: Path) -> Iterator[Member]:
    """The files that a wheel would install beside each other, in order. Its scripts and headers are not among them."""
    package = wheel.name.partition("-")[0]
    with zipfile.ZipFile(wheel) as archive:
        for name in sorted(archive.namelist()):
            data = re.match(r"[^/]+\.data/([^/]+)/(.+)", name)
            if name.endswith("/") or (data and data[1] not in ("purelib", "platlib")):
                continue
            yield Member(package, data[2] if data else name, archive.read(name))


def our_members() -> Iterator[Member]:
    """This project's own code."""
    for path in sorted((REPOSITORY / PACKAGE).rglob("*")):
        if path.suffix in (".py", ".typed"):
            yield Member("overread", path.relative_to(REPOSITORY).as_posix(), path.read_bytes())


def write_zip(members: Iterator[Member], target: Path, limit: int = MAX_UNZIPPED) -> dict[str, Size]:
    """Writes the zip, all or nothing: names in their given order, no times, plain permissions. Returns the sizes by package.

    Raises:
        ZipError: two packages bring the same file, or it would be larger than ``limit`` once unzipped.
    """
    sizes: dict[str, Size] = {}
    with atomic_file(target) as temporary:
        with zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
            for member in members:
                size = sizes.setdefault(member.package, Size())
                if DROPPED.search(member.name):
                    size.dropped += len(member.content)
                    continue
                info = zipfile.ZipInfo(member.name)  # 1980-01-01
                info.create_system, info.external_attr, info.compress_type = 3, 0o100644 << 16, zipfile.ZIP_DEFLATED
                if member.name in archive.NameToInfo:
                    raise ZipError(f"{member.package} and another package both bring '{member.name}'")
                archive.writestr(info, member.content)
                size.unzipped += info.file_size
                size.zipped += info.compress_size
        total = sum(size.unzipped for size in sizes.values())
        if total > limit:
            largest = max(sizes, key=lambda name: sizes[name].unzipped)
            raise ZipError(f"unzipped it has {total:,} bytes; Lambda takes {limit:,}; the largest part is {largest}")
    return sizes


def build(target: Path, python: str = PYTHON) -> dict[str, Size]:
    """Downloads the wheels and writes the zip; raises ZipError."""
    with tempfile.TemporaryDirectory() as folder:
        wheels = download(Path(folder), python)
        return write_zip((member for part in (our_members(), *map(members_of, wheels)) for member in part), target)


def table_of(sizes: dict[str, Size]) -> Table:
    """The report, largest first."""
    table = Table(title="the reader for Lambda, MB", title_justify="left")
    table.add_column("package")
    for heading in ("unzipped", "zipped", "left out"):
        table.add_column(heading, justify="right")
    for name, size in sorted(sizes.items(), key=lambda item: (-item[1].unzipped, item[0])):
        table.add_row(name, *_megabytes(size.unzipped, size.zipped, size.dropped))
    together = [sum(getattr(size, field) for size in sizes.values()) for field in ("unzipped", "zipped", "dropped")]
    table.add_section()
    table.add_row("together", *_megabytes(*together), style="bold")
    table.add_row("limit (zipped: to upload directly)", *_megabytes(MAX_UNZIPPED, MAX_DIRECT), "", style="dim")
    return table


def _megabytes(*sizes: int) -> list[str]:
    return [f"{size / 2**20:.1f}" for size in sizes]


def main(arguments: Sequence[str] | None = None) -> int:
    """Builds it and says how large it is."""
    parser = argparse.ArgumentParser(prog="python -m operations.lambda_zip", description="the reader as a zip for Lambda")
    parser.add_argument("--out", type=Path, default=Path("build/reader.zip"), help="where to write it")
    parser.add_argument("--python", default=PYTHON, help="Lambda's runtime, as major.minor")
    chosen = parser.parse_args(arguments)
    try:
        sizes = build(chosen.out, chosen.python)
    except ZipError as error:
        print(f"lambda: error: {error}", file=sys.stderr)
        return 1
    Console().print(table_of(sizes))
    way = "directly" if chosen.out.stat().st_size <= MAX_DIRECT else "from a bucket (more than 50 MB)"
    print(f"{chosen.out}: for python{chosen.python}, to be uploaded {way}, sha256 {sha256_of(chosen.out)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
