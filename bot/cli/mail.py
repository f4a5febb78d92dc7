"""`review`, `outbox`, `adopt`: mail that a person must place, and letters that a person must look at.

Placing a mail goes the way of every mail: the same reader, the same turn, the same journal. It guesses nothing.
"""

import hashlib
from dataclasses import asdict, replace
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.case.said.unit import shadow
from bot.cli.open import at_next_step, database, found, intake, now, office
from bot.cli.output import DEFAULT, AsJson, ConfigDir, complain, say_lines, show, when
from bot.daemon.app import Office
from bot.doors.ports import RawMail
from bot.engine.reading import aside
from bot.mail.bytes.headers import MAX_BLOCK
from bot.mail.read import writer
from bot.model import WHY_HELD, Case, Disposition, Inbox, Mail, Sending, aware
from bot.model.errors import BotError
from bot.rules.policy.yaml_file import nearest
from bot.rules.workdays import MORNING, at_local
from bot.store import cases, mails, outbox
from bot.store.db import Database
from bot.store.mails import Listed
from bot.store.outbox import Queued

ASIDE = (Disposition.PEN, Disposition.ASIDE)
#: The ledger's name for mails that came as files, from the operator's hand.
BY_FILE = "adopted"
MOST_BYTES = 60_000_000
#: Why a letter waits that shadow mode kept back.
WATCHED = "decided in shadow mode: nobody was to get it"

review = typer.Typer(invoke_without_command=True, rich_markup_mode=None)
letters = typer.Typer(invoke_without_command=True, rich_markup_mode=None)

Entry = Annotated[int, typer.Argument(metavar="ENTRY", help="The number in the first column of `review`.")]


# --- the holding pen --------------------------------------------------------------------------------------------------


@review.callback()
def waiting(ctx: typer.Context, config: ConfigDir = DEFAULT, as_json: AsJson = False) -> None:
    """Mail that a person must place: ambiguous or doubtful, or set aside as unreadable.

    \b
    Examples:
      challenge-bot review
      challenge-bot review place 12 CE-2027-0007
      challenge-bot review ignore 12 --reason "a newsletter"
      challenge-bot review retry 13
      challenge-bot review retry
      challenge-bot adopt 14 --day-zero 2027-01-15
    """
    if ctx.invoked_subcommand:
        return
    with database(config) as db:
        held = _aside(db)
        with db.read() as tx:
            rows = [_shown(row) | {"sender": writer(mails.head(tx, row.digest, MAX_BLOCK))} for row in held]
    columns = ("entry", "mailbox", "received", "sender", "disposition", "why", "guesses")
    show(rows, as_json, columns, "Nothing waits for a person.")


def _shown(row: Listed) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name != "case"}


def _aside(db: Database) -> list[Listed]:
    with db.read() as tx:
        return [row for disposition in ASIDE for row in mails.listed(tx, disposition)]


def _entry(db: Database, entry: int) -> Listed:
    for row in _aside(db):
        if row.entry == entry:
            return row
    complain(f"No mail {entry} waits for a person. See: challenge-bot review")
    raise typer.Exit(1)


@review.command("place")
def place(entry: Entry, ref: Annotated[str, typer.Argument(metavar="REF")], config: ConfigDir = DEFAULT) -> None:
    """The mail belongs to this case: it takes effect as if it had found it."""
    with office(config) as o, intake(o) as placing:
        listed, case = _entry(o.db, entry), found(o.db, ref).case
        placing.penned.place(listed, placing.penned.reread(listed), case.number, now())
    say_lines(f"Mail {entry} belongs to {case.ref} now.")


@review.command("ignore")
def ignore(
    entry: Entry,
    reason: Annotated[str, typer.Option("--reason", help="Why it is none of our business; kept, with no text of it.")],
    config: ConfigDir = DEFAULT,
) -> None:
    """The mail is none of our business: its bytes are deleted, the reason stays."""
    with database(config) as db:
        _entry(db, entry)
        with db.begin() as tx:
            mails.replace(tx, entry, Disposition.IGNORED, reason, now())
    say_lines(f"Mail {entry} is ignored; its text is gone.")


