"""`make fuzz`: FUZZ=n hostile mails (100,000 else) through the reading process, from the seed SEED (1 else).
`make fuzz WAY=intake`: FUZZ=n mutated mails (30,000 else) through intake, decision and letters.

Each that goes wrong is kept in build/fuzz/ under its own digest, so that it can be read again; exit 1 then. The slowest
is kept too, where it came near its limit.
"""

import hashlib
import logging
import os
import sys
import time
from pathlib import Path

import structlog

from bot.settings import settings
from tests.corpus.labelled import ROOM, folder
from tests.fuzz import intake
from tests.fuzz.run import CONFIG, SLOW, Found, fuzz, seeds

KEPT = Path("build/fuzz")
EVERY = 5000


def main(way: str) -> int:
    """0 where nothing was wrong, else 1; 2 for a way that there is not."""
    seed = int(os.environ.get("SEED") or 1)
    if folder() is None:
        say(f"{ROOM} names no labelled mails: only our own samples are broken up")
    if way == "intake":
        return through_intake(int(os.environ.get("FUZZ") or 30_000), seed)
    if way:
        say(f"there is no way {way}: leave it out, or say intake")
        return 2
    return through_reader(int(os.environ.get("FUZZ") or 100_000), seed)


def through_reader(count: int, seed: int) -> int:
    say(f"{count} hostile mails from {len(seeds())} honest ones, seed {seed}")
    began = time.monotonic()
    found = fuzz(count, seed, lambda done: say(f"  {done}") if done % EVERY < 32 and done >= EVERY else None)
    spent = time.monotonic() - began
    say(
        f"{found.cases} in {spent:.0f} s, {found.cases / spent:.0f} a second: {len(found.deaths)} killed the reader,"
        f" {len(found.stumbles)} made it stumble, {found.late} honest mails were late; slowest {found.slowest:.2f} s of"
        f" CPU, longest wait behind a batch {found.longest_wait:.2f} s, most memory {found.memory >> 20} MB"
    )
    if not found.is_cheap:
        say("THAT IS MORE THAN A MAIL MAY COST")
    _keep(found)
    return 0 if found.is_clean else 1


def through_intake(count: int, seed: int) -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    say(f"{count} mails through intake to decision, seed {seed}")
    found = intake.fuzz(count, seed, settings.load(CONFIG, dict(os.environ)), lambda done: say(f"  {done}"))
    ended = ", ".join(f"{kind} {number}" for kind, number in sorted(found.ended.items()))
    say(
        f"{found.mails} in {found.seconds:.0f} s, {found.mails / found.seconds:.1f} a second, in {found.worlds} worlds:"
        f" {ended}; {found.letters} letters; slowest {found.slowest:.2f} s; {len(found.wrong)} wrong"
    )
    for why, raw in found.wrong:
        say(f"  {why}: {_kept(raw)}")
    return 1 if found.wrong else 0


def _keep(found: Found) -> None:
    slow = [("slow", found.slowest_mail)] if found.slowest > SLOW else []
    for why, raw in (*(("killed", raw) for raw in found.deaths), *found.stumbles, *slow):
        say(f"  {why}: {_kept(raw)}")


def _kept(raw: bytes) -> Path:
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"{hashlib.sha256(raw).hexdigest()[:16]}.eml"
    path.write_bytes(raw)
    return path


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main("".join(sys.argv[1:])))
