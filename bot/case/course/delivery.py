"""What became of our letters: served, refused, bounced, delayed; and who turned out to be away.

A stage has begun when one contact of its responding side is served. A bounce is not a service: the letter goes down
the directory's row in turn, and the clock that it started starts afresh from the first who is served. An
out-of-office moves no clock, nor does a bounce that comes long after the letter was accepted, or of somebody who wrote.
"""

from dataclasses import replace
from datetime import timedelta

from bot.case.course import unconfirmed
from bot.case.course.clock import begin
from bot.case.course.stages import attachments, copied
from bot.case.making.draft import Draft
from bot.model import (
    WANTS_ANSWERS,
    Absence,
    AlarmKind,
    Contact,
    EventKind,
    Flag,
    LetterKind,
    LetterServed,
    LetterUndelivered,
    Served,
    Side,
    State,
    Unit,
    Window,
)
from bot.model.letters import Alert, Information, Redirect, person
from bot.model.letters.course import StandIn
from bot.model.letters.parts import Named
from bot.rules import book, workdays
from bot.rules.directory import UNIT

#: How long a delayed delivery may take before the next contact is written to.
DELAY, PATIENCE = timedelta(hours=1), Window(1, Unit.WORKING_DAYS)
#: A server that accepts and then finds nobody says so within minutes, or hours where it is busy.
SOON = timedelta(hours=4)
#: Roles of mailboxes that many read, and of whoever has nobody to answer for the challenged agency.
MAILBOXES = ("team_inbox", "agency_inbox", *UNIT)


def on_served(d: Draft, fact: LetterServed) -> None:
    """Marks who was served; the first responding contact served begins the stage."""
    if fact.stage != d.case.stage or not d.case.is_open:
        return
    reached = set(fact.recipients)
    d.reached(reached, fact.at)
    run = d.case.run
    is_served = any(s.at is not None and not s.is_dead and s.contact.email in reached for s in d.case.served)
    if fact.starts_clock and is_served and run is not None and run.began is None and run.ended is None:
        begin(d, fact.at)
        d.event(EventKind.STAGE_ENTERED, note=d.stage.name)
        lost = next((s.contact for s in reversed(d.case.served) if s.has_bounced and s.at is not None), None)
        if lost is not None:
            _came_back(d, lost, tuple(c for c in d.responders if c.email in reached))


def on_undelivered(d: Draft, fact: LetterUndelivered) -> None:
    """A refusal or a bounce for one address."""
    d.event(EventKind.UNDELIVERED, by=fact.recipient, note=fact.status)
    if not fact.is_hard:
        _delayed(d, fact.recipient)
        return
    contact = _responding(d, fact.recipient) if fact.stage == d.case.stage else None
    if d.case.is_open and contact is not None and fact.kind in WANTS_ANSWERS:
        _lost(d, contact, fact)
    elif fact.kind is LetterKind.RECORD:
        d.flag(Flag.RECORD_UNDELIVERED)
        lines = (
            f"The record of {d.case.ref} could not be delivered ({fact.status}).",
            f"It is kept: challenge-bot record {d.case.ref}. Please see that it is filed.",
        )
        d.write(Alert.Plain(subject="A record could not be filed", lines=lines), [d.rules.operator])
        unit = [contact for contact in d.unit if contact.email != fact.recipient] or d.unit
        where = f"challenge-bot record {d.case.ref}"
        d.write(Information.RecordKept(where=where, why=fact.status), unit)
    elif d.case.is_open and fact.recipient == d.case.raiser.email:
        _raiser_lost(d, fact)
    else:
        d.flag(Flag.LETTER_UNDELIVERED)


def _responding(d: Draft, email: str) -> Contact | None:
    return next((s.contact for s in d.case.served if s.contact.email == email and not s.is_dead), None)


def _delayed(d: Draft, recipient: str) -> None:
    """Soft: it may still arrive. After an hour, in a case of days after a working day, the next contact is written to
    all the same."""
    if d.case.is_open and _responding(d, recipient) is not None:
        d.delay(recipient)
        d.flag(Flag.DELAYED)
        at = d.now + DELAY if d.case.urgent else workdays.due(PATIENCE, d.now, d.rules.calendar).at
        d.alarm(AlarmKind.DELAYED, at, "a delivery is delayed; then the next contact is written to")


