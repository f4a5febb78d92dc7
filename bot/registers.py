"""The registers out of the store: all cases of a policy or an area as sheets, and one as a letter's attachment.

What a register shows is records/register.py's; to whom one may go is decided elsewhere. It changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.model import Case, Command, Contact, Letter, LetterKind, Mail
from bot.records import register
from bot.records.register import Sheet
from bot.records.report import Quarter, Source, report
from bot.rules.policy import Policy
from bot.rules.workdays import Calendar
from bot.settings import Settings
from bot.store import cases

LOGS = ("escalations", "agency", "learning")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def held(tx: Connection, policies: Mapping[str, Policy], policy: str = "", area: str = "") -> list[Case]:
    """The cases of these policies, of one of them or of one area, in the order of their opening."""
    return [
        case
        for case in cases.all_cases(tx)
        if case.policy in policies and policy in ("", case.policy) and area in ("", case.area)
    ]


def sheets(
    log: str, found: list[Case], policies: Mapping[str, Policy], cal: Calendar, now: datetime, agency: str = ""
) -> tuple[Sheet, ...]:
    """The tables of one log. Raises KeyError for an unknown one."""
    if log == "escalations":
        kept = [c for c in found if agency in ("", c.raiser.agency, c.responder_agency)]
        return (register.escalations(kept, policies),)
    if log == "learning":
        return (register.learning(found, policies, now.astimezone(cal.zone).date()),)
    if log != "agency":
        raise KeyError(log)
    named = (agency,) if agency else register.parties(found)
    used = {id_: p for id_, p in policies.items() if any(c.policy == id_ for c in found)}
    return tuple(
        replace(sheet, title=sheet.title if agency else one)
        for one in named
        for sheet in register.agency_log(found, used, one)
        if sheet.rows
    )


def attached(
    tx: Connection, area: str, policies: Mapping[str, Policy], cal: Calendar, now: datetime
) -> tuple[str, str, bytes]:
    """An area's register as a letter carries it: name, type, workbook."""
    found = held(tx, policies, area=area)
    pages = (*sheets("escalations", found, policies, cal, now), *sheets("learning", found, policies, cal, now))
    day = now.astimezone(cal.zone).date().isoformat()
    return f"register-{area}-{day}.xlsx", XLSX, register.as_xlsx(pages, cal)


def reported(tx: Connection, area: str, quarter: str, settings: Settings, now: datetime) -> tuple[str, str, bytes]:
    """An area's report of a quarter as a letter carries it."""
    cal, day = settings.calendar, now.astimezone(settings.calendar.zone).date()
    agencies = sorted({row.agency for row in settings.directory.rows if row.agency and row.area == area})
    chosen = Quarter.parse(quarter) if quarter else Quarter.before(day)
    source = Source(held(tx, settings.policies, area=area), settings.policies, agencies, cal, now)
    made = register.as_xlsx(report(source, chosen, public=False), cal)
    return f"report-{area}-{chosen}.xlsx", XLSX, made


def wanted(word: str, note: str, area: str) -> str:
    """What a letter that answers REGISTER or REPORT carries; of no quarter that can be read the last full one."""
    if word == "REGISTER":
        return f"register:{area}"
    try:
        return f"report:{area}/{Quarter.parse(note)}"
    except ValueError:
        return f"report:{area}/"


def letter(mail: Mail, by: Contact, area: str, now: datetime) -> Letter:
    """The answer to REGISTER or REPORT; the workbook is made when it goes."""
    command = mail.command or Command("REGISTER")
    word = command.word
    cited = tuple(i for i in (*mail.references[-5:], mail.message_id or "") if i)
    return Letter(
        LetterKind.ANSWER,
        mail.digest,
        (by,),
        {"now": now.isoformat()},
        variant=word.lower(),
        subject=f"The {word.lower()} of professional challenges",
        in_reply_to=mail.message_id or "",
        references=cited,
        attach=(wanted(word, command.note, area),),
    )
