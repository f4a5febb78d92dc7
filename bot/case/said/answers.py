"""An answer is recorded, or a mail that may be one: then the raiser is asked, again and again.

An answer ends reminders and not the stage's time (course/unconfirmed.py); a mail that may answer changes no state until
the raiser says IT IS. It does not judge which of them a mail is (replies.py).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.case.course import merging, subclocks, unconfirmed
from bot.case.course.clock import CLOCK
from bot.case.dated import can_answer
from bot.case.making import awaited, claims, forms
from bot.case.making.draft import Draft
from bot.case.making.notices import may_be_quoted, may_be_shown
from bot.case.said.command import Said, Tell, is_known, nothing_changed
from bot.case.said.unit.others import hands, is_third
from bot.model import (
    WAITING,
    AlarmKind,
    Contact,
    Correction,
    EventKind,
    Mail,
    Proof,
    Question,
    QuestionKind,
    State,
    Unproven,
)
from bot.model.letters import Information, Relay, Response, person
from bot.model.letters import Question as Asks
from bot.model.letters.parts import Holding
from bot.rules.authority import Side, sides

#: How the raiser may answer a question in words.
CHOICES = (
    ("RESOLVED", "the challenge is resolved"),
    ("NOT RESOLVED", "it is not: call in the next stage now"),
    ("WITHDRAW", "it was sent in error, or is no longer needed"),
)
#: How far apart the question is put whether mails are the answer.
APART = timedelta(hours=4)
_NOTHING_ASKED = Tell(
    "No mail is asked about, whether it is the answer.",
    "If you were answered, ANSWERED says so; you may add when and how.",
)


def reached_raiser(d: Draft, mail: Mail) -> bool:
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    return any(d.rules.directory.same_person(d.case.raiser.email, email) for email in addressed)


def pass_on(d: Draft, mail: Mail, by: Contact, *, joined: bool = False) -> None:
    """What reached only the bot is told to the raiser; it goes no further than raiser and their manager. `joined`: the
    raiser is asked already whether an earlier one is the answer."""
    if d.case.unproven is Unproven.STRANGER or reached_raiser(d, mail):
        return
    if d.case.state is State.AWAITING_CONFIRMATION and may_be_shown(mail) and d.may_read:
        _relay(d, mail, by, mail.received)
    else:
        words = mail.new_text if may_be_quoted(d, mail, by, d.case.raiser) else ""
        d.write(Information.Received(who=person(by), words=words, joined=joined), [d.case.raiser], mail=mail, human=by)


# --- an answer --------------------------------------------------------------------------------------------------------


def responded(
    d: Draft, mail: Mail | None, by: Contact, at: datetime, note: str = "", *, is_reported: bool = False
) -> None:
    """The stage's reminders end; the raiser is asked whether it is resolved. `is_reported`: told us by their side.
    `mail`: None where it lies in another case."""
    d.event(EventKind.RESPONDED, by=by.email, note=note)
    waited = (*d.responders, *_called_in(d))
    d.quiet(*CLOCK, AlarmKind.DOUBTFUL)
    d.record_response(at, by.email, "" if is_reported or mail is None else mail.digest)
    d.await_confirmation()
    d.joined(Side.RESPONDING, by)
    subclocks.stop(d, "response")
    subclocks.start(d, "response")
    if d.is_stranger:
        awaited.ask_again(d, 1)
        d.alarm(AlarmKind.TELLING, d.case.due or d.now, "an answer came to a challenge that nobody has confirmed yet")
        return
    unconfirmed.begin(d)
    awaited.ask_again(d, 1)
    is_theirs = mail is None or is_reported or reached_raiser(d, mail)
    if is_theirs or mail is None or not (may_be_shown(mail) and d.may_read):
        told = Response.Responded(
            who=person(by),
            when=at,
            readable=mail is None or mail.is_readable,
            reported=is_reported,
            unshown=not is_theirs,
            again=_next_question(d),
            until=awaited.until(d),
        )
        d.write(told, (d.case.raiser, *_manager(d)), mail=mail, human=by)
    else:
        _relay(d, mail, by, at)
    wrote = [by, *(() if is_reported else hands(d, mail, by))] if by.email else []
    d.write(Information.Answered(who=person(by), when=at, mine=True), wrote, mail=mail)
    asked = (d.known(q.whose) for q in claims.open_rows(d) if q.whose and not q.is_untold)
    others = [
        c
        for c in {c.email: c for c in (*waited, *asked) if c.agency}.values()
        if c.email not in (by.email, d.case.raiser.email)
    ]
    d.write(Information.Answered(who=person(by), when=at, mine=False), others, human=by)


def _called_in(d: Draft) -> tuple[Contact, ...]:
    """Who was called in at this stage on the raiser's side: they were asked to act, and hear that it is answered."""
    return tuple(c for stage, side, c in d.case.people if stage == d.case.stage and side == Side.RAISING)


