"""A command in a mail: who may use it, who is asked first, and who is told that the word is not theirs.

A word of the right side without proof is confirmed and not lost: the directory's own address of that person is asked.
One that closes or gives time, with words beside it that may speak against it, is quoted back to its sender. YES and NO
answer the question replied to. What a word does is in cells.py.
"""

from collections.abc import Collection
from dataclasses import replace

from bot.case.course import closing, follow_up
from bot.case.course.opening import confirmed
from bot.case.making import incident
from bot.case.making.draft import Draft
from bot.case.placement import BY_LETTER
from bot.case.said import answers, transfer
from bot.case.said.cells import CELLS, perform
from bot.case.said.command import Said, Tell, ask_back, is_known, nothing_changed, replied_to, tell, unsettled
from bot.model import (
    WAITING,
    AlarmKind,
    Arrival,
    Command,
    Contact,
    EventKind,
    Flag,
    Mail,
    Proof,
    Question,
    QuestionKind,
    State,
    Word,
    letters,
)
from bot.model.letters import person
from bot.rules import workdays
from bot.rules.authority import WORDS, Side, may

#: Words to which CLOSE agrees, where they are asked about; YES agrees to every one.
CLOSING = (Word.RESOLVED, Word.WITHDRAW)
IS_URGENT = (("URGENT", "the risk has grown: the shortest time counts from your word"),)
CONFIRMS = (QuestionKind.WORD, QuestionKind.WORD_AGAIN)
OTHERS = "other people"
_NOT_ASKED = Tell(
    "The question you answered was put to somebody else, or the mail did not come from the mailbox that was asked.",
    "Whoever was asked can reply to that letter with YES or NO.",
)
_OVERTAKEN = Tell(
    "The letter you answered asked about an earlier answer, and the challenge has moved on since.",
    "STATUS says where it stands now.",
)
_NOT_MEANT = Tell("You said that it is not meant, so everything stays as it was.")
_NOT_AWAITED = Tell("No reply is awaited any more.")


def on_command(d: Draft, fact: Arrival, command: Command, by: Contact, stand: Collection[Side]) -> None:
    """Acts, refuses, or asks the person's own address. `command` is the mail's."""
    _give(d, Said(command.word, command.note, by, fact.mail, fact, stand), command)


def _give(d: Draft, said: Said, command: Command) -> None:
    fact, mail, by, stand = said.fact, said.mail, said.by, said.stand
    question = replied_to(d, fact)
    if command.word is Word.CLOSE:
        question = unsettled(d, by, question)
    if command.word in (Word.YES, Word.NO, Word.CLOSE) and question is not None:
        _answer(d, said, question, command)
        return
    # The raising side is the stranger alone here: no word of theirs acts, not even to reopen what a person dismissed.
    if d.case.unproven == "stranger" and not set(stand) - {Side.NONE, Side.RAISING}:
        d.event(EventKind.REFUSED, by=by.email, note=f"{command.word}: from a stranger")
        _not_yours(d, said)
        return
    is_astray = incident.is_no_party(stand) and mail.proof is not Proof.FAILED and transfer.asked(d, by) is None
    if command.word is Word.NOT_MINE and is_astray:
        incident.misdirected(d, fact, by.email)
        return
    verdict = may(d.case, mail, d.rules)
    if verdict.may:
        _act(d, said, command)
        return
    d.event(EventKind.REFUSED, by=by.email, note=f"{command.word}: {verdict.why}")
    if verdict.why == "not_proven":
        _confirm(d, said, is_hedged=_is_hedged(said, command))
    else:
        _not_yours(d, said)


def _act(d: Draft, said: Said, command: Command) -> None:
    """Its sender may say it: it acts, or is asked about where it might not be meant as it stands."""
    is_idle = isinstance(CELLS[said.word][d.case.state], Tell)
    if _is_hedged(said, command) and not is_idle:
        _all_the_same(d, said, said.mail.new_text)
    elif said.word is Word.NOT_RESOLVED and said.note and d.case.state in WAITING and d.following is not None:
        ask_back(d, replace(said, note=""), letters.Question.NextNow(text=said.mail.new_text))
    else:
        perform(d, said)


def _is_hedged(said: Said, command: Command) -> bool:
    """Whether it closes or gives time, and something beside it speaks against it."""
    is_doubtful = not command.is_plain or said.mail.is_risk or said.is_overtaken
    return WORDS[said.word].is_plain and is_doubtful


def _all_the_same(d: Draft, said: Said, text: str) -> None:
    """Asks whether it is meant with what stands beside it. `text`: their own words, "" for unproven ones."""
    agree = Word.CLOSE if said.word in CLOSING else Word.YES
    asking = letters.Question.AllTheSame(word=said.word, text=text, agree=agree, newer=said.is_overtaken)
    ask_back(d, said, asking)


