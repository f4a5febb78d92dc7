"""`cases`, `case`, `hold`, `release`, `correct`, `record`: one case at a time, for the operator.

What happened is read from the journal, what happens next from the alarms; nothing is worked out here. A word of the
operator's takes the same turn as any other fact and stands in the journal with name and reason.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from bot.case.making.draft import Draft
from bot.case.said.correct import refusal
from bot.cli.case.shown import letter_row, stage_row, tell
from bot.cli.open import database, found, now, office
from bot.cli.output import DEFAULT, AsJson, By, ConfigDir, Reason, complain, emit, say_lines, show, time_of, when
from bot.daemon.app import Office
from bot.engine.sending.compose import files
from bot.model import (
    Case,
    Correction,
    CorrectionKind,
    Decision,
    EventKind,
    Hold,
)
from bot.model.errors import BotError
from bot.records import plain
from bot.store import cases, deadlines, outbox
from bot.store.db import Database

Ref = Annotated[str, typer.Argument(metavar="REF", help="Such as CE-2027-0007.")]


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
            letters = outbox.of_case(tx, case.number)
    if as_json:
        emit({"what": "case", **_row(case), "due_why": case.due_why, "raiser": case.raiser.email})
        for row in journal:
            emit({"what": "fact", "at": row.at, "fact": row.fact, "events": list(row.events)})
        emit(*(stage_row(case, run) for run in case.runs), *map(letter_row, letters))
        for deadline in coming:
            emit({"what": "next", "at": deadline.at, "kind": deadline.kind, "why": deadline.why})
        return
    tell(case, journal, letters, coming)
    waiting = sum(q.status not in outbox.FINISHED for q in letters)
    if waiting:
        say_lines(
            "", f"{waiting} {'letter waits' if waiting == 1 else 'letters wait'} to be sent. See: challenge-bot outbox"
        )


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
