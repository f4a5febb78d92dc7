"""A mail joins its case: the fact, what a bounce tells of which letter, and who is away again and again.

Everything happens in the transaction of the mail's own disposition. It decides nothing (turn.py) and finds no case
(place.py).
"""

import hmac
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.case import dated
from bot.case.placement import weighed
from bot.engine.reading.place import content_keys, signed_key
from bot.engine.turn import Turn
from bot.model import (
    Arrival,
    Bounce,
    Decision,
    EventKind,
    How,
    Letter,
    LetterUndelivered,
    Mail,
    MailKind,
    Proof,
    QuestionKind,
    Word,
)
from bot.model.letters import Information, person
from bot.rules.directory import Directory
from bot.store import cases, outbox
from bot.store.outbox import Queued

#: So many absences of one contact within so long, and the business unit hears that nobody is there.
ABSENCES, WITHIN = 3, timedelta(days=30)


def attach(
    turn: Turn, tx: Connection, mail: Mail, number: int, how: str, key: str, now: datetime,
    named: tuple[str, ...] = (), *, same_id: bool = False,
) -> Decision:  # fmt: skip
    """The mail joins its case, or the one that goes on for it; a bounce tells the case which letter did not arrive.
    `key`: of the letter it answers; `named`: refs of other cases that its words name; `same_id`: another mail, of other
    content, bears its id."""
    letters = outbox.of_case(tx, number) if key else []
    letter = _cited(letters, key, mail)
    kind = letter.letter.kind.value if letter else ""
    known = tuple(address for address, _, _ in letter.recipients) if letter else ()
    standing = letter.letter.standing if letter else None
    goes_to = tuple(one.email for one in standing.goes_to) if standing else ()
    number = _going_on(tx, mail, number)
    same_as = _same_as(tx, mail, number)
    keys, seen_in = content_keys(mail), _seen_in(tx, mail)
    why, is_misdated = _outdated(turn, tx, mail, number, how, letter, is_seen=bool(seen_in))
    if why:
        mail = dated.unproven(mail, why)
        how = How.AGAIN if number in seen_in else how
    fact = Arrival(mail, how, kind, key, answered_to=known, goes_to=goes_to, named=named, same_as=same_as)
    fact = replace(fact, outdated=why, is_misdated=is_misdated, same_id=same_id)
    decision = turn.take(tx, number, fact, now)
    cases.note_ids(tx, number, keys)
    if mail.kind is MailKind.AUTO_REPLY:
        _absent(turn, tx, mail, decision, now)
    if mail.bounce is not None and letter is not None:
        _bounced(turn, tx, mail.bounce, number, letter, now)
    return decision


def _cited(letters: list[Queued], key: str, mail: Mail) -> Queued | None:
    """The letter that it cites: of one letter there may be two, for two readers. The id nearest to it counts before the
    key, for a server may have given the letter another one; those behind it count last."""
    by_id = {outbox.bare(one.letter.message_id): one for one in letters}
    near = (*mail.in_reply_to, *(mail.bounce.message_ids if mail.bounce else ()))
    found = next((by_id[one] for one in near if one in by_id), None)
    found = found or next((one for one in letters if one.letter.key == key), None)
    return found or next((by_id[one] for one in mail.cited if one in by_id), None)


def suggest(
    turn: Turn, tx: Connection, mail: Mail, number: int, how: str, others: tuple[str, ...], now: datetime
) -> None:
    """The case hears of a mail that may answer it, and that waits for a person."""
    why = _outdated_alone(tx, mail)
    mail = dated.unproven(mail, why) if why else mail
    turn.take(tx, number, Arrival(mail, how, others=others, outdated=why), now)


def alone(tx: Connection, mail: Mail, directory: Directory) -> Mail:
    """The mail as what it proves where it joins no case: one that came before, or long after it was signed, is one
    that nothing proves. The keys by which it is known again are those of the mail as it came."""
    why = _outdated_alone(tx, mail)
    return weighed(dated.unproven(mail, why), directory) if why else mail


def to_open(tx: Connection, mail: Mail, directory: Directory) -> Mail:
    """The same where it opens a case: only what came before counts against it, for a challenge orders nothing, and its
    writer's clock may be wrong by years."""
    return alone(tx, mail, directory) if _seen_in(tx, mail) else mail


