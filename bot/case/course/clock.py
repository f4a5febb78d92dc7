"""The running stage's clock: when it ends, why then, and when people are reminded.

Rules R1-R5: the earliest of stage window, ceiling and requested time; the ceiling gives way where it has passed or
leaves less than a working day. It writes no letter and enters no stage (stages.py).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta

from bot.case.course import subclocks
from bot.case.making.draft import Draft
from bot.model import WAITING, AlarmKind, Due, Flag, Unit, Window
from bot.rules import workdays
from bot.rules.policy.policy import Stage
from bot.rules.written import parse_window

#: Kinds of alarm that belong to a stage's clock.
CLOCK = (AlarmKind.CHASER, AlarmKind.LAPSE, AlarmKind.REPEAT, AlarmKind.PARENT_NOTE, AlarmKind.DELAYED)


def stage_due(
    d: Draft, stage: Stage, start: datetime, requested: Window | None, by: datetime | None, began: str = "received"
) -> Due:
    """The earliest of stage window, ceiling and requested time (R5), with the ceiling giving way where it must."""
    cal, policy = d.rules.calendar, d.rules.policy
    longest = longest_window(d, stage, start)
    limits: list[Due | None] = [_from_event(d, stage, longest, start) or workdays.due(longest, start, cal, began)]
    if requested is not None and (requested.n, requested.unit) != (longest.n, longest.unit):
        limits.append(workdays.due(requested, start, cal, began))
    if by is not None and by > start:
        limits.append(Due(by, f"the challenge asks for an answer by {workdays.say(by, cal)}"))
    note = policy.parent_note
    if policy.conflict == "shorter" and note is not None and stage.id == policy.first.id:
        limits.append(workdays.due(note.after, start, cal))
    for limit, top in tops(d, stage):
        least = workdays.due(Window(1, Unit.WORKING_DAYS), start, cal).at
        if top.at >= least or (limit.unit is not Unit.WORKING_DAYS and top.at > start):
            limits.append(top)
        else:
            d.flag(Flag.CEILING_GAVE_WAY)
    return workdays.earliest(*limits)


def _from_event(d: Draft, stage: Stage, window: Window, start: datetime) -> Due | None:
    """The window from the day that the stage counts from; None where it counts from its beginning, or the day is not
    known. At least an hour is left of hours, and of days what is left of the same working day."""
    day, cal = d.case.counted_from, d.rules.calendar
    if not stage.counts_from or day is None:
        return None
    end = workdays.due(window, day, cal, f"the {stage.counts_from} was")
    hour = Due(start + timedelta(hours=1), "an hour is left at least")
    least = hour if window.unit is Unit.HOURS else workdays.due(Window(0, Unit.WORKING_DAYS), start, cal)
    if end.at >= least.at:
        return end
    d.flag(Flag.LATE_START)
    return Due(least.at, f"{end.why}, which leaves no time; {least.why}")


def tops(d: Draft, stage: Stage) -> Iterator[tuple[Window, Due]]:
    """The latest ends of a stage: its own ceiling, the one it shares with others, and its track's."""
    cal, policy, case = d.rules.calendar, d.rules.policy, d.case
    if stage.ceiling is not None:
        yield stage.ceiling, workdays.ceiling(stage.ceiling, policy.used_at_opening, case.opened, cal)
    for shared in (c for c in policy.ceilings if stage.id in c.stages):
        first = next((r for r in case.runs if r.stage in shared.stages), None)
        began = case.opened if first is None or first is case.runs[0] else first.began or first.entered
        end = workdays.due(shared.within, began, cal)
        yield shared.within, Due(end.at, f"the {shared.within} that these stages share: {end.why}")
    track = policy.track(case.flags, stage.id)
    if track is not None and track.ceiling is not None:
        end = workdays.due(track.ceiling, case.opened, cal)
        yield track.ceiling, Due(end.at, f"the {track.ceiling} of the shorter course: {end.why}")


