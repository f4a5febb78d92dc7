"""The end of a case: the closing word, the outcome in writing, the record; and its opening again.

Nothing automatic resolves or withdraws: only a proven and authorised word begins the end (rules/authority.py says
whose).
"""

from datetime import timedelta

from bot.case.course import follow_up, subclocks
from bot.case.course.entry import earlier_people
from bot.case.course.stages import enter
from bot.case.making.draft import Draft
from bot.case.making.ends_with import owes_outcome
from bot.case.making.notices import file_record, notify
from bot.model import (
    AlarmKind,
    ClosedAs,
    Contact,
    Due,
    EventKind,
    Flag,
    Hold,
    LetterKind,
    Mail,
    QuestionKind,
    Task,
    Unit,
    Window,
)
from bot.model import Question as Asked
from bot.model.letters import Chaser, Information, Outcome, Question, person
from bot.model.letters.parts import Original
from bot.rules import workdays
from bot.rules.policy.follow_up import Prompt

#: What a policy without a confirm window is given, marked local.
CONFIRM = Window(2, Unit.WORKING_DAYS, "local")
KEPT = "outcome"  # id of the task that keeps what was written before the closing word


def await_outcome(d: Draft, word: str, by: Contact, at_mail: Mail) -> None:
    """RESOLVED or DECIDED: the responding side owes the outcome in writing."""
    window = d.stage.confirm_within or CONFIRM
    due = workdays.due(window, d.now, d.rules.calendar)  # not from receipt: it may have waited while we were down
    d.event(EventKind.RESOLVED if word == "RESOLVED" else EventKind.DECIDED, by=by.email)
    d.end_run(word.lower(), at_mail.received)
    d.quiet()
    follow_up.note_actions(d, at_mail)
    d.await_outcome(word, at_mail.received, Due(due.at, f"the outcome in writing: {due.why}"))
    remind = workdays.before(due.at, 1, d.rules.calendar)
    if remind > d.now:
        d.alarm(AlarmKind.OUTCOME_CHASER, remind, "one working day before the outcome is due in writing")
    d.alarm(AlarmKind.OUTCOME_DUE, due.at, "the outcome in writing is due")
    subclocks.start(d, "resolved")
    owing, others = owes_outcome(d)
    d.joined("responding", *owing)
    kept = follow_up.task(d, KEPT)
    if kept is not None:
        _ask_whether_kept_stands(d, kept, word, due, (*owing, *others, *d.inbox))
        return
    asked = Question.Outcome(word=word, by=due.at, outcome_says=tuple(d.rules.policy.follow_up.outcome_says))
    d.write(asked, owing, (*others, *d.inbox), mail=at_mail, human=by if word == "DECIDED" else None)


def keep_outcome(d: Draft, mail: Mail, by: Contact) -> None:
    """Written before the closing word: its writer is asked once whether it stands when that word has been given."""
    follow_up.note_actions(d, mail)
    d.put_task(Task(KEPT, owner=by, mail=mail.digest, said=(("responding", "written", mail.received),)))


def _ask_whether_kept_stands(d: Draft, kept: Task, word: str, due: Due, others: tuple[Contact, ...]) -> None:
    """In place of the question for the outcome. `kept`: written before `word`, which others read too."""
    if kept.owner is None:
        return
    asked = Question.Stands(when=kept.said[-1][2], word=word, by=due.at)
    letter = d.write(asked, [kept.owner], others)
    if letter:
        d.ask(Asked(letter.key, QuestionKind.OUTCOME, kept.owner.email, kept.mail))


def outcome_stands(d: Draft, digest: str, by: Contact, mail: Mail) -> None:
    """YES: what was written before the closing word (`digest`) is the outcome."""
    d.write_outcome(digest)
    d.event(EventKind.OUTCOME, by=by.email)
    close(d, _closed_as(d), by=by, mail=mail)


def on_outcome_chaser(d: Draft) -> None:
    if d.late is None and d.case.due is not None:
        owing, others = owes_outcome(d)
        says = tuple(d.rules.policy.follow_up.outcome_says)
        asked = Chaser.Outcome(word=d.case.closing_word, by=d.case.due, outcome_says=says)
        d.write(asked, owing, (*others, *d.inbox))


def on_outcome_due(d: Draft) -> None:
    """Nobody wrote the outcome: the closing word was given, what follows only files."""
    d.flag(Flag.OUTCOME_MISSING)
    close(d, _closed_as(d), by=d.case.raiser)