def on_delayed(d: Draft) -> None:
    """A delivery was reported as delayed a while ago, and nothing else was heard of it."""
    delayed = d.case.delayed
    d.end_delays()
    d.unflag(Flag.DELAYED)
    for one in delayed:
        contact = _responding(d, one.address)
        if contact is not None:
            _redirect(d, contact, Redirect.Bounced(absent=person(contact)))


def _lost(d: Draft, contact: Contact, fact: LetterUndelivered) -> None:
    """A responding contact cannot be reached: down the row, and the clock stops if nobody else was served."""
    known = next(s for s in d.case.served if s.contact == contact)
    if known.has_written or (known.at is not None and d.now - known.at > SOON):
        _doubted(d, known, fact)
        return
    d.lost(contact.email)
    is_first = len(d.case.runs) == 1
    stops = not is_first and not any(s.at is not None and not s.is_dead for s in d.case.served)
    if stops:
        d.stop_clock()
        d.quiet(AlarmKind.CHASER)
    before = {s.contact.email for s in d.case.served}
    _redirect(d, contact, Redirect.Bounced(absent=person(contact)))
    new = tuple(s.contact for s in d.case.served if s.contact.email not in before)
    if new:  # else they hear that nobody is left
        _came_back(d, contact, new, stopped=stops)
    if new and all(c.role in MAILBOXES for c in d.responders):
        what = f"Case {d.case.ref}: of stage {d.case.stage} only a mailbox can be reached."
        lines = (what, "The raiser and the business unit were told.")
        d.write(Alert.Plain(subject="A stage has nobody but a mailbox", lines=lines), [d.rules.operator])
    _wrong(d, contact, fact.status, fact.why)


def _doubted(d: Draft, known: Served, fact: LetterUndelivered) -> None:
    """The letter was there, or its reader has written: the next contact is written to as well, the time runs on and
    nobody is let go. Once for each contact."""
    if known.is_away:
        d.flag(Flag.LETTER_UNDELIVERED)
        return
    before = {s.contact.email for s in d.case.served}
    d.away(known)
    _redirect(d, known.contact, Redirect.Bounced(absent=person(known.contact)))
    if any(isinstance(letter.values, Information.Nobody) for letter in d.letters):
        return
    if not d.is_stranger:
        _came_back(d, known.contact, tuple(s.contact for s in d.case.served if s.contact.email not in before))
    _wrong(d, known.contact, fact.status, fact.why)


def _came_back(d: Draft, contact: Contact, others: tuple[Contact, ...], *, stopped: bool = False) -> None:
    """The raiser's side hears that a letter came back, to whom it went instead, and until when they have. `stopped`:
    nobody else had it, so the time waits for them."""
    told = Information.CameBack(absent=person(contact), others=tuple(map(person, others)), stopped=stopped)
    d.write(told, d.sides[0])


def _wrong(d: Draft, contact: Contact, status: str, why: str = "", *, goes_on: bool = True) -> None:
    """The business unit puts its directory right. `goes_on`: the next in the row is written to; where nobody is left
    in it, the letter that says so asks for the same."""
    if goes_on and any(isinstance(letter.values, Information.Nobody) for letter in d.letters):
        return
    told = Information.SpocWrong(
        contact=person(contact),
        status=status,
        why=why,
        goes_on=goes_on,
        manager=person(d.manager) if d.manager and not goes_on else None,
    )
    d.write(told, d.unit)


def _raiser_lost(d: Draft, fact: LetterUndelivered) -> None:
    """The raiser's own address fails: from now on their manager is written to as well (making/draft.py). Told once."""
    if d.case.has(Flag.RAISER_UNREACHABLE):
        return
    answered = d.case.state is State.AWAITING_CONFIRMATION
    if d.manager:
        d.write(Information.RaiserLost(why=fact.why, answered=answered), [d.manager])
    _wrong(d, d.case.raiser, fact.status, fact.why, goes_on=False)
    d.flag(Flag.RAISER_UNREACHABLE)


def _redirect(d: Draft, contact: Contact, values: StandIn) -> None:
    """In that contact's place the next in the directory's row; when the row is empty, business unit, raiser and
    operator at once.

    What a stranger sent goes no further than team inbox and business unit, who have it already.
    """
    if d.is_stranger:
        return
    tried = {s.contact.email for s in d.case.served}
    row = [c for c in in_turn(d, contact) if c.email not in tried]
    if not row:
        _nobody(d)
        return
    following = row[0]
    d.also_serve(following)
    d.joined(Side.RESPONDING, following)
    run, copies = d.case.run, copied(d)
    whole = attachments(d, copies)
    values = replace(values, attached=bool(whole))
    d.write(values, [following], copies, starts_clock=run is not None and run.began is None, attach=whole)


