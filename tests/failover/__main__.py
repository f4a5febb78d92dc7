"""`make failover`: CRASHES=n of the primary (100 else) and PROMOTIONS=m of its standby (20 else), from the seed SEED.

A line now and then, what is wrong in a sentence each, one line at the end; exit 1 where anything is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.failover import pair
from tests.failover.failover import Failover, summary
from tests.servers import dovecot
from tests.storm.__main__ import say


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m tests.failover", description=__doc__)
    given.add_argument("--crashes", type=int, default=100)
    given.add_argument("--promotions", type=int, default=20)
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--keep", action="store_true", help="leave the folder, with the daemon's log")
    args = given.parse_args()
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="failover-", dir=memory if os.access(memory, os.W_OK) else None))
    root.chmod(0o755)
    with ExitStack() as stack:
        if not args.keep:
            stack.callback(shutil.rmtree, root)
        server = stack.enter_context(dovecot.running())
        run = Failover(root, server, stack.enter_context(pair.running()), args.seed)
        stack.callback(run.close)
        outcome = run.fail(args.crashes, args.promotions, say)
        for wrong in (*outcome.ended, *outcome.verdict.wrong):
            say(f"  {wrong}")
        if not outcome.intact:
            say(outcome.verified)
        say(f"seed {args.seed}, load {os.getloadavg()[0]:.1f}: {summary(outcome)}")
        if args.keep:
            say(f"kept: {root}")
        return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
