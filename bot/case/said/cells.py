"""The words of the command table by state: each cell is a function that acts, or a Tell of why it changes nothing now.

The table is total. Whose a word is, and with which proof, stands beside it in rules/authority.py; `challenge-bot flow`
prints both. What one state cannot decide alone (nobody was asked, no time has begun) a function tells itself.
"""

from collections.abc import Callable

from bot.case import dated
from bot.case.making.draft import Draft
from bot.case.said import acts, answers, challenged, command, correct, protection
from bot.case.said.codes import VISIBLE
from bot.case.said.command import RECORD, Said, Tell, nothing_changed
from bot.case.said.unit import orders as unit
from bot.case.said.unit import others
from bot.model import Arrival, Contact, Flag, Mail, Proof, State, Word
from bot.rules.authority import WORDS

Act = Callable[[Draft, Said], None]
Cell = Act | Tell

_REOPEN = Tell("The challenge is closed.", "REOPEN opens it again at the stage last reached.")
_CLOSED = Tell("The challenge is closed.", "The raiser's side can open it again with REOPEN.")
_ENDING = Tell(
    "The closing word was given, and the outcome in writing is awaited.",
    "OUTCOME: of the challenged side closes the challenge. NOT RESOLVED of the raiser's side starts this stage again.",
)
_ANSWERED = Tell(
    "An answer is recorded, so no time for a reply runs.",
    "RESOLVED or NOT RESOLVED of the raiser's side says what follows from it.",
)
_SEEN = Tell(
    "An answer is recorded, so nobody waits to hear that the challenge was seen.",
    "The raiser is asked whether it is resolved.",
)
_NOT_IN_DOUBT = Tell("Nobody asked you whether to close the challenge all the same.", "RESOLVED or WITHDRAW closes it.")
_NO_TIME = Tell("The challenge is closed, and no time runs.")
_NO_TRANSFER = Tell("The challenge can change teams only while a reply is awaited.")
_AT_THE_END = Tell("The entry on {record} is asked for when the challenge has ended.", "Please say ON FILE then.")
_CHANGED_AT_THE_END = Tell("What changed is asked when the challenge has ended.", "Please say IMPACT then.")
_IS_A_CASE = Tell("It names a case that is there already.", "Please send NEW in a mail of its own, without a ref.")
_OPEN = "The challenge is open already."
_WAITS = Tell(_OPEN, "ESCALATE calls in the next stage now.")
_IS_ASKED = Tell(_OPEN, "NOT RESOLVED calls in the next stage at once.")
_STARTS = Tell(_OPEN, "NOT RESOLVED starts this stage again.")


def _row(waiting: Cell, confirmation: Cell, outcome: Cell, closed: Cell) -> dict[State, Cell]:
    """A word's cells: while a reply is awaited (of a case that nobody has confirmed, too), and in the other states."""
    return {
        State.PROVISIONAL: waiting,
        State.AWAITING_RESPONSE: waiting,
        State.AWAITING_CONFIRMATION: confirmation,
        State.AWAITING_OUTCOME: outcome,
        State.CLOSED: closed,
    }


def _open(act: Cell, closed: Cell) -> dict[State, Cell]:
    return _row(act, act, act, closed)


def _always(act: Cell) -> dict[State, Cell]:
    return _open(act, act)


def _waiting(act: Cell, confirmation: Cell, closed: Cell) -> dict[State, Cell]:
    """Acts only while a reply is awaited."""
    return _row(act, confirmation, _ENDING, closed)


