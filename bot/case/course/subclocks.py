"""Starts, stops and answers a stage's other clocks: a reminder to those it runs on, a flag, and a note to the others.

None of them ever calls in a stage: that is the lapse of the stage's own window (stages.py). How long they are is
making/clocks.py.
"""

from collections.abc import Callable, Collection

from bot.case.making.clocks import KIND, ends, runs
from bot.case.making.draft import Draft
from bot.model import AlarmKind, Contact, Deadline, Flag
from bot.model.letters import Chaser, Information
from bot.rules import workdays
from bot.rules.authority import Side
from bot.rules.policy.blocks import Clock


def start(d: Draft, event: str) -> None:
    """Those that start with this: enter (the stage's clock begins, maybe afresh), response or resolved."""
    clocks = d.stage.clocks
    _keep(d, lambda a: clocks[a.item].starts != event)
    for n, clock in enumerate(clocks):
        if clock.starts == event and runs(d.case, clock):
            due = ends(d.case, d.rules, clock, d.now)
            d.alarm(AlarmKind.CLOCK, due.at, f"{clock.says}: {due.why}", item=n)


def stop(d: Draft, event: str, side: str = "") -> None:
    """Those that this ends: a response, RECEIVED, MEETING, or a mail of the side that they run on."""
    clocks = d.stage.clocks
    _keep(d, lambda a: clocks[a.item].until != event or (event == "mail" and clocks[a.item].side != side))


def wrote(d: Draft, sender: str, stand: Collection[Side]) -> None:
    """A proven mail with something in it ends what waits for one: the challenged side's, or those who raise now."""
    if Side.RESPONDING in stand:
        stop(d, "mail", Side.RESPONDING)
    if any(d.rules.directory.same_person(sender, c.email) for c in _raising(d) or (d.case.raiser,)):
        stop(d, "mail", Side.RAISING)


def shorten(d: Draft) -> None:
    """A flag was set: each runs to its track's window from now, where that is sooner."""
    for row in d.case.deadlines:
        if row.kind is KIND:
            _shorten(d, row)


def _shorten(d: Draft, row: Deadline) -> None:
    due = ends(d.case, d.rules, d.stage.clocks[row.item], d.now)
    if due.at < row.at:
        d.drop_alarms(lambda other: other is row)
        d.alarm(AlarmKind.CLOCK, due.at, row.why, item=row.item)


def _keep(d: Draft, stays: Callable[[Deadline], bool]) -> None:
    d.drop_alarms(lambda row: row.kind is KIND and not stays(row))


def on_clock(d: Draft, n: int) -> None:
    """Its time has passed: those it runs on are reminded, the others and whom the policy names are told."""
    if n >= len(d.stage.clocks):
        return
    clock = d.stage.clocks[n]
    d.flag(Flag.PASSED, of=clock.id)
    ours, others = _people(d, clock)
    by = workdays.say(d.late or d.now, d.rules.calendar)
    is_local = clock.source == "local"
    asked = d.write(Chaser.Clock(says=clock.says, passed=by, local=is_local), ours)
    then = tuple(c for role in clock.then for c in d.holders((role,), "", ""))
    told = Information.Clock(says=clock.says, passed=by, local=is_local, side=clock.side)
    d.write(told, (*then, *others), after=(asked.key,) if asked else ())


def _people(d: Draft, clock: Clock) -> tuple[tuple[Contact, ...], tuple[Contact, ...]]:
    """Who is reminded, and who of the other side is told."""
    if Side(clock.side) is Side.RESPONDING:
        return d.responders, (d.case.raiser,)
    return _raising(d) or (d.case.raiser,), d.responders if d.stage.level == "agency" else ()


def _raising(d: Draft) -> tuple[Contact, ...]:
    """Who acts for the raiser's side at this stage."""
    return tuple(c for stage, side, c in d.case.people if stage == d.case.stage and side == Side.RAISING)
