"""A command in a mail: who may use it, who is asked first, and who is told that the word is not theirs.

A word of the right side without proof is confirmed and not lost: the directory's own address of that person is asked.
YES and NO answer the question replied to. What a word does is in cells.py.
"""

from collections.abc import Collection
from dataclasses import replace

from bot.case.course import closing, follow_up
from bot.case.course.opening import confirmed
from bot.case.making import agreed, ends_with, incident
from bot.case.making.draft import Draft
from bot.case.placement import BY_LETTER
from bot.case.said import answers, transfer
from bot.case.said.cells import perform
from bot.case.said.command import Said, Tell, is_known, nothing_changed, tell
from bot.model import (
    WAITING,
    AlarmKind,
    Arrival,
    Command,
    Contact,
    EventKind,
    Flag,
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

CONFIRMS = (QuestionKind.WORD, QuestionKind.WORD_AGAIN)
OTHERS = "other people"
_NOT_ASKED = Tell(
    "The question you answered was put to somebody else, or the mail did not come from the mailbox that was asked.",
    "Whoever was asked can reply to that letter with YES or NO.",
)
_NO_OUTCOME = Tell("No outcome in writing is awaited any more.")
_NOT_PROVEN = Tell(
    "It could not be proven that the mail comes from your mailbox, and this word closes the challenge.",
    "Please send it from that mailbox, or write OUTCOME and what was agreed.",
)
_NOT_APPOINTED = Tell("Nobody is appointed.", "APPOINT and the name of somebody else names another.")
_NOT_AWAITED = Tell("No reply is awaited any more.")


def done(d: Draft, fact: Arrival) -> Command | None:
    """DONE and NOT DONE, alone on the line, are YES and NO to the question whether an action is done, and nothing
    anywhere else: an answer may well begin so."""
    asked = any(q.key == fact.answered_key and q.about is QuestionKind.TASK for q in d.case.questions)
    line = next((line for line in fact.mail.new_text.split("\n") if line.strip()), "")[:40].strip(" \t.!").upper()
    meant = {"DONE": Word.YES, "NOT DONE": Word.NO}.get(line)
    return Command(meant) if asked and meant else None


def on_command(d: Draft, fact: Arrival, command: Command, by: Contact, stand: Collection[Side]) -> None:
    """Acts, refuses, or asks the person's own address. `command` is the mail's."""
    mail = fact.mail
    said = Said(command.word, command.note, by, mail, fact, stand)
    question = _replied_to(d, fact)
    if command.word in (Word.YES, Word.NO) and question is not None:
        _answer(d, said, question)
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
        perform(d, said)
        return
    d.event(EventKind.REFUSED, by=by.email, note=f"{command.word}: {verdict.why}")
    if verdict.why == "not_proven":
        _confirm(d, said)
    else:
        _not_yours(d, said)


def _confirm(d: Draft, said: Said) -> None:
    """The directory's own address of that person is asked whether the word is theirs, then their manager."""
    known = d.rules.directory.person(said.by.email) or said.by
    if not is_known(d, known):
        d.flag(Flag.UNPROVEN_WORD)
        return
    letter = d.write(letters.Question.ConfirmWord(word=said.word.value, said=said.mail.received), [known])
    if letter:
        about, command = QuestionKind.WORD, said.word.value
        d.ask(Question(letter.key, about, known.email, said.mail.digest, command=command, words=said.note))
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
    if is_known(d, said.by):
        # A professional of a third agency is not told whose case it is.
        is_near = is_party or said.by.agency in sides_of
        human = None if is_near else next(iter(d.unit), d.rules.operator)
        who_may = _owner(d, said.word) if is_near else OTHERS
        told = letters.Question.NotYours(word=said.word.value, who_may=who_may, may_ask=is_party)
        d.write(told, [said.by], mail=said.mail, human=human)
    is_of_either = said.by.agency and (Side.RESPONDING in said.stand or said.by.agency == d.case.raiser.agency)
    closes = said.word in (Word.RESOLVED, Word.WITHDRAW) and said.mail.proof is not Proof.FAILED
    if closes and is_of_either and d.case.is_open and not d.is_stranger:
        d.write(letters.Question.Meaning(choices=answers.CHOICES), [d.case.raiser], human=said.by)


def _owner(d: Draft, word: Word) -> str:
    """Whose word it is, by name."""
    sides = WORDS[word].sides
    if Side.RAISING in sides:
        return str(d.case.raiser)
    deciders = d.cast.deciders(d.stage) if Side.DECIDER in sides else ()
    people = d.responders if Side.RESPONDING in sides else deciders or d.unit
    return str(next(iter(people), "the business unit"))


def _of_transfer(d: Draft, said: Said) -> None:
    """YES and NO to "does your team take it over" are ACCEPT and DECLINE, and need what these need."""
    command = Command(Word.ACCEPT if said.word is Word.YES else Word.DECLINE)
    fact = replace(said.fact, mail=replace(said.mail, command=command))
    on_command(d, fact, command, said.by, said.stand)


def _of_outcome(d: Draft, said: Said, question: Question) -> None:
    """YES to "is your answer the outcome?" closes, and needs what OUTCOME needs."""
    verdict = may(d.case, replace(said.mail, command=Command(Word.OUTCOME)), d.rules)
    if d.case.state is not State.AWAITING_OUTCOME:
        nothing_changed(d, said, _NO_OUTCOME)
    elif verdict.may:
        d.settle(lambda one: one is question)
        closing.outcome_stands(d, question, said.by)
    else:
        d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: {verdict.why}")
        tell(d, said, _NOT_PROVEN)


def _replied_to(d: Draft, fact: Arrival) -> Question | None:
    """The question whose letter the mail cites: a ref alone answers none."""
    return next((q for q in d.case.questions if q.key == fact.answered_key), None)


def _is_asked(d: Draft, said: Said, question: Question) -> bool:
    """Whether it comes from the address that the question was put to (of an action: from that side), and never with a
    failed proof.

    A mail without proof may confirm only by citing our letter: its id cannot be guessed and went to that address alone.
    """
    is_theirs = d.rules.directory.same_person(said.by.email, question.asked) or question.asked == said.by.email
    if question.about is QuestionKind.TASK:
        is_theirs = is_theirs or follow_up.is_of_side(question, said.stand)
    if question.about is QuestionKind.OUTCOME:  # who else answers there may write OUTCOME as well
        is_theirs = is_theirs or Side.RESPONDING in said.stand
    return is_theirs and said.mail.proof is not Proof.FAILED and said.fact.how == BY_LETTER


def _answer(d: Draft, said: Said, question: Question) -> None:
    """YES or NO to a question of ours, from whom it was put to."""
    if question.about is QuestionKind.TRANSFER:
        _of_transfer(d, said)
        return
    if not _is_asked(d, said, question):
        d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: not the person asked")
        if incident.is_no_party(said.stand):
            _not_yours(d, said)
        else:
            tell(d, said, _NOT_ASKED)
        return
    if question.about is QuestionKind.OUTCOME and said.word is Word.YES:
        _of_outcome(d, said, question)
        return
    if question.about is QuestionKind.TASK:
        agreed.replied(d, question, said.word.lower(), said.by, said.mail)
        return
    same = [q for q in d.case.questions if q is question or (q.about in CONFIRMS and q.mail == question.mail)]
    d.settle(lambda one: one in same)
    if said.word is Word.NO:
        d.event(EventKind.ATTACHED, by=said.by.email, note=f"NO to {question.about}")
        if question.about is QuestionKind.IMPARTIAL:
            tell(d, said, _NOT_APPOINTED)
        return
    if question.about is QuestionKind.IMPARTIAL:
        ends_with.appoint(d, d.rules.directory.person(question.whose) or Contact(question.whose), said.by, said.mail)
    elif question.about in CONFIRMS:
        perform(d, replace(said, word=Word(question.command), note=question.words))
    elif question.about is QuestionKind.WHOSE_ANSWER and d.case.state not in WAITING:
        nothing_changed(d, said, _NOT_AWAITED)
    elif question.about is QuestionKind.WHOSE_ANSWER:
        answered = d.rules.directory.person(question.whose) or Contact(question.whose)
        answers.responded(d, said.mail, answered, question.at or d.now, "the raiser says so", is_reported=True)
    elif question.about is QuestionKind.PROVISIONAL:
        confirmed(d, said.by.email)
