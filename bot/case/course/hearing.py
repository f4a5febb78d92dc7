"""What is heard before a decision: a meeting on a day, by when a manager will answer, each side's view in writing.

All are written down and told; neither answers, resolves or moves anything. Whether a mail is an answer is decided in
said/replies.py.
"""

from dataclasses import dataclass
from datetime import date, datetime

from bot.case.course import follow_up, subclocks
from bot.case.making.agreed import MISSED, morning_after
from bot.case.making.draft import Draft
from bot.case.making.ends_with import owes_outcome
from bot.mail.words.actions import the_day
from bot.mail.words.commands import names_no_day
from bot.model import COMMITMENT, AlarmKind, Contact, EventKind, Flag, Mail, Proof, QuestionKind, Side, Task, Unproven
from bot.model import Question as Asked
from bot.model.letters import Information, Question, person
from bot.model.letters.parts import Commitment, Representation
from bot.rules import workdays
from bot.rules.policy.follow_up import day_of
from bot.rules.policy.policy import Stage
from bot.rules.windows import granted

REPRESENTATION = "representation"
RECORD_WITHIN = 5  # working days after the first asking it is asked for once more
MEETS = (("MEETING 14 January", "a meeting is on that day; give the day and the month"),)


def meeting(d: Draft, note: str, by: Contact, mail: Mail) -> None:
    """A meeting is written down and both sides hear of its day; words that name none are asked about."""
    day = the_day(note, mail.received)
    if day is None:
        d.event(EventKind.ATTACHED, by=by.email, note="MEETING: no day")
        d.write(Question.Meaning(choices=MEETS), [by], mail=mail, human=by)
        return
    subclocks.stop(d, "meeting")
    d.put_task(Task(follow_up.MEETING, day, mail=mail.digest))
    d.event(EventKind.MEETING, by=by.email, note=day.isoformat())
    _await_record(d, day)
    if d.case.is_open and not d.is_stranger:
        told = {by.email}
        for side in _sides(d):
            to = [c for c in side if c.email not in told]
            told |= {c.email for c in to}
            d.write(Information.Meeting(who=person(by), day=follow_up.morning(d, day)), to, mail=mail, human=by)


def _await_record(d: Draft, day: date) -> None:
    """Where the policy says who keeps the record of a meeting they are asked for it the working day after, and once
    more; a meeting on another day is asked about anew."""
    if d.stage.meeting is None or not d.stage.meeting.record:
        return
    d.put_task(Task(follow_up.RECORD, day))
    d.quiet(AlarmKind.MEETING_RECORD)
    held, cal = follow_up.morning(d, day), d.rules.calendar
    for nth, days in ((1, 1), (2, 1 + RECORD_WITHIN)):
        at = workdays.next_morning(max(held, d.now), cal, n=days)
        d.alarm(AlarmKind.MEETING_RECORD, at, "who keeps the record of the meeting is asked for it", nth)


def on_record(d: Draft, stage_id: str, nth: int) -> None:
    """Its keeper is asked for the record; the second time its want is flagged. Once it came nothing more is asked."""
    held, asked = follow_up.task(d, follow_up.RECORD), d.rules.policy.stage(stage_id).meeting
    if held is None or held.day is None or asked is None or any(word == "yes" for _, word, _ in held.said):
        return
    if d.late is not None:
        d.alarm(AlarmKind.MEETING_RECORD, morning_after(d), MISSED, nth)
        return
    if nth > 1:
        d.flag(Flag.LATE, of=follow_up.RECORD)
    keepers = d.holders(asked.record, d.case.responder_agency, d.case.team) or d.unit
    values = Question.MeetingRecord(day=follow_up.morning(d, held.day), again=nth > 1)
    if letter := d.write(values, keepers):
        asks = Asked(letter.key, QuestionKind.TASK, letter.to[0].email, task=follow_up.RECORD, side=Side.UNIT)
        d.ask(asks)


def _sides(d: Draft) -> tuple[tuple[Contact, ...], ...]:
    """Who is told of a meeting on each side; at a stage of the partnership also its own people."""
    case = d.case
    raising = [c for stage, side, c in case.people if stage == case.stage and side == Side.RAISING]
    owing, others = owes_outcome(d)
    return (case.raiser, *raising), (*owing, *others)


# --- what the manager commits to --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Given:
    """By when somebody will answer; None where they do not say."""

    at: datetime | None


def by_when(note: str, received: datetime, d: Draft) -> Given | None:
    """The time in the note of RECEIVED. None where "by" names none, or one that is past: "by 3pm", written at four, is
    no time tomorrow."""
    read = granted(note, received, [t.window for t in d.rules.policy.intake.tiers])
    zone = d.rules.calendar.zone
    if read.by is None:
        is_empty = note.strip(" .:").casefold() == "by"
        return None if is_empty or Flag.TIME_IN_THE_PAST in read.flags else Given(None)
    is_other_day = read.by.astimezone(zone).date() != received.astimezone(zone).date()
    return None if is_other_day and names_no_day(note) else Given(read.by)


def commits(d: Draft, note: str, by: Contact, mail: Mail) -> None:
    """RECEIVED: by when they will answer, where the note gives an instant. Both sides are shown it; no clock moves."""
    tiers = [t.window for t in d.rules.policy.intake.tiers]
    at = granted(note, mail.received, tiers).by
    said = ((Side.RESPONDING, at.isoformat() if at else "", mail.received),)
    d.retire_commitments()
    d.put_task(Task(COMMITMENT, what=note, owner=by, mail=mail.digest, said=said))


def commitment(d: Draft) -> Commitment | None:
    """As a reminder shows it to both sides; None where nobody has committed."""
    held = follow_up.task(d, COMMITMENT)
    if held is None or not held.said:
        return None
    _, by, at = held.said[-1]
    return Commitment(person(held.owner), at, datetime.fromisoformat(by) if by else None)


# --- both sides' view, -----------------------------------------------------------------------------------------------


def ask_representation(d: Draft, stage: Stage) -> None:
    """The stage's own letter asks both sides to write down their view, by a day."""
    if stage.representation is not None:
        d.put_task(Task(REPRESENTATION, day_of(stage.representation.within, d.now, d.rules.calendar)))


def representation(d: Draft) -> Representation | None:
    """As the letter of the stage shows it: by when, and to whom it is sent."""
    held, asked = follow_up.task(d, REPRESENTATION), d.stage.representation
    if held is None or held.day is None or asked is None:
        return None
    cal = d.rules.calendar
    to = next(iter(d.rules.directory.holders(asked.to, d.case.area)), d.first_responder)
    return Representation(workdays.at_local(held.day, cal.day_end, cal), person(to))


def represented(d: Draft, mail: Mail, by: Contact) -> bool:
    """A mail of the challenged agency, at a stage that asks for both sides' view, is that view and no answer of the
    partnership: written down, and those who answer for the partnership hear of one that reached only us."""
    if (
        follow_up.task(d, REPRESENTATION) is None
        or by.agency != d.case.responder_agency
        or d.case.unproven is Unproven.STRANGER
    ):
        return False
    if by.email in {c.email for c in d.responders} or mail.proof is not Proof.PROVEN:
        return False
    follow_up.answered(d, REPRESENTATION, Side.RESPONDING, "written", by)
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    if not addressed & {c.email for c in (*d.responders, *d.unit)}:
        d.write(Information.Represented(who=person(by), when=mail.received), d.responders, mail=mail, human=by)
    return True