def longest_window(d: Draft, stage: Stage, start: datetime) -> Window:
    """The stage's own window, or the longest tier where the challenge says how long."""
    return own_window(d, stage, start) or longest_tier(d, start)


def longest_tier(d: Draft, start: datetime) -> Window:
    """The longest time a challenge may ask for; without tiers the first stage's own window."""
    return max(_tiers(d), key=lambda w: workdays.due(w, start, d.rules.calendar).at)


def shortest_tier(d: Draft, start: datetime) -> Window:
    return min(_tiers(d), key=lambda w: workdays.due(w, start, d.rules.calendar).at)


def _tiers(d: Draft) -> list[Window]:
    stage = d.rules.policy.first.respond_within
    own = stage if isinstance(stage, Window) else Window(24, Unit.HOURS)
    return [t.window for t in d.rules.policy.intake.tiers] or [own]


def begin(d: Draft, at: datetime) -> None:
    """The running stage's clock starts at `at`: due, chasers and lapse."""
    run = d.case.runs[-1]
    stage = d.rules.policy.stage(run.stage)
    began = "served" if at != d.case.opened else "received"
    due = stage_due(d, stage, at, run.window, run.by, began)
    d.start_clock(at)
    wind(d, due, at)
    subclocks.start(d, "enter")


def wind(d: Draft, due: Due, start: datetime) -> None:
    """Sets the running window's end and its reminders anew. An end on a day that nobody works says so: it stands."""
    off = workdays.off(due.at, d.rules.calendar)
    due = Due(due.at, f"{due.why}; {off}, and the time is not moved") if off else due
    d.quiet(AlarmKind.CHASER, AlarmKind.LAPSE)
    d.fall_due(due)
    d.alarm(AlarmKind.LAPSE, due.at, f"the window of {d.stage.name} ends")
    spoken = {awake(point, d) for point in chase_points(d, start, due.at)}
    points = sorted(p for p in spoken if start < p < due.at and p > d.now)
    repeats = {a.at for a in d.case.deadlines if a.kind is AlarmKind.REPEAT}  # that minute says more than a reminder
    points = [p for p in points if p not in repeats or p == points[-1]]  # the last one speaks to the raiser, too
    for n, point in enumerate(points, 1):
        d.alarm(AlarmKind.CHASER, point, f"{len(points)} reminders before the window ends; this is number {n}", n)
    _parent_note(d, due)


def spare(d: Draft) -> None:
    """A repeat has gone: for two working days no reminder follows it but the last, and that to the raiser alone."""
    rows = [a for a in d.case.deadlines if a.kind is AlarmKind.CHASER]
    until = workdays.next_morning(d.now, d.rules.calendar, n=2)
    d.drop_alarms(lambda a: a.kind is AlarmKind.CHASER and a.at <= until)
    if rows and rows[-1].at <= until:
        d.alarm(AlarmKind.CHASER, rows[-1].at, "the raiser alone is reminded: the others have just had a repeat", 0)


def _parent_note(d: Draft, due: Due) -> None:
    """Both sides hear when the parent policy's shorter time has passed, while the local one still runs."""
    note, run = d.rules.policy.parent_note, d.case.runs[-1]
    d.quiet(AlarmKind.PARENT_NOTE)
    if note is None or run.stage != d.rules.policy.first.id or run.began is None:
        return
    passed = workdays.due(note.after, run.began, d.rules.calendar)
    if d.now < passed.at < due.at:
        d.alarm(AlarmKind.PARENT_NOTE, passed.at, f"{note.policy}: its own {note.after} have passed")


def awake(point: datetime, d: Draft) -> datetime:
    """The point itself, or the end of the policy's quiet hours that it falls into."""
    span = d.rules.policy.quiet_hours
    if not span:
        return point
    starts, ends = (time.fromisoformat(part.strip()) for part in span.split("-"))
    local = point.astimezone(d.rules.calendar.zone)
    at = local.time()
    is_quiet = starts <= at < ends if starts < ends else at >= starts or at < ends
    if not is_quiet:
        return point
    day = local.date() + timedelta(days=1 if at >= starts and starts > ends else 0)
    return workdays.at_local(day, ends, d.rules.calendar)


