"""What came and is taken for no answer, as letters name it: each line a claim of whoever wrote or said it.

Only what is proven, and not in confidence, is kept to be named (said/ decides that); of the rest letters say that not
everything can be shown, and never that nothing came. It judges no mail and quotes nobody's words.
"""

from dataclasses import replace
from datetime import datetime

from bot.case.making.draft import Draft
from bot.model import COMMITMENT, WAITING, Arrival, Case, Contact, Question, QuestionKind, StageRun, Word
from bot.model.letters.parts import Holding

NAMED = ("holding", "doubtful", "phone", "meeting", "kept")
MOST = 6  # lines of a letter: the latest
#: Words of theirs that letters name as having come; the rest ask us, or have a place of their own in letters.
_REPLIES = (Word.MEETING, Word.NO, Word.NOT_MINE, Word.RESOLVED, Word.YES)


def what_we_have(d: Draft) -> tuple[Holding, ...]:
    """In order of coming; a promise with its time in place of the mail that gave it."""
    case = d.case
    found = [Holding(at, who) for at, who in case.holding]
    found += [Holding(one.at, one.who, one.what) for one in case.heard if one.what in NAMED]
    promised = next((t for t in case.tasks if t.id == COMMITMENT and t.said), None)
    if promised is not None:
        _, by, at = promised.said[-1]
        found = [one for one in found if one.when != at]
        found.append(Holding(at, _named(promised.owner), "promised", datetime.fromisoformat(by) if by else None))
    for run, when in _replied(case):
        found = [one for one in found if one.when != when]
        found.append(Holding(when, str(d.known(run.answered_by)) if run.answered_by else "", "replied"))
    found.sort(key=lambda one: one.when)
    return tuple(_since_the_end(case, found))[-MOST:]


def _since_the_end(case: Case, found: list[Holding]) -> list[Holding]:
    """Of a case that was closed and is open again one line stands for all before: the last reply, and since when."""
    again = max((one.at for one in case.heard if one.what == "reopened"), default=None)
    if again is None:
        return found
    replied = next((one for one in reversed(found) if one.when <= again and one.what == "replied"), None)
    before = Holding(replied.when if replied else again, replied.who if replied else "", "reopened", again)
    return [before, *(one for one in found if one.when > again)]


def _replied(case: Case) -> list[tuple[StageRun, datetime]]:
    """The replies recorded in runs before this one: the time runs again, so none of them has settled it."""
    return [(run, run.responded) for run in case.runs[:-1] if run.responded is not None]


def was_answered(d: Draft) -> bool:
    """Whether the run before this one had its answer."""
    return len(d.case.runs) > 1 and d.case.runs[-2].responded is not None


def remember(d: Draft, fact: Arrival, by: Contact, before: Case, *, is_shown: bool) -> None:
    """Of a mail of the challenged side that came while a reply was awaited, answers nothing, and has left no other
    trace to be named. `before`: the case as the mail found it; `is_shown`: letters may say whose it is."""
    command = fact.mail.command
    is_waiting = before.state in WAITING and d.case.state in WAITING and d.case.heard == before.heard
    is_reply = command is None or command.word in _REPLIES
    if command is not None and command.word in (Word.YES, Word.NO):
        is_reply = fact.answered_key not in {q.key for q in before.questions}
    if is_waiting and is_reply:
        d.hear(fact.mail.received, str(by) if is_shown else "", "kept" if is_shown else "unread")


def _named(who: Contact | None) -> str:
    """ "Fay Marsh (CSC)"."""
    return f"{who} ({who.agency})" if who and who.agency else str(who or "")


def is_partly_unread(d: Draft) -> bool:
    """Whether something came, or may have come, that nobody could read here, or that may be shown to nobody."""
    return d.deaf_since is not None or d.waits_unread or any(one.what == "unread" for one in d.case.heard)


# Mails that may be the answer: of one case one question, which later mails join.


def open_rows(d: Draft) -> tuple[Question, ...]:
    """The mails asked about, in order of coming."""
    return tuple(q for q in d.case.questions if q.about is QuestionKind.WHOSE_ANSWER)


def in_question(d: Draft) -> tuple[Holding, ...]:
    """The same as letters name them."""
    return tuple(Holding(q.came or q.at or d.now, str(d.known(q.whose)), "doubtful") for q in open_rows(d))


def ask_as(d: Draft, key: str) -> None:
    """A letter of this decision puts the question again: it is the one that YES and NO answer."""
    rows = open_rows(d)
    d.settle(lambda q: q.about is QuestionKind.WHOSE_ANSWER)
    for row in rows:
        d.ask(replace(row, key=key))
