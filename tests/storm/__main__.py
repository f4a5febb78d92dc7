"""`make storm`: KILLS=n kills (500 else) on DATABASE=sqlite or postgresql, from the seed SEED (1 else).

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

from tests.servers import dovecot, postgres
from tests.storm.storm import Storm, summary


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    given.add_argument("--kills", type=int, default=500)
    given.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--keep", action="store_true", help="leave the folder, with the daemon's log")
    args = given.parse_args()
    memory = Path("/dev/shm")
    root = Path(tempfile.mkdtemp(prefix="storm-", dir=memory if os.access(memory, os.W_OK) else None))
    root.chmod(0o755)
    with ExitStack() as stack:
        if not args.keep:
            stack.callback(shutil.rmtree, root)
        server = stack.enter_context(dovecot.running())
        url = f"sqlite:///{root}/var/bot.db"
        if args.database == "postgresql":
            url = stack.enter_context(postgres.running()).create()
        storm = Storm(root, server, url, args.seed)
        stack.callback(storm.close)
        outcome = storm.run(args.kills, say)
        for wrong in (*outcome.ended, *outcome.verdict.wrong):
            say(f"  {wrong}")
        if not outcome.intact:
            say(outcome.verified)
        say("; ".join(f"{count} {where}" for where, count in sorted(outcome.where.items())))
        say(f"{args.database}, seed {args.seed}, load {os.getloadavg()[0]:.1f}: {summary(outcome)}")
        if args.keep:
            say(f"kept: {root}")
        return 0 if outcome.is_clean else 1


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