@review.command("retry")
def retry(
    entry: Annotated[
        int | None,
        typer.Argument(metavar="[ENTRY]", help="A number of `review`; without one, all whose decision failed."),
    ] = None,
    config: ConfigDir = DEFAULT,
) -> None:
    """The mail is read again from its beginning, by the daemon, or fetched anew where its server had not given it;
    without a number every mail that a fault of this service set aside, as after an upgrade."""
    with database(config) as db:
        listed = _entry(db, entry) if entry is not None else None
        with db.begin() as tx:
            count = 0 if listed else aside.read_again(tx, now())
            is_fetched = listed is not None and aside.again(tx, listed, now())
    if listed is None:
        say_lines(f"{count} mail{'s' if count != 1 else ''} will be read again within half a minute.")
    elif is_fetched:
        say_lines(
            f"Mail {entry} never came: its server lists it and did not give it. It is asked for again when mailbox",
            f"{listed.mailbox} is next listed, and gets another number. If it is not given then either, it is set",
            "aside again: open it in the mailbox, save it as a file, and give that: challenge-bot adopt FILE.eml",
        )
    else:
        say_lines(f"Mail {entry} will be read again within half a minute.")


# --- adopting ---------------------------------------------------------------------------------------------------------


def adopt(
    mail: Annotated[str, typer.Argument(metavar="ENTRY|FILE.eml", help="A number of `review`, or a mail as a file.")],
    day_zero: Annotated[
        str,
        typer.Option("--day-zero", metavar="DATE", help="When it was received: 2027-01-15 (9am) or 2027-01-15T16:45."),
    ],
    stage: Annotated[str, typer.Option("--stage", help="The stage it has reached; the first by default.")] = "",
    area: Annotated[str, typer.Option("--area", help="Where the mail does not say: the area code.")] = "",
    policy: Annotated[str, typer.Option("--policy", help="Where the mail does not say: the policy.")] = "",
    config: ConfigDir = DEFAULT,
) -> None:
    """A challenge already in flight, or made by telephone, becomes a case.

    \b
    Examples:
      challenge-bot adopt 14 --day-zero 2027-01-15
      challenge-bot adopt call.eml --day-zero 2027-01-15T16:45 --stage step-2 --area CE
    """
    with office(config) as o, intake(o) as placing:
        began = _instant(o, day_zero)
        listed = _entry(o.db, int(mail)) if mail.isdecimal() else _received(o, Path(mail))
        read = placing.penned.reread(listed)
        inbox = _inbox(placing.boxes.inboxes, listed, read, area, policy)
        _check_stage(o, inbox, stage)
        decision = placing.penned.adopt(listed, read, inbox, now(), stage, began)
    case = decision.case
    say_lines(f"{case.ref} is open at {case.stage}, counted from {when(began)}. See: challenge-bot case {case.ref}")


def _instant(o: Office, text: str) -> datetime:
    calendar = o.settings.calendar
    try:
        is_day = len(text) == len("2027-01-15")
        said = at_local(date.fromisoformat(text), MORNING, calendar) if is_day else datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no date; write 2027-01-15 or 2027-01-15T16:45") from None
    began = aware(said if said.tzinfo else said.replace(tzinfo=calendar.zone))
    if began > now():
        raise typer.BadParameter(f"{text} has not come yet")
    return began


