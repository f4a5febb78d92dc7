"""What is asked when a case has ended: the child's own record, the policy's prompts. Actions are making/agreed.py's.

The first asking rides in the letters of the end (outcome, record); what comes later is an alarm of its own, each once,
at 09:00. Nothing here opens, closes or moves a case: answers are written down. An alarm that was missed while nothing
ran waits for the next working morning. What the policy asks for is rules/policy/follow_up.py's.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from bot.case.making.agreed import IMPACT as IMPACT
from bot.case.making.agreed import MISSED, THEME, morning_after, set_actions, unclear
from bot.case.making.agreed import agreed as agreed
from bot.case.making.agreed import answered as answered
from bot.case.making.agreed import morning as morning
from bot.case.making.agreed import note_actions as note_actions
from bot.case.making.agreed import task as task
from bot.case.making.draft import Draft
from bot.case.making.ends_with import both_sides
from bot.model import (
    AlarmKind,
    ClosedAs,
    Contact,
    EventKind,
    Flag,
    Mail,
    Question,
    QuestionKind,
    Task,
    Unproven,
    letters,
)
from bot.model.letters import Chaser
from bot.model.letters.parts import PromptLine
from bot.rules import workdays
from bot.rules.authority import Side
from bot.rules.policy.follow_up import Prompt, day_of

ALARMS = (
    AlarmKind.CHILD_FILE,
    AlarmKind.ACTION,
    AlarmKind.ACTION_LATE,
    AlarmKind.PROMPT,
    AlarmKind.PROMPT_LATE,
)
CHILD_FILE = "child_file"
MEETING = "meeting"
RECORD = "meeting_record"
ENDED = (ClosedAs.RESOLVED, ClosedAs.DECIDED)
SIDES = {Side.RAISING: Side.RAISING, Side.RESPONDING: Side.RESPONDING, Side.UNIT: Side.UNIT, Side.DECIDER: Side.UNIT}


# --- tasks ------------------------------------------------------------------------------------------------------------


def drop(d: Draft) -> None:
    """The case runs again: what followed from its end fits no more. A meeting, its record and themes stay known,
    commitments as past ones."""
    d.quiet(*ALARMS)
    d.retire_commitments()
    d.drop_tasks(lambda task: task.id not in (MEETING, RECORD, THEME) and task not in d.case.commitments)
    d.unflag(Flag.ACTIONS_OPEN)
    asked = (QuestionKind.TASK, QuestionKind.OUTCOME)
    d.settle(lambda question: question.about in asked and question.task != RECORD)


# --- the end ----------------------------------------------------------------------------------------------------------


def begin(d: Draft, closed_as: ClosedAs) -> tuple[Prompt, ...]:
    """Sets the clocks of what follows; returns the policy's prompts that hold for this end."""
    if closed_as not in ENDED or d.case.unproven is Unproven.STRANGER:
        d.retire_commitments()
        d.drop_tasks(lambda task: task.id != THEME and task not in d.case.commitments)
        return ()
    policy, cal = d.rules.policy.follow_up, d.rules.calendar
    if policy.child_file is not None:
        d.put_task(Task(CHILD_FILE))
        at = workdays.next_morning(d.now, cal, n=policy.child_file.chase.n)
        d.alarm(AlarmKind.CHILD_FILE, at, "who has not confirmed the entry on the own record is asked once more")
    set_actions(d)
    return tuple(_prompted(d, n, prompt) for n, prompt in _prompts(d, closed_as))


def _prompts(d: Draft, closed_as: ClosedAs) -> list[tuple[int, Prompt]]:
    return [
        (n, prompt)
        for n, prompt in enumerate(d.rules.policy.follow_up.prompts, 1)
        if (not prompt.stages or d.case.stage in prompt.stages)
        and (prompt.when == "closed" or closed_as is ClosedAs.DECIDED)
    ]


def _prompted(d: Draft, n: int, prompt: Prompt) -> Prompt:
    cal = d.rules.calendar
    day = day_of(prompt.within, _counted_from(d, prompt), cal) if prompt.within else None
    d.put_task(Task(prompt.id, day))
    if day is not None:
        remind = workdays.before(morning(d, day), 1, cal)
        if remind > d.now:
            d.alarm(AlarmKind.PROMPT, remind, f"{prompt.id}: one working day before its day", item=n)
        late = workdays.next_morning(morning(d, day), cal)
        late = late if late > d.now else workdays.next_morning(d.now, cal)
        d.alarm(AlarmKind.PROMPT_LATE, late, f"{prompt.id}: its day has passed", item=n)
    return prompt


