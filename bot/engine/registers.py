"""What is handed out of the store: registers of a policy or an area, open cases, and who answers each stage.

As sheets, as a letter's attachment, or as the lines of a letter. What a register shows is records/register.py's; to
whom anything may go is decided elsewhere. It changes nothing.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Connection

from bot.case.making.clocks import hours_over, over_since
from bot.case.said.command import answer
from bot.model import Case, Command, Contact, Flag, Letter, Mail, Side, State, Word, Wording
from bot.model.letters import Answer, Enclosed, TheRegister, TheReport, person
from bot.model.letters.parts import Answering, OpenCase, ToBeDone
from bot.records import register
from bot.records.register import Sheet
from bot.records.report.made import PDF, XLSX, File, made
from bot.records.report.periods import Quarter
from bot.records.report.source import Source
from bot.rules import workdays
from bot.rules.answering.coverage import deciders, responders
from bot.rules.policy import prose
from bot.rules.policy.policy import Policy
from bot.rules.windows import LONDON
from bot.rules.workdays import Calendar
from bot.settings.settings import Settings, WatchedMailbox
from bot.store import cases

LOGS = ("escalations", "agency", "learning")


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
    tx: Connection, wanted: TheRegister, policies: Mapping[str, Policy], cal: Calendar, now: datetime
) -> tuple[str, str, bytes]:
    """An area's register as a letter carries it: name, type, workbook."""
    found = held(tx, policies, area=wanted.area)
    logs = (wanted.log,) if wanted.log else ("escalations", "learning")
    pages = tuple(page for log in logs for page in sheets(log, found, policies, cal, now))
    day = now.astimezone(cal.zone).date().isoformat()
    name = "-".join(part for part in ("register", wanted.log, wanted.area, day) if part)
    return f"{name}.xlsx", XLSX, register.as_xlsx(pages, cal)


def report_source(settings: Settings, found: list[Case], areas: Collection[str], now: datetime) -> Source:
    """These cases, and the agencies that the directory knows in these areas."""
    rows = [row for row in settings.directory.rows if row.agency and row.area in areas]
    sectors = {row.agency: row.sector for row in rows if row.sector}
    used = {box.policy for box in settings.config.mailboxes if box.area in areas}
    only = settings.policies[used.pop()] if len(used) == 1 else None
    return Source(
        found,
        settings.policies,
        sorted({row.agency for row in rows}),
        settings.calendar,
        now,
        sectors,
        only.partnership if only else "",
        only.report if only else None,
    )


def reported(tx: Connection, wanted: TheReport, settings: Settings, now: datetime) -> list[File]:
    """An area's report of a quarter or a year as a letter carries it: to read, and as a workbook."""
    area, quarter = wanted.area, wanted.quarter
    day = now.astimezone(settings.calendar.zone).date()
    chosen = Quarter.parse(quarter) if quarter else Quarter.before(day)
    source = report_source(settings, held(tx, settings.policies, area=area), (area,), now)
    stem = f"report-{area}-{chosen}{'-public' if wanted.public else ''}"
    files = made(source, chosen, public=wanted.public).files(stem)
    return [file for file in files if file.type in (PDF, XLSX)]


def open_line(case: Case, policies: Mapping[str, Policy]) -> OpenCase:
    """An open case as the daily letter and the answer to OPEN say it."""
    policy = policies[case.policy]
    stage = next((s.name for s in policy.stages if s.id == case.stage), case.stage)
    return OpenCase(
        ref=case.ref,
        stage=stage,
        due=case.due,
        waiting_for=waiting_for(case),
        asks=case.asks,
        elsewhere=case.has(Flag.ANSWERED_FROM_ELSEWHERE),
        watched=case.has(Flag.SHADOWED),
        untold=tuple(prose.role(f.partition(":")[2]) for f in case.flags if f.flag is Flag.NOBODY_TO_TELL),
        forms=tuple(policy.form(state.form).title for state in case.forms if state.is_missing),
        sides=tuple(filter(None, (case.raiser.agency, case.responder_agency))),
        who=person(who) if (who := _awaited(case)) else None,
        asked=str(case.window or ""),
    )


def by_risk(found: Iterable[Case], policies: Mapping[str, Policy], now: datetime, cal: Calendar) -> list[OpenCase]:
    """Open cases as a letter lists them: those over the time asked for, the longest first; those answered and not
    confirmed when the time was over; due today; the rest."""
    today = now.astimezone(cal.zone).date()
    rows = []
    for case in found:
        over = over_since(case, now)
        line = open_line(case, policies)
        end = case.run.due if case.run and case.state is State.AWAITING_CONFIRMATION else None
        is_loose = end is not None and end <= now
        is_day = case.due is not None and case.due.astimezone(cal.zone).date() == today
        is_today = is_day and over is None and not is_loose
        rows.append(replace(line, over=over, hours_over=hours_over(case, now), is_today=is_today, is_loose=is_loose))
    return sorted(
        rows, key=lambda row: (row.over or now, not row.is_loose, not row.is_today, row.due is None, row.due or now)
    )


