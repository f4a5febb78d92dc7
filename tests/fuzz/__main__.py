"""`make fuzz`: FUZZ=n hostile mails (100,000 else) through the reading process, from the seed SEED.

Each that goes wrong is kept in build/fuzz/ under its own digest, so that it can be read again; exit 1 then. The slowest
is kept too, where it came near its limit.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

from tests.corpus.labelled import ROOM, folder
from tests.fuzz.run import SLOW, Found, fuzz, seeds

KEPT = Path("build/fuzz")
EVERY = 5000


def main() -> int:
    count, seed = int(os.environ.get("FUZZ", "100000")), int(os.environ.get("SEED", "1"))
    if folder() is None:
        say(f"{ROOM} names no labelled mails: only our own samples are broken up")
    say(f"{count} hostile mails from {len(seeds())} honest ones, seed {seed}")
    began = time.monotonic()
    found = fuzz(count, seed, lambda done: say(f"  {done}") if done % EVERY < 32 and done >= EVERY else None)
    say(
        f"{found.cases} in {time.monotonic() - began:.0f} s: {len(found.deaths)} killed the reader,"
        f" {len(found.stumbles)} made it stumble, {found.late} honest mails were late; slowest {found.slowest:.2f} s,"
        f" longest wait behind a batch {found.longest_wait:.2f} s, most memory {found.memory >> 20} MB"
    )
    _keep(found)
    return 0 if found.is_clean else 1


def _keep(found: Found) -> None:
    slow = [("slow", found.slowest_mail)] if found.slowest > SLOW else []
    for why, raw in (*(("killed", raw) for raw in found.deaths), *found.stumbles, *slow):
        KEPT.mkdir(parents=True, exist_ok=True)
        path = KEPT / f"{hashlib.sha256(raw).hexdigest()[:16]}.eml"
        path.write_bytes(raw)
        say(f"  {why}: {path}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
