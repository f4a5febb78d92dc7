"""YES, NO and CLOSE to a question of ours: from whom it was put to, and what they mean there.

To some questions they are words of the command table, which words.py then treats as if they stood alone. A question of
a case that has moved on is told so, and no NO goes unheard. It asks nothing but whether a word is meant all the same.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.case.course import closing, follow_up
from bot.case.course.opening import confirmed
from bot.case.making import agreed, ends_with
from bot.case.making.draft import Draft
from bot.case.said import answers, protection
from bot.case.said.cells import CELLS, perform
from bot.case.said.codes import CONFIRMS, bears_code, code_in, has_code, is_overtaken, put, put_anew
from bot.case.said.command import (
    Said,
    Tell,
    all_the_same,
    nothing_changed,
    tell,
)
from bot.case.said.unit import others
from bot.model import (
    WAITING,
    ClosedAs,
    Command,
    Contact,
    EventKind,
    Flag,
    How,
    Proof,
    Question,
    QuestionKind,
    State,
    Word,
    letters,
)
from bot.rules.authority import WORDS, Ruling, Side, may

#: What an answer means as a word of its own; None where it is done.
Meant = tuple[Said, Command] | None

#: Whose YES relaxes: without proof it needs a code. Those after the first two are asked once more, with one.
NEED_PROOF = (*CONFIRMS, QuestionKind.ENDED, QuestionKind.IMPARTIAL, QuestionKind.TASK)
#: Their answers are words of the command table: whose those are is asked then.
AS_WORDS = (QuestionKind.TRANSFER, QuestionKind.RESOLVED, QuestionKind.SAME)
_OVERTAKEN = Tell(
    "The letter you answered asked about an earlier answer, and the challenge has moved on since.",
    "STATUS says where it stands now.",
)
_NOT_MEANT = Tell("You said that it is not meant, so everything stays as it was.")
_NO_OUTCOME = Tell("No outcome in writing is awaited any more.")
_NOT_PROVEN = Tell(
    "It could not be proven that the mail comes from your mailbox, and this word closes the challenge.",
    "Please send it from that mailbox, or write OUTCOME and what was agreed.",
)
_NEEDS_CODE = Tell(
    "It could not be proven that the mail comes from your mailbox, and no YES with the six digits was in it.",
    "Please reply to our last question about it with YES and its six digits; after a day, send the word again.",
)
_TRIED = Tell("Wrong digits came too often today.", "Send the word again tomorrow, or let your manager.")
_NOT_AWAITED, _CLOSED = Tell("No reply is awaited any more."), Tell("The challenge is closed.")
_IS_UNDO = Tell("The letter you answered asks for no YES or NO.", "UNDO, in reply to it, takes the word back.")
#: What NO means to each question that is done with it.
_NO: dict[QuestionKind, Tell] = {
    QuestionKind.WORD: Tell("You said that the word is not yours, so nothing follows from it."),
    QuestionKind.WORD_AGAIN: Tell("You said that the word is not meant, so nothing follows from it."),
    QuestionKind.WHOSE_ANSWER: Tell("You said that it is no answer. No reply is awaited any more."),
    QuestionKind.PROVISIONAL: Tell("You said that it is no challenge of yours. Its time runs until a person decides."),
    QuestionKind.OUTCOME: Tell("You said that it is not the outcome.", "OUTCOME and what was agreed writes it down."),
    QuestionKind.IMPARTIAL: Tell("Nobody is appointed.", "APPOINT and the name of somebody else names another."),
    QuestionKind.ALL_THE_SAME: _NOT_MEANT,
    QuestionKind.ENDED: Tell("You said that it is a challenge, so it runs on."),
    QuestionKind.UNDO: _IS_UNDO,
    QuestionKind.SEND: Tell("You said that your words are not to be sent, so they stay with the case."),
}


def is_put_to(d: Draft, said: Said, question: Question) -> bool:
    """Whether it comes from the address that the question was put to (of an action: from that side), and never with a
    failed proof.

    A mail without proof may confirm only by citing our letter: its id cannot be guessed and went to that address alone.
    """
    is_theirs = d.rules.directory.same_person(said.by.email, question.asked) or question.asked == said.by.email
    if question.about in AS_WORDS or (question.about is QuestionKind.ALL_THE_SAME and is_theirs):
        return True
    bears_it = bool(question.code) and code_in(said.mail.new_text) == question.code
    if said.fact.outdated and not said.fact.is_misdated and not bears_it:
        return False  # a YES that came before answers no new question; the digits of that letter cannot be old
    if question.about is QuestionKind.WHOSE_ANSWER:  # their manager reads that letter too
        is_theirs = is_theirs or (Side.RAISING in said.stand and said.mail.proof is Proof.PROVEN)
    if question.about is QuestionKind.TASK:
        is_theirs = is_theirs or follow_up.is_of_side(question, said.stand)
    if question.about is QuestionKind.OUTCOME:  # who else answers there may write OUTCOME as well
        is_theirs = is_theirs or Side.RESPONDING in said.stand
    return is_theirs and said.mail.proof is not Proof.FAILED and said.fact.how == How.LETTER


def answered(d: Draft, said: Said, question: Question, command: Command) -> Meant:
    """Lets it do what it means. `said` is of somebody whom the question was put to."""
    is_proven = said.mail.proof is Proof.PROVEN
    if question.about in CONFIRMS and said.word is not Word.NO and (over := _over(d, said, question)) is not None:
        _settle(d, question)
        nothing_changed(d, *over)
        return None
    needs = question.about in NEED_PROOF and said.word is not Word.NO and not is_proven
    if needs and not bears_code(d, said.mail.new_text, question):
        _ask_with_code(d, said, question)
        return None
    match question.about:
        case QuestionKind.TRANSFER:  # they need what ACCEPT and DECLINE need
            meant = Command(Word.ACCEPT if said.word is Word.YES else Word.DECLINE)
            return _as(said, meant), meant
        case QuestionKind.SAME:
            meant = Command(Word.SAME if said.word is Word.YES else Word.DIFFERENT, "", command.is_plain)
            return _as(said, meant), meant
        case QuestionKind.RESOLVED:
            return _of_resolved(d, said, question, command)
        case QuestionKind.WHOSE_ANSWER if said.word is Word.YES and not is_proven and d.case.state in WAITING:
            meant = Command(Word.IT_IS, "", command.is_plain)  # it ends reminders, so it needs what IT IS needs
            return _as(said, meant), meant
        case QuestionKind.WHOSE_ANSWER if d.case.state in WAITING:  # IT IS closes no case, but ends reminders
            _whose_answer(d, said, command)
            return None
        case QuestionKind.TASK:
            d.settle(lambda one: one is question and bool(one.code))
            agreed.replied(d, question, said.word.lower(), said.by, said.mail)
            return None
    if said.word is Word.NO:
        _no(d, said, question)
        return None
    if question.about is QuestionKind.ALL_THE_SAME:
        d.settle(lambda one: one is question)
        meant = Command(Word(question.command), question.words, command.is_plain)
        return _as(said, meant), meant
    _YES[question.about](d, said, question)
    return None


def _over(d: Draft, said: Said, question: Question) -> tuple[Said, Tell] | None:
    """What its sender is told where the word that was asked about would do nothing any more."""
    if is_overtaken(d, question):
        return said, _OVERTAKEN
    cell = CELLS[Word(question.command)][d.case.state]
    return (replace(said, word=Word(question.command)), cell) if isinstance(cell, Tell) else None


def _ask_with_code(d: Draft, said: Said, question: Question) -> None:
    """Nothing proves a YES that relaxes: who says it is asked at their own address, once a day, with six digits."""
    known = d.rules.directory.person(said.by.email) or said.by
    now = next(q for q in d.case.questions if q.key == question.key)  # a wrong code has just ended its own
    if (now.about in CONFIRMS and now.code) or has_code(d, replace(now, asked=known.email)):
        nothing_changed(d, said, _NEEDS_CODE)
        return
    d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: {Ruling.NOT_PROVEN}")
    if now.about in CONFIRMS:
        if not put_anew(d, now):
            tell(d, said, _TRIED)
        return
    put(d, letters.Question.ConfirmWord(word=said.word.value, said=said.mail.received), question, known)


def is_hedged(said: Said, command: Command) -> bool:
    """Whether it closes or gives time, and something beside it speaks against it."""
    is_doubtful = not command.is_plain or said.mail.is_risk or said.is_overtaken
    return WORDS[said.word].is_plain and is_doubtful


def _settle(d: Draft, question: Question) -> None:
    """It is answered, and so is every other that asked about the same word."""
    same = [q for q in d.case.questions if q is question or (q.about in CONFIRMS and q.mail == question.mail)]
    d.settle(lambda one: one in same)


def _no(d: Draft, said: Said, question: Question) -> None:
    """Whoever says it hears what follows; that a word or a challenge is not theirs is flagged."""
    if question.about is QuestionKind.SEND:
        d.settle(lambda one: one.about is QuestionKind.SEND and one.key == question.key)
    if question.about is QuestionKind.WHOSE_ANSWER:
        answers.too_late(d)
    _settle(d, question)
    d.event(EventKind.ATTACHED, by=said.by.email, note=f"NO to {question.about}")
    if question.about in (*CONFIRMS, QuestionKind.PROVISIONAL):
        d.flag(Flag.WORD_FOR_A_PERSON)
    word = Word(question.command) if question.about is QuestionKind.ALL_THE_SAME else said.word
    tell(d, replace(said, word=word), _NO[question.about])
    if question.about is QuestionKind.PROVISIONAL and not d.may_read:
        d.write(letters.Information.NotTheirs(), d.unit, mail=said.mail)


def _of_resolved(d: Draft, said: Said, question: Question, command: Command) -> Meant:
    """YES and NO to "is it resolved" are RESOLVED and NOT RESOLVED, and need what these need. YES to a letter that was
    overtaken by another answer is asked about; to one of a stage that has ended it is told."""
    if is_overtaken(d, question):
        nothing_changed(d, said, _OVERTAKEN)
        return None
    last = next(q for q in reversed(d.case.questions) if q.about is QuestionKind.RESOLVED)
    as_meant = replace(command, word=Word.RESOLVED if said.word is Word.YES else Word.NOT_RESOLVED)
    return _as(said, as_meant, is_overtaken=last.mail != question.mail), as_meant


def _as(said: Said, command: Command, *, is_overtaken: bool = False) -> Said:
    """The same mail, read as that command; it answers no question any more."""
    mail = replace(said.mail, command=command)
    fact = replace(said.fact, mail=mail, answered_key="")
    return Said(command.word, command.note, said.by, mail, fact, said.stand, is_overtaken)


def _confirmed_word(d: Draft, said: Said, question: Question) -> None:
    """The word is theirs: it acts, or is asked about with what stood beside it."""
    _settle(d, question)
    as_meant, before = (
        replace(said, word=Word(question.command), note=question.words, since=question.came or question.at),
        d.case,
    )
    if question.is_hedged:
        all_the_same(d, as_meant, "")
    else:
        perform(d, as_meant)
        protection.relaxed(d, as_meant, before)


def _confirmed_sender(d: Draft, said: Said, question: Question) -> None:
    """The challenge is theirs."""
    _settle(d, question)
    if d.case.is_open:
        confirmed(d, said.by.email)
    else:
        nothing_changed(d, said, _CLOSED)


def _whose_answer(d: Draft, said: Said, command: Command) -> None:
    """YES is IT IS, NO is IT IS NOT; what stands beside a YES may speak against it."""
    it_is = replace(said, word=Word.IT_IS)
    if said.word is Word.NO:
        answers.it_is_not(d, said)
    elif is_hedged(it_is, command):
        all_the_same(d, it_is, said.mail.new_text)
    else:
        before = d.case
        answers.it_is(d, said)
        protection.relaxed(d, it_is, before)


def _too_late(d: Draft, said: Said, question: Question) -> None:
    """No reply is awaited any more."""
    _settle(d, question)
    nothing_changed(d, said, _NOT_AWAITED)


def _of_outcome(d: Draft, said: Said, question: Question) -> None:
    """YES to "is your answer the outcome?" closes, and needs what OUTCOME needs."""
    verdict = may(d.case, replace(said.mail, command=Command(Word.OUTCOME)), d.rules)
    if d.case.state is not State.AWAITING_OUTCOME:
        nothing_changed(d, said, _NO_OUTCOME)
    elif verdict.may:
        _settle(d, question)
        closing.outcome_stands(d, question, said.by)
    else:
        d.event(EventKind.REFUSED, by=said.by.email, note=f"{said.word}: {verdict.why}")
        tell(d, said, _NOT_PROVEN)


def _impartial(d: Draft, said: Said, question: Question) -> None:
    """Whoever was named may decide."""
    d.settle(lambda one: one.about is QuestionKind.IMPARTIAL and one.whose == question.whose)
    ends_with.appoint(d, d.rules.directory.person(question.whose) or Contact(question.whose), said.by, said.mail)


def _ended(d: Draft, said: Said, question: Question) -> None:
    """The raiser agrees that it is no challenge."""
    _settle(d, question)
    if d.case.is_open:
        closing.close(d, ClosedAs.NOT_A_CHALLENGE, said.by, said.mail)
    else:
        nothing_changed(d, said, _CLOSED)


_YES: dict[QuestionKind, Callable[[Draft, Said, Question], None]] = {
    QuestionKind.WORD: _confirmed_word,
    QuestionKind.WORD_AGAIN: _confirmed_word,
    QuestionKind.WHOSE_ANSWER: _too_late,
    QuestionKind.PROVISIONAL: _confirmed_sender,
    QuestionKind.OUTCOME: _of_outcome,
    QuestionKind.IMPARTIAL: _impartial,
    QuestionKind.ENDED: _ended,
    QuestionKind.SEND: lambda d, said, _question: others.send(d, said),
    QuestionKind.UNDO: lambda d, said, _question: nothing_changed(d, said, _IS_UNDO),
}