def to_be_done(case: Case, now: datetime, cal: Calendar) -> list[ToBeDone]:
    """The agreed actions of a case that nobody of the raiser's side has said are done."""
    rows = [(n, t) for n in range(1, len(case.tasks) + 1) for t in case.tasks if t.id == f"action/{n}"]
    today = now.astimezone(cal.zone).date()
    return [
        ToBeDone(
            ref=case.ref,
            n=n,
            owner=person(task.owner) if task.owner is not None and task.owner.email else None,
            day=workdays.at_local(task.day, workdays.MORNING, cal) if task.day else None,
            is_over=(task.day is not None and task.day < today) or any(word == "no" for _, word, _ in task.said),
        )
        for n, task in rows
        if task.said_by(Side.RAISING) != "yes"
    ]


def waiting_for(case: Case) -> str:
    """Whose move it is, in words."""
    return str(_awaited(case) or "nobody who can be reached")


def _awaited(case: Case) -> Contact | None:
    if case.state is State.AWAITING_CONFIRMATION:
        return case.raiser
    return next((s.contact for s in case.served if not s.is_dead), None)


def answering(of: Settings, box: WatchedMailbox, on: date) -> Iterator[tuple[str, str, Contact]]:
    """Who answers and who decides at each stage of a watched team: (stage, answers or decides, contact)."""
    policy, directory = of.policies[box.policy], of.directory
    agency = directory.agency_of_team(box.team, box.area) if box.team else ""
    for stage in policy.course():
        for contact in responders(stage, directory, box.area, agency, box.team, on):
            yield stage.name, "answers", contact
        for contact in deciders(stage, directory, box.area, (agency, box.team), on=on):
            yield stage.name, "decides", contact


def told(tx: Connection, letter: Letter, of: Settings, now: datetime) -> Letter:
    """A letter that answers OPEN or SPOC with its rows, as things are when it goes; any other as it is."""
    match letter.values:
        case Answer.Open(area=area):
            found = [case for case in cases.open_cases(tx) if case.area == area]
            rows = tuple(by_risk(found, of.policies, now, of.calendar))
            return replace(letter, values=Answer.Open(area=area, rows=rows))
        case Answer.Spoc(area=area, team=team) as spoc:
            named = tuple(row for row in _spoc(of, area, now) if team in ("", row.team))
            return replace(letter, values=replace(spoc, rows=named))
    return letter


def _spoc(of: Settings, area: str, now: datetime) -> Iterator[Answering]:
    today = now.astimezone(of.calendar.zone).date()
    for box in of.config.mailboxes:
        if box.area == area:
            for stage, does, contact in answering(of, box, today):
                yield Answering(box.team or box.address, stage, does, replace(person(contact), agency=""))


_BESIDE = frozenset({"a", "all", "for", "from", "of", "on", "our", "please", "the"})
_LAST = frozenset({"", "last quarter", "quarter"})


def report_named(note: str, now: datetime) -> tuple[Quarter, bool, str]:
    """What a note asks of the report: of which quarter or year, the last full one where none is read; whether it is the
    public one; and the words that nothing followed from."""
    words = note.casefold().strip(" .?!").replace(",", " ").split()
    public = "public" in words
    said = " ".join(word for word in words if word not in ("public", "edition"))
    for text in (said, " ".join(word for word in said.split() if word not in _BESIDE)):
        try:
            return Quarter.parse(text), public, ""
        except ValueError:
            continue
    last = Quarter.before(now.astimezone(LONDON).date())
    return last, public, "" if text in _LAST else note


def _handed(command: Command, area: str, teams: Collection[str], now: datetime) -> tuple[Wording, tuple[Enclosed, ...]]:
    """The letter that answers the word, and what it carries, after what stands behind the word."""
    note = " ".join(word for word in command.note.split() if word.casefold().strip(".,?!") not in _BESIDE)
    match command.word:
        case Word.REPORT:
            quarter, public, unread = report_named(command.note, now)
            told = Answer.Report(period=str(quarter), public=public, unread=unread)
            return told, (TheReport(area, str(quarter), public),)
        case Word.REGISTER:
            log = "learning" if "learning" in note.casefold().split() else ""
            return Answer.Register(log=log, unread="" if log else note), (TheRegister(area, log),)
        case Word.SPOC if note:
            team = next((team for team in sorted(teams) if team.casefold() in note.casefold()), "")
            return Answer.Spoc(area=area, team=team, unread="" if team else note), ()
    return answer(command.word, area)


_SUBJECTS = {
    Word.REGISTER: "The register of professional challenges",
    Word.REPORT: "The report of professional challenges",
    Word.OPEN: "Open professional challenges",
    Word.SPOC: "Who answers professional challenges",
    Word.HELP: "Words that can be sent to the challenge clock",
}


def letter(mail: Mail, by: Contact, area: str, now: datetime, teams: Collection[str] = ()) -> Letter:
    """The answer to one of HANDED_OUT; what it says is put in when it goes. `teams`: those of the area."""
    command = mail.command or Command(Word.HELP)
    cited = tuple(i for i in (*mail.references[-5:], mail.message_id or "") if i)
    values, carried = _handed(command, area, teams, now)
    return Letter(
        values,
        mail.digest,
        (by,),
        decided=now,
        subject=_SUBJECTS[command.word],
        in_reply_to=mail.message_id or "",
        references=cited,
        attach=carried,
    )
