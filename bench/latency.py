"""How long a reading takes beside the recipe that this project began with: ``python -m bench.latency``.

Every contender is a process of its own behind the same small HTTP server (``bench.contenders``). They are asked in turn, round by
round, so that whatever else the machine does meets all of them. DenseNet-121 at 224 x 224 with untrained weights throughout, on
as many threads as there are processors to use; the ratios are to the recipe, line (a).
"""

from __future__ import annotations

import argparse
import http.client
import importlib.util
import io
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bench.contenders import SIDE
from model_code.contract import Precision, Runtime
from model_code.cpus import usable_cpus
from model_code.progress import console as messages
from model_code.runtimes import CACHE
from operations.document import replaced
from tests.films import real_film

COLD_STARTS: Final = 2
FILM: Final = "RG1_UNCR.dcm"
TORCH: Final = {"seed": "(a) seed recipe: PyTorch eager", "torchxrayvision": "(b) TorchXRayVision"}
VARIANTS: Final = [
    (Runtime.ONNXRUNTIME, Precision.FLOAT32),
    (Runtime.ONNXRUNTIME, Precision.INT8),
    (Runtime.OPENVINO, Precision.FLOAT32),
    (Runtime.OPENVINO, Precision.BF16),
    (Runtime.OPENVINO, Precision.INT8),
]


@dataclass
class Measured:
    """Seconds of every request of a kind, and what else was seen of one contender."""

    title: str
    cold: list[float] = field(default_factory=list)
    times: dict[str, list[float]] = field(default_factory=dict)
    per_second: float = 0.0
    megabytes: float = 0.0

    def median(self, kind: str) -> float:
        """Milliseconds; NaN where it was not asked."""
        return 1000 * float(np.median(self.times[kind])) if self.times.get(kind) else float("nan")

    def p95(self, kind: str) -> float:
        return 1000 * float(np.percentile(self.times[kind], 95)) if self.times.get(kind) else float("nan")


@dataclass(frozen=True)
class Aim:
    """A ratio to the recipe that is wanted, at most."""

    what: str
    limit: float
    value: Callable[[Measured], float]
    of: tuple[str, ...]
    """The best of these counts."""


DEFAULT: Final = tuple(f"{runtime}-{precision}" for runtime, precision in VARIANTS if runtime is Runtime.ONNXRUNTIME)
AIMS: Final = (
    Aim("model pass, OpenVINO int8", 0.15, lambda one: one.median("pass"), ("openvino-int8",)),
    Aim("model pass, ONNX Runtime's best", 0.25, lambda one: one.median("pass"), DEFAULT),
    Aim("whole request with map, PNG", 0.15, lambda one: one.median("png+map"), (*DEFAULT, "openvino-int8")),
    Aim("whole request without map, PNG", 0.30, lambda one: one.median("png"), (*DEFAULT, "openvino-int8")),
    Aim("whole request without map, DICOM", 0.30, lambda one: one.median("dicom"), (*DEFAULT, "openvino-int8")),
    Aim("cold start", 0.25, lambda one: float(np.median(one.cold)), DEFAULT),
    Aim("resident memory", 0.40, lambda one: one.megabytes, DEFAULT),
)