def _confirm(d: Draft, said: Said, *, is_hedged: bool) -> None:
    """The directory's own address of that person is asked whether the word is theirs, then their manager."""
    known = d.rules.directory.person(said.by.email) or said.by
    if not is_known(d, known):
        d.flag(Flag.UNPROVEN_WORD)
        return
    letter = d.write(letters.Question.ConfirmWord(word=said.word.value, said=said.mail.received), [known])
    if letter:
        about, command = QuestionKind.WORD, said.word.value
        question = Question(letter.key, about, known.email, said.mail.digest, command=command, words=said.note)
        d.ask(replace(question, is_hedged=is_hedged))
        if d.case.is_open and not d.is_stranger:  # a stranger's case is told to no more people than it must
            at = workdays.next_morning(d.now, d.rules.calendar)
            d.alarm(AlarmKind.WORD_MANAGER, at, "the manager is asked about a word that its sender has not confirmed")


def on_word_manager(d: Draft) -> None:
    """Nobody has said whether the word is theirs: their manager is asked, once."""
    cal = d.rules.calendar
    waiting = [
        q
        for q in d.case.questions
        if q.about is QuestionKind.WORD and q.at is not None and workdays.next_morning(q.at, cal) <= d.now
    ]
    passed = {q.key for q in waiting}
    d.ask_as(QuestionKind.WORD_AGAIN, passed)
    for asked, question in {q.asked: q for q in waiting}.items():  # of several words of one person the last
        person_asked = d.rules.directory.person(asked) or Contact(asked)
        manager = d.manager_of(person_asked) or _head(d, person_asked)
        if manager is None:
            d.flag(Flag.UNPROVEN_WORD)
            continue
        said, who = question.at or d.now, person(person_asked)
        letter = d.write(letters.Question.ConfirmManager(word=question.command, said=said, who=who), [manager])
        if letter:
            d.ask(replace(question, key=letter.key, about=QuestionKind.WORD_AGAIN, asked=manager.email))


def _head(d: Draft, who: Contact) -> Contact | None:
    """A manager's own manager, as far as the directory knows one."""
    held = d.holders(("service_manager",), who.agency, who.team) if who.agency else ()
    return next((c for c in held if c.agency == who.agency and c.email != who.email), None)


def _not_yours(d: Draft, said: Said) -> None:
    """Told to people whom the directory or the case knows by address, never to others of their domain. A closing word
    of the other side, or of a colleague of the raiser, is asked about."""
    sides_of = {d.case.raiser.agency, d.case.responder_agency} - {""}
    is_party = not incident.is_no_party(said.stand)
    closes = said.word in (Word.RESOLVED, Word.WITHDRAW) and said.mail.proof is not Proof.FAILED
    is_heard = closes and d.case.is_open and not d.is_stranger
    if is_heard and said.word is Word.RESOLVED and Side.RESPONDING in said.stand and said.mail.proof is Proof.PROVEN:
        d.write(letters.Question.WhatWasDone(word=said.word.value), [said.by], mail=said.mail, human=d.case.raiser)
        d.write(letters.Question.Saying(who=person(said.by), word=said.word.value), [d.case.raiser], human=said.by)
        return
    if is_known(d, said.by):
        # A professional of a third agency is not told whose case it is.
        is_near = is_party or said.by.agency in sides_of
        human = None if is_near else next(iter(d.unit), d.rules.operator)
        who_may = _owner(d, said.word) if is_near else OTHERS
        told = letters.Question.NotYours(word=said.word.value, who_may=who_may, may_ask=is_party)
        d.write(told, [said.by], mail=said.mail, human=human)
    if said.word is Word.URGENT and Side.RESPONDING in said.stand and d.case.state in WAITING and not d.is_stranger:
        asked = [d.case.raiser, *([d.manager] if d.manager else [])]
        for to in asked:  # who was challenged sees a risk: only the raising side shortens the time
            d.write(letters.Question.Meaning(choices=IS_URGENT), [to], human=said.by)
    is_of_either = said.by.agency and (Side.RESPONDING in said.stand or said.by.agency == d.case.raiser.agency)
    if is_heard and is_of_either:
        d.write(letters.Question.Meaning(choices=answers.CHOICES), [d.case.raiser], human=said.by)


def not_yours(d: Draft, word: Word, by: Contact, mail: Mail) -> None:
    """To whoever is challenged, of a word of the raising side that stood before other words."""
    d.event(EventKind.REFUSED, by=by.email, note=f"{word}: not_your_word")
    if is_known(d, by):
        told = letters.Question.NotYours(word=word.value, who_may=_owner(d, word), may_ask=True)
        d.write(told, [by], mail=mail)


def _owner(d: Draft, word: Word) -> str:
    """Whose word it is, by name."""
    sides = WORDS[word].sides
    if Side.RAISING in sides:
        return str(d.case.raiser)
    people = d.responders if Side.RESPONDING in sides else d.unit
    return str(next(iter(people), "the business unit"))


