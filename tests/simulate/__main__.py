"""`make simulate`: YEARS=n team-years (50 else) from the seed SEED, on two processes; one line, exit 1 on a fault.

With SEED alone given (and no YEARS) that one world is played again and, where it fails, made short: what is left of it
is listed, with the property that does not hold. A long run says how far it is, and does so when it is stopped as well.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.simulate.run import OF_A_WORLD, Result, many, play, shrink

SHRINK_SECONDS = 300.0
#: After so many worlds of a long run a line says how far it is.
EVERY = 25


def main() -> int:
    given = argparse.ArgumentParser(prog="python -m tests.simulate", description=__doc__)
    given.add_argument("--years", type=int, default=0, help="team-years")
    given.add_argument("--seed", type=int, default=None)
    given.add_argument("--jobs", type=int, default=2)
    args = given.parse_args()
    if args.seed is not None and not args.years:
        return _again(args.seed)
    first, years = args.seed or 1, args.years or 50
    began = time.monotonic()
    results: list[Result] = []
    try:
        for one in many(range(first, first + years), OF_A_WORLD, args.jobs):
            results.append(one)
            if not one.is_clean:
                say(f"seed {one.seed}: {one.said}")
            if len(results) % EVERY == 0 and len(results) < years:
                say(_line(first, results, time.monotonic() - began))
    except KeyboardInterrupt:
        say(f"stopped at {len(results)} of {years}")
        if not results:
            return 1
    say(_line(first, results, time.monotonic() - began))
    failed = [one for one in results if not one.is_clean]
    for one in failed[:1]:
        _shorten(one)
    return 1 if failed else 0


def _line(first: int, results: list[Result], seconds: float) -> str:
    failed = [str(one.seed) for one in results if not one.is_clean]
    load, cpu, years = os.getloadavg()[0], sum(r.seconds for r in results), sum(r.years for r in results)
    return (
        f"{years:.0f} team-years from seed {first} in {seconds:.0f} s, {cpu / years:.1f} CPU s each (load {load:.1f}):"
        f" {sum(r.cases for r in results)} cases, {sum(r.mails for r in results)} mails,"
        f" {sum(r.letters for r in results)} letters, {sum(r.lives for r in results)} lives,"
        f" {sum(r.faults for r in results)} faults, {sum(r.turns for r in results)} turns;"
        f" {len(failed)} worlds with a violation{f': make simulate SEED={failed[0]}' if failed else ''}"
    )


def _again(seed: int) -> int:
    one = play(seed)
    if one.is_clean:
        say(_line(seed, [one], one.seconds))
        return 0
    say(f"seed {seed}: {one.said}")
    _shorten(one)
    return 1


def _shorten(failed: Result) -> None:
    shortest, dropped = shrink(failed, SHRINK_SECONDS, lambda some: play(failed.seed, failed.years, some))
    say(f"shortest found: {len(shortest.events)} of {len(failed.events)} events ({len(dropped)} left out)")
    for key in shortest.events:
        say(f"  {key}")
    say(f"  {shortest.said}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
