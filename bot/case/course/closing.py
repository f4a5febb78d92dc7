"""The end of a case: the closing word, the outcome in writing, the record; and its opening again.

Nothing automatic resolves or withdraws: only a proven and authorised word begins the end (rules/authority.py says
whose).
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from bot.case.course import follow_up, subclocks
from bot.case.course.entry import earlier_people
from bot.case.course.stages import enter
from bot.case.making import agreed
from bot.case.making.draft import Draft
from bot.case.making.ends_with import answered_by, owes_outcome
from bot.case.making.notices import file_record, has_reached, may_be_quoted, may_read, notify
from bot.model import (
    AlarmKind,
    ClosedAs,
    Contact,
    Due,
    EndedAs,
    EventKind,
    Flag,
    Hold,
    Letter,
    LetterKind,
    Mail,
    QuestionKind,
    Side,
    Task,
    Unit,
    Unproven,
    Window,
)
from bot.model import Question as Asked
from bot.model.letters import Chaser, Information, Outcome, Question, person
from bot.model.letters.parts import Original
from bot.rules import workdays
from bot.rules.book import CONFIRM
from bot.rules.policy.follow_up import Prompt

KEPT = "outcome"  # id of the task that keeps what was written before the closing word


def await_outcome(d: Draft, word: str, by: Contact, at_mail: Mail, said: str = "") -> None:
    """RESOLVED or DECIDED: the responding side owes the outcome in writing, and both sides hear of the word. `said`:
    the words it came with, of which those of a decision are quoted."""
    window = d.stage.confirm_within or CONFIRM
    due = workdays.due(window, d.now, d.rules.calendar)  # not from receipt: it may have waited while we were down
    d.event(EventKind.RESOLVED if word == "RESOLVED" else EventKind.DECIDED, by=by.email)
    d.end_run(EndedAs[word], at_mail.received)
    d.quiet()
    follow_up.note_actions(d, at_mail)
    d.await_outcome(word, by, at_mail.received, Due(due.at, f"the outcome in writing: {due.why}"))
    remind = workdays.before(due.at, 1, d.rules.calendar)
    if remind > d.now:
        d.alarm(AlarmKind.OUTCOME_CHASER, remind, "one working day before the outcome is due in writing")
    d.alarm(AlarmKind.OUTCOME_DUE, due.at, "the outcome in writing is due")
    subclocks.start(d, "resolved")
    owing, others = owes_outcome(d)
    d.joined(Side.RESPONDING, *owing)
    words = said if word == "DECIDED" and not at_mail.is_confidence else ""
    told = _ask_outcome(d, by, at_mail, words if all(may_read(d, by, c) for c in owing) else "")
    _tell_word(d, by, at_mail, words, (*others, *d.inbox), told)


def _ask_outcome(d: Draft, by: Contact, mail: Mail, words: str) -> tuple[Contact, ...]:
    """The outcome in writing is asked for; whoever wrote one before, or answered, is asked whether that is it. Returns
    who was written to: with the words of a decision only those who may read them."""
    (owing, others), word = owes_outcome(d), d.case.closing_word
    writer, answered, digest = _written_before(d)
    asked = Question.Outcome(
        word=word,
        by=d.case.due or d.now,
        outcome_says=tuple(d.rules.policy.follow_up.outcome_says),
        said=words,
        answered=answered if writer else None,
        writer=person(writer) if writer else None,
    )
    to = (*owing, writer) if writer else owing
    copied = [c for c in (*others, *d.inbox) if not words or may_read(d, by, c)]
    letter = d.write(asked, to, copied, mail=mail, human=by if word == "DECIDED" else None)
    _asks_whether(d, letter, writer, digest)
    return (*letter.to, *letter.cc) if letter else ()


def _asks_whether(d: Draft, letter: Letter | None, writer: Contact | None, digest: str) -> None:
    """YES to that letter says that what was written before is the outcome."""
    if letter and writer:
        d.ask(Asked(letter.key, QuestionKind.OUTCOME, writer.email, digest, whose=writer.email))


def keep_outcome(d: Draft, mail: Mail, by: Contact) -> None:
    """Written before the closing word: its writer is asked whether it stands when that word has been given."""
    follow_up.note_actions(d, mail)
    d.put_task(Task(KEPT, owner=by, mail=mail.digest, said=((Side.RESPONDING, "written", mail.received),)))


def _written_before(d: Draft) -> tuple[Contact | None, datetime | None, str]:
    """Who wrote what may be the outcome before the closing word, when, in which mail: an OUTCOME, else the answer. What
    is decided by another is no answer's."""
    kept, run = agreed.task(d, KEPT), d.case.runs[-1]
    if kept is not None and kept.owner is not None:
        return kept.owner, kept.said[-1][2], kept.mail
    if d.case.closing_word == "DECIDED" or not run.answer:
        return None, None, ""
    return answered_by(d), run.responded, run.answer