def in_turn(d: Draft, contact: Contact) -> tuple[Contact, ...]:
    """The directory's row, with those whom the stage names after this contact's role before inboxes and unit, and the
    contact's line manager where the policy says so."""
    to_manager = d.stage.redirect == "manager"
    if to_manager and contact.agency == d.case.responder_agency and not contact.team:
        contact = replace(contact, team=d.case.team)  # a manager who was written to for the team: its inbox is next
    row = d.rules.directory.fallbacks(contact, d.case.area, d.now.date())
    roles = d.stage.responding_role
    later = roles[roles.index(contact.role) + 1 :] if contact.role in roles else ()
    named = tuple(c for role in later for c in d.holders((role,), d.case.responder_agency, d.case.team))
    if to_manager:
        named += d.rules.directory.managers(contact, d.case.area, d.now.date())
    is_deputy = bool(row) and bool(contact.deputy) and row[0].email == contact.deputy
    return (*row[:1], *named, *row[1:]) if is_deputy else (*named, *row)


def _nobody(d: Draft) -> None:
    d.flag(Flag.NOBODY_REACHABLE)
    told = Information.Nobody(tried=tuple(person(s.contact) for s in d.case.served))
    d.write(told, d.unit)
    d.write(told, [d.case.raiser])
    lines = (f"Case {d.case.ref}: no contact of stage {d.case.stage} can be reached.", "The business unit was told.")
    d.write(Alert.Plain(subject="A stage has nobody who can be reached", lines=lines), [d.rules.operator])


def on_absent(d: Draft, sender: str, told: Absence, is_proven: bool) -> None:
    """An automatic reply of a responding contact: the directory's deputy at once, the raiser told, the clock unmoved.

    Once for each person and stage; later ones are facts and cause no letter. Of one who has left the business unit is
    told; without proof they are reminded still. Whom a proven reply names is shown to the raiser, never written to.
    A machine's receipt tells of nobody's absence: it stands in the journal, and no letter follows.
    """
    if told.is_receipt:
        d.event(EventKind.RECEIPT, by=sender)
        return
    d.event(EventKind.ABSENT, by=sender)
    directory = d.rules.directory
    if directory.same_person(d.case.raiser.email, sender):
        unconfirmed.raiser_away(d)
    known = next((s for s in d.case.served if directory.same_person(s.contact.email, sender)), None)
    if known is None or known.is_away or known.is_dead or not d.case.is_open:
        return
    d.away(known, is_gone=told.is_gone and is_proven)
    before = {s.contact.email for s in d.case.served}
    absent = person(known.contact)
    _redirect(d, known.contact, Redirect.Away(absent=absent, until=told.until, gone=told.is_gone))
    new = [s.contact for s in d.case.served if s.contact.email not in before]
    if d.is_stranger:
        return
    if told.is_gone:
        _wrong(d, known.contact, "gone")
    is_late = bool(new) and d.case.urgent and book.is_shut(d.rules, d.case.area, d.now)
    values = Information.Away(
        absent=absent,
        until=told.until,
        deputies=tuple(person(c) for c in new),
        named=tuple(Named(name[:80], words[:120]) for name, words in told.named[:3]) if is_proven else (),
        gone=told.is_gone,
        read_from=workdays.opens(d.now, d.rules.calendar) if is_late else None,
    )
    if not any(d.case.raiser in letter.to for letter in d.letters):  # they hear that nobody is left
        others = (c for c in (*new, *in_turn(d, known.contact)) if c.phone and c.email != known.contact.email)
        d.write(values, [d.case.raiser], human=next(others, None))


def redirect_from(d: Draft, email: str) -> None:
    """That contact says it is not theirs: the next in the row is written to, once for each person.

    They stay among those who are reminded until somebody else takes it up, for a word without proof takes nobody away.
    """
    same = d.rules.directory.same_person
    known = next((s for s in d.case.served if same(s.contact.email, email) and not s.is_dead), None)
    if known is None or known.is_away or not d.case.is_open:
        return
    d.away(known)
    _redirect(d, known.contact, Redirect.NotMine(absent=person(known.contact)))
