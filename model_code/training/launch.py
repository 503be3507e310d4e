"""``torchrun``, but for how it ends: as its processes did, not with a traceback and exit code 1 whatever happened.

Told to stop, ``torchrun`` hands SIGTERM on and waits 30 seconds for its processes to save. Then it raises; here that is exit code
143, as of one process. Where a process failed, its exit code (1, or 2 for wrong use) is this one's; what was wrong it has said.
"""

from __future__ import annotations

import sys

from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
from torch.distributed.run import main

if __name__ == "__main__":
    try:
        main()
    except SignalException as stopped:
        sys.exit(128 + stopped.sigval)
    except ChildFailedError as failed:
        _, first = failed.get_first_failure()
        sys.exit(first.exitcode if first.exitcode > 0 else 128 - first.exitcode)
