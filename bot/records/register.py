"""A partnership's registers: every escalation, an agency's log as the document lays it out, learning by its day.

Values in, rows out, and rows as CSV or XLSX. Refs, agencies, teams, stages, times and answers; no name of a person, no
child, and nobody's own words. Text that a spreadsheet would take for a formula stays text (parts.cell). It reads no
database and no clock.
"""

import csv
import io
import textwrap
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import pairwise

from bot.model import Case, ClosedAs, Side, StageRun, State, Task
from bot.model.flags import OF_CHILD, OF_WRITING
from bot.records import plain
from bot.records.parts import cell
from bot.rules.policy.forms import Log
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar

Value = str | int | date | datetime | None

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # a file's time must not make two equal registers differ


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. Instants are in UTC here, in the office's time in a file."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    above: str = ""  # a line over the headings


def reached(case: Case, policy: Policy) -> bool:
    """Whether the case came so far that the policy's register holds it."""
    first = policy.follow_up.register_from
    if not first:
        return True
    stages = [stage.id for stage in (*policy.before(first), policy.stage(first))][:-1]
    return any(run.stage not in stages for run in case.runs) or case.stage not in stages


# --- all escalations --------------------------------------------------------------------------------------------------

ESCALATIONS = (
    "Ref", "Policy", "Area", "Received", "Raising agency", "Challenged agency", "Challenged team", "Time asked for",
    "Stage reached", "Stages and how each ended", "First reply", "In time at the first stage", "State", "Closed",
    "Outcome in writing", "Actions agreed", "Actions said to be done", "On file: raising", "On file: challenged",
    "Reopened", "Quality",
)  # fmt: skip


def escalations(cases: Sequence[Case], policies: Mapping[str, Policy]) -> Sheet:
    """The partnership's register, one row a case, from the stage the policy says."""
    held = [case for case in cases if case.policy in policies and reached(case, policies[case.policy])]
    return Sheet("Escalations", ESCALATIONS, tuple(_escalation(case, policies[case.policy]) for case in held))


def _escalation(case: Case, policy: Policy) -> tuple[Value, ...]:
    names = {stage.id: stage.name for stage in policy.stages}
    first = case.runs[0] if case.runs else None
    actions = [task for task in case.tasks if task.id.startswith("action/")]
    filed = next((task for task in case.tasks if task.id == "child_file"), Task("child_file"))
    is_ended = case.closed_as in (ClosedAs.RESOLVED, ClosedAs.DECIDED)
    return (
        case.ref, policy.title, case.area, case.opened, case.raiser.agency, case.responder_agency, case.team,
        str(case.window or ""), names.get(case.stage, case.stage), "; ".join(_ran(run, names) for run in case.runs),
        next((run.responded for run in case.runs if run.responded), None),
        plain.in_time(first) if first else "", plain.state(case), case.closed,
        ("yes" if case.outcome else "none recorded") if is_ended else "",
        len(actions), sum(any(word == "yes" for _, word, _ in task.said) for task in actions),
        _filed(filed, Side.RAISING, is_ended), _filed(filed, Side.RESPONDING, is_ended),
        "yes" if any(one.stage == before.stage for before, one in pairwise(plain.told(case))) else "",
        ", ".join(one.words for one in case.flags if one.flag in OF_WRITING),
    )  # fmt: skip


def _ran(run: StageRun, names: Mapping[str, str]) -> str:
    return f"{names.get(run.stage, run.stage)}: {plain.ending(run)}"


def _filed(task: Task, side: str, is_ended: bool) -> str:
    return ("confirmed" if task.said_by(side) else "not confirmed") if is_ended else ""


# --- one agency's log -------------------------------------------------------------------------------------------------


def agency_log(cases: Sequence[Case], policies: Mapping[str, Policy], agency: str) -> tuple[Sheet, ...]:
    """What this agency raised or was asked, in the columns of each policy's own log; () where no policy has one."""
    sheets = []
    for policy in policies.values():
        own = [c for c in cases if c.policy == policy.id and agency in (c.raiser.agency, c.responder_agency)]
        for log in policy.logs:
            rows = tuple(_logged(case, policy, log) for case in own)
            heading = f"{log.heading} {agency}".strip()
            sheets.append(Sheet(log.title, log.columns, rows, heading))
    return tuple(sheets)


def _logged(case: Case, policy: Policy, log: Log) -> tuple[Value, ...]:
    """A cell for each column, blank where it is the agency's own to fill: nobody told it to this service."""
    names = {stage.id: stage.name for stage in policy.stages}
    level = ", ".join(one.words for one in case.flags if one.flag in OF_CHILD)
    ended = plain.state(case) if case.state is State.CLOSED else ""
    found: dict[str, Value] = {
        "ref": case.ref,
        "concern": f"challenge by {case.raiser.agency or 'an agency not known'}",
        "level": level,
        "summary": f"{case.raiser.agency or 'not known'} challenged {case.team or case.responder_agency or '?'}",
        "actions": "; ".join(_ran(run, names) for run in case.runs),
        "outcome": ended,
        "blank": "",
    }
    found["concern_and_level"] = "; ".join(str(found[key]) for key in ("concern", "level") if found[key])
    return tuple(found[key] for key in (*log.fill, *["blank"] * (len(log.columns) - len(log.fill))))


# --- learning ---------------------------------------------------------------------------------------------------------

