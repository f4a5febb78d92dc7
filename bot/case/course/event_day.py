"""A stage whose time counts from another day than receipt, a conference's: that day, and the clock from then.

The raiser's own words give it, in the challenge or afterwards; else the acknowledgement asks. Until it is known the
time counts from receipt: missing data blocks no clock. A day that comes later only shortens, and leaves enough of a
working day to act in. What a window is, is clock.py's.
"""

from __future__ import annotations

from bot.case.course.clock import stage_due, wind
from bot.case.making.draft import Draft
from bot.model import WAITING, Contact, EventKind, Mail
from bot.model.letters import Information
from bot.rules import workdays
from bot.rules.past_day import past_day


def heard(d: Draft, mail: Mail, *, is_answer: bool = False) -> bool:
    """Whether the mail names the day that this stage counts from; it is written down once. `is_answer`: it answers our
    question, so that a day alone will do."""
    event = d.stage.counts_from
    if not event or d.case.counted_from is not None:
        return False
    sent = mail.date or mail.received
    day = past_day(mail.new_text, event, sent) or (past_day(mail.new_text, "", sent) if is_answer else None)
    if day is not None:
        d.count_stage_from(workdays.at_local(day, workdays.MORNING, d.rules.calendar))
    return day is not None


def told(d: Draft, mail: Mail, by: Contact, *, is_answer: bool) -> None:
    """A proven mail of the raiser's side may give the day afterwards: the clock counts from it where that is sooner."""
    run, before = d.case.run, d.case.due
    if d.case.state not in WAITING or run is None or run.began is None or before is None:
        return
    if not heard(d, mail, is_answer=is_answer):
        return
    d.event(EventKind.COUNTED_FROM, by=by.email)
    due = stage_due(d, d.stage, d.now, run.window, run.by)
    if due.at < before:
        wind(d, due, d.now)
        told_both = Information.Changed(before=before, after=due.at, word="")
        for to in ([d.case.raiser], d.responders):
            d.write(told_both, to, mail=mail)