def _manager(d: Draft) -> tuple[Contact, ...]:
    """On an hours window the raiser's manager reads what the raiser is asked."""
    return (d.manager,) if d.case.urgent and d.manager else ()


def merged(d: Draft, fact: Correction) -> None:
    """Another case was the same: what it brings is taken over. An answer there counts here from when it came."""
    merging.take_over(d, fact)
    by, at = fact.values.get("by", ""), fact.values.get("answered", "")
    is_theirs = Side.RESPONDING in sides(d.case, by, d.rules)
    if at and is_theirs and d.case.state in WAITING and not d.is_stranger:
        who, note = d.rules.directory.person(by) or Contact(by), f"written in {fact.values['ref']}"
        responded(d, None, who, datetime.fromisoformat(at), note, is_reported=True)


def _relay(d: Draft, mail: Mail, by: Contact, at: datetime) -> None:
    """A reply that reached only us: its words where they may be read, no attachments, and the question in the same
    letter."""
    readers = (d.case.raiser, *_manager(d))
    for is_quoted in (True, False):
        shown = mail.new_text if is_quoted else ""
        told = Relay.Reply(
            who=person(by),
            when=at,
            text=shown,
            attachments=len(mail.attachments) if shown else 0,
            again=_next_question(d),
            until=awaited.until(d),
        )
        to = [one for one in readers if is_quoted is may_be_quoted(d, mail, by, one)]
        d.write(told, to, mail=mail, human=by)


def _next_question(d: Draft) -> datetime | None:
    return next((row.at for row in d.case.deadlines if row.kind is AlarmKind.ASK and row.nth < 3), None)


def on_ask(d: Draft, n: int) -> None:
    """Again to the raiser, then to their manager; from the third on it stands in every digest."""
    run = d.case.run
    if run is not None and run.responded is not None and not run.answered_by:  # as an earlier release wrote it
        d.record_response(run.responded, awaited.answered(d)[0].email, "")
        unconfirmed.begin(d)
    awaited.ask_again(d, n + 1)
    if _is_told_now(d, n):
        return
    by, when = awaited.answered(d)
    wrote = next((one.at for one in reversed(d.case.heard) if one.what == "raiser" and one.at > when), None)
    until = awaited.until(d)
    if n == 2 and d.manager:
        d.write(Response.Manager(who=person(by), when=when, wrote=wrote, until=until), [d.manager], human=by)
    elif n in (1, 2):
        manager, owed = str(d.manager) if d.manager and n == 1 else "", forms.riding(d)
        told = Response.Again(
            who=person(by), when=when, again=_next_question(d), until=until, wrote=wrote, manager=manager,
            forms=owed.rows,
        )  # fmt: skip
        d.write(told, [d.case.raiser], human=by, attach=owed.attach)


def _is_told_now(d: Draft, n: int) -> bool:
    """Whether a weightier letter of this minute asks or tells those who would be asked: of the next stage, of a last
    stage that has ended, or, of the manager, whether it can wait."""
    return any(
        row.kind is AlarmKind.TELLING or row.nth > 1 or d.following is None or (n == 2 and d.manager is not None)
        for row in awaited.due_now(d, AlarmKind.TELLING, AlarmKind.UNCONFIRMED)
    )


# --- a mail that may be an answer -------------------------------------------------------------------------------------


def may_answer(d: Draft, mail: Mail, by: Contact, *, is_aside: bool = False, others: tuple[str, ...] = ()) -> None:
    """It cannot be taken as an answer: the raiser is asked, on an hours window their manager too, and the clock runs
    on. While the question is open later mails join it, and it is put again four hours after it was put.

    `is_aside`: not written to the raiser's side or us; `others`: refs of the raiser's other challenges that it may
    answer instead.
    """
    if d.is_stranger or not d.case.is_open:
        return
    rows = claims.open_rows(d)
    put = min((q.at for q in rows if q.at is not None and q.key == rows[-1].key), default=None)
    row = Question("", QuestionKind.WHOSE_ANSWER, d.case.raiser.email, mail.digest, whose=by.email, came=mail.received)
    hand = next((c.email for c in hands(d, mail, by)), "")
    row = replace(row, hand=hand, is_untold=mail.proof is not Proof.PROVEN and not is_known(d, by))
    if mail.is_readable and may_be_shown(mail):
        d.hear(mail.received, str(by), "doubtful")
    elif not mail.is_readable:
        d.hear(mail.received, "", "unread")
    if put is not None and d.now < put + APART:
        d.ask(replace(row, key=rows[-1].key))
        d.alarm(AlarmKind.DOUBTFUL, put + APART, "other mails came that may answer: the raiser is asked again")
        if not is_aside and mail.is_readable and mail.proof is Proof.PROVEN:
            pass_on(d, mail, by, joined=True)
    else:
        shown = may_be_quoted(d, mail, by, d.case.raiser, *_manager(d))
        shown = shown and not is_aside and not reached_raiser(d, mail)
        d.ask(row)
        _put(d, mail, text=mail.new_text if shown else "", others=others)
    if not mail.is_readable and by.agency:
        d.write(Asks.Unreadable(when=mail.received), [by], mail=mail)