def _counted_from(d: Draft, prompt: Prompt) -> datetime:
    """The end is the closing word; a meeting counts where it was held by then."""
    end = d.case.closing_at or d.now
    held = task(d, MEETING)
    if prompt.counts_from == "meeting" and held is not None and held.day is not None:
        return min(end, morning(d, held.day))
    return end


def for_letter(d: Draft, prompts: Iterable[Prompt], to: str) -> tuple[PromptLine, ...]:
    """Prompts as a letter shows them: the words, and the day at its end."""
    rows = []
    for prompt in prompts:
        held = task(d, prompt.id)
        by = workdays.at_local(held.day, d.rules.calendar.day_end, d.rules.calendar) if held and held.day else None
        if prompt.to == to:
            rows.append(PromptLine(prompt.words, by))
    return tuple(rows)


def ask_of(d: Draft, key: str, prompts: Iterable[Prompt], asked: str) -> None:
    """The letter of that key asks for a YES to each prompt that has a day."""
    for prompt in prompts:
        if prompt.within is not None:
            d.ask(Question(key, QuestionKind.TASK, asked, task=prompt.id, side=Side.UNIT))


# --- alarms -----------------------------------------------------------------------------------------------------------


def on_child_file(d: Draft) -> None:
    """Once more to the side that has not answered."""
    held = task(d, CHILD_FILE)
    if held is None:
        return
    if d.late is not None:
        d.alarm(AlarmKind.CHILD_FILE, morning_after(d), MISSED)
        return
    for side, who in both_sides(d):
        if not held.said_by(side):
            d.write(letters.Question.ChildFile(closed=d.case.closed or d.now), [who])


def on_prompt(d: Draft, n: int) -> None:
    """The working day before its day. Where that was missed, what comes after the day says so."""
    if d.late is None:
        _remind(d, n, passed=False)


def on_prompt_late(d: Draft, n: int) -> None:
    if d.late is not None:
        d.alarm(AlarmKind.PROMPT_LATE, morning_after(d), MISSED, item=n)
        return
    _remind(d, n, passed=True)


def _remind(d: Draft, n: int, *, passed: bool) -> None:
    """They who were asked, of what they have not yet said is done."""
    prompts = d.rules.policy.follow_up.prompts[n - 1 : n]
    held = task(d, prompts[0].id) if prompts else None
    if held is None or held.day is None or any(word == "yes" for _, word, _ in held.said):
        return
    if passed:
        d.flag(Flag.LATE, of=prompts[0].id)
    row = for_letter(d, prompts, prompts[0].to)[0]
    people = [[c] for _, c in both_sides(d)] if prompts[0].to == "parties" else [list(d.unit)]
    for to in people:
        letter = d.write(Chaser.Prompt(prompt=row, passed=passed), to)
        if letter:
            ask_of(d, letter.key, prompts, letter.to[0].email)


# --- answers ----------------------------------------------------------------------------------------------------------


def on_file(d: Draft, stand: Collection[Side], by: Contact) -> None:
    """The entry on the child's record is confirmed, for each side the sender stands on."""
    d.event(EventKind.ON_FILE, by=by.email)
    for side in (Side.RAISING, Side.RESPONDING):
        if side in stand and _speaks_for(d, side, by):
            answered(d, CHILD_FILE, SIDES[side], "on file", by)


def _speaks_for(d: Draft, side: Side, by: Contact) -> bool:
    """Who holds roles on both sides speaks for their own agency; within one agency, for both."""
    case = d.case
    other = case.responder_agency if side is Side.RAISING else case.raiser.agency
    own = case.raiser.agency if side is Side.RAISING else case.responder_agency
    return not by.agency or by.agency == own or by.agency != other


def is_of_side(question: Question, stand: Collection[Side]) -> bool:
    """Whether somebody who stands there speaks for the side that was asked."""
    return question.side in {SIDES[side] for side in stand if side in SIDES}


def outcome_again(d: Draft, mail: Mail, by: Contact) -> None:
    """OUTCOME after the end: what is agreed, or an outcome that was missing, is written down; nothing else changes."""
    if d.case.closed_as not in ENDED:
        return
    d.write_outcome(mail.digest)
    d.unflag(Flag.OUTCOME_MISSING)
    d.event(EventKind.OUTCOME, by=by.email)
    note_actions(d, mail)
    set_actions(d)
    if unclear(d):
        d.write(letters.Question.Actions(actions=agreed(d)), [by], mail=mail)
