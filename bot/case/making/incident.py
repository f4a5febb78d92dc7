"""A mail reached somebody it was not meant for: a note to the data protection contact, at once.

Three roads tell of it: a person who is no party says "not mine", a party forwards or copies a mail of the case to an
address outside the directory, a bounce or an automatic reply comes from an address we never wrote to. The note says
what, to whom, when, which kinds of details and by when a breach must be reported; it names no child, for letters
never do. Once for each case and address.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

from bot.case.making.draft import Draft
from bot.model import Arrival, EventKind, Flag, How, LetterKind, Mail, Outsider, Proof
from bot.model.letters import Alert
from bot.rules.authority import Side
from bot.rules.directory import domain_of

#: UK GDPR, Article 33(1): a personal data breach is notified not later than 72 hours after becoming aware of it.
NOTIFY_WITHIN = timedelta(hours=72)
#: How an outsider of the case was reached: the raiser copied them in, or by a mistake that was told.
_BY_RAISER, _INCIDENT = "copied", "incident"
_MOST_OUTSIDE = 10
SUBJECT = "A mail reached somebody it was not meant for"

_BASE = "names, roles, agencies and telephone numbers of professionals; the ref, the stage and its time"
_FIELDS = {
    LetterKind.RELAY.value: f"{_BASE}; the words of a reply",
    LetterKind.INFORMATION.value: f"{_BASE}; perhaps the first line of a reply",
    LetterKind.ESCALATION.value: f"{_BASE}; the original challenge, where it was attached",
    LetterKind.RECORD.value: f"{_BASE}; the record of the case",
}
_ORIGINAL = "a mail of the case, with whatever its writer put into it; it lies in the case's own mails"


def is_no_party(stand: Collection[Side]) -> bool:
    return not set(stand) - {Side.NONE}


def misdirected(d: Draft, fact: Arrival, email: str) -> None:
    """Somebody who is no party says that it is not theirs. Against a failed proof nothing is taken for said."""
    mail = fact.mail
    if mail.proof is Proof.FAILED:
        d.event(EventKind.REFUSED, by=email, note="NOT MINE: not proven")
        return
    agency = d.rules.directory.agency_of(email)
    if fact.how == How.REF and agency not in ("", d.case.raiser.agency, d.case.responder_agency):  # it can be guessed
        d.event(EventKind.REFUSED, by=email, note="NOT MINE: from neither side, and it cites no mail")
        return
    if is_guess(fact):
        d.event(EventKind.REFUSED, by=email, note="NOT MINE: it cites no letter and is not proven")
        d.flag(Flag.UNPROVEN_WORD)
        return
    d.event(EventKind.NOT_MINE, by=email, note="from neither side")
    what = f"A letter of this service ({fact.answered})" if fact.answered else "A mail of the case"
    _note(d, f"{what} reached somebody who says that it is not theirs.", email, _fields(fact.answered))


def is_guess(fact: Arrival) -> bool:
    """Whether whoever guesses a ref can say so, in any number: nothing proves it and it cites no letter of ours."""
    return fact.mail.proof is not Proof.PROVEN and (fact.how != How.LETTER or bool(fact.outdated))


def handed_outside(d: Draft, mail: Mail, stand: Collection[Side]) -> None:
    """A party handed a mail of the case on to an address that no agency of the directory has, or copied it in."""
    if is_no_party(stand) or mail.proof is Proof.FAILED or d.is_stranger:
        return
    did = "forwarded" if mail.trigger.is_forward else "sent"
    for email in _outside(d, mail):
        if Outsider(email, _BY_RAISER) not in d.case.outsiders:
            _note(d, f"A party to the case {did} a mail of it to an address outside the directory.", email, _ORIGINAL)


def copied_at_opening(d: Draft, mail: Mail) -> None:
    """The raiser chose whom to copy in: flagged for people to see, and no incident, then or when it is answered."""
    copied = tuple(Outsider(email, _BY_RAISER) for email in _outside(d, mail))
    if copied:
        d.note_outside(*copied)
        d.flag(Flag.COPIED_OUTSIDE)


def _outside(d: Draft, mail: Mail) -> list[str]:
    found = [email for email in dict.fromkeys(a.email for a in (*mail.to, *mail.cc)) if _is_outside(d, email)]
    return found[:_MOST_OUTSIDE]


def bounced_elsewhere(d: Draft, fact: Arrival) -> None:
    """Our letter came back from an address that it was never sent to: somebody's mailbox hands mail on."""
    bounce = fact.mail.bounce
    if bounce is None or not bounce.recipient or not fact.answered_to:
        return
    if bounce.recipient not in fact.answered_to and _is_outside(d, bounce.recipient):
        what = "A letter of this service was handed on by a recipient's mailbox to an address outside the directory."
        _note(d, what, bounce.recipient, _fields(fact.answered))


