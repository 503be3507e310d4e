"""Under load, with poison among the films: does every caller get the answer that it would get alone? ``python -m bench.load``."""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import random
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from model_code.predictor import Predictor
from tests.bank.good import phantoms
from tests.cli import serving
from tests.films import dicom, png, ramp, real_film

POISON: Final = 0.05
AIM: Final = "0"
PASSES: Final = (1, 2, 4, 8)
ROUNDS: Final = 5
SIDE: Final = 1024


@dataclass(frozen=True)
class File:
    """Something to send, and the answer that it gets alone."""

    content: bytes
    poison: bool
    expected: str


@dataclass
class Seen:
    """What the clients of one window were answered."""

    clients: int
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    wrong: int = 0
    poison: int = 0

    @property
    def throughput(self) -> float:
        return self.statuses[200] / self.seconds

    @property
    def failed(self) -> int:
        """5xx other than 503, and connections that broke (counted as 599)."""
        return sum(count for status, count in self.statuses.items() if status >= 500 and status != 503)

    def add(self, other: Seen) -> None:
        self.seconds += other.seconds
        self.latencies += other.latencies
        self.statuses += other.statuses
        self.wrong, self.poison = self.wrong + other.wrong, self.poison + other.poison


def good_films(count: int) -> list[bytes]:
    """Phantoms as PNG of 1024 x 1024, and the real chest film as DICOM."""
    large = [Image.fromarray(film).resize((SIDE, SIDE), Image.Resampling.BICUBIC) for film in phantoms(count, 77)]
    return [png((np.clip(np.asarray(film), 0, 1) * 255).astype(np.uint8)) for film in large] + [real_film("RG1_UNCR.dcm")]