CELLS: dict[Word, dict[State, Cell]] = {
    # the raiser's side
    Word.RESOLVED: _row(acts.resolved, acts.resolved, _ENDING, _REOPEN),
    Word.NOT_RESOLVED: _row(acts.next_stage, acts.next_stage, acts.stage_again, _REOPEN),
    Word.ESCALATE: _row(acts.next_stage, acts.next_stage, acts.stage_again, _REOPEN),
    Word.WITHDRAW: _open(acts.withdraw, _REOPEN),
    Word.REOPEN: _row(_WAITS, _IS_ASKED, _STARTS, acts.reopen),
    Word.CLOSE: _open(_NOT_IN_DOUBT, _REOPEN),
    Word.EXTEND: _row(acts.extend, acts.extend, _ENDING, _REOPEN),
    Word.URGENT: _waiting(acts.urgent, _ANSWERED, _REOPEN),
    Word.NOT_URGENT: _waiting(acts.not_urgent, _ANSWERED, _REOPEN),
    Word.ANSWERED: _waiting(acts.answered, _ANSWERED, _REOPEN),
    Word.IT_IS: _waiting(answers.it_is, _ANSWERED, _REOPEN),
    Word.IT_IS_NOT: _waiting(answers.it_is_not, _ANSWERED, _REOPEN),
    Word.SAME: _open(correct.same, _REOPEN),
    Word.DIFFERENT: _open(correct.different, _REOPEN),
    Word.IMPACT: _open(_CHANGED_AT_THE_END, acts.impact),
    # the challenged side
    Word.RECEIVED: _waiting(challenged.received, _SEEN, _CLOSED),
    Word.OUTCOME: _row(
        challenged.outcome_answers, challenged.outcome_kept, challenged.outcome_closes, challenged.outcome_again
    ),
    Word.NOT_MINE: _open(challenged.not_mine, _CLOSED),
    Word.ACCEPT: _row(challenged.accept, _NO_TRANSFER, _NO_TRANSFER, _CLOSED),
    Word.DECLINE: _row(challenged.decline, _NO_TRANSFER, _NO_TRANSFER, _CLOSED),
    # either side
    Word.PHONE: _always(acts.phone),
    Word.MEETING: _always(acts.meeting),
    Word.ON_FILE: _open(_AT_THE_END, acts.on_file),
    Word.UNDO: _always(protection.undo),
    Word.STATUS: _always(command.status),
    Word.WHY: _open(command.why, _NO_TIME),
    Word.CHILD_PROTECTION: _always(acts.child_protection),
    Word.NOT_CHILD_PROTECTION: _always(acts.not_child_protection),
    Word.CORRECT: _always(acts.correct_line),
    Word.YES: _always(unit.yes),
    Word.NO: _always(unit.no),
    Word.SEND: _always(others.send),
    # the final decider
    Word.DECIDED: _row(acts.resolved, acts.resolved, _ENDING, _CLOSED),
    Word.APPOINT: _always(acts.appoint),
    # the business unit
    Word.HOLD: _open(unit.hold, _CLOSED),
    Word.RELEASE: _open(unit.release, _CLOSED),
    Word.NOT_OURS: _open(unit.not_ours, _CLOSED),
    Word.ADMIT: _open(unit.admit, _CLOSED),
    Word.GO: _open(unit.go, _CLOSED),
    Word.LEAVE: _open(unit.leave, _CLOSED),
    Word.RECORD: _always(unit.record),
    Word.NUDGE: _row(unit.nudge, _ANSWERED, unit.nudge_outcome, _CLOSED),
    Word.LEARNING: _always(unit.learning),
    Word.THEME: _always(unit.theme),
    Word.NEW: _always(_IS_A_CASE),
    **{word: _always(command.handed_out) for word in command.HANDED_OUT},
}


def perform(d: Draft, said: Said) -> None:
    """What the word does where the case stands; its sender may say it."""
    cell = CELLS[said.word][d.case.state]
    if isinstance(cell, Tell):
        nothing_changed(d, said, cell)
    else:
        cell(d, said)


def borne(d: Draft, fact: Arrival, mail: Mail) -> Mail:
    """The mail as what proves the word in it: a list carries what people say and gives no command, and of one
    Message-ID with two contents the second, which is flagged, relaxes nothing. A word that does nothing here stays what
    it is: a mail may come by two ways, and one of them add a footer."""
    if fact.same_id:
        d.flag(Flag.DUPLICATE_MESSAGE_ID)
    if mail.command is None or mail.proof is not Proof.PROVEN:
        return mail
    word, why = mail.command.word, "a word through a list" if mail.is_list else ""
    if fact.same_id and word in (Word.YES, Word.CLOSE):
        why = why or ("another mail bears its id" if command.replied_to(d, fact) else "")
    elif fact.same_id and WORDS[word].relaxes and word not in VISIBLE:
        why = why or ("" if isinstance(CELLS[word][d.case.state], Tell) else "another mail bears its id")
    return dated.unproven(mail, why) if why else mail


def is_ours(d: Draft, who: Contact) -> bool:
    """Whether the directory or the case knows them or their agency: what they send a case through a list is theirs."""
    return bool(who.agency) or command.is_known(d, who)


def sentence(cell: Cell) -> str:
    """What the cell does, or why it does nothing, for people to read."""
    if isinstance(cell, Tell):
        words = f"{cell.why} {cell.instead}".strip().replace(RECORD, "the person's record")
        return f"Nothing, and its sender is told: {words}"
    return " ".join((cell.__doc__ or "").split("\n\n")[0].split()).partition(". ")[0].rstrip(".") + "."
