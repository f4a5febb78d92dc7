"""People the directory knows who write about a case and are no party to it: each hears what became of their mail.

The partnership's own people and colleagues of either agency are told why it changes nothing and who may. A third
agency's people learn nothing of a case, not even that it is there: what they are told is the same for every ref, and is
written by whoever places mail (engine/reading/office.py). It judges no word: that is said/words.py's.
"""

from collections.abc import Collection
from dataclasses import replace

from bot.case.making.draft import Draft
from bot.case.said.command import Said, Tell, is_known, tell
from bot.model import Arrival, Case, Contact, Flag, LetterKind, Mail, Proof, QuestionKind, Word
from bot.model.letters import Answer
from bot.model.letters.parts import Choice
from bot.rules.authority import Side, sides
from bot.rules.book import Rules
from bot.rules.directory import UNIT, Directory

INBOXES = ("team_inbox", "agency_inbox")
OF_UNIT: tuple[Choice, ...] = (
    ("STATUS", "where it stands"),
    ("NUDGE", "those who are to reply are reminded, in your name"),
    ("HOLD", "its letters wait while you look"),
    ("HELP", "every word you can send"),
)
_DECIDES = (Word.DECIDED, Word.APPOINT)
#: Words that do not show whose a challenge is; YES does where it is given (said/words.py).
_OPEN_STILL = (Word.YES, Word.NO, Word.NOT_MINE, Word.STATUS, Word.WITHDRAW)
_ENDS = (Word.NOT_OURS, Word.YES, Word.ADMIT, Word.DECIDED)
UNCONFIRMED = Tell(
    "The person in whose name you handed it in has not said yet whether it is theirs.",
    "Their YES or NO is awaited; after a NO you can end it with NOT OURS.",
)


def is_third(case: Case, email: str, rules: Rules) -> bool:
    """Whether it is somebody who may not learn that there is such a case: of neither agency, nor of the partnership."""
    roles = rules.directory.roles_of(email, case.area)
    is_partnership = any(not role.agency for role in roles)
    is_near = rules.directory.agency_of(email) in {case.raiser.agency, case.responder_agency} - {""}
    return not is_partnership and not is_near and set(sides(case, email, rules)) == {Side.NONE}


def told(d: Draft, fact: Arrival, by: Contact) -> None:
    """Words of theirs that change nothing are answered, once a day; a mailbox's are not, nor what answers an answer."""
    mail = fact.mail
    is_answer = fact.answered == LetterKind.ANSWER.value or mail.proof is Proof.FAILED
    addresses = [address for _, address in d.rules.inboxes]
    if is_answer or not is_known(d, by) or is_inbox(d.rules.directory, addresses, by.email):
        return
    if is_third(d.case, by.email, d.rules):
        return
    is_unit = any(role.role in UNIT for role in d.rules.directory.roles_of(by.email, d.case.area))
    unit = next(iter(d.unit), d.rules.operator)
    asks = "" if is_unit else f". If it should change, please ask {d.case.raiser} or {unit}"
    lacks = (f"No word that acts was read in it, so nothing has changed{asks}",)
    letter = d.write(Answer.Done(done=(), undone=lacks, choices=OF_UNIT if is_unit else ()), [by], mail=mail)
    if letter:
        d.letters[-1] = replace(letter, occasion=f"answered:{by.email}:{d.now:%Y%m%d}")


def is_inbox(directory: Directory, watched: Collection[str], email: str) -> bool:
    """Whether it is a mailbox that many people use: it is answered only to a word."""
    known = directory.person(email)
    return email in watched or (known is not None and known.role in INBOXES)


def disowns(d: Draft, mail: Mail) -> bool:
    """Whether a mail of who is named as raiser leaves open that what was handed in for them is theirs."""
    shows = mail.command is not None and mail.command.word not in _OPEN_STILL
    return d.case.has(Flag.BROUGHT_IN) and not shows


def is_barred(d: Draft, said: Said) -> bool:
    """Whether the business unit would end or confirm what it handed in itself: the raiser was asked, and has not said
    whether it is theirs."""
    waits = any(q.about is QuestionKind.PROVISIONAL for q in d.case.questions)
    is_theirs = Side.UNIT in said.stand and Side.RAISING not in said.stand
    return is_theirs and waits and not d.may_read and said.word in _ENDS


def too_early(d: Draft, said: Said) -> bool:
    """A decision before its stage: its sender hears where it can be given."""
    if said.word not in _DECIDES or d.stage.decider is not None:
        return False
    deciding = next((stage for stage in d.rules.policy.stages if stage.decider is not None), None)
    instead = f"It can be given at {deciding.name}." if deciding else "No stage of this policy names who decides."
    tell(d, said, Tell(f"The case is at {d.stage.name}, where nobody gives a final decision.", instead))
    return True