def _tell_word(d: Draft, by: Contact, mail: Mail, words: str, also: Iterable[Contact], told: Iterable[Contact]) -> None:
    """The raiser, their manager, the stage's contacts of both sides and whoever said it hear of the closing word: a
    letter for those who may read the words of a decision, and one for the others."""
    case, got = d.case, {contact.email for contact in told}
    if case.unproven is Unproven.STRANGER:
        return
    lost = {served.contact.email for served in case.served if served.is_dead}
    at_stage = [
        c
        for stage, side, c in case.people
        if stage == case.stage and side in (Side.RAISING, Side.RESPONDING, Side.DECIDER)
    ]
    manager = [d.manager] if d.manager else []
    hear = (case.raiser, *manager, *at_stage, *d.cast.deciders(d.stage), *also, by)
    readers = [c for c in hear if c.email not in got | lost]
    readers.sort(key=lambda one: one.email == by.email)  # who said it is copied, behind those who do not know yet
    owing = tuple(person(c) for c in owes_outcome(d)[0])
    for shown in (words, "") if words else ("",):
        some = [c for c in readers if bool(shown) == bool(words and (c.email == by.email or may_read(d, by, c)))]
        wording = Information.ClosingWord(
            word=case.closing_word,
            who=person(by),
            said=shown,
            by=case.due or d.now,
            owing=owing,
            mine={c.email for c in some} == {by.email},
        )
        d.write(wording, some[:1], some[1:], mail=mail, human=by)


def outcome_stands(d: Draft, question: Asked, by: Contact) -> None:
    """YES to "is your answer the outcome?": the answer stands as it, and the case closes."""
    when = next((at for who, at, digest in [_written_before(d)] if digest == question.mail), None)
    d.write_outcome(question.mail)
    d.event(EventKind.OUTCOME, by=by.email)
    writer = d.rules.directory.person(question.whose) or Contact(question.whose)
    close(d, _closed_as(d), by=by, written=Original(str(writer), when or d.now))


def on_outcome_chaser(d: Draft) -> None:
    if d.late is None and d.case.due is not None:
        owing, others = owes_outcome(d)
        says = tuple(d.rules.policy.follow_up.outcome_says)
        writer, answered, digest = _written_before(d)
        asked = Chaser.Outcome(
            word=d.case.closing_word,
            by=d.case.due,
            outcome_says=says,
            answered=answered if writer else None,
            writer=person(writer) if writer else None,
        )
        letter = d.write(asked, (*owing, writer) if writer else owing, (*others, *d.inbox))
        _asks_whether(d, letter, writer, digest)


def on_outcome_due(d: Draft) -> None:
    """Nobody wrote the outcome: the closing word was given, what follows only files."""
    d.flag(Flag.OUTCOME_MISSING)
    close(d, _closed_as(d), by=d.case.closing_by or d.case.raiser)


def outcome_written(d: Draft, mail: Mail, by: Contact) -> None:
    d.write_outcome(mail.digest)
    d.event(EventKind.OUTCOME, by=by.email)
    follow_up.note_actions(d, mail)
    close(d, _closed_as(d), by=by, mail=mail, written=Original(str(by), mail.received))


def _closed_as(d: Draft) -> ClosedAs:
    return ClosedAs.DECIDED if d.case.closing_word == "DECIDED" else ClosedAs.RESOLVED


