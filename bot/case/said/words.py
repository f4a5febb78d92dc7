"""A command in a mail: who may use it, who is asked first, and who is told that the word is not theirs.

A word of the right side without proof is confirmed and not lost: the directory's own address of that person is asked.
One that closes or gives time, with words beside it that may speak against it, is quoted back to its sender. What YES
and NO mean to a question is in questions.py, what a word does in cells.py.
"""

from collections.abc import Collection
from dataclasses import replace

from bot.case.making import incident
from bot.case.making.draft import Draft
from bot.case.said import answers, challenged, questions
from bot.case.said.cells import CELLS, perform
from bot.case.said.codes import CODE_FOR, CONFIRMS, VISIBLE, is_overtaken, put, word_came
from bot.case.said.command import (
    HANDED_OUT,
    Said,
    Tell,
    all_the_same,
    ask_back,
    is_known,
    may_see_state,
    nothing_changed,
    replied_to,
    state_alone,
    tell,
    unsettled,
)
from bot.case.said.unit import orders, others
from bot.model import (
    WAITING,
    AlarmKind,
    Arrival,
    Command,
    Contact,
    EventKind,
    Flag,
    How,
    Mail,
    Proof,
    Question,
    QuestionKind,
    Unproven,
    Word,
    letters,
)
from bot.model.letters import person
from bot.rules import workdays
from bot.rules.authority import WORDS, Ruling, Side, may

IS_URGENT = (("URGENT", "the risk has grown: the shortest time counts from your word"),)
#: Words that ask something of this service itself, answered to the address that the case or the directory holds; UNDO
#: looks itself at what it cites.
ASKING = (Word.STATUS, Word.WHY, Word.UNDO, *HANDED_OUT)
#: Words of which what stands behind them is part.
NOTED = (Word.EXTEND, Word.RECEIVED, Word.ESCALATE, Word.MEETING, Word.CORRECT, Word.APPOINT)
_NOT_ASKED = Tell(
    "The question you answered was put to somebody else, or the mail did not come from the mailbox that was asked.",
    "Whoever was asked can reply to that letter with YES or NO.",
)
_FAILED = Tell(
    "The sender of your mail could not be proven: something on its way breaks the proof.",
    "Please reply to that letter from your own mailbox by another way.",
)
_OUTDATED = Tell(
    "Your mail came twice, or answers a letter that went to the other side.",
    "Please reply to that letter anew.",
)


def on_command(d: Draft, fact: Arrival, command: Command, by: Contact, stand: Collection[Side]) -> None:
    """Acts, refuses, or asks the person's own address. `command` is the mail's."""
    _give(d, Said(command.word, command.note, by, fact.mail, fact, stand), command)


def _give(d: Draft, said: Said, command: Command) -> None:
    fact, mail, by, stand = said.fact, said.mail, said.by, said.stand
    question = replied_to(d, fact)
    if command.word is Word.CLOSE:
        question = unsettled(d, mail, by, question)
    if command.word in (Word.YES, Word.NO, Word.CLOSE) and question is not None:
        _answer(d, said, question, command)
        return
    # The raising side is the stranger alone here: no word of theirs acts, not even to reopen what a person dismissed.
    if d.case.unproven is Unproven.STRANGER and not set(stand) - {Side.NONE, Side.RAISING}:
        d.event(EventKind.REFUSED, by=by.email, note=f"{command.word}: from a stranger")
        _not_yours(d, said)
        return
    is_astray = incident.is_no_party(stand) and mail.proof is not Proof.FAILED and challenged.asked(d, by) is None
    if command.word is Word.NOT_MINE and is_astray:
        incident.misdirected(d, fact, by.email)
        others.told(d, fact, by)
        return
    if may_see_state(d, said):
        state_alone(d, said)
        return
    verdict = may(d.case, mail, d.rules)
    if verdict.may and others.is_barred(d, said):
        nothing_changed(d, said, others.UNCONFIRMED)
        return
    if verdict.may and not is_out_of_nowhere(d, said):
        _act(d, said, command)
        return
    if verdict.may:
        d.event(EventKind.REFUSED, by=by.email, note=f"{command.word}: {Ruling.NOT_PROVEN}")
        _confirm(d, said, is_hedged=questions.is_hedged(said, command))
        return
    d.event(EventKind.REFUSED, by=by.email, note=f"{command.word}: {verdict.why}")
    if verdict.why is Ruling.NOT_PROVEN:
        _confirm(d, said, is_hedged=questions.is_hedged(said, command))
    else:
        _not_yours(d, said)


