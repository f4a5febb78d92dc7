"""One case for the operator's eyes: its stages, whom each asked and when it was due; what happened, and what became of
each letter for each recipient; what comes next.

Values in, lines and rows out. It reads no database and works nothing out.
"""

from typing import Any

from bot.cli.output import say_lines, when
from bot.model import Case, Contact, Deadline, JournalRow, Sending, Side, StageRun
from bot.records import plain
from bot.store.outbox import Queued

#: What an alarm does when it comes.
NEXT = {
    "chaser": "those who are to reply are reminded",
    "lapse": "the time of this stage ends; without a reply the next stage is called in",
    "repeat": "the stage is asked again",
    "telling": "it is told again that nobody has answered",
    "parent_note": "both sides hear that the parent policy's time has passed",
    "delayed": "it is told that a letter is still under way",
    "ask": "the raiser is asked whether it is resolved",
    "outcome_chaser": "the outcome in writing is reminded of",
    "outcome_due": "the outcome in writing is due; the case closes",
    "word_manager": "the manager is asked about a word that its sender has not confirmed",
    "child_file": "who has not confirmed the entry on the person's own record is asked once more",
    "action": "both sides are asked whether an agreed action is done",
    "action_late": "an agreed action that nobody has said is done is told",
    "prompt": "what the policy asks for after the end is reminded of",
    "prompt_late": "it is told that the day for it has passed",
    "meeting_record": "the record of a meeting is asked for",
    "hold_end": "the hold ends, and letters go again",
}


def named(who: Contact) -> str:
    return f"{who.name} <{who.email}>" if who.name else who.email


def stage_row(case: Case, run: StageRun) -> dict[str, Any]:
    """One pass through a stage, and who was to answer it."""
    asked = [who for stage, side, who in case.people if stage == run.stage and side == Side.RESPONDING]
    return {
        "what": "stage",
        "stage": run.stage,
        "entered": run.entered,
        "began": run.began,
        "due": run.due,
        "ended": run.ended,
        "ended_as": plain.ending(run),
        "asked": [named(who) for who in asked],
    }


def letter_row(queued: Queued) -> dict[str, Any]:
    """A letter, and what became of it for each recipient."""
    people = {c.email.lower(): named(c) for c in (*queued.letter.to, *queued.letter.cc)}
    return {
        "what": "letter",
        "id": queued.id,
        "at": queued.queued,
        "kind": queued.letter.kind.value,
        "stage": queued.letter.stage,
        "status": queued.status,
        "tried_again": queued.ready if queued.status is Sending.DEFERRED else None,
        "to": [
            {"who": people.get(address, address), "became": plain.fate(queued.status, reach, words, queued.last_error)}
            for address, reach, words in queued.recipients
        ],
    }


def tell(case: Case, journal: list[JournalRow], letters: list[Queued], coming: list[Deadline]) -> None:
    say_lines(f"{case.ref}  {case.team or case.area}  {plain.state(case)}, {case.stage}")
    say_lines(f"Raised by {case.raiser}. Policy {case.policy}, version {case.policy_version}.")
    if case.flags:
        say_lines(f"Flags: {', '.join(flag.words for flag in case.flags)}.")
    say_lines("", "Stages")
    for run in case.runs:
        say_lines(*_passed(stage_row(case, run)))
    say_lines("", "What happened")
    by_key = {queued.letter.key: letter_row(queued) for queued in letters}
    people = {c.email: c.name for _, _, c in case.people} | {case.raiser.email: case.raiser.name}
    for row in journal:
        for line in _happened(row, people, by_key):
            say_lines(f"  {when(row.at)}  {line}")
    say_lines("", "What happens next")
    if not case.is_open:
        say_lines(f"  {'Of the case itself nothing' if coming else 'Nothing'}: it was {plain.state(case)}.")
    for deadline in coming:
        say_lines(f"  {when(deadline.at)}  {NEXT.get(deadline.kind, deadline.kind)}", f"    because: {deadline.why}")
    if not case.is_open:
        return
    if case.due:
        say_lines(f"  Due: {when(case.due)}", f"    because: {case.due_why}")
    else:
        say_lines("  No time runs yet: it begins when the letter of this stage is served.")
    if case.hold_until:
        say_lines(f"  Its letters are held until {when(case.hold_until)}.")


def _passed(stage: dict[str, Any]) -> list[str]:
    """A stage in lines: whom it asked, when it was due, how it ended."""
    due = f"due {when(stage['due'])}" if stage["due"] else "no time ran"
    ended = f"; ended {when(stage['ended'])}: {stage['ended_as']}" if stage["ended"] else f"; {stage['ended_as']}"
    return [
        f"  {stage['stage']}: entered {when(stage['entered'])}, {due}{ended}.",
        f"    asked: {'; '.join(stage['asked']) or 'nobody'}",
    ]


def _went(letter: dict[str, Any]) -> list[str]:
    """A letter in lines, one for each recipient."""
    again = f", tried again {when(letter['tried_again'])}" if letter["tried_again"] else ""
    became = [f"    {one['who']}: {one['became']}" for one in letter["to"]]
    return [f"Letter {letter['id']}, {letter['kind']}{again}:", *became]


def _happened(row: JournalRow, people: dict[str, str], letters: dict[str, dict[str, Any]]) -> list[str]:
    """The events of a row in words, and its letters with what became of them; of a case that was purged their kinds."""
    lines = []
    for kind, stage, by, note in row.events:
        who = "the clock" if by == "clock" else people.get(by) or by
        words = plain.note(kind, note)
        lines.append(plain.event(kind, who, stage) + (f" {words[:1].upper()}{words[1:]}." if words else ""))
    for key in row.letters:
        lines += _went(letters[key]) if key in letters else [plain.letters([key], people)]
    return lines
