"""`register`: the partnership's register, an agency's log, the learning log, as XLSX, CSV or JSON lines.

`report`: the figures of a quarter in the same forms. It reads and changes nothing. A file appears whole or not at all.
"""

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.open import database, now, settings
from bot.cli.output import DEFAULT, AsJson, ConfigDir, emit, say_lines
from bot.engine import registers
from bot.model.errors import BotError
from bot.records.register import as_csv, as_xlsx
from bot.records.report.made import made as made_of
from bot.records.report.periods import Quarter
from bot.rules.policy.yaml_file import nearest

KINDS = (".xlsx", ".csv")


def register(
    config: ConfigDir = DEFAULT,
    policy: Annotated[str, typer.Option("--policy", metavar="ID", help="Only cases under this policy.")] = "",
    agency: Annotated[str, typer.Option("--agency", metavar="NAME", help="Only cases of this agency.")] = "",
    log: Annotated[str, typer.Option("--log", help="escalations, agency or learning.")] = "escalations",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="A new .xlsx or .csv file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Every escalation as the policy registers it, an agency's own log, or learning by its day. No names of persons.

    \b
    Examples:
      challenge-bot register --out register.xlsx
      challenge-bot register --policy sandwell --log agency --agency "Oak Primary" --out oak.csv
      challenge-bot register --log learning --json
    """
    if out is not None and out.suffix.lower() not in KINDS:
        raise BotError(f"{out}: name a file that ends in .xlsx or .csv")
    if log not in registers.LOGS:
        raise BotError(f"there is no log {log}{nearest(log, registers.LOGS)} ({', '.join(registers.LOGS)})")
    loaded = settings(config)
    if policy and policy not in loaded.policies:
        raise BotError(f"there is no policy {policy}{nearest(policy, loaded.policies)}")
    agencies = {row.agency for row in loaded.directory.rows if row.agency}
    if agency and agency not in agencies:
        raise BotError(f"the directory has no agency {agency}{nearest(agency, agencies)}")
    with database(config) as db, db.read() as tx:
        found = registers.held(tx, loaded.policies, policy)
        made = registers.sheets(log, found, loaded.policies, loaded.calendar, now(), agency)
    if out is not None:
        is_book = out.suffix.lower() == ".xlsx"
        save(out, (as_xlsx if is_book else as_csv)(made, loaded.calendar))
    if as_json:
        for sheet in made:
            for row in sheet.rows:
                emit({"sheet": sheet.title, **dict(zip(sheet.headings, row, strict=True))})
    else:
        count = sum(len(sheet.rows) for sheet in made)
        say_lines(f"{count} rows{f' written to {out}' if out else '; name a file with --out, or ask for --json'}.")


def save(out: Path, raw: bytes) -> None:
    """Beside its place first, then moved there. Raises BotError where it stands already or cannot be written."""
    if out.exists():
        raise BotError(f"{out} is there already: name a new file")
    part = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
        part.replace(out)
    except OSError as error:
        raise BotError(f"{out} cannot be written: {error.strerror}") from None


# `report`: a quarter or a year as page, PDF, workbook and CSV, or JSON lines. It reads and changes nothing.


def report(
    config: ConfigDir = DEFAULT,
    quarter: Annotated[
        str, typer.Option("--quarter", metavar="2026Q4", help="Or 2026. Left out: the last quarter.")
    ] = "",
    policy: Annotated[str, typer.Option("--policy", metavar="ID", help="Only cases under this policy.")] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Page, PDF, workbook, CSV.")] = None,
    public: Annotated[bool, typer.Option("--public", help="For publication: nothing small.")] = False,
    as_json: AsJson = False,
) -> None:
    """A quarter or a year in figures, all of cases: who challenges whom, stages reached, timeliness, silence, quality.

    \b
    Examples:
      challenge-bot report --quarter 2026Q4 --out reports
      challenge-bot report --quarter 2026Q4 --public --out published
      challenge-bot report --json
    """
    loaded, at = settings(config), now()
    if policy and policy not in loaded.policies:
        raise BotError(f"there is no policy {policy}{nearest(policy, loaded.policies)}")
    try:
        chosen = Quarter.parse(quarter) if quarter else Quarter.before(at.date())
    except ValueError as error:
        raise BotError(str(error)) from None
    with database(config) as db, db.read() as tx:
        found = registers.held(tx, loaded.policies, policy)
    areas = {row.area for row in loaded.directory.rows}
    if policy:
        areas = {box.area for box in loaded.config.mailboxes if box.policy == policy}
    source = registers.report_source(loaded, found, areas, at)
    told = made_of(source, chosen, public=public)
    name = f"report-{chosen}{'-public' if public else ''}"
    files = told.files(name) if out else ()
    for file in files:
        save(Path(out or ".") / file.name, file.content)
    if as_json:
        for sheet in told.sheets:
            for row in sheet.rows:
                emit({"table": sheet.title, **dict(zip(sheet.headings, row, strict=True))})
        return
    say_lines(*told.sentences)
    named = ", ".join(file.name for file in files)
    say_lines(f"{named} written to {out}" if out else "Name a folder with --out for every table.")