def _answer(d: Draft, said: Said, question: Question, command: Command) -> None:
    """YES, NO or CLOSE to a question of ours: from whom it was put to, and perhaps a word of its own."""
    if questions.is_put_to(d, said, question):
        meant = questions.answered(d, said, question, command)
        if meant is not None:
            _give(d, *meant)
        return
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: not the person asked")
    if incident.is_no_party(said.stand):
        _not_yours(d, said)
    else:
        why = _OUTDATED if said.fact.outdated else _NOT_ASKED
        tell(d, said, _FAILED if said.mail.proof is Proof.FAILED else why)


def _act(d: Draft, said: Said, command: Command) -> None:
    """Its sender may say it: it acts, or is asked about where it might not be meant as it stands. Of the same word from
    them that was asked about no manager is asked then."""
    same, asked = d.rules.directory.same_person, (q for q in d.case.questions if q.about is QuestionKind.WORD)
    said_before = {q.key for q in asked if q.command == said.word and same(q.whose, said.by.email)}
    d.ask_as(QuestionKind.WORD_AGAIN, said_before)
    is_idle = isinstance(CELLS[said.word][d.case.state], Tell)
    if questions.is_hedged(said, command) and not is_idle:
        all_the_same(d, said, said.mail.new_text)
    elif said.word is Word.NOT_RESOLVED and said.note and d.case.state in WAITING and d.following is not None:
        ask_back(d, replace(said, note=""), letters.Question.NextNow(text=said.mail.new_text))
    else:
        perform(d, said)


def is_out_of_nowhere(d: Draft, said: Said) -> bool:
    """Whether nothing proves it and it cites no letter of ours that went to its sender: it acts on nothing."""
    is_cited = said.fact.how == How.LETTER and incident.is_addressee(d, said.fact, said.by.email)
    is_cited = is_cited and not said.fact.outdated
    return said.mail.proof is not Proof.PROVEN and not is_cited and said.word not in ASKING


def _confirm(d: Draft, said: Said, *, is_hedged: bool) -> None:
    """The directory's own address of that person is asked whether the word is theirs, then their manager; of one that
    only adds, whoever else may answer for them at once. The same word within a day asks nobody again, unless the code
    of that question counts no more or the stage has changed. One that would do nothing is told so, and not asked about,
    unless it only adds, or may be somebody else's who speaks in that name."""
    known = d.rules.directory.person(said.by.email) or said.by
    if not is_known(d, known):
        d.flag(Flag.UNPROVEN_WORD)
        return
    idle = None if said.word in VISIBLE or said.mail.proof is Proof.FAILED else _idle(d, said)
    if idle is not None:
        tell(d, said, idle)
        return
    word, note = _meant(d, said), said.note if said.word in NOTED else ""
    asked = (q for q in d.case.questions if q.about in CONFIRMS and q.command == word and q.words == note)
    is_failed = said.mail.proof is Proof.FAILED
    can_answer = (q for q in asked if (q.code or word in VISIBLE or is_failed) and not is_overtaken(d, q))
    if any(q.at and d.now - q.at < CODE_FOR and q.mail in d.case.mails and _is_put_to(d, q, known) for q in can_answer):
        return
    is_shown = word in VISIBLE and not is_failed and not d.is_stranger
    about = QuestionKind.WORD_AGAIN if is_shown else QuestionKind.WORD
    template = Question("", about, "", said.mail.digest, command=word.value, words=note, whose=known.email)
    template = replace(template, is_hedged=is_hedged, came=said.mail.received)
    own = letters.Question.ConfirmWord(word=word.value, said=said.mail.received)
    put(d, own, template, known, coded=not is_failed)  # a code from where the proof fails could not work
    if is_shown:
        who = person(known)
        shown = letters.Question.ConfirmManager(word=word.value, said=said.mail.received, who=who, at_once=True)
        for other in _beside(d, said, known):
            put(d, shown, template, other)
    elif d.case.is_open and not d.is_stranger:  # a stranger's case is told to no more people than it must
        at = workdays.next_morning(d.now, d.rules.calendar)
        d.alarm(AlarmKind.WORD_MANAGER, at, "the manager is asked about a word that its sender has not confirmed")


def _idle(d: Draft, said: Said) -> Tell | None:
    """Why the word would do nothing, were it proven; None where it would do something."""
    if said.word is Word.YES and not (d.case.unproven and d.case.is_open):
        return orders.no_question(d, said)
    cell = CELLS[said.word][d.case.state]
    return cell if isinstance(cell, Tell) else None


def _is_put_to(d: Draft, question: Question, who: Contact) -> bool:
    """Of their own word, to themselves: what their manager was asked since gives them no code."""
    same = d.rules.directory.same_person
    return same(question.whose or question.asked, who.email) and same(question.asked, who.email)


def _meant(d: Draft, said: Said) -> Word:
    """NO without a letter that asks means the one that is open: is it resolved?"""
    is_asked = any(q.about is QuestionKind.RESOLVED for q in d.case.questions)
    return Word.NOT_RESOLVED if said.word is Word.NO and is_asked and Side.RAISING in said.stand else said.word


