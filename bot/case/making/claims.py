"""What came and is taken for no answer, as letters name it: each line a claim of whoever wrote or said it.

Only what is proven, and not in confidence, is kept to be named (said/ decides that). It judges no mail and quotes
nobody's words.
"""

from dataclasses import replace
from datetime import datetime

from bot.case.making.draft import Draft
from bot.model import COMMITMENT, Contact, Question, QuestionKind
from bot.model.letters.parts import Holding

NAMED = ("holding", "doubtful", "phone", "meeting", "kept")
MOST = 6  # lines of a letter: the latest


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
    return tuple(sorted(found, key=lambda one: one.when))[-MOST:]


def _named(who: Contact | None) -> str:
    """ "Fay Marsh (CSC)"."""
    return f"{who} ({who.agency})" if who and who.agency else str(who or "")


def is_partly_unread(d: Draft) -> bool:
    """Whether something came, or may have come, that nobody could read here."""
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
