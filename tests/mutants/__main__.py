"""How much the tests notice: `python -m tests.mutants [--seed N] [--count N] [--only ROOM] [--reach FILE]`, and more.

Random small faults, the same for the same seed and sources, are put into a copy of the bot one by one. Every survivor
is printed with its place; a survivor that changes what the bot does wants a test. It changes nothing of the checkout.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.mutants.faults import Fault, faults
from tests.mutants.run import ROOT, Copy, Unusable

ROOMS = ("rules", "case", "engine", "store")


def main() -> int:
    asked = _asked()
    chosen = choose(asked.seed, asked.count, asked.only)[asked.after :]
    until = time.monotonic() + asked.minutes * 60
    ended: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = Copy(Path(folder), near=asked.near)
        try:
            copy.learn(asked.reach or Path(folder, "reach.json"))
        except Unusable as error:
            say(str(error))
            return 2
        for fault in chosen:
            if time.monotonic() > until:
                break
            try:
                found = copy.try_out(fault)
            except Unusable as error:
                ended["unsure"] += 1
                say(f"unsure, {error}: {said(fault)}")
                continue
            ended[found.how] += 1
            if found.how == "survived":
                say(said(fault))
            elif asked.verbose:
                say(f"{found.how} by {found.by} after {found.seconds:.0f} s: {said(fault)}")
    killed, late = ended["killed"] + ended["timed out"], ended["timed out"]
    say(f"{ended.total()} mutants, {killed} killed ({late} of them by time), {ended['survived']} survived")
    if ended["unsure"]:
        say(f"{ended['unsure']} are unsure: what noticed them failed without them as well")
    if ended.total() < len(chosen):
        say(f"{len(chosen) - ended.total()} were not tried: the {asked.minutes:g} minutes were over")
    return 0


def choose(seed: int, count: int, only: str = "") -> list[Fault]:
    """So many faults by chance of all that these rooms can have, each kind as often as any other."""
    rooms = (only,) if only else ROOMS
    files = sorted(p for room in rooms for p in (ROOT / "bot" / room).rglob("*.py") if "migrations" not in p.parts)
    kinds: dict[str, list[Fault]] = {}
    for path in files:
        for fault in faults(path):
            kinds.setdefault(fault.what, []).append(fault)
    chance, chosen = random.Random(seed), list[Fault]()
    while kinds and len(chosen) < count:
        what = chance.choice(sorted(kinds))
        left = kinds[what]
        chosen.append(left.pop(chance.randrange(len(left))))
        if not left:
            del kinds[what]
    return chosen


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def said(fault: Fault) -> str:
    before, after = (" ".join(text.split()) for text in (fault.before, fault.after))
    return f"{fault.path.relative_to(ROOT)}:{fault.line}: {fault.what}\n    - {before}\n    + {after}"


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description="How much the tests notice.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--after", type=int, default=0, help="goes on after the first so many of the same choice")
    parser.add_argument("--reach", type=Path, help="keeps here which tests call what, or knows it from here")
    parser.add_argument("--minutes", type=float, default=60, help="no mutant is begun after so many")
    parser.add_argument("--only", choices=("", *ROOMS), default="", help="one room")
    parser.add_argument(
        "--near", action="store_true", help="only the tests that name the file itself: quick, and strict"
    )
    parser.add_argument("--verbose", action="store_true", help="the killed ones too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