def close(
    d: Draft, closed_as: ClosedAs, by: Contact, mail: Mail | None = None, written: Original | None = None
) -> None:
    """Everybody involved is told, the record is filed; no alarm is left. `written`: whose outcome, and when; who gave
    the closing word is named as whose the last word was."""
    release(d, by.email)
    notify(d, d.stage, "close")
    if d.case.runs and d.case.runs[-1].ended is None:
        d.end_run(EndedAs[closed_as.name], d.now)
    d.quiet()
    d.quiet(AlarmKind.WORD_MANAGER)
    prompts = follow_up.begin(d, closed_as)
    d.close(closed_as)
    d.event(EventKind.CLOSED, by=by.email, note=closed_as.value)
    last = d.case.closing_by if closed_as in follow_up.ENDED and d.case.closing_by else by
    told = _outcome(d, closed_as, last, written, prompts)
    if mail is not None and written is not None and not has_reached(d, mail, d.case.raiser):
        is_shown = d.stage.content == "full" and may_be_quoted(d, mail, by, d.case.raiser, *involved(d))
        told = replace(told, writer=person(by), text=mail.new_text if is_shown else "")
    d.write(told, [] if d.case.unproven is Unproven.STRANGER else [d.case.raiser], involved(d), mail=mail)
    if not any(letter.kind is LetterKind.OUTCOME for letter in d.letters):
        _outcome_without_raiser(d, closed_as, last, by)
    _file(d, prompts)


def _outcome(
    d: Draft, closed_as: ClosedAs, by: Contact, written: Original | None, prompts: tuple[Prompt, ...]
) -> Outcome.Closed:
    """The child's own record, the agreed actions and the policy's prompts ride in this letter."""
    return Outcome.Closed(
        closed_as=closed_as.value,
        by=person(by),
        at=d.now,
        outcome_missing=d.case.has(Flag.OUTCOME_MISSING),
        original_of_outcome=written,
        ask_child_file=agreed.task(d, follow_up.CHILD_FILE) is not None,
        actions=follow_up.agreed(d),
        prompts=follow_up.for_letter(d, prompts, "parties"),
    )


def _file(d: Draft, prompts: tuple[Prompt, ...]) -> None:
    """The record, which also carries what the policy asks of the business unit."""
    unit = [p for p in prompts if p.to == "unit"]
    letter = file_record(d, d.rules.policy.filing.content, follow_up.for_letter(d, unit, Side.UNIT))
    if letter is not None:
        follow_up.ask_of(d, letter.key, unit, letter.to[0].email)


def _outcome_without_raiser(d: Draft, closed_as: ClosedAs, last: Contact, by: Contact) -> None:
    """A stranger is not told; team inbox and business unit are, who alone were written to, and who closed it."""
    d.write(_outcome(d, closed_as, last, None, ()), (*d.inbox, *d.unit, by))


def involved(d: Draft) -> tuple[Contact, ...]:
    """Everybody a letter of this case was meant for, and the team inbox; of a colleague's challenge those of stages
    held before the bot as well, and where the partnership ended it both sides' leads."""
    case = d.case
    people = [c for _, _, c in case.people]
    if case.unproven is not Unproven.STRANGER:
        people += [d.manager] if d.manager else []
        people += earlier_people(d)
        leads = d.holders(d.stage.raising_role, case.responder_agency, case.team) if case.responder_agency else ()
        people += [c for c in leads if d.stage.level == "partnership" and c.agency == case.responder_agency]
    return (*(c for c in people if c.email != case.raiser.email), *d.inbox)


def reopen(d: Draft, by: Contact) -> None:
    """REOPEN enters at the stage last reached with a fresh window; the ref stays."""
    d.event(EventKind.REOPENED, by=by.email)
    d.hear(d.now, str(by), "reopened")
    d.reopen()
    again(d, by)


def again(d: Draft, by: Contact) -> None:
    """The stage last reached is entered afresh."""
    enter(d, d.stage, "reopened", by)


def hold(d: Draft, by: str) -> None:
    """HOLD: letters wait, the clock does not. It ends by itself. Letters that wait already do not wait longer."""
    if d.case.hold_until is not None:
        return
    cal = d.rules.calendar
    until = d.now + timedelta(hours=4) if d.case.urgent else workdays.due(Window(1, Unit.WORKING_DAYS), d.now, cal).at
    for to in (d.inbox,) if d.is_stranger else ([d.case.raiser], d.responders):
        d.write(Information.Held(until=until, by=str(d.known(by))), to)
    d.hold_letters(until)
    d.alarm(AlarmKind.HOLD_END, until, "a hold ends by itself")
    d.event(EventKind.HELD, by=by)


def release(d: Draft, by: str) -> None:
    if d.case.hold_until is not None:
        d.hold_letters(None)
        d.quiet(AlarmKind.HOLD_END)
        d.frees += (Hold.HOLD,)
        d.event(EventKind.RELEASED, by=by)
