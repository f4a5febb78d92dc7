"""Six digits that tell whose YES it is where nothing else proves it: given with a question, and read with its answer.

One question, one address, one day; one seen elsewhere ends. What a word does, and who may say it, is not known here;
when a code is asked for, questions.py and words.py say, which also end one that was guessed.
"""

from dataclasses import replace
from datetime import datetime, timedelta

import re2

from bot.case.making.draft import Draft
from bot.model import Contact, Mail, Question, QuestionKind, Word, letters
from bot.model.letters import person
from bot.rules.authority import Side, sides

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


def bears_code(d: Draft, text: str, question: Question) -> bool:
    """Whether a YES that nothing proves may count, in this new text: a word that only adds needs no code; else that of
    the question stands with it, which is not a day old. A wrong one there ends it, for six digits can be tried."""
    if question.about in CONFIRMS and Word(question.command) in VISIBLE:
        return True
    held = code_in(text)
    is_fresh = question.at is not None and d.now - question.at <= CODE_FOR
    if held and question.code != held:
        d.void_code(lambda one: one is question)
    return bool(question.code) and is_fresh and held == question.code


def has_code(d: Draft, question: Question) -> bool:
    """Whether whoever was asked holds a letter about the same with a code that still counts."""
    same, is_of = d.rules.directory.same_person, (question.about, question.task, question.command, question.words)
    return any(
        (q.about, q.task, q.command, q.words) == is_of and q.code and same(q.asked, question.asked)
        and q.at is not None and d.now - q.at <= CODE_FOR
        for q in d.case.questions
    )  # fmt: skip


def word_came(d: Draft, question: Question) -> datetime:
    """When the word came that it asks about, however often it was asked since."""
    return question.came or question.at or d.now


def put_anew(d: Draft, question: Question) -> bool:
    """The code of a question about a word counts no more: the same is asked with another one. False where that was so
    too often within a day."""
    directory, said = d.rules.directory, word_came(d, question)
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


def is_overtaken(d: Draft, question: Question) -> bool:
    """Whether it was asked at a stage that has ended: the word that it asks about was said of that one."""
    run = d.case.run
    return run is not None and question.at is not None and question.at < run.entered


def leaked(d: Draft, mail: Mail) -> None:
    """A code that stands in somebody else's mail, or goes on to another side, counts no more. Who was asked is asked
    anew when they answer (questions.py): of a mail that is an answer here, once a day, lest a mailbox ask for ever."""
    sender, same = mail.sender.email if mail.sender else "", d.rules.directory.same_person
    seen = [a.email for a in (*mail.to, *mail.cc) if a.email != d.rules.bot.email]

    def is_out(q: Question) -> bool:
        own = sides(d.case, q.asked, d.rules) - {Side.NONE}
        goes_on = any(not own & sides(d.case, email, d.rules) for email in seen if not same(email, q.asked))
        return bool(q.code) and q.code in mail.text and (goes_on or not same(q.asked, sender))

    is_answer = mail.command is not None and mail.command.word is Word.YES and d.case.is_open
    void = [q for q in d.case.questions if is_out(q)]
    d.void_code(lambda q: q in void)
    for one in void:
        again = [q for q in d.case.questions if q.key != one.key and (q.asked, q.mail) == (one.asked, one.mail)]
        is_first = not any(q.command == one.command and q.at and d.now - q.at <= CODE_FOR for q in again)
        is_due = is_answer and is_first and same(one.asked, sender) and not is_overtaken(d, one)
        if one.about in CONFIRMS and is_due:
            put_anew(d, one)
