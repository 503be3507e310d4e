"""``make demo``: the whole line once, on phantoms and on a real film, by the very commands that a person would type.

Steps that are done are not done again, as long as neither their command nor the code has changed. Exit code 0 only if all held.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parent
OUT: Final = ROOT / "demo"
DATA, BUNDLE = OUT / "data", OUT / "bundle"
BIN: Final = Path(sys.executable).parent
MINIMUM_AUROC: Final = 0.85

LINE: Final[dict[str, list[str]]] = {
    "1 phantom films": ["synthesize", "--task", "chest14", "--patients", "1150", "--seed", "7", "--out", str(DATA)],
    "2 train DenseNet-121": [
        *("train", "--task", "chest14", "--arch", "densenet121", "--image-size", "64", "--output-stride", "8", "--epochs", "5"),
        *("--data", str(DATA), "--out", str(BUNDLE), "--checkpoints", str(OUT / "checkpoints" / "{key}")),
    ],
    "3 export the graph": ["export", "--bundle", str(BUNDLE), "--data", str(DATA)],
    "4 calibrate on the validation split": ["calibrate", "--bundle", str(BUNDLE), "--data", str(DATA)],
    "5 evaluate the graph on the test split": [
        *("evaluate", "--bundle", str(BUNDLE), "--data", str(DATA), "--report", str(OUT / "evaluation")),
    ],
    "6 ask the gate": [
        *("gate", "--challenger", str(BUNDLE), "--data", str(DATA), "--evaluation", str(OUT / "evaluation")),
        *("--report", str(OUT / "gate")),
    ],
    "7 pack the evidence": [
        *("evidence", "--bundle", str(BUNDLE), "--data", str(DATA), "--evaluation", str(OUT / "evaluation")),
        *("--gate", str(OUT / "gate"), "--report", str(OUT / "evidence")),
    ],
}


class StepFailed(Exception):
    """A step did not hold; its text says what."""


def main() -> int:
    """Runs the demo; returns the exit code."""
    started = time.monotonic()
    OUT.mkdir(exist_ok=True)
    try:
        make_bundle()
        reading = read_films()
        serve_once(reading)
        synthesize_stacks()
    except StepFailed as failure:
        print(f"\ndemo: failed: {failure}", file=sys.stderr)
        return 1
    summary(time.monotonic() - started)
    return 0


def make_bundle() -> None:
    """Steps 1 to 7: from a seed to a bundle that may be served, and the evidence for it."""
    done_file = OUT / "steps.json"
    done: list[str] = json.loads(done_file.read_text()) if done_file.is_file() else []
    key = code_digest()
    keys: list[str] = []
    for name, arguments in LINE.items():
        key = hashlib.sha256(f"{key} {arguments}".encode()).hexdigest()
        keys.append(key)
        made = DATA.is_dir() and (BUNDLE.is_dir() or len(keys) == 1)  # the first step makes no bundle yet
        if done[: len(keys)] == keys and made:
            heading(f"{name}: already there, reused")
            continue
        heading(name)
        # other code trains anew; the same code goes on where it was interrupted
        run([str(BIN / "overread"), *(argument.replace("{key}", key[:12]) for argument in arguments)])
        done = list(keys)
        done_file.write_text(json.dumps(done))
    auroc = metrics()["macro_auroc"]["value"]
    check(auroc >= MINIMUM_AUROC, f"macro AUROC on the test split is {auroc}, less than {MINIMUM_AUROC}")


def read_films() -> dict[str, Any]:
    """Step 8: a real chest film is read, a real leg film is not."""
    heading("8 read a real chest film, and refuse a real leg film")
    overread = [str(BIN / "overread"), "predict", "--bundle", str(BUNDLE)]
    run([*overread, str(real_film("RG1_UNCR")), "--overlay", str(OUT / "overlay.png")])
    reading = json.loads(run([*overread, str(real_film("RG1_UNCR")), "--json"], show=False))
    leg = json.loads(run([*overread, str(real_film("RG3_UNCR")), "--json"], show=False))
    for name, answer in (("reading", reading), ("leg", leg)):
        (OUT / f"{name}.json").write_text(json.dumps(answer, indent=2) + "\n")
    check(reading["status"] == "read", f"the chest film was not assessed: {reading['reasons']}")
    check(leg["status"] == "not_assessed" and bool(leg["reasons"]), "the leg film was read as a chest film")
    print(f"leg film: {leg['status']}, {leg['reasons'][0]['code']}: {leg['reasons'][0]['detail']}")
    return dict(reading)


def serve_once(expected: dict[str, Any]) -> None:
    """Step 9: the server gives the same Reading over HTTP."""
    heading("9 serve, and ask once over HTTP")
    command = [str(BIN / "overread"), "serve", "--bundle", str(BUNDLE), "--port", "0"]
    with (OUT / "serve.log").open("w") as log, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            check(address.startswith("http://127.0.0.1:"), "the server did not start; see demo/serve.log")
            film = real_film("RG1_UNCR").read_bytes()
            request = urllib.request.Request(f"{address}/invocations", film, {"Content-Type": "application/dicom"})
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = json.load(response)
        finally:
            server.terminate()
    for volatile in ("id", "timing_ms"):
        expected, answer = {**expected, volatile: None}, {**answer, volatile: None}
    check(answer == expected, "the server's Reading differs from the command line's")
    print(f"POST {address}/invocations: the same Reading as step 8")


def synthesize_stacks() -> None:
    """Step 10: the dev environment's stacks, with HIPAA checks."""
    heading("10 synthesize the stacks of the dev environment, with HIPAA checks")
    run(["make", "--no-print-directory", "synth", "ENV=dev"])