def outcome_written(d: Draft, mail: Mail, by: Contact) -> None:
    d.write_outcome(mail.digest)
    d.event(EventKind.OUTCOME, by=by.email)
    follow_up.note_actions(d, mail)
    close(d, _closed_as(d), by=by, mail=mail)


def _closed_as(d: Draft) -> ClosedAs:
    return ClosedAs.DECIDED if d.case.closing_word == "DECIDED" else ClosedAs.RESOLVED


def close(d: Draft, closed_as: ClosedAs, by: Contact, mail: Mail | None = None) -> None:
    """Everybody involved is told, the record is filed; no alarm is left."""
    release(d, by.email)
    notify(d, d.stage, "close")
    if d.case.runs and d.case.runs[-1].ended is None:
        d.end_run(closed_as.value, d.now)
    d.quiet()
    d.quiet(AlarmKind.WORD_MANAGER)
    prompts = follow_up.begin(d, closed_as)
    d.close(closed_as)
    d.event(EventKind.CLOSED, by=by.email, note=closed_as.value)
    written = Original(str(by), mail.received) if d.case.outcome and mail else None
    told = _outcome(d, closed_as, by, written, prompts)
    d.write(told, [] if d.case.unproven == "stranger" else [d.case.raiser], involved(d), mail=mail)
    if not any(letter.kind is LetterKind.OUTCOME for letter in d.letters):
        _outcome_without_raiser(d, closed_as, by)
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
        ask_child_file=follow_up.task(d, follow_up.CHILD_FILE) is not None,
        actions=follow_up.agreed(d),
        prompts=follow_up.for_letter(d, prompts, "parties"),
    )


def _file(d: Draft, prompts: tuple[Prompt, ...]) -> None:
    """The record, which also carries what the policy asks of the business unit."""
    unit = [p for p in prompts if p.to == "unit"]
    letter = file_record(d, d.rules.policy.filing.content, follow_up.for_letter(d, unit, "unit"))
    if letter is not None:
        follow_up.ask_of(d, letter.key, unit, letter.to[0].email)


def _outcome_without_raiser(d: Draft, closed_as: ClosedAs, by: Contact) -> None:
    """A stranger is not told; team inbox and business unit are, who alone were written to, and who closed it."""
    d.write(_outcome(d, closed_as, by, None, ()), (*d.inbox, *d.unit, by))


def involved(d: Draft) -> tuple[Contact, ...]:
    """Everybody a letter of this case was meant for, and the team inbox; of a colleague's challenge those of stages
    held before the bot as well, and where the partnership ended it both sides' leads."""
    case = d.case
    people = [c for _, _, c in case.people]
    if case.unproven != "stranger":
        people += [d.manager] if d.manager else []
        people += earlier_people(d)
        leads = d.holders(d.stage.raising_role, case.responder_agency, case.team) if case.responder_agency else ()
        people += [c for c in leads if d.stage.level == "partnership" and c.agency == case.responder_agency]
    return (*(c for c in people if c.email != case.raiser.email), *d.inbox)


def reopen(d: Draft, by: Contact) -> None:
    """REOPEN enters at the stage last reached with a fresh window; the ref stays."""
    d.event(EventKind.REOPENED, by=by.email)
    d.reopen()
    again(d, by)


def again(d: Draft, by: Contact) -> None:
    """The stage last reached is entered afresh."""
    enter(d, d.stage, "reopened", by)


def hold(d: Draft, by: str) -> None:
    """HOLD: letters wait, the clock does not. It ends by itself."""
    cal = d.rules.calendar
    until = d.now + timedelta(hours=4) if d.case.urgent else workdays.due(Window(1, Unit.WORKING_DAYS), d.now, cal).at
    for to in (d.inbox,) if d.is_stranger else ([d.case.raiser], d.responders):
        d.write(Information.Held(until=until, by=by), to)
    d.hold_letters(until)
    d.alarm(AlarmKind.HOLD_END, until, "a hold ends by itself")
    d.event(EventKind.HELD, by=by)


def release(d: Draft, by: str) -> None:
    if d.case.hold_until is not None:
        d.hold_letters(None)
        d.quiet(AlarmKind.HOLD_END)
        d.frees += (Hold.HOLD,)
        d.event(EventKind.RELEASED, by=by)
