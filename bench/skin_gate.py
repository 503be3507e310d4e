"""Does the gate of the skin tasks refuse what is no dermoscopy? ``python -m bench.skin_gate``, without a bundle or a network.

The gate alone is fitted on phantoms: on many, and on as few as a small validation split has. A bundle with its own gate and
network is judged on the same pictures by ``python -m bench.gate --bundle …``.
"""

from __future__ import annotations

import argparse

import numpy as np
from rich.console import Console
from rich.table import Table

from bench.gate import PASSED, REFUSED, Answer, bank, cost, table
from model_code.contract import Task
from model_code.data.images import decode
from model_code.errors import ImageError
from model_code.film_gate.dermoscopy import DermoscopyGate
from model_code.film_gate.fit_dermoscopy import fit_dermoscopy_gate
from model_code.film_gate.picture import reduced
from tests.bank import Kinds
from tests.bank.skin import dermoscopies
from tests.bank.skin_photographs import PHOTOGRAPHS, PHOTOGRAPHS_CUT

FEW, MANY = 40, 120
"""Validation pictures that the gate is fitted on."""
FIT_SEED = 5001
SIDE = 64
"""Pixels that the network would look at."""


def fitted(count: int) -> DermoscopyGate:
    """A gate that knows that many phantoms, and no embedding that it would complain of."""
    pictures = [reduced(picture) for picture in dermoscopies(count, FIT_SEED)]
    return fit_dermoscopy_gate(pictures, np.random.default_rng(0).normal(size=(count, 8)).astype(np.float32), side=SIDE)


def alone(gate: DermoscopyGate) -> Answer:
    """What a gate says where no network is asked."""

    def answer(data: bytes) -> str:
        try:
            reasons = gate.reasons(decode(data), gate.embeddings.mean)
        except ImageError as error:
            return error.code
        return next((reason.code for reason in reasons), "read")

    return answer


def share(kinds: Kinds, answer: Answer, *, refuse: bool) -> float:
    """Of all pictures, how many are answered as they should be."""
    return float(np.mean([(answer(data) == "read") != refuse for files in kinds.values() for data in files.values()]))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.skin_gate", description=__doc__)
    parser.add_argument("--count", type=int, default=12, help="pictures of each drawn kind (default: %(default)s)")
    options = parser.parse_args()
    console = Console(width=130)
    gates = {count: fitted(count) for count in (FEW, MANY)}
    for held_out, part in ((False, "development"), (True, "held out")):
        bad, fine = bank(Task.SKIN8, held_out=held_out, count=options.count)
        console.print(table(f"Wrong pictures, {part}, gate fitted on {MANY}", bad, alone(gates[MANY]), refuse=True)[0])
        console.print(table(f"Good pictures, {part}, gate fitted on {MANY}", fine, alone(gates[MANY]), refuse=False)[0])
    shown = Table("fitted on", "wrong refused", "photographs", "photographs, cut", "good passed", title="Held out")
    reached = True
    for count, gate in gates.items():
        wrongs = (bad, {PHOTOGRAPHS: bad[PHOTOGRAPHS]}, {PHOTOGRAPHS_CUT: bad[PHOTOGRAPHS_CUT]})
        refused = [share(kinds, alone(gate), refuse=True) for kinds in wrongs]
        passed = share(fine, alone(gate), refuse=False)
        shown.add_row(f"{count} pictures", *(f"{value:.1%}" for value in (*refused, passed)))
        reached &= min(refused) >= REFUSED and passed >= PASSED
    shown.add_section()
    shown.add_row("aim", *(f">= {REFUSED:.0%}" for _ in wrongs), f">= {PASSED:.0%}")
    console.print(shown)
    console.print(cost(gates[MANY], channels=3))
    return int(not reached)


if __name__ == "__main__":
    raise SystemExit(main())