def _outdated_alone(tx: Connection, mail: Mail) -> str:
    return dated.outdated(mail, None, is_seen=bool(_seen_in(tx, mail)))


def _seen_in(tx: Connection, mail: Mail) -> set[int]:
    """The cases that a mail of the same sender, date and words is of, whatever id it bore; both proven."""
    is_proven = mail.proof is Proof.PROVEN and mail.kind is MailKind.HUMAN and dated.is_told_apart(mail)
    return {case for _, case, _ in cases.find_ids(tx, (signed_key(mail),))} if is_proven else set()


def _outdated(
    turn: Turn, tx: Connection, mail: Mail, number: int, how: str, letter: Queued | None, *, is_seen: bool
) -> tuple[str, bool]:
    """Why what proves its sender counts no more, and whether that is its Date alone: see case/dated.py. Where a person
    has placed it, they have seen what it belongs to."""
    stored, is_found = cases.load(tx, number), how in set(How)
    since = (letter.letter.decided or letter.queued) if letter else stored.case.opened
    if letter is not None and {outbox.bare(letter.letter.message_id), letter.assigned_id} & {*mail.in_reply_to}:
        went_to = tuple(address for address, _, _ in letter.recipients)
        if why := dated.elsewhere(stored.case, mail, went_to, turn.rules_of(stored)):
            return why, False
    why = dated.outdated(mail, since if is_found else None, is_seen=is_seen)
    return why, bool(why) and not is_seen


def _going_on(tx: Connection, mail: Mail, number: int) -> int:
    """The case, or where it was closed as a duplicate the other: what a person writes to the letters of one must not
    lie in a case that has ended. Words about the two themselves stay."""
    seen: set[int] = set()
    is_about_both = mail.command is not None and mail.command.word in (Word.REOPEN, Word.SAME, Word.DIFFERENT)
    while mail.kind is MailKind.HUMAN and not is_about_both and number not in seen:
        seen.add(number)
        ref = cases.load(tx, number).case.same_as
        number = (cases.by_ref(tx, ref) if ref else None) or number
    return number


def _same_as(tx: Connection, mail: Mail, number: int) -> str:
    """The ref of the other case that this one's raiser was asked about, while that is open; "" where nobody says so."""
    if mail.command is None:
        return ""
    asked = (q.other for q in cases.load(tx, number).case.questions if q.about is QuestionKind.SAME)
    other = cases.by_ref(tx, next(asked, ""))
    case = cases.load(tx, other).case if other is not None else None
    return case.ref if case is not None and case.is_open else ""


def _bounced(turn: Turn, tx: Connection, bounce: Bounce, number: int, letter: Queued, now: datetime) -> None:
    addresses = [address for address, _, _ in letter.recipients]
    named = bounce.recipient or ""
    recipient = named if named in addresses else addresses[0] if len(addresses) == 1 else ""
    if not recipient:
        return
    status, hard, why = bounce.status, bounce.is_hard, bounce.reason
    if not hard or outbox.bounced(tx, letter.id, recipient, status, bounce.words, now):
        one = letter.letter
        fact = LetterUndelivered(one.key, one.kind, one.stage, recipient, status, hard, one.starts_clock, why)
        turn.take(tx, number, fact, now)


def _absent(turn: Turn, tx: Connection, mail: Mail, decision: Decision, now: datetime) -> None:
    """Counts an absence once for each case and stage; the third within a month is told to the business unit, once."""
    sender = mail.sender.email if mail.sender else ""
    case = decision.case
    same = turn.books.settings.directory.same_person
    contact = next((s.contact for s in case.served if s.is_away and same(s.contact.email, sender)), None)
    if contact is None or not any(event.kind is EventKind.ABSENT for event in decision.events):
        return
    who = hmac.digest(turn.secret, contact.email.encode(), "sha256").hex()[:32]
    times, was_told = cases.note_absence(tx, who, case.number, case.stage, now, WITHIN)
    if times >= ABSENCES and not was_told:
        unit = turn.books.settings.directory.unit(case.area)
        if unit:
            values = Information.Unreachable(contact=person(contact), times=times, days=WITHIN.days)
            subject = "A contact of the directory cannot be reached"
            occasion = f"unreachable/{who}/{now:%Y%m%d}"
            turn.post(tx, Letter(values, occasion, unit, decided=now, subject=subject), now)
            cases.absence_told(tx, who, now)
