"""`report`: the quarter's figures as a workbook and as CSV, or JSON lines. It reads and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot import registers
from bot.cli.open import database, now, settings
from bot.cli.output import AsJson, ConfigDir, emit, say_lines
from bot.cli.register import save
from bot.errors import BotError
from bot.records import register
from bot.records import report as made
from bot.rules.yaml_file import nearest

DEFAULT = Path("config")


def report(
    config: ConfigDir = DEFAULT,
    quarter: Annotated[str, typer.Option("--quarter", metavar="2026Q4", help="Left out: the last full one.")] = "",
    policy: Annotated[str, typer.Option("--policy", metavar="ID", help="Only cases under this policy.")] = "",
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Writes a workbook and a CSV there.")] = None,
    public: Annotated[bool, typer.Option("--public", help="No small numbers, no refs, no teams.")] = False,
    as_json: AsJson = False,
) -> None:
    """A quarter in figures: who challenges whom, stages reached, timeliness, silence, quality. All figures count cases.

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
        chosen = made.Quarter.parse(quarter) if quarter else made.Quarter.before(at.date())
    except ValueError as error:
        raise BotError(str(error)) from None
    with database(config) as db, db.read() as tx:
        found = registers.held(tx, loaded.policies, policy)
    areas = {row.area for row in loaded.directory.rows}
    if policy:
        areas = {box.area for box in loaded.config.mailboxes if box.policy == policy}
    agencies = sorted({row.agency for row in loaded.directory.rows if row.agency and row.area in areas})
    source = made.Source(found, loaded.policies, agencies, loaded.calendar, at)
    sheets = made.report(source, chosen, public=public)
    name = f"report-{chosen}{'-public' if public else ''}"
    if out is not None:
        save(out / f"{name}.xlsx", register.as_xlsx(sheets, loaded.calendar))
        save(out / f"{name}.csv", register.as_csv(sheets, loaded.calendar))
    if as_json:
        for sheet in sheets:
            for row in sheet.rows:
                emit({"table": sheet.title, **dict(zip(sheet.headings, row, strict=True))})
        return
    for row in sheets[0].rows:
        say_lines(f"{row[0]}: {row[1] if row[1] != '' else 'none'}")
    say_lines(f"{name}.xlsx and .csv written to {out}" if out else "Name a folder with --out for every table.")
