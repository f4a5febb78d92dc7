"""`directory`: who answers each stage of each watched team today, and what was agreed by mail over the file.

The same questions as the rules ask, in the same order; what it shows is what would happen. Whether anybody is missing
is `check`'s to say. `write` alone changes the file, when the operator says so, and leaves the old one beside it.
"""

import codecs
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.cli.open import Doorless, database, now, settings
from bot.cli.output import DEFAULT, AsJson, ConfigDir, emit, say_lines, show
from bot.engine.contacts import facts
from bot.engine.registers import answering
from bot.model import Contact
from bot.model.errors import BotError
from bot.records.contacts.page import Team, as_pdf
from bot.rules import book, directory_file
from bot.rules.answering import over
from bot.rules.answering.over import Change, Laid, State
from bot.rules.policy.yaml_file import nearest
from bot.settings.home import home
from bot.settings.settings import DIRECTORY, Settings, WatchedMailbox, load
from bot.store.db import file_of

contacts = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


@contacts.callback()
def listed(
    context: typer.Context,
    config: ConfigDir = DEFAULT,
    team: Annotated[str, typer.Option("--team", help="Of this team only.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who answers each stage of each watched team, and who would be written to in their place.

    \b
    Examples:
      challenge-bot directory
      challenge-bot directory --team "Crewe Assessment Team" --json
    """
    if context.invoked_subcommand is not None:
        return
    of = _today(config)
    boxes = [box for box in of.config.mailboxes if not team or box.team == team]
    if not boxes:
        known = ", ".join(sorted(box.team for box in of.config.mailboxes if box.team)) or "none"
        raise typer.BadParameter(f"no watched mailbox is of the team {team}; there are: {known}")
    rows = [row for box in boxes for row in _rows(of, box)]
    columns = ("area", "team", "stage", "side", "role", "name", "email", "phone", "instead")
    show(rows, as_json, columns, "No stage of a watched mailbox is answered by anybody. See: challenge-bot check")


def _today(config: Path) -> Settings:
    """The configuration with all that stands over its directory."""
    of = settings(config)
    return replace(of, directory=over.over(of.directory, _agreed(config)))


def _agreed(config: Path) -> tuple[Change, ...]:
    """What both sides have agreed to by mail, in its order; nothing where there is no database yet."""
    file = file_of(home(config, os.environ).database)
    if file is not None and not file.exists():
        return ()
    with database(config) as db, db.read() as tx:
        return tuple(change for _, change in facts.accepted(tx))


def _rows(of: Settings, box: WatchedMailbox) -> Iterator[dict[str, Any]]:
    for stage, side, contact in answering(of, box, now().date()):
        yield _row(of, box, stage, side, contact)


def _row(of: Settings, box: WatchedMailbox, stage: str, side: str, contact: Contact) -> dict[str, Any]:
    instead = of.directory.fallbacks(contact, box.area, now().date())
    return {
        "area": box.area,
        "team": box.team,
        "stage": stage,
        "side": side,
        "role": contact.role,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "instead": [other.email for other in instead],
    }


@contacts.command("print")
def printed(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="The PDF to write.")],
    area: Annotated[str, typer.Option("--area", help="Of this area only.")] = "",
    config: ConfigDir = DEFAULT,
) -> None:
    """The same as pages to hang up: a table a team, with telephone numbers and who stands in.

    \b
    Examples:
      challenge-bot directory print --out contacts.pdf
      challenge-bot directory print --area CE --out crewe.pdf
    """
    of = _today(config)
    boxes = [box for box in of.config.mailboxes if area in ("", box.area)]
    if not boxes:
        raise typer.BadParameter(f"no watched mailbox is in area {area}{nearest(area, of.directory.areas)}")
    numbers = dict.fromkeys(
        book.box(book.emergency_of(policy, box.area), policy.about)
        for box in boxes
        if (policy := of.policies.get(box.policy)) is not None
    )
    teams = [
        Team(f"{box.team or box.address} ({box.area})", tuple(_cells(row) for row in _rows(of, box))) for box in boxes
    ]
    title = "Who answers professional challenges"
    try:
        out.write_bytes(as_pdf(title, tuple(numbers), teams, now(), of.calendar))
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None
    say_lines(f"{out} is written: {len(teams)} {'team' if len(teams) == 1 else 'teams'}.")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    role = str(row["role"]).replace("_", " ")
    away = ", ".join(row["instead"][:2])
    return row["stage"], row["side"], role, row["name"], row["phone"], row["email"], away


@contacts.command("diff")
def diff(config: ConfigDir = DEFAULT, as_json: AsJson = False) -> None:
    """What was agreed by mail about who answers, and whether directory.csv holds it yet. Changes nothing.

    \b
    Examples:
      challenge-bot directory diff
      challenge-bot directory diff --json
    """
    found = [_shown(one) for one in over.laid(load(config, Doorless(os.environ)).directory, _agreed(config))]
    columns = ("state", "for", "role", "was", "name", "email", "agreed", "line")
    show(found, as_json, columns, "No change of the directory has been agreed by mail.")


def _shown(one: Laid) -> dict[str, Any]:
    change = one.change
    return {
        "state": one.state.value,
        "for": over.named(change),
        "role": change.role,
        "was": [row.email for row in one.old],
        "name": change.name,
        "email": change.email,
        "agreed": change.on.isoformat(),
        "line": next((row.line for row in one.old if row.line), None),
    }


@contacts.command("write")
def write(config: ConfigDir = DEFAULT, as_json: AsJson = False) -> None:
    """Brings what was agreed by mail into directory.csv. Other lines stay as they are; the old file is kept beside it.

    \b
    Example:
      challenge-bot directory write
    """
    read, path = load(config, Doorless(os.environ)), config / DIRECTORY
    standing = [one for one in over.laid(read.directory, _agreed(config)) if one.state is State.STANDS]
    if not standing:
        emit({"written": 0}) if as_json else say_lines("Nothing stands over directory.csv: it was left as it is.")
        return
    text = with_all(read.texts[DIRECTORY], standing)
    titles = [title for policy in read.policies.values() for title in policy.titles]
    faults = [one for one in directory_file.load(text, str(path), titles)[1] if not one.is_warning]
    if faults:
        raise BotError(f"{path} was left as it is, for it would have faults: {'; '.join(map(str, faults))}")
    kept = _write_beside(path, text, now())
    if as_json:
        emit({"written": len(standing), "kept": str(kept)})
        return
    for one in standing:
        say_lines(f"{over.named(one.change)}, {one.change.role}: {one.change.name} ({one.change.email})")
    say_lines(f"{path} is written; the old one is {kept}. A daemon takes it up when it starts, or on SIGHUP.")


def with_all(text: str, standing: list[Laid]) -> str:
    """The text of the file with these changes in it, each in place of what it replaces."""
    for one in standing:
        # Lines are looked for anew: one change may take away a line before those of the next.
        rows = directory_file.load(text, DIRECTORY, (one.change.role,))[0].rows
        gone = {row.email for row in one.old}
        change = one.change
        where = (change.area, change.agency, change.team, change.role)
        lines = [r.line for r in rows if (r.area, r.agency, r.team, r.role) == where and r.email in gone]
        new = [] if one.new is None else [one.new]
        instead = {n: one.new if n == lines[0] else None for n in lines}
        text = directory_file.written(text, instead, () if lines else new)
    return text


def _write_beside(path: Path, text: str, at: datetime) -> Path:
    """Writes the file whole or not at all, with the mark and ends of lines that it had. Where the old one is kept."""
    kept = path.with_name(f"{path.name}.before-{at:%Y%m%dT%H%M%SZ}")
    fresh = path.with_name(f"{path.name}.new")
    try:
        raw = path.read_bytes()
        is_wide = raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        code = "utf-16" if is_wide else "utf-8-sig" if raw.startswith(codecs.BOM_UTF8) else "utf-8"
        ends = "\r\n" if "\r\n" in raw.decode(code) else "\n"
        kept.write_bytes(raw)
        fresh.write_bytes(text.replace("\n", ends).encode(code))
        fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)
    except OSError as error:
        raise BotError(f"{error.filename} cannot be written: {error.strerror}; {path} was left as it is") from None
    return kept