def _put(d: Draft, mail: Mail | None, text: str = "", others: tuple[str, ...] = ()) -> None:
    """The question, of all mails that are asked about; the last of them is the one that IT IS means."""
    *earlier, last = claims.open_rows(d)
    by = d.known(last.whose)
    told = Asks.WhoseAnswer(
        who=person(by),
        when=last.came or d.now,
        others=others,
        reached=mail is None or reached_raiser(d, mail),
        text=text,
        earlier=tuple(Holding(q.came or d.now, str(d.known(q.whose)), "doubtful") for q in earlier),
        again=mail is None,
    )
    if letter := d.write(told, (d.case.raiser, *_manager(d)), mail=mail, human=by):
        claims.ask_as(d, letter.key)
    d.quiet(AlarmKind.DOUBTFUL)


def on_doubtful(d: Draft) -> None:
    """Mails joined the question since it was put: it is put again."""
    if claims.open_rows(d):
        _put(d, None)


def it_is(d: Draft, said: Said) -> None:
    """The last mail that was asked about is the answer, from when it came; of a stage before it moves nothing, and is
    told to those who act now."""
    rows = claims.open_rows(d)
    named = [q for q in rows if q.key == said.fact.answered_key]  # a reply means what its letter names
    known = named or [q for q in rows if can_answer(said.mail, q.at, said.since)]
    if not known:
        nothing_changed(d, said, _NOTHING_ASKED)
        return
    run, last = d.case.run, next((q for q in reversed(named) if q.at == named[0].at), known[-1])
    by, came = d.known(last.whose), last.came or last.at or d.now
    _settle(d)
    if run is not None and len(d.case.runs) > 1 and came < run.entered:
        d.event(EventKind.REPORTED, by=said.by.email, note="to the stage before")
        told = Information.EarlierAnswer(who=person(by), when=came, by=person(said.by))
        d.write(told, (*d.responders, *_called_in(d), said.by), mail=said.mail, human=said.by)
    else:
        responded(d, said.mail, by, came, "the raiser says so", is_reported=True)
    _tell_writers(d, rows, "answer" if d.case.state not in WAITING else "nothing", but=by.email)


def it_is_not(d: Draft, said: Said) -> None:
    """The mails that were asked about are no answer: the clock runs on, and their writers hear it."""
    rows = claims.open_rows(d)
    if not rows:
        nothing_changed(d, said, _NOTHING_ASKED)
        return
    _settle(d)
    d.event(EventKind.ATTACHED, by=said.by.email, note="the mails asked about are no answer")
    _tell_writers(d, rows, "nothing")


def too_late(d: Draft) -> None:
    """NO when no answer is awaited any more: where another is recorded the writers of the mails asked about hear it."""
    rows = claims.open_rows(d) if d.case.run and d.case.run.responded else ()
    _settle(d)
    _tell_writers(d, rows, "other")


def _settle(d: Draft) -> None:
    d.settle(lambda q: q.about is QuestionKind.WHOSE_ANSWER)
    d.quiet(AlarmKind.DOUBTFUL)


def _tell_writers(d: Draft, rows: tuple[Question, ...], became: str, but: str = "") -> None:
    """Each writer once. Who has a letter of this decision already is not told twice."""
    told = [q for q in rows if not q.is_untold]
    when = {email: q.came or q.at or d.now for q in told for email in (q.whose, q.hand) if email}
    has = {c.email for letter in d.letters for c in letter.to}
    for email, at in when.items():
        who = d.known(email)
        if who.agency and email not in has | {but, d.case.raiser.email} and not is_third(d.case, email, d.rules):
            d.write(Information.Taken(when=at, as_=became), [who], human=d.case.raiser)
