"""Agreed actions, seen through: asked about on their day, told where not done, open until the raiser's side says YES.

Both sides are asked once, at 09:00. A NO of either, or no YES of the raiser's by the end of the next working day,
reaches in that minute whoever does it, their lead, the raiser and their manager. It opens no case again: REOPEN does.
A day that was missed while nothing ran waits for the next working morning.
"""

from dataclasses import replace
from datetime import date, datetime

from bot.case.making.draft import Draft
from bot.case.making.ends_with import both_sides, known, lead_of
from bot.mail.words.actions import actions
from bot.model import AlarmKind, Contact, EventKind, Flag, Mail, Question, QuestionKind, Side, Task, Unit, Window
from bot.model.letters import Information, person
from bot.model.letters import Question as Ask
from bot.model.letters.parts import Action
from bot.rules import workdays

#: Tasks that hold what was said of the whole: what it was about, and what changed.
THEME, IMPACT = "theme", "impact"
#: A missed one is not sent at an odd hour.
MISSED = "it was missed while the service was not running, and waits for the next working morning"


def morning_after(d: Draft) -> datetime:
    return workdays.next_morning(d.now, d.rules.calendar)


def task(d: Draft, task_id: str) -> Task | None:
    return next((t for t in d.case.tasks if t.id == task_id), None)


def answered(d: Draft, task_id: str, side: str, word: str, by: Contact) -> None:
    """A side's word about a task is written down; it changes nothing else."""
    held = task(d, task_id) or Task(task_id)
    d.put_task(replace(held, said=(*held.said, (side, word, d.now))))
    d.event(EventKind.TASK, by=by.email, note=f"{task_id}: {word}")


def morning(d: Draft, day: date) -> datetime:
    return workdays.at_local(day, workdays.MORNING, d.rules.calendar)


def note_actions(d: Draft, mail: Mail) -> None:
    """What the mail agrees replaces what was agreed before; a mail that names no action replaces nothing."""
    found = actions(mail.new_text, mail.received)
    if not found or not d.rules.policy.follow_up.ask_actions:
        return
    d.quiet(AlarmKind.ACTION, AlarmKind.ACTION_LATE)
    d.drop_tasks(lambda task: task.id.startswith("action/"))
    for n, action in enumerate(found, 1):
        owner = known(d, action.who) or Contact("", action.who) if action.who else None
        d.put_task(Task(f"action/{n}", action.day, action.what, owner, mail.digest))


def agreed(d: Draft) -> tuple[Action, ...]:
    """The agreed actions as letters show them: by number, with an owner whom the directory knows, and the day. Their
    words stay in the outcome, unless the policy wants full letters and every address is secure."""
    rows = [(n, t) for n in range(1, len(d.case.tasks) + 1) if (t := task(d, f"action/{n}")) is not None]
    return tuple(
        Action(
            n=n,
            owner=person(t.owner) if t.owner is not None and t.owner.email else None,
            has_owner=t.owner is not None,
            day=morning(d, t.day) if t.day else None,
            words=t.what if _may_be_full(d) else "",
        )
        for n, t in rows
    )


def _may_be_full(d: Draft) -> bool:
    people = (d.case.raiser, *d.responders)
    return d.stage.content == "full" and all(c.is_secure for c in people)


def open_actions(d: Draft) -> tuple[Task, ...]:
    """Those of which the raiser's side has not said that they are done."""
    rows = (t for t in d.case.tasks if t.id.startswith("action/"))
    return tuple(t for t in rows if t.said_by(Side.RAISING) != "yes")


def _mark(d: Draft) -> None:
    """The flag by which the daily letter finds what is still to be done."""
    if open_actions(d):
        d.flag(Flag.ACTIONS_OPEN)
    else:
        d.unflag(Flag.ACTIONS_OPEN)


def set_actions(d: Draft) -> None:
    for row in agreed(d):
        if row.day:
            at = row.day if row.day > d.now else workdays.next_morning(d.now, d.rules.calendar)
            d.alarm(AlarmKind.ACTION, at, f"both sides are asked whether action {row.n} is done", item=row.n)
            late = workdays.due(Window(1, Unit.WORKING_DAYS), at, d.rules.calendar).at
            d.alarm(AlarmKind.ACTION_LATE, late, f"nobody has said that action {row.n} is done", item=row.n)
    _mark(d)


def on_action(d: Draft, n: int) -> None:
    """The day of an agreed action: both sides are asked whether it is done, once."""
    row = next((r for r in agreed(d) if r.n == n), None)
    if row is None:
        return
    if d.late is not None:
        d.alarm(AlarmKind.ACTION, morning_after(d), MISSED, item=n)
        return
    for side, who in both_sides(d):
        letter = d.write(Ask.Action(action=row, others=len(agreed(d)) > 1), [who])
        if letter:
            d.ask(Question(letter.key, QuestionKind.TASK, who.email, task=f"action/{n}", side=side))


def on_action_late(d: Draft, n: int) -> None:
    """A working day after its day nobody of the raiser's side has said that it is done."""
    held, row = task(d, f"action/{n}"), next((r for r in agreed(d) if r.n == n), None)
    if held is None or row is None or held.said_by(Side.RAISING):  # of a NO they have heard
        return
    if d.late is not None:
        d.alarm(AlarmKind.ACTION_LATE, morning_after(d), MISSED, item=n)
        return
    _not_done(d, row, held.owner, None)


def replied(d: Draft, question: Question, word: str, by: Contact, mail: Mail) -> None:
    """YES or NO about an action, or about what else is asked after the end."""
    answered(d, question.task, question.side, word, by)
    row = next((r for r in agreed(d) if f"action/{r.n}" == question.task), None)
    if row is None:
        return
    _mark(d)
    held = task(d, question.task)
    if word == "no" and held is not None:
        _not_done(d, row, held.owner, by, mail)


def _not_done(d: Draft, row: Action, owner: Contact | None, by: Contact | None, mail: Mail | None = None) -> None:
    """The raiser's side, and whoever is to do it, each with their manager or lead; each person one letter."""
    raising = (d.case.raiser, *((d.manager,) if d.manager else ()))
    owing = next((who for side, who in both_sides(d) if side == Side.RESPONDING), None)
    does = owner if owner is not None and owner.email else owing
    doing = (does, *lead_of(d, does)) if does else ()
    held, told = task(d, f"action/{row.n}"), set[str]()
    claimed = by is None and held is not None and held.said_by(Side.RESPONDING) == "yes"
    for side, people in ((Side.RAISING, raising), (Side.RESPONDING, doing)):
        to = [c for c in people if c.email not in told]
        values = Information.ActionOpen(
            action=row, who=person(by) if by else None, does=person(does), side=side, claimed=claimed
        )
        letter = d.write(values, to, mail=mail, human=by or does)
        told |= {c.email for c in to}
        if letter:
            asked = (
                Side.RESPONDING
                if side == Side.RESPONDING and does and does.agency != d.case.raiser.agency
                else Side.RAISING
            )
            d.ask(Question(letter.key, QuestionKind.TASK, to[0].email, task=f"action/{row.n}", side=asked))


def unclear(d: Draft) -> bool:
    return any(not row.day or not row.has_owner for row in agreed(d))
