"""The policy's shorter windows for cases that bear a flag: child protection, or what the raiser calls urgent.

A sign in the opening mail or the word of any party sets child protection, and only the executive lead's word takes it
away; URGENT is the raiser's own. It says what a window would be and when it would end; acts.py and protection.py change
the clock and tell the people.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.case.draft import Draft
from bot.model import Due, State, Window
from bot.rules import workdays
from bot.rules.policy import Stage

WAITING = (State.AWAITING_RESPONSE, State.PROVISIONAL)


def flagged(d: Draft) -> tuple[str, ...]:
    """Flags of this case that shorten its time at some stage: the raiser is asked whether they are right."""
    return tuple(t.flag for t in d.rules.policy.tracks if t.flag in d.case.flags and t.flag == "child_protection")


def own_window(d: Draft, stage: Stage, start: datetime) -> Window | None:
    """The stage's own window, or its track's where that ends sooner; None where the challenge says how long."""
    short = track_window(d, stage)
    if not isinstance(stage.respond_within, Window):
        return short
    own = replace(stage.respond_within, source=stage.source)
    return sooner(d, short, own, start) if short else own


def track_window(d: Draft, stage: Stage) -> Window | None:
    """What the case's flags shorten this stage to, None where they do not."""
    track = d.rules.policy.track(d.case.flags, stage.id)
    return track.at(stage.id) if track else None


def sooner(d: Draft, one: Window, other: Window, start: datetime) -> Window:
    """Whichever ends first; the first of equals."""
    ends = [workdays.due(window, start, d.rules.calendar).at for window in (one, other)]
    return one if ends[0] <= ends[1] else other


def shortened(d: Draft) -> tuple[Due, Window] | None:
    """The running stage's end by its track, counted from now, where that is sooner: a word has just set the flag."""
    window = track_window(d, d.stage)
    if window is None or d.case.due is None or d.case.state not in WAITING:
        return None
    due = workdays.due(window, d.now, d.rules.calendar)
    return (due, window) if due.at < d.case.due else None


def was_shortened(d: Draft, flag: str) -> bool:
    """Whether the running stage's window is that flag's track's, or was asked for as if it were."""
    run, policy = d.case.run, d.rules.policy
    windows = [w for t in policy.tracks if t.flag == flag for w in (t.window, *t.windows.values())]
    if run is None or run.window is None:
        return False
    ours = any((w.n, w.unit) == (run.window.n, run.window.unit) for w in windows)
    return ours and (flag in d.case.flags or not policy.intake.tiers)


#: Flags that say that the child's status is known.
KNOWN = frozenset({"child_protection", "child_protection_plan", "looked_after"})


def set_by_subject(d: Draft, subject: str) -> None:
    """The flags whose tracks the opening mail's subject names in the policy's words."""
    said = f" {subject.casefold()} "
    d.flag(*(t.flag for t in d.rules.policy.tracks if any(word.casefold() in said for word in t.words)))


def has_urgent(d: Draft) -> bool:
    """Whether the policy has a track of its own for what is urgent."""
    return any(t.flag == "urgent" for t in d.rules.policy.tracks)