def poison() -> list[bytes]:
    """What must harm nobody: cut, empty, random, of no pixels, said to be enormous, and a leg."""
    film = png(ramp(8))
    enormous = film[:16] + (65535).to_bytes(4, "big") * 2 + film[24:]
    rng = random.Random(3)
    return [film[: len(film) // 2], b"", rng.randbytes(200_000), dicom(None), enormous, real_film("RG3_UNCR.dcm")]


def compared(reading: str | bytes) -> str:
    """A Reading without its own name and times."""
    return json.dumps({key: value for key, value in json.loads(reading).items() if key not in ("id", "timing_ms")})


def files_for(predictor: Predictor, films: Sequence[bytes], harm: Sequence[bytes]) -> list[File]:
    return [
        File(content, poisoned, compared(predictor.read(content).to_json()))
        for poisoned, contents in ((False, films), (True, harm))
        for content in contents
    ]


def window(address: str, files: Sequence[File], *, clients: int, seconds: float, share: float, seed: int) -> Seen:
    """So many clients, each asking again as soon as it is answered."""
    seen, lock, sent = Seen(clients), threading.Lock(), itertools.count(int(1 / share) - 1 if share else 0)
    good, bad = [file for file in files if not file.poison], [file for file in files if file.poison]
    started = time.perf_counter()

    def client(number: int) -> None:
        rng = random.Random(seed * 1000 + number)
        own = Seen(1)
        while time.perf_counter() - started < seconds:
            turn = next(sent)  # one count for all clients, so that the share is exact and every kind of poison has its turn
            file = bad[int(turn * share) % len(bad)] if int(turn * share) < int((turn + 1) * share) else rng.choice(good)
            asked = time.perf_counter()
            status, body, pause = invoke(address, file.content)
            own.latencies += [time.perf_counter() - asked] if status == 200 else []
            own.statuses[status] += 1
            own.poison += file.poison
            own.wrong += status == 200 and compared(body) != file.expected
            time.sleep(pause)
        with lock:
            seen.add(own)

    threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen.seconds = time.perf_counter() - started
    return seen


def invoke(address: str, content: bytes) -> tuple[int, bytes, float]:
    """Status, body and how long to wait before asking again; status 599 where the connection broke."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request("POST", "/invocations", content, {"Content-Type": "application/dicom"})
        response = connection.getresponse()
        return response.status, response.read(), float(response.headers.get("Retry-After") or 0)
    except OSError:
        return 599, b"", 0.1
    finally:
        connection.close()


def load_table(alone: Seen, load: Seen, *, films_a_pass: float) -> Table:
    shown = Table(
        "", "1 client", f"{load.clients} clients", "ratio", "aim", title="The server under load, with poison among the films"
    )
    rates = [seen.throughput for seen in (alone, load)]
    shown.add_row("answers a second", *(f"{rate:.1f}" for rate in rates), f"{rates[1] / rates[0]:.2f}", "> 1")
    for name, share in (("p50", 50), ("p95", 95), ("p99", 99)):
        times = [float(np.percentile(seen.latencies, share)) * 1000 for seen in (alone, load)]
        aim = f"< {load.clients}" if share == 50 else ""  # as long as all the others take one after the other
        shown.add_row(f"{name}, ms", *(f"{one:.0f}" for one in times), f"{times[1] / times[0]:.2f}", aim)
    shown.add_row("answers", *(str(seen.statuses[200]) for seen in (alone, load)))
    shown.add_row("of them poison", *(str(seen.poison) for seen in (alone, load)))
    shown.add_row("[bold]wrong answers", *(str(seen.wrong) for seen in (alone, load)), "", AIM)
    shown.add_row("[bold]failures (5xx but 503)", *(str(seen.failed) for seen in (alone, load)), "", AIM)
    shown.add_row("sent away (503)", *(str(seen.statuses[503]) for seen in (alone, load)))
    shown.add_row("films a pass, mean", "", f"{films_a_pass:.2f}")
    return shown


def pass_table(predictor: Predictor, film: bytes) -> Table:
    """Does it pay to score films together? The same eight films in passes of several sizes, in turn."""
    images = [predictor.decode(film)] * max(PASSES)
    alone = predictor.predict(images[0])
    spent: dict[int, list[float]] = {size: [] for size in PASSES}
    apart = dict.fromkeys(PASSES, 0.0)
    for _ in range(ROUNDS):
        for size in PASSES:
            started = time.perf_counter()
            scores = [
                one for first in range(0, len(images), size) for one in predictor.predict_many(images[first : first + size])
            ]
            spent[size].append((time.perf_counter() - started) / len(images) * 1000)
            apart[size] = max(apart[size], *(float(np.abs(one.logits - alone.logits).max()) for one in scores))
    shown = Table(
        "films a pass", "ms a film", "ratio to one by one", "largest difference of a logit", title="Scoring films together"
    )
    for size in PASSES:
        middle = float(np.median(spent[size]))
        shown.add_row(str(size), f"{middle:.1f}", f"{middle / float(np.median(spent[1])):.2f}", f"{apart[size]:.1g}")
    return shown


def mean_films_a_pass(address: str) -> float:
    with urllib.request.urlopen(f"{address}/metrics", timeout=60) as response:  # noqa: S310  our own server
        lines = response.read().decode().splitlines()
    found = dict(line.split() for line in lines if line.startswith(("overread_films_a_pass_sum", "overread_films_a_pass_count")))
    return float(found["overread_films_a_pass_sum"]) / max(1.0, float(found["overread_films_a_pass_count"]))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bundle", type=Path, default=Path("demo/bundle"), help="a complete bundle (make demo makes one)")
    parser.add_argument("--seconds", type=float, default=60, help="of load; one client alone is measured for half of it")
    parser.add_argument("--clients", type=int, default=8)
    options = parser.parse_args(arguments)
    predictor = Predictor.setup(options.bundle)
    films = good_films(12)
    files = files_for(predictor, films, poison())
    console = Console(width=130)
    alone, load = Seen(1), Seen(options.clients)
    with tempfile.TemporaryDirectory() as folder, serving(options.bundle, Path(folder) / "log") as address:
        window(address, files, clients=1, seconds=min(2.0, options.seconds), share=POISON, seed=0)  # warm
        for part in range(2):  # in turn, so that both see the machine as it is
            for seen, length in ((alone, options.seconds / 4), (load, options.seconds / 2)):
                seen.add(window(address, files, clients=seen.clients, seconds=length, share=POISON, seed=part + 1))
        console.print(load_table(alone, load, films_a_pass=mean_films_a_pass(address)))
    console.print(pass_table(predictor, films[0]))
    return int(any(seen.wrong or seen.failed or not seen.statuses[200] for seen in (alone, load)))


if __name__ == "__main__":
    raise SystemExit(main())