def replied_elsewhere(d: Draft, fact: Arrival, sender: str) -> None:
    """A machine outside the directory replies to a letter of ours that never went there: it was handed on as well."""
    is_elsewhere = fact.answered_to and sender not in fact.answered_to and _is_outside(d, sender)
    if is_elsewhere and fact.mail.proof is not Proof.FAILED:
        what = (
            "A letter of this service was handed on to an address outside the directory, which replied automatically."
        )
        _note(d, what, sender, _fields(fact.answered))


def _is_outside(d: Draft, email: str) -> bool:
    ours = {d.rules.bot.email, d.rules.operator.email, d.case.raiser.email}
    known = d.rules.directory.is_known_domain(email) or domain_of(email) in d.rules.allowed_domains
    return bool(email) and email not in ours and not known


def _fields(kind: str) -> str:
    return _FIELDS.get(kind, _BASE if kind else _ORIGINAL)


def _note(d: Draft, what: str, to: str, fields: str) -> None:
    told = Outsider(to, _INCIDENT)
    if told in d.case.outsiders:
        return
    d.note_outside(told)
    d.flag(Flag.INCIDENT)
    d.event(EventKind.INCIDENT, by=to)
    values = Alert.Incident(
        subject=SUBJECT,
        case=d.case.ref,
        what=what,
        whom=to,
        at=d.now,
        fields=fields,
        until=d.now + NOTIFY_WITHIN,
    )
    letter = d.write(values, [d.rules.dpo or d.rules.operator])
    if letter:  # an occasion of its own: one mail may reach several, and be told to the operator for another reason
        d.letters[-1] = replace(letter, occasion=f"incident:{to}")


# An answer that cites a letter of ours from an address the letter never went to. The id of a letter binds a mail to
# its case and proves nobody; that it is used elsewhere means that the letter was handed on, or worse. It is flagged,
# and the operator is told when the sender is no party. What the mail may do is decided where it is decided for every
# mail (said/replies.py, said/words.py).


def watch(d: Draft, fact: Arrival, sender: str, stand: Collection[Side]) -> None:
    """Flags it once for each case; alerts, once for each address, when a stranger to the case holds one of our ids."""
    if fact.how != How.LETTER or not fact.answered_to or not sender or is_addressee(d, fact, sender):
        return
    d.flag(Flag.ANSWERED_FROM_ELSEWHERE)
    d.event(EventKind.TOKEN_ELSEWHERE, by=sender, note=fact.answered)
    if set(stand) - {Side.NONE}:
        return
    lines = (
        f"Case {d.case.ref}: a letter of ours ({fact.answered}) was answered from an address that it never went to.",
        "Nothing that the mail says was followed. It lies with the case. Please find out how the letter came there.",
    )
    subject = "A letter was answered from another address"
    letter = d.write(Alert.Plain(subject=subject, lines=lines), [d.rules.operator])
    if letter:  # once for each address: whoever holds an id may send as many mails as they like
        d.letters[-1] = replace(letter, occasion=f"elsewhere:{sender}")


def is_addressee(d: Draft, fact: Arrival, sender: str) -> bool:
    """One of the addresses it went to, an alias of one, or the deputy of one."""
    directory = d.rules.directory
    for email in fact.answered_to:
        known = directory.person(email)
        if directory.same_person(email, sender) or (known is not None and known.deputy == sender):
            return True
    return False
