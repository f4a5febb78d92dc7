"""A run: one life of the real daemon, whose database dies again and again; then quiet, and what the judge says.

When it dies is drawn by the seed: as a mail comes, or as the mail server is at a stage of a letter, in that very moment
or a little later. People write on meanwhile, and the daemon is asked nothing. It waits for nothing but what the
servers, the people and the life tell.
"""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from enum import Enum
from pathlib import Path

from tests.failover.pair import Pair
from tests.servers.dovecot import Dovecot
from tests.storm.storm import QUIET, TOO_LONG, Outcome, Say, Storm

#: When it dies: at a new mail, or at a command of a letter; see sink.py. Then at once, or up to so many seconds later.
MOMENTS, LATER = ("COMES", "MAIL", "DATA", "DOT"), 0.5
#: The daemon's clock jumps between two deaths, by so many minutes at most: less than what the operator hears of.
JUMP = 15
#: A moment that has not come after so many seconds is not waited for.
SOON = 20.0
#: Between two deaths at least so many letters go, within so many seconds: else no work would be hit.
AGAIN, AT_WORK = 1, 60.0


class Death(Enum):
    """What becomes of the primary."""

    CRASH = "crashes"
    PROMOTION = "promotions"


class Failover(Storm):
    """The storm's town and people, with one life in place of many."""

    def __init__(self, root: Path, server: Dovecot, pair: Pair, seed: int) -> None:
        self._pair = pair
        self._awaited = ""
        self._is_prompt = False
        self._come = threading.Event()
        super().__init__(root, server, pair.create("bot"), seed)

    def fail(self, crashes: int, promotions: int, say: Say = lambda _: None) -> Outcome:
        """So many deaths in an order that the seed draws; then lives that are left alone, and the end."""
        began = time.monotonic()
        deaths = [Death.CRASH] * crashes + [Death.PROMOTION] * promotions
        self._luck.shuffle(deaths)
        self._begin(None)
        code = self._lived(TOO_LONG, lambda: self._is_ready)
        count = 0
        for count, death in enumerate(deaths, 1):
            code = self._dies(death) if code is None else code
            if code is not None:
                break
            if count % 10 == 0:
                say(f"{count} deaths in {time.monotonic() - began:.0f} s, {len(self._sink.taken)} letters")
        self._over_with(code)
        self._calm()
        found = self._judged()
        verified, said = self._verify()
        seconds = time.monotonic() - began
        return Outcome(found, verified == 0, said, count, self._starts, seconds, self._where, self._ended)

    def _dies(self, death: Death) -> int | None:
        """One death, at a moment that is drawn, until all is whole again. The life's exit code, if it ended."""
        self._page.jump(timedelta(minutes=JUMP * self._luck.random()))
        self._await(self._luck.choice(MOMENTS), is_prompt=self._luck.random() < 0.5)
        code = self._lived(SOON, self._come.is_set)
        with self._lock:
            moment, self._awaited = self._awaited, ""
        if code is None and not self._is_prompt:
            code = self._lived(LATER * self._luck.random())
        if moment or not self._is_prompt:
            self._pair.primary.die()
        self._where[f"{death.value} {'by the clock' if moment else 'in time'}"] += 1
        with ThreadPoolExecutor(1) as helper:
            back = self._pair.promote if death is Death.PROMOTION else self._pair.come_back
            done = helper.submit(back)
            code = self._lived(3 * TOO_LONG, done.done) if code is None else code
            done.result()
        went = len(self._sink.taken) + AGAIN
        return self._lived(AT_WORK, lambda: len(self._sink.taken) >= went) if code is None else code

    def _await(self, moment: str, *, is_prompt: bool) -> None:
        with self._lock:
            self._awaited, self._is_prompt = moment, is_prompt
            self._come.clear()

    def _reached(self, moment: str) -> None:
        """The mail server's thread says nothing to the daemon while this runs: what is hit promptly is hit there."""
        with self._lock:
            if moment != self._awaited:
                return
            self._awaited = ""
        if self._is_prompt:
            self._pair.primary.die()
        self._come.set()

    def _over_with(self, code: int | None) -> None:
        """The life that saw it all ends as it is asked to, when it has nothing to do any more."""
        if code is None:
            code = self._lived(TOO_LONG, self._idle(QUIET))
        if code is None:
            self._forks.signal(signal.SIGTERM)
            code = self._forks.ended(30)
            if code == 0:
                return
        self._ended.append(f"the life ended with {code}")
        self._forks.signal(signal.SIGKILL)


def summary(outcome: Outcome) -> str:
    """The one line at the end."""
    v = outcome.verdict
    return (
        f"{', '.join(f'{count} {where}' for where, count in sorted(outcome.where.items()))}; {outcome.seconds:.0f} s:"
        f" {v.challenges} challenges, {v.letters} letters handed over, {len(v.lost)} lost, {len(v.tripled)} tripled,"
        f" {len(v.doubled)} doubled ({len(v.unexcused)} of them though a 250 was read), {len(v.misplaced)} misplaced;"
        f" {'intact' if outcome.intact else 'NOT INTACT'}"
    )
