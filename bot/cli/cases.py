"""`cases`, `case`, `hold`, `release`, `correct`, `record`: one case at a time, for the operator.

What happened is read from the journal, what happens next from the alarms; nothing is worked out here. A word of the
operator's takes the same turn as any other fact and stands in the journal with name and reason.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.case.making.draft import Draft
from bot.case.said.correct import refusal
from bot.cli.open import database, found, now, office
from bot.cli.output import DEFAULT, AsJson, By, ConfigDir, Reason, complain, emit, say_lines, show, time_of, when
from bot.daemon.app import Office
from bot.engine.sending.compose import files
from bot.model import Case, Correction, CorrectionKind, Deadline, Decision, EventKind, Hold, JournalRow
from bot.model.errors import BotError
from bot.records import plain
from bot.store import cases, deadlines, outbox
from bot.store.db import Database

Ref = Annotated[str, typer.Argument(metavar="REF", help="Such as CE-2027-0007.")]

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
    "hold_end": "the hold ends, and letters go again",
}


def listed(
    config: ConfigDir = DEFAULT,
    as_json: AsJson = False,
    everything: Annotated[bool, typer.Option("--all", help="Closed cases too.")] = False,
) -> None:
    """Cases: where each stands and what is due when.

    \b
    Examples:
      challenge-bot cases
      challenge-bot cases --all --json
    """
    with database(config) as db, db.read() as tx:
        several = cases.all_cases(tx) if everything else cases.open_cases(tx)
    rows = [_row(case) for case in several]
    nothing = "There is no case." if everything else "No case is open. Closed ones: challenge-bot cases --all"
    show(rows, as_json, ("ref", "team", "state", "stage", "due", "flags"), nothing)


def _row(case: Case) -> dict[str, Any]:
    return {
        "ref": case.ref,
        "policy": case.policy,
        "area": case.area,
        "team": case.team,
        "state": case.state.value,
        "stage": case.stage,
        "opened": case.opened,
        "due": case.due,
        "closed_as": case.closed_as.value if case.closed_as else None,
        "flags": list(case.flags),
        "held_until": case.hold_until,
    }


def one(ref: Ref, config: ConfigDir = DEFAULT, as_json: AsJson = False) -> None:
    """One case: what happened, what happens next, when, and why then.

    \b
    Examples:
      challenge-bot case CE-2027-0007
      challenge-bot case CE-2027-0007 --json
    """
    with database(config) as db:
        case = found(db, ref).case
        with db.read() as tx:
            journal = cases.journal(tx, case.number)
            coming = deadlines.of_case(tx, case.number)
            waiting = [q for q in outbox.of_case(tx, case.number) if q.status not in outbox.FINISHED]
    if as_json:
        emit({"what": "case", **_row(case), "due_why": case.due_why, "raiser": case.raiser.email})
        for row in journal:
            emit({"what": "fact", "at": row.at, "fact": row.fact, "events": list(row.events)})
        for deadline in coming:
            emit({"what": "next", "at": deadline.at, "kind": deadline.kind, "why": deadline.why})
        return
    _tell(case, journal, coming)
    if waiting:
        say_lines("", f"{len(waiting)} letters wait to be sent. See: challenge-bot outbox")


def _tell(case: Case, journal: list[JournalRow], coming: list[Deadline]) -> None:
    say_lines(f"{case.ref}  {case.team or case.area}  {plain.state(case)}, {case.stage}")
    say_lines(f"Raised by {case.raiser}. Policy {case.policy}, version {case.policy_version}.")
    if case.flags:
        say_lines(f"Flags: {', '.join(flag.words for flag in case.flags)}.")
    say_lines("", "What happened")
    people = {c.email: c.name for _, _, c in case.people} | {case.raiser.email: case.raiser.name}
    for row in journal:
        for line in _happened(row, people):
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


def _happened(row: JournalRow, people: dict[str, str]) -> list[str]:
    """The events of a row in words; a fact from which nothing followed says so in one word."""
    lines = []
    for kind, stage, by, note in row.events:
        who = "the clock" if by == "clock" else people.get(by) or by
        words = plain.note(kind, note)
        lines.append(plain.event(kind, who, stage) + (f" {words[:1].upper()}{words[1:]}." if words else ""))
    if row.letters:
        lines.append(plain.letters(row.letters, people))
    return lines


def hold(ref: Ref, by: By, reason: Reason, config: ConfigDir = DEFAULT) -> None:
    """Letters of a case wait; its clock does not. It ends by itself, and both sides are told that a person looks.

    \b
    Example:
      challenge-bot hold CE-2027-0007 --by "Ann Shaw" --reason "wrong team named"
    """
    decision = _say(config, ref, Correction(CorrectionKind.HOLD, by, reason))
    if decision.case.hold_until is None:
        complain(f"{decision.case.ref} is closed: nothing of it can be held.")
        raise typer.Exit(1)
    is_new = any(event.kind is EventKind.HELD for event in decision.events)
    waits = "its letters wait" if is_new else "nothing changed, its letters wait already,"
    say_lines(f"{decision.case.ref}: {waits} until {when(decision.case.hold_until)}.")


def release(ref: Ref, by: By, reason: Reason, config: ConfigDir = DEFAULT) -> None:
    """Letters of a held case go again.

    \b
    Example:
      challenge-bot release CE-2027-0007 --by "Ann Shaw" --reason "checked, all is right"
    """
    decision = _say(config, ref, Correction(CorrectionKind.RELEASE, by, reason))
    was_held = Hold.HOLD in decision.frees
    say_lines(f"{decision.case.ref}: {'its letters go again.' if was_held else 'it was not held.'}")


def _say(config: Path, ref: str, word: Correction) -> Decision:
    with office(config) as o:
        number = found(o.db, ref).case.number
        with o.db.begin() as tx:
            return o.turn.take(tx, number, word, now())


def correct(
    ref: Ref,
    by: By,
    reason: Reason,
    stage: Annotated[str, typer.Option("--stage", metavar="ID", help="The stage it belongs to.")] = "",
    due: Annotated[str, typer.Option("--due", metavar="TIME", help="2027-01-15T17:00, local time.")] = "",
    responder: Annotated[str, typer.Option("--responder", metavar="ADDRESS", help="Of the directory.")] = "",
    duplicate_of: Annotated[str, typer.Option("--duplicate-of", metavar="REF", help="The case that goes on.")] = "",
    config: ConfigDir = DEFAULT,
) -> None:
    """Puts a case right. Both sides are told, and the old value stays in the journal with your name and reason.

    \b
    Examples:
      challenge-bot correct CE-2027-0007 --stage step-2 --by "Ann Shaw" --reason "step 1 was held by telephone"
      challenge-bot correct CE-2027-0007 --duplicate-of CE-2027-0005 --by "Ann Shaw" --reason "sent to two inboxes"
    """
    given = {"stage": stage, "due": due, "responder": responder.lower(), "duplicate_of": duplicate_of.upper()}
    values = {what: value for what, value in given.items() if value}
    if len(values) != 1:
        raise typer.BadParameter("give one of --stage, --due, --responder, --duplicate-of")
    if due:
        values["due"] = time_of(due).isoformat()
    word = Correction(CorrectionKind.CORRECT, by, reason, values)
    with office(config) as o:
        number = found(o.db, ref).case.number
        if duplicate_of:
            found(o.db, duplicate_of)
        with o.db.begin() as tx:  # asked in the transaction that carries it out: the case may move after a look
            stored, plan = cases.load(tx, number), o.turn.plan(tx, number, word, now())
            refused = refusal(Draft(stored.case, o.turn.rules_of(stored), now(), ""), word)
            if not refused:
                o.turn.save(tx, plan, now())
    if refused:
        complain(f"{refused}.")
        raise typer.Exit(1)
    after = plan.decision.case
    is_at = f"at {after.stage}, due {when(after.due)}" if after.is_open else plain.state(after)
    say_lines(f"{after.ref}: {is_at}. {len(plan.decision.letters)} letters go.")


def record(
    ref: Ref,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where to write; made if it is not there.")],
    config: ConfigDir = DEFAULT,
    full: Annotated[bool, typer.Option("--full", help="With every mail, as ZIP parts.")] = False,
    as_json: AsJson = False,
) -> None:
    """The record of a case as it stands: a PDF for people, the journal, and with --full the mails.

    \b
    Example:
      challenge-bot record CE-2027-0007 --out records --full
    """
    with office(config) as o:
        for path in written(o, o.db, ref, out, full):
            if as_json:
                emit({"file": str(path), "size": path.stat().st_size})
            else:
                say_lines(str(path))


def written(o: Office, db: Database, ref: str, out: Path, full: bool) -> list[Path]:
    stored = found(db, ref)
    with db.read() as tx:
        made = o.composer.record(tx, stored, now(), full=full)
    paths = []
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, _, content in files(made, stored.case):
            path = out / name
            path.write_bytes(content)
            path.chmod(0o600)
            paths.append(path)
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    return paths
