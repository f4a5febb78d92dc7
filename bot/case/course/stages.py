"""A stage's course: entered, served, chased, lapsed, handed to the next; bounced and away contacts on the way.

Rules R1-R8: the next stage's clock starts when its letter is served; a lapse is a notification and not a verdict; an
urgent case stays urgent. It does not read mails (said/replies.py) and closes nothing (closing.py).
"""

from dataclasses import replace
from datetime import timedelta
from typing import Final, Literal, TypedDict

from bot.case.course import approval, follow_up, hearing
from bot.case.course.clock import own_window, spare, stage_due, time_left, track_window
from bot.case.making import awaited, claims, forms
from bot.case.making.draft import Draft
from bot.case.making.notices import file_stage, notify, original
from bot.case.making.people import landing, stood_in
from bot.case.making.telling import Left, pass_on, tell
from bot.model import AlarmKind, Contact, EndedAs, EventKind, Flag, Side, Unit, Wording
from bot.model.letters import Chaser, Enclosed, Escalation, Information, Person, TheMail, person
from bot.model.letters.parts import FormRow, Holding, Original, Representation
from bot.rules import book, workdays
from bot.rules.policy.policy import Stage

REPEATS = 3
#: A stage told to its people afresh: letters were not allowed to go before.
LIVE: Final = "live"

Cause = Literal["lapsed", "unconfirmed", "asked", "corrected", "reopened", "live"]
BY_CLOCK = ("lapsed", "unconfirmed")
#: How a stage ended that was still running when the case left it.
ENDED: dict[Cause, EndedAs] = {
    "lapsed": EndedAs.LAPSED,
    "unconfirmed": EndedAs.RESPONDED,
    "asked": EndedAs.ASKED,
    "corrected": EndedAs.CORRECTED,
    "reopened": EndedAs.NOT_RESOLVED,
    "live": EndedAs.TOLD_AFRESH,
}


def enter(d: Draft, stage: Stage, cause: Cause, by: Contact | None = None) -> None:
    """The case goes to `stage`: its contacts of both sides are written to, in one letter; the clock waits for it. The
    raiser's side and those who had it before are told by letters of their own.

    `cause`: lapsed, unconfirmed (answered, and not confirmed), asked (the raiser's side said so), corrected (a person
    put the stage right), reopened, or live (it was watched only, until now).
    """
    before = d.case
    left = d.stage
    if before.runs and before.runs[-1].ended is None:
        d.end_run(ENDED[cause], d.now)
    earlier = d.responders
    if cause != LIVE:
        notify(d, left, "lapse" if cause in BY_CLOCK else "exit")
    passed = landing(d.cast, d.rules.policy.after(left.id))
    responding = d.cast.acting(stage, Side.RESPONDING)
    if d.cast.lacks_alternate(stage):
        d.flag(Flag.ALTERNATE_MISSING)
    window = own_window(d, stage, d.now) or (replace(before.window, source=stage.source) if before.window else None)
    d.quiet()
    follow_up.drop(d)
    d.enter_stage(stage.id, responding or d.unit, window)
    for one in passed[1] if passed[0] is stage else ():
        d.event(EventKind.SKIPPED, note=f"{one.name}: the policy passes it over", stage=one.id)
    if window is not None and window.unit is Unit.HOURS and window == track_window(d, stage):
        d.need(urgent=True, window=window)  # raised to its track's hours: it is repeated like any urgent case
    if not responding:
        d.flag(Flag.NO_CONTACT)
        d.write(Information.Nobody(tried=()), d.unit)
    d.joined(Side.RESPONDING, *d.responders)
    raising = raising_contacts(d, stage)
    _estimate(d, stage)
    hearing.ask_representation(d, stage)
    first = notify(d, stage, "enter")
    escalate(d, cause, left, raising, (*earlier, *d.inbox, *stood_in(d.case, left)), by, first)
    approval.wait(d, is_lapse=cause in BY_CLOCK)
    file_stage(d)
    if d.case.urgent or _falls_on_rest(d):
        repeat(d, REPEATS if d.case.urgent else 1)


def repeat(d: Draft, times: int = REPEATS) -> None:
    """The escalation goes again on the next working mornings, until a person answers."""
    for n in range(1, times + 1):
        at = workdays.next_morning(d.now, d.rules.calendar, n=n)
        d.alarm(AlarmKind.REPEAT, at, "an urgent case is repeated each working morning until a person answers", n)


def _falls_on_rest(d: Draft) -> bool:
    """A calendar-day window that lapsed on a day nobody works is repeated the next working morning (R4)."""
    local = d.now.astimezone(d.rules.calendar.zone).date()
    opened = d.case.window
    is_days = opened is not None and opened.unit is Unit.CALENDAR_DAYS
    return is_days and len(d.case.runs) == 2 and not d.rules.calendar.is_working(local)