def _received(o: Office, path: Path) -> Listed:
    """The file as a mail of the ledger, put into the holding pen until it has become a case."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BotError(f"{path} cannot be read: {error.strerror}") from None
    if not raw or len(raw) > MOST_BYTES:
        raise BotError(f"{path} is {'empty' if not raw else 'too large to be a mail'}")
    digest = hashlib.sha256(raw).hexdigest()
    with o.db.begin() as tx:
        mails.receive(tx, BY_FILE, [RawMail(digest, "", raw, now())], "", now(), None)
        fresh = [w for w in mails.waiting(tx, 1_000_000, now()) if w.mailbox == BY_FILE and w.digest == digest]
        for one in fresh:
            mails.dispose(tx, one.entry, Disposition.PEN, "a file to be adopted", now())
        known = [row for row in mails.listed(tx, Disposition.PEN) if row.digest == digest]
    if not known:
        raise BotError(f"{path} was taken already. See: challenge-bot cases --all")
    return known[0]


def _inbox(inboxes: dict[str, Inbox], listed: Listed, mail: Mail, area: str, policy: str) -> Inbox:
    """The watched inbox it belongs to: the one it lay in, the one it addresses, or the only one that fits."""
    own = inboxes.get(listed.mailbox)
    if own is not None and not own.is_bot:
        return own
    watched = [b for b in inboxes.values() if not b.is_bot and area in ("", b.area) and policy in ("", b.policy)]
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    named = [b for b in watched if b.address in addressed]
    if len(named) == 1:
        return named[0]
    if len({(b.area, b.policy) for b in watched}) == 1:
        return watched[0] if len(watched) == 1 else replace(watched[0], team="")
    known = ", ".join(sorted({f"--area {b.area} --policy {b.policy}" for b in inboxes.values() if not b.is_bot}))
    raise typer.BadParameter(f"say whose challenge it is: {known}")


def _check_stage(o: Office, inbox: Inbox, stage: str) -> None:
    stages = [s.id for s in o.settings.policies[inbox.policy].stages]
    if stage and stage not in stages:
        raise typer.BadParameter(f"{inbox.policy} has no stage {stage}{nearest(stage, stages)}: {', '.join(stages)}")


# --- the outbox -------------------------------------------------------------------------------------------------------


@letters.callback()
def unsent(ctx: typer.Context, config: ConfigDir = DEFAULT, as_json: AsJson = False) -> None:
    """Letters that are not sent yet: their state, when they are tried again, why they wait.

    \b
    Examples:
      challenge-bot outbox
      challenge-bot outbox release 31
    """
    if ctx.invoked_subcommand:
        return
    with database(config) as db, db.read() as tx:
        known = {case.number: case for case in cases.all_cases(tx)}
        kept = [one for one in outbox.of_status(tx, Sending.WITHHELD) if not _over(one, known.get(one.case or 0))]
        rows = [_letter(one, known) for one in (*outbox.open_letters(tx), *kept)]
    show(
        rows, as_json, ("id", "ref", "kind", "to", "status", "attempts", "tried_again", "why"), "Every letter is sent."
    )


def _over(queued: Queued, case: Case | None) -> str:
    """Why a letter that was kept back goes to nobody for good; "" while a person may still let it go."""
    return queued.last_error or (shadow.over(case, queued.letter, queued.queued, now()) if case else "")


def _letter(queued: Queued, known: dict[int, Case]) -> dict[str, Any]:
    watched = WATCHED if queued.status is Sending.WITHHELD else ""
    return {
        "id": queued.id,
        "ref": known[queued.case].ref if queued.case in known else None,
        "kind": queued.letter.kind.value,
        "to": [contact.email for contact in queued.letter.to],
        "status": queued.status,
        "queued": queued.queued,
        "attempts": queued.attempts,
        "tried_again": queued.ready if queued.status is Sending.DEFERRED else None,
        "why": queued.last_error or (WHY_HELD[queued.held_for] if queued.held_for else watched),
    }


@letters.command("release")
def let_go(
    letter: Annotated[int, typer.Argument(metavar="ID", help="The number in the first column of `outbox`.")],
    config: ConfigDir = DEFAULT,
) -> None:
    """A letter that is held goes at the sender's next step; one that was kept back only while it is still true."""
    with database(config) as db, db.begin() as tx:
        try:
            queued = outbox.get(tx, letter)
        except KeyError:
            complain(f"There is no letter {letter}. See: challenge-bot outbox")
            raise typer.Exit(1) from None
        if queued.status not in (Sending.HELD, Sending.WITHHELD):
            complain(f"Letter {letter} is not held: it is {queued.status}.")
            raise typer.Exit(1)
        case = cases.load(tx, queued.case).case if queued.case else None
        if queued.status is Sending.WITHHELD and (why := _over(queued, case)):
            complain(f"Letter {letter} was watched only and goes to nobody any more: {why}.")
            raise typer.Exit(1)
        outbox.release(tx, letter, now())
    say_lines(f"Letter {letter} {at_next_step(config)}.")