LEARNING = ("Ref", "Policy", "Challenged agency", "Closed", "What is asked", "By", "Said to be done", "State")


def learning(cases: Sequence[Case], policies: Mapping[str, Policy], today: date) -> Sheet:
    """What a policy asks for by a day after the end, and whether it was said to be done."""
    rows = []
    for case in cases:
        prompts = policies[case.policy].follow_up.prompts if case.policy in policies else ()
        for prompt in prompts:
            task = next((t for t in case.tasks if t.id == prompt.id and t.day is not None), None)
            if task is not None and task.day is not None:
                rows.append(_learned(case, policies[case.policy], prompt.words, task, task.day, today))
    return Sheet("Learning", LEARNING, tuple(rows))


def _learned(case: Case, policy: Policy, words: str, task: Task, day: date, today: date) -> tuple[Value, ...]:
    done = next((at for _, word, at in task.said if word == "yes"), None)
    state = "done" if done else "its day has passed" if day < today else "open"
    return case.ref, policy.title, case.responder_agency, case.closed, words, day, done, state


# --- files ------------------------------------------------------------------------------------------------------------


def as_csv(sheets: Sequence[Sheet], cal: Calendar) -> bytes:
    """One table below the other, UTF-8 with its mark, so that a spreadsheet reads every letter."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    for n, sheet in enumerate(sheets):
        if n:
            writer.writerow([])
        if sheet.above:
            writer.writerow([cell(sheet.above)])
        writer.writerow([cell(heading) for heading in sheet.headings])
        writer.writerows([cell(_text(value, cal)) for value in row] for row in sheet.rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def as_xlsx(sheets: Sequence[Sheet], cal: Calendar) -> bytes:
    """A workbook; no string in it becomes a formula or a link. The same sheets give the same bytes."""
    import xlsxwriter  # where a workbook is made and nowhere else

    made = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(made, options)
    title = sheets[0].title if sheets else ""
    book.set_properties({"created": _EPOCH.replace(tzinfo=None), "title": title})
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
    above = book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    moment = book.add_format({"num_format": "d mmm yyyy hh:mm", "valign": "top", "align": "left"})
    day = book.add_format({"num_format": "d mmm yyyy", "valign": "top", "align": "left"})
    for n, sheet in enumerate(sheets):
        page = book.add_worksheet(f"{n + 1} {sheet.title}"[:31].translate(_NOT_IN_A_TAB))
        top = 1 if sheet.above else 0
        if sheet.above:
            page.write_string(0, 0, sheet.above, above)
        widths = _widths(sheet)
        for x, width in enumerate(widths):
            page.set_column(x, x, width)
        for x, heading in enumerate(sheet.headings):
            page.write_string(top, x, heading, bold)
        page.set_row(top, _height(sheet.headings, widths))
        for y, row in enumerate(sheet.rows, top + 1):
            page.set_row(y, _height(row, widths))
            for x, value in enumerate(row):
                if isinstance(value, datetime):
                    page.write_datetime(y, x, value.astimezone(cal.zone).replace(tzinfo=None), moment)
                elif isinstance(value, date):
                    page.write_datetime(y, x, datetime(value.year, value.month, value.day), day)  # noqa: DTZ001
                elif isinstance(value, int):
                    page.write_number(y, x, value, wrap)
                else:
                    page.write_string(y, x, value or "", wrap)
        page.freeze_panes(top + 1, 1)
        page.set_landscape()
        page.set_paper(_A4)
        page.fit_to_pages(1, 0)
        page.repeat_rows(top)
    book.close()
    return _in_english(made.getvalue())


_A4 = 9
_NARROW, _LINE = 18, 15  # a column's width in characters, a line's height in points
_ACROSS = 120  # as many characters are read on a landscape page


def _widths(sheet: Sheet) -> list[int]:
    """As wide as its longest text, if the page has the room; a long one goes on in further lines."""
    most = max(_NARROW, _ACROSS // max(1, len(sheet.headings)))
    columns = zip(sheet.headings, *sheet.rows, strict=True)
    return [min(most, max(_NARROW, *(len(v) for v in column if isinstance(v, str)))) for column in columns]


def _height(row: Sequence[Value], widths: Sequence[int]) -> int:
    """Room for all lines, since not every program makes it by itself; some letters are wider than a digit."""
    cells = zip(row, widths, strict=True)
    lines = (len(textwrap.wrap(v, width * 5 // 6)) for v, width in cells if isinstance(v, str))
    return _LINE * max([1, *lines])


_CORE, _END = "docProps/core.xml", b"</cp:coreProperties>"


def _in_english(raw: bytes) -> bytes:
    """The same workbook with its language beside its title, which the writer cannot say."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            content = old.read(part)
            if part.filename == _CORE:
                content = content.replace(_END, b"<dc:language>en-GB</dc:language>" + _END)
            new.writestr(part, content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


_NOT_IN_A_TAB = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def _text(value: Value, cal: Calendar) -> str:
    if isinstance(value, datetime):
        return value.astimezone(cal.zone).strftime("%Y-%m-%d %H:%M")
    return "" if value is None else str(value)


def parties(cases: Sequence[Case]) -> tuple[str, ...]:
    """The agencies that raised or were challenged, each once."""
    return tuple(sorted({a for c in cases for a in (c.raiser.agency, c.responder_agency) if a}))