def _estimate(d: Draft, stage: Stage) -> None:
    """Until the letter is served the due date is what it would be if it were served now."""
    due = stage_due(d, stage, d.now, d.case.runs[-1].window, None, "served")
    d.fall_due(due)
    d.alarm(AlarmKind.LAPSE, due.at, f"the window of {stage.name} ends")


def raising_contacts(d: Draft, stage: Stage) -> tuple[Contact, ...]:
    """The raising side of a stage, else the manager; inside the agencies the raiser has a letter of their own."""
    found = d.cast.acting(stage, Side.RAISING)
    if not found:
        d.flag(Flag.NO_RAISING_CONTACT)
        d.write(Information.Nobody(tried=()), d.unit)
        found = (d.manager,) if d.manager else (d.case.raiser,)
    d.joined(Side.RAISING, *found)
    own = d.case.raiser.email if stage.level == "agency" else ""  # the partnership hears both sides in one letter
    return tuple(c for c in found if not d.rules.directory.same_person(c.email, own))


def escalate(
    d: Draft,
    cause: Cause,
    left: Stage,
    raising: tuple[Contact, ...],
    earlier: tuple[Contact, ...],
    by: Contact | None,
    first: tuple[str, ...],
) -> None:
    """One letter to the stage's contacts of both sides, copied to whom the policy copies; it waits for those named in
    `first`, and what the others are told waits for it where it waits for a GO."""
    decider = d.cast.deciders(d.stage)
    copies = (*decider, *copied(d))
    d.joined(Side.COPY, *decider)
    attached = attachments(d, (*raising, *copies))
    own, theirs = (forms.ask(d, side, left) for side in (Side.RAISING, Side.RESPONDING))
    here = (own, theirs) if raising else (theirs,)  # else the raiser alone is asked, in their own letter
    values = _values(d, attached, raising, copies, tuple(row for one in here for row in one.rows))
    sent = d.write(
        _escalation(d, cause, left, by, values),
        (*d.responders, *raising),
        copies,
        starts_clock=True,
        attach=(*attached, *(form for one in here for form in one.attach)),
        after=first,
    )
    at = None if approval.keeps(d, is_lapse=cause in BY_CLOCK) else d.now
    waits = (sent.key,) if sent and at is None else ()  # else in the same minute, though their server may be slow
    pass_on(d, Left(cause, by, earlier, own, values["representation"], at), waits)


def copied(d: Draft) -> tuple[Contact, ...]:
    """Who the policy copies on the letter of the running stage itself."""
    found = tuple(c for role in d.stage.copies for c in d.holders((role,), d.case.responder_agency, d.case.team))
    d.joined(Side.COPY, *found)
    return found


class _Values(TypedDict):
    """What every escalation says."""

    holding: tuple[Holding, ...]
    outer_limit: bool
    out_of_hours: bool
    original: Original
    attached: bool
    representation: Representation | None
    forms: tuple[FormRow, ...]
    unread: bool
    raising: tuple[Person, ...]
    copied: tuple[Person, ...]


def _escalation(d: Draft, cause: Cause, left: Stage, by: Contact | None, values: _Values) -> Wording:
    match cause:
        case "lapsed":
            return Escalation.Lapsed(**values, from_stage_name=left.name, lapsed=d.late or d.now)
        case "unconfirmed":
            who, when = awaited.answered(d)
            values["holding"] = tuple(one for one in values["holding"] if one.when != when)  # it stands there already
            return Escalation.Unconfirmed(**values, from_stage_name=left.name, who=person(who), answered=when)
        case "asked" | "corrected":
            return Escalation.CalledIn(**values, from_stage_name=left.name, asked_by=person(by))
        case "reopened":
            return Escalation.Reopened(**values)
        case "live":
            return Escalation.Live(**values)


def _values(
    d: Draft,
    attached: tuple[Enclosed, ...] = (),
    raising: tuple[Contact, ...] = (),
    copies: tuple[Contact, ...] = (),
    rows: tuple[FormRow, ...] = (),
) -> _Values:
    to = {c.email for c in (*d.responders, *raising)}
    return {
        "holding": claims.what_we_have(d),
        "unread": claims.is_partly_unread(d),
        "outer_limit": d.case.urgent,
        "out_of_hours": book.is_shut(d.rules, d.case.area, d.now),
        "original": d.original(),
        "attached": bool(attached),
        "representation": hearing.representation(d),
        "forms": rows,
        "raising": tuple(map(person, raising)),
        "copied": tuple(person(c) for c in copies if c.email not in to),
    }


