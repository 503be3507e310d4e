"""``python -m operations.rehearse --env dev [--keep]``: deploys to an emulator on this machine, and uses what was deployed.

Exit code 0: every stack is complete and every exercise that it has something for was done. 1: something failed; the reason is
the last line. 2: wrong use. 130 or 143: interrupted; what was started has ended.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Starts the rehearsal in a session of its own, and turns whatever signals come into one end of its input.

    A terminal sends Ctrl-C to every process of its group, ``make`` sends SIGTERM a second time, and people press twice: in one
    process that would end the synthesis' Node first, and then the tidying up. The input also ends where this process is killed.
    """
    came: list[int] = []
    command = [sys.executable, "-m", "operations.rehearse.run", *(sys.argv[1:] if arguments is None else arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as child:  # noqa: S603  our own module
        assert child.stdin is not None
        leash = child.stdin

        def end(number: int, _: object) -> None:
            came.append(number)
            leash.close()

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, end)
        code = child.wait()
    if came:
        return 128 + came[0]
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main())