class Running:
    """One contender's process and a kept connection to it."""

    def __init__(self, name: str, bundle: Path) -> None:
        self.started = time.perf_counter()
        command = [sys.executable, "-m", "bench.contenders", name, str(bundle)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 (our own command)
        assert self.process.stdout is not None
        port = self.process.stdout.readline().strip()  # ends at the latest with the process
        self.process.stdout.close()
        if not port:
            self.process.wait()
            raise SystemExit(f"the contender '{name}' did not start; its message stands above")
        self.port = int(port)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def ask(self, path: str, data: bytes = b"") -> tuple[float, bytes]:
        """Seconds from the request to the whole answer, and the answer."""
        started = time.perf_counter()
        self.connection.request("POST", path, data)
        response = self.connection.getresponse()
        answer = response.read()
        took = time.perf_counter() - started
        if response.status != 200:
            raise SystemExit(f"a contender answered {response.status} to {path}")
        return took, answer

    def megabytes(self) -> float:
        """Resident memory; NaN on systems without ``/proc``."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return float("nan")
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024


@contextmanager
def running(name: str, bundle: Path) -> Iterator[Running]:
    """Started, and ended in any case."""
    one = Running(name, bundle)
    try:
        yield one
    finally:
        one.connection.close()
        one.process.terminate()
        try:
            one.process.wait(10)
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()


def phantom() -> bytes:
    """A drawn film of 1024 x 1024 as PNG."""
    from model_code.data.phantoms.anatomy import Anatomy, Film

    film = Film(Anatomy.sample(np.random.default_rng(1), sex="F", age=50), np.random.default_rng(2), side=1024, view="PA")
    film.inflate()
    film.draw_bones()
    buffer = io.BytesIO()
    Image.fromarray(film.render()).save(buffer, "PNG")
    return buffer.getvalue()


def measure(bundles: dict[str, Path], seconds: float) -> dict[str, Measured]:
    """All contenders by name: cold starts first, each alone, then rounds of requests, then two clients at once."""
    nothing = next(iter(bundles.values()))
    names = [*TORCH, *bundles]
    found = {name: Measured(TORCH.get(name, f"(c) {name.replace('-', ', ')}")) for name in names}
    png, dicom = phantom(), real_film(FILM)
    for number in range(COLD_STARTS + 1):
        for name, one in found.items():
            with running(name, bundles.get(name, nothing)) as process:
                process.ask("/read", png)
                if number:  # the first brings files into memory, and OpenVINO's compiled graphs into its cache
                    one.cold.append(time.perf_counter() - process.started)
        messages.print(f"cold starts: {number}/{COLD_STARTS}")
    kinds = {"png": ("/read", png), "png+map": ("/read?with_map=true", png), "dicom": ("/read", dicom), "pass": ("/pass", b"")}
    with ExitStack() as stack:
        processes = {name: stack.enter_context(running(name, bundles.get(name, nothing))) for name in names}
        ends, rounds = time.perf_counter() + seconds, 0
        while rounds < 3 or time.perf_counter() < ends:
            for name, process in processes.items():
                process.ask("/read", png)  # not counted: the others' turns have put its code and data out of the caches
                for kind, (path, data) in kinds.items():
                    if kind == "png+map" and name == "torchxrayvision":
                        continue  # its documents show no map
                    took, answer = process.ask(path, data)
                    if rounds:  # the first warms up
                        found[name].times.setdefault(kind, []).append(float(answer) if kind == "pass" else took)
            rounds += 1
        messages.print(f"rounds of requests: {rounds - 1}")
        for name, process in processes.items():
            found[name].per_second = requests_per_second(process.port, png)
            found[name].megabytes = process.megabytes()
    return found


def requests_per_second(port: int, data: bytes, *, clients: int = 2, seconds: float = 1.5) -> float:
    """Answers to so many clients at once, each of which asks again as soon as it has its answer."""
    counts = [0] * clients
    ends = time.perf_counter() + seconds

    def client(index: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.perf_counter() < ends:
            connection.request("POST", "/read", data)
            connection.getresponse().read()
            counts[index] += 1
        connection.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=client, args=(index,)) for index in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def table(found: dict[str, Measured]) -> Table:
    """One line a contender; after each figure, its ratio to the recipe."""
    first = found["seed"]
    shown = Table(
        title=f"Milliseconds over HTTP, p50 (p95), and ratio to (a); DenseNet-121, {SIDE} x {SIDE}, {usable_cpus()} threads"
    )
    shown.add_column("reader")
    for heading in (
        "model pass",
        "PNG 1024²",
        "PNG with map",
        f"DICOM {FILM[:3]}",
        "PNG/s, 2 clients",
        "resident MB",
        "cold start s",
    ):
        shown.add_column(heading, justify="right")
    for one in found.values():
        cells = [f"{one.median(kind):.1f} ({one.p95(kind):.0f}) {one.median(kind) / first.median(kind):.2f}x" for kind in KINDS]
        shown.add_row(
            one.title,
            *("" if "nan" in cell else cell for cell in cells),
            f"{one.per_second:.0f} {one.per_second / first.per_second:.1f}x",
            f"{one.megabytes:.0f} {one.megabytes / first.megabytes:.2f}x",
            f"{np.median(one.cold):.2f} {np.median(one.cold) / np.median(first.cold):.2f}x",
        )
    return shown


KINDS: Final = ("pass", "png", "png+map", "dicom")


def aims(found: dict[str, Measured]) -> tuple[Table, bool]:
    """Each aim beside what was reached, and whether all were."""
    shown = Table("ratio to (a)", "aim", "reached", "by", title="Aims")
    met = True
    for aim in AIMS:
        ratios = {name: aim.value(found[name]) / aim.value(found["seed"]) for name in aim.of if name in found}
        if not ratios:
            shown.add_row(aim.what, f"<= {aim.limit:.2f}", "not measured", "not installed")
            continue
        best = min(ratios, key=lambda name: ratios[name])
        reached = ratios[best] <= aim.limit
        met = met and reached
        colour = "green" if reached else "yellow"
        shown.add_row(aim.what, f"<= {aim.limit:.2f}", f"[{colour}]{ratios[best]:.2f}", best)
    return shown, met


def markdown(found: dict[str, Measured]) -> str:
    """Both tables and the machine, for a document."""
    return f"{as_markdown(table(found))}\n\n{as_markdown(aims(found)[0])}\n\nMeasured on {machine()}."


def as_markdown(shown: Table) -> str:
    """A table's cells without their colours."""
    heads = [Text.from_markup(str(column.header)).plain for column in shown.columns]
    rows = zip(*([Text.from_markup(str(cell)).plain for cell in column.cells] for column in shown.columns), strict=True)
    sides = ["---:" if column.justify == "right" else "---" for column in shown.columns]
    lines = [" | ".join(line) for line in (heads, sides, *rows)]
    return f"*{shown.title}*\n\n" + "\n".join(f"| {line} |" for line in lines)


def machine() -> str:
    """What the figures hold for."""
    with suppress(OSError, StopIteration):  # not everywhere is Linux
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
        return f"{usable_cpus()} processors ({name}), {platform.system()}, Python {platform.python_version()}"
    return f"{usable_cpus()} processors, {platform.system()}, Python {platform.python_version()}"


def main() -> int:
    from bench.bundles import untrained_bundles

    parser = argparse.ArgumentParser(prog="python -m bench.latency", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long to ask in rounds")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the tables between the markers of a document, too")
    options = parser.parse_args()
    installed = importlib.util.find_spec("openvino") is not None
    variants = [variant for variant in VARIANTS if installed or variant[0] is not Runtime.OPENVINO]
    with tempfile.TemporaryDirectory() as folder:
        os.environ[CACHE] = folder
        found = measure(untrained_bundles(Path(folder), variants), options.seconds)
    console = Console(width=170)
    console.print(table(found))
    shown, _ = aims(found)
    console.print(shown)
    console.print(f"Measured on {machine()}.")
    if options.write:
        options.write.write_text(replaced(options.write.read_text("utf-8"), "latency", markdown(found)), "utf-8")
    console.print("(a) and (b) start with random weights, which they need not read. OpenVINO's compiled graph is in its cache.")
    if not installed:
        console.print("OpenVINO is not installed: pip install 'overread\\[openvino]'")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