def _beside(d: Draft, said: Said, known: Contact) -> list[Contact]:
    """That side's contacts at the stage, the manager of whose word it is said to be, and the business unit."""
    side = d.responders if Side.RESPONDING in said.stand and Side.RAISING not in said.stand else d.sides[0]
    manager = d.manager_of(known)
    same = d.rules.directory.same_person
    found = {c.email: c for c in (*side, *([manager] if manager else []), *d.unit) if not same(c.email, known.email)}
    return list(found.values())


def on_word_manager(d: Draft) -> None:
    """Nobody has said whether the word is theirs: their manager is asked, once."""
    cal = d.rules.calendar
    waiting = [
        q
        for q in d.case.questions
        if q.about is QuestionKind.WORD
        and q.at is not None
        and workdays.next_morning(q.at, cal) <= d.now
        and not is_overtaken(d, q)  # asked now, the manager's YES would act on the stage of today
        and not isinstance(CELLS[Word(q.command)][d.case.state], Tell)  # it would do nothing now
    ]
    passed = {q.key for q in waiting}
    d.ask_as(QuestionKind.WORD_AGAIN, passed)
    for asked, question in {q.asked: q for q in waiting}.items():  # of several words of one person the last
        person_asked = d.rules.directory.person(asked) or Contact(asked)
        manager = d.manager_of(person_asked) or _head(d, person_asked)
        if manager is None:
            d.flag(Flag.UNPROVEN_WORD)
            continue
        who, said = person(person_asked), word_came(d, question)
        asking = letters.Question.ConfirmManager(word=question.command, said=said, who=who)
        put(d, asking, replace(question, about=QuestionKind.WORD_AGAIN), manager)


def _head(d: Draft, who: Contact) -> Contact | None:
    """A manager's own manager, as far as the directory knows one."""
    held = d.holders(("service_manager",), who.agency, who.team) if who.agency else ()
    return next((c for c in held if c.agency == who.agency and c.email != who.email), None)


def _not_yours(d: Draft, said: Said) -> None:
    """Told to people whom the directory or the case knows by address, never to others of their domain. A closing word
    of the other side, or of a colleague of the raiser, is asked about."""
    is_party = not incident.is_no_party(said.stand)
    closes = said.word in (Word.RESOLVED, Word.WITHDRAW) and said.mail.proof is not Proof.FAILED
    is_heard = closes and d.case.is_open and not d.is_stranger
    if is_heard and said.word is Word.RESOLVED and Side.RESPONDING in said.stand and said.mail.proof is Proof.PROVEN:
        d.write(letters.Question.WhatWasDone(word=said.word.value), [said.by], mail=said.mail, human=d.case.raiser)
        d.write(letters.Question.Saying(who=person(said.by), word=said.word.value), [d.case.raiser], human=said.by)
        return
    # Somebody of a third agency is not told that there is such a case: they are answered where mail is placed.
    if is_known(d, said.by) and not others.is_third(d.case, said.by.email, d.rules):
        told = letters.Question.NotYours(word=said.word.value, who_may=_owner(d, said.word), may_ask=is_party)
        if not others.too_early(d, said):
            d.write(told, [said.by], mail=said.mail)
    if said.word is Word.URGENT and Side.RESPONDING in said.stand and d.case.state in WAITING and not d.is_stranger:
        asked = [d.case.raiser, *([d.manager] if d.manager else [])]
        for to in asked:  # who was challenged sees a risk: only the raising side shortens the time
            d.write(letters.Question.Meaning(choices=IS_URGENT), [to], human=said.by)
    is_of_either = said.by.agency and (Side.RESPONDING in said.stand or said.by.agency == d.case.raiser.agency)
    if is_heard and is_of_either:
        d.write(letters.Question.Meaning(choices=answers.CHOICES), [d.case.raiser], human=said.by)


def not_yours(d: Draft, word: Word, by: Contact, mail: Mail) -> None:
    """To whoever is challenged, of a word of the raising side that stood before other words."""
    d.event(EventKind.REFUSED, by=by.email, note=f"{word}: {Ruling.NOT_YOUR_WORD}")
    if is_known(d, by):
        told = letters.Question.NotYours(word=word.value, who_may=_owner(d, word), may_ask=True)
        d.write(told, [by], mail=mail)


def _owner(d: Draft, word: Word) -> str:
    """Whose word it is, by name."""
    sides = WORDS[word].sides
    if Side.RAISING in sides:
        both = (d.case.raiser, *([d.first_responder] if Side.RESPONDING in sides and d.first_responder else []))
        return " or ".join(dict.fromkeys(str(one) for one in both))
    deciders = d.cast.deciders(d.stage) if Side.DECIDER in sides else ()
    people = d.responders if Side.RESPONDING in sides else deciders or d.unit
    return str(next(iter(people), "the business unit"))
