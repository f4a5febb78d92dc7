"""What a mail that leads to no case may belong to all the same: a guess for a person, and never more.

Nothing joins a case by it. The raiser is asked, or a person places the mail; of a challenge that may be there twice its
raiser is asked while both clocks run. It asks no database: open cases are handed in.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from bot.case.placement import Pen, is_original, is_party
from bot.model import WAITING, Case, How, Inbox, Mail
from bot.rules.directory import Directory

_MOST = 3
#: A challenge may be sent again with a word changed within so long.
_AGAIN_WITHIN = timedelta(days=7)
#: Shorter words are in every text; so many must be there, and such a part of the shorter and of the longer be shared.
_LONG_WORD, _FEWEST_WORDS, _OF_SHORTER, _OF_LONGER = 4, 3, 0.75, 1 / 3


def may_answer(mail: Mail, open_cases: Sequence[Case], directory: Directory) -> Pen | None:
    """A mail of the challenged agency to the raiser that cites nothing: a guess for a person, and never more."""
    sender = mail.sender.email if mail.sender else ""
    addressed = [a.email for a in (*mail.to, *mail.cc)]
    return _guess(
        case
        for case in open_cases
        if case.state in WAITING
        and case.responder_agency == directory.agency_of(sender, case.area) != case.raiser.agency
        and any(directory.same_person(case.raiser.email, email) for email in addressed)
    )


def may_concern(mail: Mail, open_cases: Sequence[Case], directory: Directory) -> Pen | None:
    """A mail from outside the directory to the raiser of a challenge that waits, citing nothing: a person looks at it.
    Nobody is asked about it, for nobody knows who wrote it."""
    addressed = [a.email for a in (*mail.to, *mail.cc)]
    refs = [
        case.ref
        for case in open_cases
        if case.state in WAITING and any(directory.same_person(case.raiser.email, email) for email in addressed)
    ]
    return (
        Pen("somebody outside the directory writes to the raiser of an open challenge", tuple(refs)) if refs else None
    )


def may_quote(mail: Mail, open_cases: Sequence[Case], directory: Directory) -> Pen | None:
    """A mail that cites nothing and quotes a challenge of an open case, handed on by the challenged side, or what they
    answered, passed on by the raiser: a guess for a person again. Whatever else quotes one goes its own way."""
    if mail.sender is None or mail.quoted_from is None or mail.quoted_trigger is None:
        return None
    return _guess(case for case in open_cases if case.state in WAITING and _quotes(mail, case, directory))


def _quotes(mail: Mail, case: Case, directory: Directory) -> bool:
    sender, writer = mail.sender.email if mail.sender else "", mail.quoted_from or ""
    handing_on, original = directory.agency_of(sender, case.area), mail.quoted_trigger
    if not case.responder_agency or case.responder_agency == case.raiser.agency or original is None:
        return False
    if directory.same_person(sender, case.raiser.email):
        return directory.agency_of(writer, case.area) == case.responder_agency
    return is_original(mail, case, directory) and handing_on == case.responder_agency


def _guess(found: Iterable[Case]) -> Pen | None:
    """Each raiser is asked about their own cases, unless these are too many to be asked about."""
    cases = list(found)
    if not cases:
        return None
    own = {case.number: [c.ref for c in cases if c.raiser.email == case.raiser.email] for case in cases}
    asks = ((c.number, tuple(r for r in own[c.number] if r != c.ref)) for c in cases if len(own[c.number]) <= _MOST)
    return Pen(How.MAY_ANSWER, tuple(case.ref for case in cases), tuple(asks))


def is_named(case: Case, mail: Mail, directory: Directory) -> bool:
    """Whether an open case that a challenge names may be the same one: its sender, or their agency, is a party."""
    return case.is_open and is_party(case, mail.sender.email if mail.sender else "", directory)


def is_of_days(case: Case, mail: Mail, inbox: Inbox, directory: Directory) -> bool:
    """Whether the same person challenged the same team in the last days."""
    is_raiser = mail.sender is not None and directory.same_person(mail.sender.email, case.raiser.email)
    return is_raiser and bool(inbox.team) and case.team == inbox.team and mail.received - case.opened <= _AGAIN_WITHIN


def are_nearly_same(one: str, other: str) -> bool:
    """Whether one text is the other with a few words more, less or changed. A question is asked of it, and no more."""
    short, long = sorted(map(_long_words, (one, other)), key=len)
    shared = len(short & long)
    return len(short) >= _FEWEST_WORDS and shared >= _OF_SHORTER * len(short) and shared >= _OF_LONGER * len(long)


def _long_words(text: str) -> set[str]:
    words = ("".join(filter(str.isalnum, word)) for word in text.casefold().split())
    return {word for word in words if len(word) >= _LONG_WORD}