def summary(seconds: float) -> None:
    """What was made, and where."""
    figures = metrics()
    macro, pointing = figures["macro_auroc"], figures["pointing"]
    heading(f"done in {seconds:.0f} s")
    print(
        f"macro AUROC on {figures['films']} phantom test films: {macro['value']:.3f} ({macro['low']:.3f} to {macro['high']:.3f})"
    )
    hits, films = pointing["hits"], pointing["films"]
    print(f"pointing: the map's peak lies inside the drawn sign in {hits} of {films} true positives ({hits / films:.0%})")
    for path, what in (
        ("demo/data/", "phantom films, manifest, places of the signs"),
        ("demo/bundle/", "the model bundle; start with MODEL_CARD.md"),
        ("demo/evidence/", "evidence.html: what a person who approves the model looks at"),
        ("demo/reading.json", "the Reading of the real chest film"),
        ("demo/overlay.png", "the same as a picture"),
        ("demo/leg.json", "the answer for the leg film: not assessed"),
        ("cdk.out/", "the CloudFormation templates of the dev environment"),
    ):
        print(f"  {path:<18} {what}")
    print("The model was trained on phantoms. It must not be used on people.")


def metrics() -> dict[str, Any]:
    """The figures that evaluate recorded in the bundle."""
    return dict(json.loads((BUNDLE / "bundle.json").read_text())["metrics"])


def code_digest() -> str:
    """Of the model line's code: other code makes other models."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "model_code").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def real_film(name: str) -> Path:
    """A film of the package ``pydicom-data``."""
    package = find_spec("data_store")
    check(package is not None, "the package pydicom-data is not installed; run: make setup")
    assert package is not None and package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "data" / f"{name}.dcm"


def run(command: list[str], *, show: bool = True) -> str:
    """Runs a command and fails the demo where it fails; returns its standard output when that is not shown."""
    done = subprocess.run(command, cwd=ROOT, text=True, stdout=None if show else subprocess.PIPE, check=False)
    check(done.returncode == 0, f"'{' '.join(command)}' ended with exit code {done.returncode}")
    return done.stdout or ""


def check(holds: bool, otherwise: str) -> None:
    """Ends the demo with one line where something does not hold."""
    if not holds:
        raise StepFailed(otherwise)


def heading(text: str) -> None:
    """A line that can be found again in a long output."""
    print(f"\n== {text} ==", flush=True)


if __name__ == "__main__":
    sys.exit(main())
