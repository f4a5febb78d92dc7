"""The policy's shorter windows for cases that bear a flag (child protection), and who has been served a longer one.

A sign in the opening mail or the word of any party sets the flag; only the executive lead's word takes it away. It
says what a window would be and when it would end; acts.py changes the clock and tells the people.
"""

from __future__ import annotations

from datetime import datetime

from bot.case.draft import Draft
from bot.model import Due, State, Window
from bot.rules import workdays
from bot.rules.policy import Policy, Stage
from bot.rules.policy_blocks import Track

WAITING = (State.AWAITING_RESPONSE, State.PROVISIONAL)


def track_of(policy: Policy, flags: tuple[str, ...], stage: Stage) -> Track | None:
    """The track that applies at this stage to a case with these flags."""
    tracks = (t for t in policy.tracks if t.flag in flags and (not t.stages or stage.id in t.stages))
    return next(tracks, None)


def flagged(d: Draft) -> tuple[str, ...]:
    """Flags of this case that shorten its time at some stage: the raiser is asked whether they are right."""
    return tuple(t.flag for t in d.rules.policy.tracks if t.flag in d.case.flags)


def own_window(d: Draft, stage: Stage, start: datetime) -> Window | None:
    """The stage's own window, or its track's where that ends sooner; None where the challenge says how long."""
    if not isinstance(stage.respond_within, Window):
        return None
    own = Window(stage.respond_within.n, stage.respond_within.unit, stage.source)
    track = track_of(d.rules.policy, d.case.flags, stage)
    if track is None:
        return own
    ends = [workdays.due(window, start, d.rules.calendar).at for window in (track.window, own)]
    return track.window if ends[0] <= ends[1] else own


def shortened(d: Draft) -> tuple[Due, Window] | None:
    """The running stage's end by its track, counted from now, where that is sooner: a word has just set the flag."""
    track = track_of(d.rules.policy, d.case.flags, d.stage)
    if track is None or d.case.due is None or d.case.state not in WAITING:
        return None
    due = workdays.due(track.window, d.now, d.rules.calendar)
    return (due, track.window) if due.at < d.case.due else None


def was_shortened(d: Draft, flag: str) -> bool:
    """Whether the running stage's window is that flag's track's."""
    track = track_of(d.rules.policy, (flag,), d.stage)
    run = d.case.run
    ours = (track.window.n, track.window.unit) if track else None
    return run is not None and run.window is not None and ours == (run.window.n, run.window.unit)