def attachments(d: Draft, others: tuple[Contact, ...] = ()) -> tuple[TheMail, ...]:
    """The original mail: where the stage's content is full, if everybody who reads the letter is secure; else inside
    the two agencies, where both are and the policy says attach: hours windows."""
    case, stage = d.case, d.stage
    if stage.content == "full":
        return original(d, (*d.responders, *others))
    everybody = (*d.responders, *others, case.raiser)
    fits = stage.original == "attach" and case.urgent and stage.level == "agency" and bool(case.opening_mail)
    if (
        fits
        and not case.unproven
        and all(c.is_secure and c.agency in (case.raiser.agency, case.responder_agency) for c in everybody)
    ):
        return (TheMail(case.opening_mail),)
    return ()


# --- alarms -----------------------------------------------------------------------------------------------------------


def on_chaser(d: Draft, nth: int) -> None:
    """A reminder; the last one of a window also goes to the raiser, in its own words. A missed one is not sent late.
    `nth`: which it is, 0 where the raiser alone is reminded."""
    if d.late is not None or d.case.due is None:
        return
    is_last = not any(a.kind is AlarmKind.CHASER for a in d.case.deadlines)
    left = time_left(d)
    if d.is_stranger:  # nobody has said yet that it is a challenge: that is what they are reminded of
        d.write(Chaser.Provisional(left=left, original=d.original()), (*d.inbox, *d.unit))
        return
    given, owed = hearing.commitment(d), forms.missing(d, Side.RESPONDING)
    have, unread = claims.what_we_have(d), claims.is_partly_unread(d)
    to = d.responders if nth and not awaited.due_now(d, AlarmKind.REPEAT) else ()  # a repeat says more
    told: Chaser.Half | Chaser.Last = Chaser.Half(left=left, commitment=given, forms=owed, holding=have, unread=unread)
    repeated = {c.email for letter in d.letters for c in letter.to}
    asked = tuple(c for c in d.unit if c in to and c.email not in repeated) if is_last and approval.asks(d) else ()
    if is_last:
        told = Chaser.Last(left=left, commitment=given, forms=owed, holding=have, unread=unread, go=bool(asked))
    d.write(told, to, d.inbox if to else ())
    if is_last:
        rows = forms.missing(d, Side.RAISING)
        _to_raiser(d, Chaser.Raiser(left=left, commitment=given, forms=rows, holding=have, unread=unread))
        forms.reminded(d, Side.RAISING)
        approval.ask(d, less=asked)


def _to_raiser(d: Draft, told: Chaser.Raiser) -> None:
    """What is still asked about mails that may answer rides in the last reminder."""
    asked = claims.in_question(d)
    letter = d.write(replace(told, asked=asked), [d.case.raiser], human=d.first_responder)
    if letter and asked:
        claims.ask_as(d, letter.key)


def on_lapse(d: Draft) -> None:
    """The window has ended without a recorded answer: the next stage is called in, or those who can act are told."""
    d.event(EventKind.LAPSED)
    d.end_run(EndedAs.LAPSED, d.late or d.now)
    following = d.following
    if d.is_stranger or following is None:
        tell(d)
    else:
        enter(d, following, "lapsed")


def on_repeat(d: Draft, n: int) -> None:
    """The escalation again: to the stage's responding contacts, the second to deputies too, the third to the unit."""
    if d.late is not None and d.now - d.late > timedelta(hours=8):
        return
    to = list(d.responders)
    if n >= 2:
        to += [c for r in d.responders for c in deputies(r)]
    if n >= REPEATS:
        to += d.unit
    raising = tuple(c for stage, side, c in d.case.people if (stage, side) == (d.case.stage, Side.RAISING))
    run = d.case.runs[-1]
    d.write(Escalation.Repeat(**_values(d, raising=raising), n=n, sent=run.began or run.entered), to)
    spare(d)
    if awaited.due_now(d, AlarmKind.CHASER):  # in one decision, so that nobody gets both letters
        d.quiet(AlarmKind.CHASER)
        on_chaser(d, 0)


def deputies(contact: Contact) -> list[Contact]:
    return [replace(contact, email=contact.deputy, name="", deputy="")] if contact.deputy else []


def on_parent_note(d: Draft) -> None:
    note = d.rules.policy.parent_note
    if note is not None and d.late is None and not d.is_stranger:
        have, unread = claims.what_we_have(d), claims.is_partly_unread(d)
        told = Information.ParentNote(parent_title=note.policy, window=str(note.after), holding=have, unread=unread)
        d.write(told, (d.case.raiser, *d.responders))
