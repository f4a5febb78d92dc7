"""CHILD PROTECTION and NOT CHILD PROTECTION: the flag, and the clock of the policy's shorter track.

Any party may set it, for that only shortens; whose word takes it away is asked in rules/authority.py before this.
Copies that the policy makes depend on the flag go when it is set.
"""

from bot.case.course import subclocks
from bot.case.course.clock import own_window, shortened, stage_due, was_shortened, wind
from bot.case.course.stages import repeat
from bot.case.making.draft import Draft
from bot.case.making.notices import notify
from bot.mail.words.child_status import signs
from bot.model import WAITING, AlarmKind, Contact, Due, EventKind, Flag, Mail, Unit, Window
from bot.model.flags import OF_CHILD
from bot.model.letters import Information

FLAG = Flag.CHILD_PROTECTION


def signalled(d: Draft, word: str, by: Contact, mail: Mail) -> None:
    """The flag is set; where its track ends sooner it counts from the word, never later than the due it replaces."""
    is_new = not d.case.has(FLAG)
    d.flag(FLAG)
    d.event(EventKind.PROTECTION, by=by.email, note=word)
    if is_new and d.case.is_open:
        notify(d, d.stage, "enter", only_conditional=True)
    if is_new and d.case.is_open:
        subclocks.shorten(d)
    if (sooner := shortened(d)) is not None:
        due, window = sooner
        if len(d.case.runs) == 1:
            d.need(urgent=window.unit is Unit.HOURS, window=window)
        elif window.unit is Unit.HOURS and not d.case.urgent:
            d.need(urgent=True, window=window)
            repeat(d)
        _retime(d, word, mail, due, window)


def noticed(d: Draft, mail: Mail, by: str) -> None:
    """A party tells of the child's plan or care where the policy asks for it: flagged, and the copies go that depend
    on it. Words alone shorten nothing here: that is CHILD PROTECTION's."""
    if "child_status" not in d.rules.policy.intake.asks or d.is_stranger or not d.case.is_open:
        return
    new = [flag for flag in signs(mail.new_text) if not d.case.has(flag)]
    shortens = {track.flag for track in d.rules.policy.tracks}
    if told := [flag for flag in new if flag not in shortens]:
        was_known = any(map(d.case.has, OF_CHILD))
        d.flag(*told)
        d.event(EventKind.CHILD_STATUS, by=by, note=", ".join(told))
        if not was_known:
            notify(d, d.stage, "enter", only_conditional=True)


def cleared(d: Draft, word: str, by: Contact, mail: Mail) -> None:
    """The flag goes; a running stage that had the track's window has its own again, counted from when it began."""
    d.event(EventKind.PROTECTION, by=by.email, note=word)
    was_short = was_shortened(d, FLAG)
    d.unflag(FLAG)
    run = d.case.run
    if not was_short or run is None or d.case.state not in WAITING or d.case.due is None:
        return
    start = run.began or d.now
    window = own_window(d, d.stage, start)
    due = stage_due(d, d.stage, start, window, run.by)
    if window is None or due.at <= d.case.due:
        return
    d.need(urgent=False, window=window)
    d.quiet(AlarmKind.REPEAT)
    _retime(d, word, mail, due, window)


def _retime(d: Draft, word: str, mail: Mail, due: Due, window: Window) -> None:
    before = d.case.due or d.now
    d.give_time(window, d.case.runs[-1].by)
    wind(d, due, d.now)
    told = Information.Changed(before=before, after=due.at, word=word)
    for to in d.sides:
        d.write(told, to, mail=mail)
