"""Every kind of document that the bot makes, from people who do not exist. It judges none of them.

The commands make what a command makes; a case's record, a quarter's report and what else leaves with letters come out
of the demonstration.
"""

from __future__ import annotations

import email
import email.policy
from dataclasses import replace
from datetime import date
from pathlib import Path

from typer.testing import CliRunner

from bot.cli.main import app
from bot.engine import registers
from bot.records import register
from bot.rules.workdays import calendar
from tests.unit.case_samples import START, shipped
from tests.unit.form_samples import FORMS, answers, docx, pdf
from tests.unit.test_register import ended

ROOT = Path(__file__).parents[2]
DEMO = "salford"  # its letters carry a form
SUFFIXES = (".docx", ".xlsx", ".pdf")


def produce(folder: Path) -> list[Path]:
    """All of it, in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for how in ("blank", "sample"):
        _run("forms", "--out", str(folder / how), *(["--sample"] if how == "sample" else []))
    full = folder / "completed"
    full.mkdir(exist_ok=True)
    for name, form, area in FORMS:
        (full / f"{name}-{form}.docx").write_bytes(docx(name, form, answers(name, form)))
        (full / f"{name}-{form}.pdf").write_bytes(pdf(name, form, answers(name, form), area))
    for policy in sorted(path.stem for path in (ROOT / "config" / "policies").glob("*.yaml")):
        _run("guide", "--policy", policy, "--out", str(folder / "guide"))
    _run("demo", "--policy", DEMO, "--out", str(folder / "demo"))
    _registers(folder / "registers")
    _attached(folder / "demo" / "mail", folder / "attached")
    return sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)


def _run(*words: str) -> None:
    told = CliRunner().invoke(app, list(words))
    if told.exit_code:
        raise RuntimeError(f"{' '.join(words)}: {told.output} {told.exception}")


def _registers(folder: Path) -> None:
    """Every log of two cases, one of them of a name that a program might take for a formula."""
    folder.mkdir(exist_ok=True)
    cases, policies, cal = [ended(), replace(ended(), ref="CE-2027-0008", area="=1+1")], shipped().policies, calendar()
    for log in registers.LOGS:
        sheets = registers.sheets(log, cases, policies, cal, START)
        if sheets:
            (folder / f"{log}.xlsx").write_bytes(register.as_xlsx(sheets, cal))
    (folder / "learning-of-a-day.xlsx").write_bytes(
        register.as_xlsx([register.learning(cases, policies, date(2027, 2, 16))], cal)
    )


def _attached(mails: Path, folder: Path) -> None:
    """What the demonstration's letters carry, each name once."""
    folder.mkdir(exist_ok=True)
    for mail in sorted(path for path in mails.rglob("*") if path.is_file()):
        message = email.message_from_bytes(mail.read_bytes(), policy=email.policy.default)
        for part in message.iter_attachments():
            name = Path(part.get_filename() or "").name
            if name.endswith(SUFFIXES):
                (folder / name).write_bytes(part.get_payload(decode=True))