def chase_points(d: Draft, start: datetime, due: datetime) -> Iterable[datetime]:
    """Hours, calendar days and dated hours: half way and 4 hours before. The same working day: the later of the two.
    Working days: at 09:00, 1 before, and 5 before where the window is longer than 5. Then what the policy adds."""
    cal, run = d.rules.calendar, d.case.runs[-1]
    window = run.window
    counts_days = window is not None and window.unit is Unit.WORKING_DAYS and run.by is None
    if counts_days and window is not None and not window.n:
        yield max(due - timedelta(hours=4), start + (due - start) / 2)  # the same working day has one reminder
    elif counts_days and window is not None:
        yield workdays.before(due, 1, cal)
        if window.n > 5:
            yield workdays.before(due, 5, cal)
    else:
        yield start + (due - start) / 2
        yield due - timedelta(hours=4)
    for words in d.stage.chase:
        yield chase_point(words, start, due, cal)


def chase_point(words: str, start: datetime, due: datetime, cal: workdays.Calendar) -> datetime:
    """ "1 working day after opening", "4 hours before", "half way" as an instant. Raises ValueError."""
    text = words.strip().lower()
    if text == "half way":
        return start + (due - start) / 2
    head, _, tail = text.partition(" after")
    is_after = bool(tail) or text.endswith(" after")
    window = parse_window((head if is_after else text.removesuffix(" before")).strip())
    if window.unit is Unit.WORKING_DAYS:
        return workdays.next_morning(start, cal, n=window.n) if is_after else workdays.before(due, window.n, cal)
    span = timedelta(hours=window.n) if window.unit is Unit.HOURS else timedelta(days=window.n)
    return start + span if is_after else due - span


def time_left(d: Draft) -> str:
    """ "12 hours", "1 working day": what is left of the window, as its unit counts it."""
    due, run, cal = d.case.due or d.now, d.case.run, d.rules.calendar
    if run and run.window and run.window.unit is Unit.WORKING_DAYS and run.window.n and run.by is None:
        days = 0
        while days < 60 and workdays.before(due, days + 1, cal) >= d.now:
            days += 1
        return f"{max(days, 1)} working day{'s' if days > 1 else ''}"
    hours = max(1, round((due - d.now) / timedelta(hours=1)))
    return f"{hours} hour{'s' if hours > 1 else ''}"


# The policy's shorter windows for cases that bear a flag: child protection, or what the raiser calls urgent. A sign
# in the opening mail or the word of any party sets child protection, and only the executive lead's word takes it
# away; URGENT is the raiser's own. It says what a window would be and when it would end; said/acts.py and
# said/protection.py change the clock and tell the people.


def flagged(d: Draft) -> tuple[str, ...]:
    """Flags of this case that shorten its time at some stage: the raiser is asked whether they are right."""
    one = Flag.CHILD_PROTECTION
    return tuple(str(one) for t in d.rules.policy.tracks if t.flag is one and d.case.has(one))


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


def was_shortened(d: Draft, flag: Flag) -> bool:
    """Whether the running stage's window is that flag's track's, or was asked for as if it were."""
    run, policy = d.case.run, d.rules.policy
    windows = [w for t in policy.tracks if t.flag is flag for w in (t.window, *t.windows.values())]
    if run is None or run.window is None:
        return False
    ours = any((w.n, w.unit) == (run.window.n, run.window.unit) for w in windows)
    return ours and (d.case.has(flag) or not policy.intake.tiers)


def set_by_subject(d: Draft, subject: str) -> None:
    """The flags whose tracks the opening mail's subject names in the policy's words."""
    said = f" {subject.casefold()} "
    d.flag(*(t.flag for t in d.rules.policy.tracks if any(word.casefold() in said for word in t.words)))


def has_urgent(d: Draft) -> bool:
    """Whether the policy has a track of its own for what is urgent."""
    return any(t.flag is Flag.URGENT for t in d.rules.policy.tracks)