def _of_transfer(d: Draft, said: Said) -> None:
    """YES and NO to "does your team take it over" are ACCEPT and DECLINE, and need what these need."""
    command = Command(Word.ACCEPT if said.word is Word.YES else Word.DECLINE)
    fact = replace(said.fact, mail=replace(said.mail, command=command))
    on_command(d, fact, command, said.by, said.stand)


def _is_asked(d: Draft, said: Said, question: Question) -> bool:
    """Whether it comes from the address that the question was put to (of an action: from that side), and never with a
    failed proof.

    A mail without proof may confirm only by citing our letter: its id cannot be guessed and went to that address alone.
    """
    is_theirs = d.rules.directory.same_person(said.by.email, question.asked) or question.asked == said.by.email
    if question.about is QuestionKind.WHOSE_ANSWER:  # their manager reads that letter too
        is_theirs = is_theirs or (Side.RAISING in said.stand and said.mail.proof is Proof.PROVEN)
    if question.about is QuestionKind.TASK:
        is_theirs = is_theirs or follow_up.is_of_side(question, said.stand)
    return is_theirs and said.mail.proof is not Proof.FAILED and said.fact.how == BY_LETTER


def _of_resolved(d: Draft, said: Said, question: Question, command: Command) -> None:
    """YES and NO to "is it resolved" are RESOLVED and NOT RESOLVED, and need what these need. YES to a letter that was
    overtaken by another answer is asked about; to one of a stage that has ended it is told."""
    run = d.case.run
    if run is not None and question.at is not None and question.at < run.entered:
        nothing_changed(d, said, _OVERTAKEN)
        return
    last = next(q for q in reversed(d.case.questions) if q.about is QuestionKind.RESOLVED)
    meant = Word.RESOLVED if said.word is Word.YES else Word.NOT_RESOLVED
    as_meant = replace(command, word=meant)
    _give(d, _as(said, as_meant, is_overtaken=last.mail != question.mail), as_meant)


def _as(said: Said, command: Command, *, is_overtaken: bool = False) -> Said:
    """The same mail, read as that command; it answers no question any more."""
    mail = replace(said.mail, command=command)
    fact = replace(said.fact, mail=mail, answered_key="")
    return Said(command.word, command.note, said.by, mail, fact, said.stand, is_overtaken)


def _of_unsettled(d: Draft, said: Said, question: Question, command: Command) -> None:
    """CLOSE or YES to whether a word is meant all the same: it acts as if it stood alone."""
    d.settle(lambda one: one is question)
    if said.word is Word.NO:
        d.event(EventKind.ATTACHED, by=said.by.email, note=f"NO to {question.about}")
        tell(d, replace(said, word=Word(question.command)), _NOT_MEANT)
        return
    as_meant = Command(Word(question.command), question.words, command.is_plain)
    _give(d, _as(said, as_meant), as_meant)


def _answer(d: Draft, said: Said, question: Question, command: Command) -> None:
    """YES or NO to a question of ours, from whom it was put to."""
    if question.about is QuestionKind.TRANSFER:
        _of_transfer(d, said)
        return
    if question.about is QuestionKind.RESOLVED:
        _of_resolved(d, said, question, command)
        return
    if question.about is QuestionKind.ALL_THE_SAME and d.rules.directory.same_person(said.by.email, question.asked):
        _of_unsettled(d, said, question, command)
        return
    if not _is_asked(d, said, question):
        d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: not the person asked")
        if incident.is_no_party(said.stand):
            _not_yours(d, said)
        else:
            tell(d, said, _NOT_ASKED)
        return
    is_yes = said.word is Word.YES
    if question.about is QuestionKind.WHOSE_ANSWER and is_yes and _is_hedged(replace(said, word=Word.IT_IS), command):
        text = said.mail.new_text if said.mail.proof is Proof.PROVEN else ""
        _all_the_same(d, replace(said, word=Word.IT_IS), text)
        return
    if question.about is QuestionKind.WHOSE_ANSWER and d.case.state in WAITING:
        (answers.it_is if is_yes else answers.it_is_not)(d, said)
        return
    if question.about is QuestionKind.TASK:
        follow_up.answered(d, question.task, question.side, said.word.lower(), said.by)
        return
    same = [q for q in d.case.questions if q is question or (q.about in CONFIRMS and q.mail == question.mail)]
    d.settle(lambda one: one in same)
    if said.word is Word.NO:
        d.event(EventKind.ATTACHED, by=said.by.email, note=f"NO to {question.about}")
        return
    if question.about in CONFIRMS:
        as_meant = replace(said, word=Word(question.command), note=question.words)
        if question.is_hedged:
            _all_the_same(d, as_meant, "")
        else:
            perform(d, as_meant)
    elif question.about is QuestionKind.OUTCOME and d.case.state is State.AWAITING_OUTCOME:
        closing.outcome_stands(d, question.mail, said.by, said.mail)
    elif question.about in (QuestionKind.OUTCOME, QuestionKind.WHOSE_ANSWER):
        nothing_changed(d, said, _NOT_AWAITED)
    elif question.about is QuestionKind.PROVISIONAL:
        confirmed(d, said.by.email)
