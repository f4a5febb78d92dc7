"""What the store knows of the keys a mail bears: its own ids, the ids it cites, refs, and its content.

The one read that placing a mail needs, and the pure decision asked with it (case/placement.py). It changes nothing.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from bot.case import guesses
from bot.case import placement as case_placement
from bot.case.dated import SAME_FROM, is_told_apart
from bot.case.placement import Attach, Ignore, Known, Open, Pen, Placement
from bot.mail.subject import ref_in
from bot.model import Case, How, IdKind, Inbox, Mail, MailKind, Proof
from bot.rules.directory import Directory
from bot.store import cases, outbox

#: Keys of ours that no mail may cite as an id: anybody can work them out.
KEYS = (IdKind.CONTENT, IdKind.WORDS)
#: How much of a mail's text is searched for a ref: it stands at the end of our letters.
TAIL = 4000
MOST_GUESSES = 5
#: Nobody of such a case can be written to or named, so it takes no mail by itself.
FORGOTTEN = "of a case whose people and texts were forgotten"


def place(tx: Connection, mail: Mail, inbox: Inbox, directory: Directory, *, is_old: bool) -> tuple[Placement, bool]:
    """Where the mail goes, and whether its Message-ID is already another mail's."""
    own = (mail.message_id,) if mail.message_id else ()
    content = content_key(mail)
    cited = (*mail.cited, *(mail.bounce.message_ids if mail.bounce else ()))
    rows = cases.find_ids(tx, tuple(dict.fromkeys((content, *own, *cited))))
    copy = [row for row in rows if row[0] == content]
    if copy:
        return Attach(copy[0][1], How.COPY), False
    same_id = any(row[0] in own and row[2] in (IdKind.ORIGINAL, IdKind.MAIL) for row in rows)
    known = _known(tx, mail, own, cited, [row for row in rows if row[0] in cited and row[2] not in KEYS])
    placement = case_placement.place(mail, inbox, known, directory, is_old)
    if isinstance(placement, Attach) and cases.is_purged(tx, placement.case):
        return Pen(FORGOTTEN) if mail.kind is MailKind.HUMAN else Ignore(FORGOTTEN), same_id
    if isinstance(placement, Open):
        placement = _again(tx, mail) or replace(placement, same_as=_twin(tx, mail, inbox, known.named, directory))
    if not isinstance(placement, Attach):
        placement = _guessed(tx, mail, inbox, directory, placement) or placement
    if isinstance(placement, Open) and not inbox.policy:
        placement = Pen("a challenge to our own mailbox that names no team we watch")
    if isinstance(placement, Pen):
        placement = replace(placement, guesses=_refs(tx, mail, placement.guesses, directory))
    return placement, same_id


def _refs(tx: Connection, mail: Mail, guesses: tuple[str, ...], directory: Directory) -> tuple[str, ...]:
    """What a person is shown as the best guesses, as refs; where there are none, the sender's own open cases."""
    known = tuple(cases.load(tx, int(one)).case.ref if one.isdecimal() else one for one in guesses)
    if known or mail.sender is None:
        return known
    return cases.refs_of(tx, directory.addresses_of(mail.sender.email), MOST_GUESSES)


def _guessed(tx: Connection, mail: Mail, inbox: Inbox, directory: Directory, placement: Placement) -> Placement | None:
    """An open case that it may belong to all the same: nothing joins it, and its raiser is asked."""
    if mail.kind is not MailKind.HUMAN or mail.is_list or mail.sender is None:
        return None
    addressed = [a.email for a in (*mail.to, *mail.cc)]
    if isinstance(placement, Ignore) and _between_agencies(mail, inbox, directory):
        return guesses.may_answer(mail, _raised_by(tx, directory, *addressed), directory)
    if isinstance(placement, Ignore) and _from_outside(mail, inbox, directory):
        return guesses.may_concern(mail, _raised_by(tx, directory, *addressed), directory)
    if mail.quoted_trigger is not None and (mail.trigger.is_forward or mail.trigger.is_reply):
        writers = (mail.sender.email, mail.quoted_from or "")
        return guesses.may_quote(mail, _raised_by(tx, directory, *writers), directory)
    return None


def _raised_by(tx: Connection, directory: Directory, *emails: str) -> list[Case]:
    """The open cases that one of these people raised: a guess is never about another's."""
    return cases.raised_by(tx, directory.addresses_of(*emails))


def _between_agencies(mail: Mail, inbox: Inbox, directory: Directory) -> bool:
    """Whether one agency writes to another's people: only then may it answer a challenge."""
    if mail.sender is None:
        return False
    own = directory.agency_of(mail.sender.email, inbox.area)
    others = (directory.agency_of(a.email, inbox.area) for a in (*mail.to, *mail.cc))
    return bool(own) and any(other not in ("", own) for other in others)


def _from_outside(mail: Mail, inbox: Inbox, directory: Directory) -> bool:
    """Whether somebody whom no agency has writes to this team and to another agency's people at once."""
    if mail.sender is None or inbox.is_bot or directory.is_known_domain(mail.sender.email):
        return False
    own = directory.agency_of_team(inbox.team, inbox.area)
    others = (directory.agency_of(a.email, inbox.area) for a in (*mail.to, *mail.cc))
    return any(other not in ("", own) for other in others)


