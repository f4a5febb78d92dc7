"""Who may do what: role x command x stage x proof of sender. Default no.

It answers from the case's own people and the directory; a ref or a token attaches a mail and never proves a person.
Clauses: the command table of the design; Cheshire East 3 (the raiser's side decides what is resolved). What a word
does, and in which state it does anything, is the workflow's.

Monotone safety decides about proof. A word *relaxes* when it can end or lengthen a clock, close or move a case, choose
who answers, silence letters or end a reminder: it needs Proof.PROVEN; one of the raiser's that closes or gives time
acts only where nothing beside it speaks against it. The others only add (a note, a flag, a person woken, an earlier due
time) and act without: a forged one costs somebody a letter and no child any time.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from bot.model import Case, Contact, Mail, Proof, Word
from bot.model import Side as Side
from bot.rules.answering.coverage import deciders
from bot.rules.book import Rules
from bot.rules.directory import UNIT


class Ruling(StrEnum):
    """Why somebody may say a word, or may not."""

    ALLOWED = "allowed"
    NOT_YOUR_WORD = "not_your_word"
    NOT_PROVEN = "not_proven"
    UNKNOWN_WORD = "unknown_word"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`may` with the reason, and by which side."""

    may: bool
    why: Ruling
    side: Side


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose a word is. `relaxes`: needs proof. `asked`: also theirs to whom a question about that ("any") was put."""

    sides: tuple[Side, ...]
    relaxes: bool
    asked: str = ""
    at_decider: bool = False  # only at a stage that has a final decider
    is_plain: bool = False  # acts only where nothing beside it speaks against it; else its sender is asked


_RAISER = (Side.RAISING,)
_RESPONDER = (Side.RESPONDING,)
_EITHER = (Side.RAISING, Side.RESPONDING)
_PARTIES = (Side.RAISING, Side.RESPONDING, Side.DECIDER, Side.UNIT)
_UNIT = (Side.UNIT,)
_FINAL = (Side.DECIDER, Side.UNIT)

#: The command table. Sides stand in the order in which a verdict names them.
WORDS: dict[Word, Whose] = {
    # the raiser, their manager, the stage's raising role
    Word.RESOLVED: Whose(_RAISER, relaxes=True, is_plain=True),
    Word.WITHDRAW: Whose(_RAISER, relaxes=True, is_plain=True),
    Word.CLOSE: Whose(_RAISER, relaxes=True, is_plain=True),  # the answer to whether it is meant all the same
    Word.EXTEND: Whose(_RAISER, relaxes=True, is_plain=True),
    Word.NOT_URGENT: Whose(_RAISER, relaxes=True, is_plain=True),
    Word.ANSWERED: Whose(_RAISER, relaxes=True, is_plain=True),  # stops the stage's clock
    Word.IT_IS: Whose(_RAISER, relaxes=True, is_plain=True),  # makes a mail an answer
    Word.IT_IS_NOT: Whose(_RAISER, relaxes=False),  # the clock runs on
    Word.NOT_RESOLVED: Whose(_RAISER, relaxes=True),  # ends the running stage's clock, though another begins
    Word.ESCALATE: Whose(_RAISER, relaxes=True),
    Word.SAME: Whose(_RAISER, relaxes=True, is_plain=True),  # closes one of two; the raiser's own
    Word.DIFFERENT: Whose(_RAISER, relaxes=False),  # leaves both; the raiser's own
    Word.URGENT: Whose(_RAISER, relaxes=False),
    Word.REOPEN: Whose(_RAISER, relaxes=False),
    Word.IMPACT: Whose((*_RAISER, *_UNIT), relaxes=False),  # a note on what has ended
    # the responding side
    Word.ACCEPT: Whose(_RESPONDER, relaxes=True, asked="transfer"),  # moves the case to another team
    Word.DECLINE: Whose(_RESPONDER, relaxes=False, asked="transfer"),  # leaves it where it is
    Word.NOT_MINE: Whose(_RESPONDER, relaxes=False),  # asks others while the clock runs
    Word.RECEIVED: Whose(_RESPONDER, relaxes=True),  # ends the chasers for "not seen"
    Word.OUTCOME: Whose(_RESPONDER, relaxes=True),  # closes
    # either side
    Word.PHONE: Whose(_EITHER, relaxes=False),  # a note, which resolves nothing
    Word.MEETING: Whose(_EITHER, relaxes=False),  # a note
    Word.ON_FILE: Whose(_EITHER, relaxes=True),  # ends a reminder
    Word.UNDO: Whose(_EITHER, relaxes=False, asked="undo"),  # what a word without proof had relaxed
    Word.STATUS: Whose(_PARTIES, relaxes=False),  # answered to the address that the directory or the case holds
    Word.WHY: Whose(_PARTIES, relaxes=False),
    Word.CHILD_PROTECTION: Whose((*_PARTIES, Side.EXECUTIVE), relaxes=False),
    Word.NOT_CHILD_PROTECTION: Whose((Side.EXECUTIVE,), relaxes=True),
    Word.CORRECT: Whose((*_EITHER, Side.UNIT), relaxes=True),
    Word.YES: Whose(_PARTIES, relaxes=True, asked="any"),
    Word.NO: Whose(_PARTIES, relaxes=True, asked="any"),
    Word.SEND: Whose(_EITHER, relaxes=True, asked="send"),  # shows what somebody wrote to the other side
    # the final decider, or the business unit for them
    Word.DECIDED: Whose(_FINAL, relaxes=True, at_decider=True),
    Word.APPOINT: Whose(_FINAL, relaxes=True, at_decider=True),
    # the business unit
    Word.HOLD: Whose(_UNIT, relaxes=True),
    Word.NOT_OURS: Whose((*_RESPONDER, *_UNIT), relaxes=True),  # the other answer to a provisional notice
    Word.LEAVE: Whose(_UNIT, relaxes=True),
    Word.ADMIT: Whose(_UNIT, relaxes=True),  # a stranger becomes a party
    Word.REGISTER: Whose(_UNIT, relaxes=True),  # these four send what the partnership holds
    Word.REPORT: Whose(_UNIT, relaxes=True),
    Word.RECORD: Whose(_UNIT, relaxes=True),
    Word.SPOC: Whose(_UNIT, relaxes=True),
    Word.NEW: Whose(_UNIT, relaxes=True),  # speaks in somebody else's name
    Word.NUDGE: Whose(_UNIT, relaxes=True),  # writes to others in the unit's name
    Word.LEARNING: Whose(_UNIT, relaxes=False),  # a note
    Word.THEME: Whose(_UNIT, relaxes=False),  # a note
    Word.RELEASE: Whose(_UNIT, relaxes=False),
    Word.GO: Whose(_UNIT, relaxes=False),
    Word.OPEN: Whose(_UNIT, relaxes=False),
    Word.HELP: Whose(_UNIT, relaxes=False),
}


def sides(case: Case, email: str, rules: Rules) -> frozenset[Side]:
    """Every side this address stands on in this case (several for one who holds two roles)."""
    if not email or email.lower() == rules.bot.email.lower():
        return frozenset({Side.NONE})
    people = {
        Side.RAISING: _raising,
        Side.RESPONDING: _responding,
        Side.DECIDER: _deciders,
        Side.UNIT: _unit,
        Side.EXECUTIVE: _executives,
    }
    found = {side for side, who in people.items() if any(_is(email, c, rules) for c in who(case, rules))}
    if Side.RESPONDING not in found and _is_in_team(case, email, rules):
        found.add(Side.RESPONDING)
    return frozenset(found or {Side.NONE})


def may(case: Case, mail: Mail, rules: Rules) -> Verdict:
    """Whether the mail's command may act on this case. Proof is asked only of words that reduce safety's margin."""
    email = mail.sender.email if mail.sender else ""
    stand = sides(case, email, rules)
    word = WORDS.get(mail.command.word) if mail.command else None
    if word is None:
        return Verdict(False, Ruling.UNKNOWN_WORD, _first(stand, tuple(Side)))
    side = _by_which(word, case, email, stand, rules)
    if side is None:
        return Verdict(False, Ruling.NOT_YOUR_WORD, _first(stand, tuple(Side)))
    if mail.proof is Proof.FAILED or (word.relaxes and mail.proof is not Proof.PROVEN):
        return Verdict(False, Ruling.NOT_PROVEN, side)
    return Verdict(True, Ruling.ALLOWED, side)


def _by_which(word: Whose, case: Case, email: str, stand: Collection[Side], rules: Rules) -> Side | None:
    """The side by which this sender may say the word, None for none."""
    if word.at_decider and rules.policy.stage(case.stage).decider is None:
        return None
    questions = (q for q in case.questions if word.asked in ("any", q.about) and q.asked)
    if word.asked and any(rules.directory.same_person(q.asked, email) for q in questions):
        return _first(stand, tuple(Side))
    mine = [side for side in word.sides if side in stand]
    if word.sides == _RAISER and word.relaxes and Side.RESPONDING in stand and not _is(email, case.raiser, rules):
        return None  # who is challenged does not relax the challenge, not even as somebody's manager as well
    return mine[0] if mine else None


def _first(stand: Collection[Side], order: tuple[Side, ...]) -> Side:
    return next(side for side in order if side in stand)


# --- who stands where -------------------------------------------------------------------------------------------------


def _is(email: str, contact: Contact, rules: Rules) -> bool:
    """Whether the address is that contact's, an alias of theirs, or their deputy's."""
    known = rules.directory.person(contact.email)
    deputies = {contact.deputy, known.deputy if known else ""} - {""}
    return any(rules.directory.same_person(email, other) for other in (contact.email, *deputies) if other)


def _joined(case: Case, side: Side) -> Iterator[Contact]:
    """Those who were brought in at the running stage on that side."""
    return (contact for stage, where, contact in case.people if stage == case.stage and where == side)


def _raising(case: Case, rules: Rules) -> Iterator[Contact]:
    """The raiser, their manager, and their agency's people in the stage's raising role.

    A raising role of practitioner is the raiser alone: a colleague does not speak for them.
    """
    yield case.raiser
    yield from _joined(case, Side.RAISING)
    yield from _joined(case, Side.RAISING_LEAD)  # asked whether an answered challenge can wait
    agency, team = case.raiser.agency, case.raiser.team
    for role in ("line_manager", *rules.policy.stage(case.stage).raising_role) if agency else ():
        if role != "practitioner":
            yield from (c for c in rules.directory.holders(role, case.area, agency, team) if c.agency == agency)


def _responding(case: Case, rules: Rules) -> Iterator[Contact]:
    """Those served, those brought in, the holders of the stage's responding role, and the challenged team's inboxes."""
    yield from (served.contact for served in case.served)
    yield from _joined(case, Side.RESPONDING)
    yield from _joined(case, Side.RESPONDING_LEAD)  # asked whether an answered challenge can wait
    if case.inbox:
        yield Contact(case.inbox)
    yield from (Contact(address) for team, address in rules.inboxes if team and team == case.team)
    for role in rules.policy.stage(case.stage).responding_role:
        yield from rules.directory.holders(role, case.area, case.responder_agency, case.team)


def _is_in_team(case: Case, email: str, rules: Rules) -> bool:
    """Whether the directory lists the address for the challenged team, in whatever role."""
    team = (case.responder_agency, case.team)
    return all(team) and any((c.agency, c.team) == team for c in rules.directory.roles_of(email, case.area))


def _deciders(case: Case, rules: Rules) -> Iterator[Contact]:
    """The decider, whoever stands beside them among those who answer at this stage, and whom they appointed."""
    stage = rules.policy.stage(case.stage)
    yield from _joined(case, Side.DECIDER)
    challenged, raising = (case.responder_agency, case.team), (case.raiser.agency, case.raiser.team)
    beside = stage.responding_role if stage.decides == "responder" else ()
    yield from deciders(stage, rules.directory, case.area, challenged, raising, beside=beside)


def _unit(case: Case, rules: Rules) -> Iterator[Contact]:
    for role in UNIT:
        yield from rules.directory.holders(role, case.area)


def _executives(case: Case, rules: Rules) -> Iterator[Contact]:
    role = rules.policy.executive_lead
    for agency in {case.raiser.agency, case.responder_agency} - {""} if role else ():
        yield from rules.directory.holders(role or "", case.area, agency)
