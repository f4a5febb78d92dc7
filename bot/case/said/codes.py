"""Six digits that tell whose YES it is where nothing else proves it: given with a question, and read with its answer.

One question, one address, one day. What a word does, and who may say it, is not known here; when a code is asked for,
questions.py and words.py say, which also end one that was guessed or seen elsewhere.
"""

from dataclasses import replace
from datetime import timedelta

import re2

from bot.case.making.draft import Draft
from bot.model import Contact, Question, QuestionKind, Word, letters
from bot.model.letters import person

#: Words that only add visibility: without proof they are shown at once to whoever may say that they are meant.
VISIBLE = (
    Word.URGENT, Word.ESCALATE, Word.NOT_RESOLVED, Word.NO, Word.REOPEN, Word.CHILD_PROTECTION, Word.IT_IS_NOT,
)  # fmt: skip
CONFIRMS = (QuestionKind.WORD, QuestionKind.WORD_AGAIN)
CODE_FOR = timedelta(hours=24)  # how long the code of such a question counts
CODES_A_DAY = 3  # for one word and person: whoever guesses must not make us write
_CODE = re2.compile(r"\b\d{6}\b")
#: The first number of the line of the YES: any other may be part of a phone number.
_WITH_YES = re2.compile(r"(?im)^[^\w\n]*(\d{6})[^\w\n]+yes\b|\byes\b[^\d\n]*\b(\d{6})\b|\b(yes)\b")
_BESIDE_YES = re2.compile(r"(?i)\b(yes)\b[^\w\n]*\b\d{6}\b")


def put(
    d: Draft, asking: letters.Question.ConfirmWord | letters.Question.ConfirmManager, question: Question, to: Contact,
    *, coded: bool = True,
) -> None:  # fmt: skip
    """One question to one address; of a word that relaxes, or of another's YES, the letter bears a code if `coded`."""
    letter = d.write(asking, [to])
    if letter is None:
        return
    is_visible = bool(question.command) and Word(question.command) in VISIBLE
    code = "" if is_visible or not coded else d.rules.code(letter.key)
    d.letters[-1] = replace(letter, values=replace(asking, code=code))
    d.ask(replace(question, key=letter.key, asked=to.email, code=code))


def code_in(text: str) -> str:
    """The digits that stand with the YES of new text, as its code; "" where none do."""
    found = _WITH_YES.search(text)
    return (found.group(1) or found.group(2) or "") if found else ""


def left_out(text: str) -> str:
    """The text without such digits, to be read for its word."""
    return str(_CODE.sub("", text))


def behind_yes(text: str) -> str:
    """The text with YES alone on its line, where digits stand behind it."""
    return str(_BESIDE_YES.sub(r"\1\n", text, count=1))


def has_code(d: Draft, question: Question) -> bool:
    """Whether whoever was asked holds a letter about the same with a code that still counts."""
    same, is_of = d.rules.directory.same_person, (question.about, question.task, question.command, question.words)
    return any(
        (q.about, q.task, q.command, q.words) == is_of and q.code and same(q.asked, question.asked)
        and q.at is not None and d.now - q.at <= CODE_FOR
        for q in d.case.questions
    )  # fmt: skip


def put_anew(d: Draft, question: Question) -> bool:
    """The code of a question about a word counts no more: the same is asked with another one. False where that was so
    too often within a day."""
    directory, said = d.rules.directory, question.at or d.now
    same = [q for q in d.case.questions if (q.asked, q.command) == (question.asked, question.command)]
    if sum(q.at is not None and d.now - q.at <= CODE_FOR for q in same) >= CODES_A_DAY:
        return False
    to, whose = (directory.person(email) or Contact(email) for email in (question.asked, question.whose))
    asking: letters.Question.ConfirmWord | letters.Question.ConfirmManager
    asking = letters.Question.ConfirmWord(word=question.command, said=said)
    if question.whose and not directory.same_person(question.asked, question.whose):
        asking = letters.Question.ConfirmManager(word=question.command, said=said, who=person(whose))
    put(d, asking, question, to)
    return True