def _known(
    tx: Connection, mail: Mail, own: tuple[str, ...], cited: tuple[str, ...], rows: list[tuple[str, int, str]]
) -> Known:
    """`rows`: what the case's ids say of `cited`; our letters are asked here, for both in one question."""
    ids = {row[:2]: row for row in rows}  # by id and case: an id that two mails bear leads to both
    is_own = False
    for queued in outbox.by_message_id(tx, tuple(dict.fromkeys((*own, *cited)))):
        names = {name for name in (queued.letter.message_id, queued.assigned_id) if name}
        is_own = is_own or any(outbox.bare(one) in names for one in own)
        if queued.case is not None and any(outbox.bare(one) in names for one in cited):
            ids |= {(name, queued.case): (name, queued.case, queued.letter.key) for name in names}
    own_refs = ref_in(f"{mail.subject}\n{mail.new_text[-TAIL:]}")
    refs = cases.find_refs(tx, own_refs)
    below = cases.find_refs(tx, ref_in(f"{mail.quoted[-TAIL:]}\n{mail.text[-TAIL:]}"))
    below = [row for row in below if row not in refs]
    numbers = dict.fromkeys((*(number for _, number in (*refs, *below)), *(number for _, number, _ in ids.values())))
    named = tuple(cases.load(tx, number).case for number in numbers)
    return Known(tuple(ids.values()), tuple(refs), is_own, tuple(below), named)


def _twin(tx: Connection, mail: Mail, inbox: Inbox, named: Sequence[Case], directory: Directory) -> str:
    """The ref of the open case that a challenge may be written of again, "" for none: its raiser is asked."""
    theirs = (case.ref for case in named if guesses.is_named(case, mail, directory))
    own = _raised_by(tx, directory, mail.sender.email) if mail.sender else []
    latest = (case for case in own if guesses.is_of_days(case, mail, inbox, directory))
    nearly = (c.ref for c in latest if guesses.are_nearly_same(mail.new_text, cases.words_of(tx, c.number)))
    return next(theirs, "") or next(nearly, "")


def _again(tx: Connection, mail: Mail) -> Attach | None:
    """The same sender's same words while their case is open: evidence for it, and no second clock."""
    for _, number, _ in cases.find_ids(tx, same_keys(mail)):
        if cases.load(tx, number).case.is_open:
            return Attach(number, How.AGAIN)
    return None


def inbox_of(watched: Mapping[str, Inbox], directory: Directory, name: str, mail: Mail) -> Inbox:
    """The watched inbox of that name; for our own mailbox, the inbox of the team that the mail addresses."""
    inbox = watched[name]
    if not inbox.is_bot:
        return inbox
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    others = [box for box in watched.values() if not box.is_bot]
    for box in others:
        teams = {directory.team_of(email, box.area) for email in addressed} - {""}
        if box.address in addressed or (box.team and box.team in teams):
            return Inbox(box.area, box.address, box.policy, box.team, is_bot=True)
    policies = {(box.area, box.policy) for box in others}
    if len(policies) == 1:
        area, policy = policies.pop()
        return Inbox(area, inbox.address, policy, "", is_bot=True)
    return inbox


def keys_of(mail: Mail) -> dict[str, IdKind]:
    """The keys by which a copy of this mail, or the same challenge again, is known."""
    return content_keys(mail) | dict.fromkeys(same_keys(mail), IdKind.WORDS)


def content_keys(mail: Mail) -> dict[str, IdKind]:
    """Those of what stays the same when it is delivered twice or, where its sender is proven, sent again by anybody."""
    signed = (signed_key(mail),) if mail.proof is Proof.PROVEN and is_told_apart(mail) else ()
    return dict.fromkeys((content_key(mail), *signed), IdKind.CONTENT)


def content_key(mail: Mail) -> str:
    """What stays the same when a mail is delivered twice: id, sender, date, subject, text and attachments."""
    date = mail.date.isoformat() if mail.date else ""
    digests = (a.digest for a in mail.attachments)
    return "content:" + _hash(mail.message_id or "", _sender(mail), date, mail.subject, mail.text, *digests)


def signed_key(mail: Mail) -> str:
    """What a sender's signature covers for certain: who, when and the words, whatever id a mail bears and cites."""
    date = mail.date.isoformat() if mail.date else ""
    return "signed:" + _hash(_sender(mail), date, " ".join(mail.text.split()), *(a.digest for a in mail.attachments))


def same_keys(mail: Mail) -> tuple[str, ...]:
    """What stays the same when a challenge is written again; () where the words are too few to tell."""
    words = " ".join(mail.new_text.split())
    if len(words) < SAME_FROM or not _sender(mail):
        return ()
    return ("words:" + _hash(_sender(mail), words, *(a.digest for a in mail.attachments)),)


def hash_id(message_id: str | None) -> str:
    """A Message-ID as the ledger keeps it."""
    return _hash(message_id) if message_id else ""


def _sender(mail: Mail) -> str:
    return mail.sender.email if mail.sender else ""


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()
