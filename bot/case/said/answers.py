"""An answer is recorded: the stage's clock stops and the raiser is asked, again and again, whether it is resolved.

Nothing escalates or closes by itself here. It does not judge whether a mail is an answer (replies.py).
"""

from datetime import datetime

from bot.case.course import subclocks
from bot.case.course.clock import CLOCK
from bot.case.making.draft import Draft
from bot.model import AlarmKind, Contact, EventKind, Mail, State
from bot.model.letters import Information, Relay, Response, person
from bot.rules import workdays

#: How the raiser may answer a question in words.
CHOICES = (
    ("RESOLVED", "the challenge is resolved"),
    ("NOT RESOLVED", "it is not: call in the next stage now"),
    ("WITHDRAW", "it was sent in error, or is no longer needed"),
)


def reached_raiser(d: Draft, mail: Mail) -> bool:
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    return any(d.rules.directory.same_person(d.case.raiser.email, email) for email in addressed)


def pass_on(d: Draft, mail: Mail, by: Contact) -> None:
    """What reached only the bot is told to the raiser; it goes no further than raiser and their manager."""
    if d.case.unproven == "stranger" or reached_raiser(d, mail):
        return
    if d.case.state is State.AWAITING_CONFIRMATION:
        _relay(d, mail, by, mail.received)
    else:
        told = Information.Received(who=person(by), words=mail.new_text if d.may_read else "")
        d.write(told, [d.case.raiser], mail=mail, human=by)


def responded(d: Draft, mail: Mail, by: Contact, at: datetime, note: str = "", *, is_reported: bool = False) -> None:
    """The stage's clock stops; the raiser is asked whether it is resolved. `is_reported`: told us by their side."""
    d.event(EventKind.RESPONDED, by=by.email, note=note)
    d.quiet(*CLOCK)
    d.record_response(at, by.email, "" if is_reported else mail.digest)
    d.await_confirmation()
    d.joined("responding", by)
    subclocks.stop(d, "response")
    subclocks.start(d, "response")
    ask_again(d, 1)
    if d.is_stranger:
        d.alarm(AlarmKind.TELLING, d.case.due or d.now, "an answer came to a challenge that nobody has confirmed yet")
    elif is_reported or reached_raiser(d, mail):
        told = Response.Responded(who=person(by), when=at, readable=mail.is_readable, reported=is_reported)
        d.write(told, [d.case.raiser], mail=mail, human=by)
    else:
        _relay(d, mail, by, at)


def _relay(d: Draft, mail: Mail, by: Contact, at: datetime) -> None:
    """A reply that reached only us: its words, no attachments, and the question in the same letter."""
    if not d.may_read:
        short = Response.Responded(who=person(by), when=at, readable=True, reported=False)
        d.write(short, [d.case.raiser], mail=mail, human=by)
        return
    told = Relay.Reply(who=person(by), when=at, text=mail.new_text, attachments=len(mail.attachments))
    d.write(told, [d.case.raiser], mail=mail, human=by)


def ask_again(d: Draft, n: int) -> None:
    """The n-th time the raiser's side is asked to confirm: 09:00 of the next working day."""
    at = workdays.next_morning(d.now, d.rules.calendar)
    why = "the raiser's side is asked again whether it is resolved" if n < 3 else "it stands in every digest"
    d.quiet(AlarmKind.ASK)
    d.alarm(AlarmKind.ASK, at, why, n)
    d.asked_to_confirm(n - 1)
    d.next_due(at, why)


def on_ask(d: Draft, n: int) -> None:
    """Again to the raiser, then to their manager; from the third on it stands in every digest."""
    answer = next((r for r in reversed(d.case.runs) if r.responded is not None), None)
    by = d.first_responder
    when = answer.responded if answer and answer.responded else d.now
    if n == 2 and d.manager:
        d.write(Response.Manager(who=person(by), when=when), [d.manager], human=by)
    elif n in (1, 2):
        d.write(Response.Again(who=person(by), when=when), [d.case.raiser], human=by)
    ask_again(d, n + 1)
