"""A directory read and written: CSV text, or rows already split, -> Directory, and every fault at once with its line.

Spreadsheets write these files: a byte order mark, CRLF and empty lines are no faults. Messages name lines, roles and
domains, never a person or the local part of an address. It does not ask whether a stage has anybody: settings does.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from bot.model.errors import Problem
from bot.model.names import is_address, is_domain
from bot.rules.directory import ROLES, SECTORS, Directory, Row, role_code
from bot.rules.policy.yaml_file import nearest

#: In the order of the shipped file.
COLUMNS = (
    "area", "agency", "sector", "team", "role", "name", "email", "phone", "deputy_email", "aliases", "domains",
    "secure", "valid_from", "valid_to",
)  # fmt: skip
NEEDED = ("area", "role", "email")
YES, NO = frozenset({"yes", "true", "y", "1"}), frozenset({"no", "false", "n", "0", ""})

Cells = Mapping[str, str]


def load(text: str, file: str, titles: Iterable[str] = ()) -> tuple[Directory, tuple[Problem, ...]]:
    """The rows that can be used, and every fault found; a directory with faults is only good for finding more.

    `titles`: the roles that policies have of their own.
    """
    problems: list[Problem] = []
    rows = _Rows(file, titles)
    records = _records(text.removeprefix("\ufeff"), file, problems)
    heading = next(records, None)
    if heading is None:
        return Directory(), (
            *problems,
            Problem(file, 1, f"holds no rows: begin with the columns {', '.join(dict.fromkeys((*NEEDED, *COLUMNS)))}"),
        )
    line, cells = heading
    names = [cell.strip().lower() for cell in cells]
    rows.columns(names, line)
    for number, values in records:
        if len(values) > len(names):
            words = f"has {len(values)} cells under {len(names)} columns: is a comma outside quotation marks?"
            problems.append(Problem(file, number, words))
        else:
            rows.add(dict(zip(names, values, strict=False)), number)
    return Directory(tuple(rows.rows)), tuple(sorted({*problems, *rows.all_problems()}))


def from_rows(
    rows: Sequence[Mapping[str, object]], file: str = "directory", titles: Iterable[str] = ()
) -> tuple[Directory, tuple[Problem, ...]]:
    """The same from rows that are split already, a story's for one; lines count rows from 1."""
    made = _Rows(file, titles)
    for number, row in enumerate(rows, start=1):
        unknown = sorted(set(map(str, row)) - set(COLUMNS))
        for name in unknown:
            made.problems.append(Problem(file, number, f"unknown column {name}{nearest(name, COLUMNS)}"))
        cells = {str(k): "" if v is None else str(v) for k, v in row.items() if k not in unknown}
        made.add(cells, number)
    return Directory(tuple(made.rows)), tuple(sorted(set(made.all_problems())))


def _records(text: str, file: str, problems: list[Problem]) -> Iterator[tuple[int, list[str]]]:
    """(first line, cells) of every record that is not empty. What is no CSV ends it with one fault."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_between(text))
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        problems.append(
            Problem(file, line, f"not readable as CSV: {error}; look for a quotation mark without its pair")
        )


def as_line(row: Row, columns: Sequence[str] = COLUMNS, between: str = ",") -> str:
    """The row as a line of a file with these columns, without its end."""
    out = io.StringIO()
    csv.writer(out, delimiter=between, lineterminator="").writerow(_cell(getattr(row, name, "")) for name in columns)
    return out.getvalue()


def _cell(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else ""
        case tuple():
            return " ".join(map(str, value))
        case _:
            return "" if value is None else str(value)


def written(text: str, instead: Mapping[int, Row | None], more: Sequence[Row]) -> str:
    """The text of a file with other rows on these lines, None for none, and more rows at its end; every other line as
    it stands, and the columns in the file's own order."""
    records = list(_records(text.removeprefix("\ufeff"), "", []))
    lines, between = text.split("\n"), _between(text)
    columns = [cell.strip().lower() for cell in records[0][1]]
    ends = [number for number, _ in records[1:]] + [len(lines) + 1]
    for (start, _), end in reversed(list(zip(records, ends, strict=True))):
        if start in instead:
            row, last = instead[start], end - 1
            while last > start and not lines[last - 1].strip():
                last -= 1
            lines[start - 1 : last] = [as_line(row, columns, between)] if row else []
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join([*lines, *(as_line(row, columns, between) for row in more)]) + "\n"


def _between(text: str) -> str:
    """What stands between two cells: what parts the first line most often, as spreadsheets save a comma, a semicolon or
    a tab."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max((",", ";", "\t"), key=first.count)


class _Rows:
    """Collects rows and what is wrong with them."""

    def __init__(self, file: str, titles: Iterable[str]) -> None:
        self.file = file
        self.roles = ROLES | {role_code(title) for title in titles}
        self.rows: list[Row] = []
        self.problems: list[Problem] = []

    def columns(self, names: Sequence[str], line: int) -> None:
        for name in names:
            if name not in COLUMNS:
                self._fault(line, f"unknown column {name or '(empty)'}{nearest(name, COLUMNS)}")
        for name in sorted({n for n in names if n and names.count(n) > 1}):
            self._fault(line, f"the column {name} is there twice: keep one")
        for name in NEEDED:
            if name not in names:
                self._fault(line, f"the column {name} is missing: add it")

    def add(self, cells: Cells, line: int) -> None:
        """One row; what cannot be used is reported and the row left out when it could mislead."""
        get = {key: value.strip() for key, value in cells.items()}.get
        row = Row(
            area=get("area", ""),
            role=role_code(get("role", "")),
            email=self._address("email", get("email", ""), line),
            agency=get("agency", ""),
            sector=get("sector", "").lower(),
            team=get("team", ""),
            name=get("name", ""),
            phone=get("phone", ""),
            deputy_email=self._address("deputy_email", get("deputy_email", ""), line),
            aliases=self._aliases(_split(get("aliases", "")), get("email", ""), line),
            domains=tuple(filter(None, (self._domain(d, line) for d in _split(get("domains", ""))))),
            secure=self._yes(get("secure", ""), line),
            valid_from=self._day("valid_from", get("valid_from", ""), line),
            valid_to=self._day("valid_to", get("valid_to", ""), line),
            line=line,
        )
        self._check(row, is_blank=not get("email", ""))
        if row.area and row.email and row.role in self.roles:
            self.rows.append(row)

    def all_problems(self) -> list[Problem]:
        """Every fault, those between rows included."""
        self._duplicates()
        self._two_in_one_role()
        self._domains()
        return self.problems

    # --- one row --------------------------------------------------------------------------------------------------

    def _fault(self, line: int, text: str) -> None:
        self.problems.append(Problem(self.file, line, text))

    def _check(self, row: Row, is_blank: bool) -> None:
        if not row.area:
            self._fault(row.line, "area is empty: give the partnership's area code")
        if is_blank:
            self._fault(row.line, "email is empty: every row is somebody who can be written to")
        if row.role not in self.roles:
            self._fault(row.line, f"unknown role {row.role or '(empty)'}{nearest(row.role, self.roles)}")
        if row.sector and row.sector not in SECTORS:
            self._fault(row.line, f"unknown sector {row.sector}{nearest(row.sector, SECTORS)}")
        if row.team and not row.agency:
            self._fault(row.line, f"the team {row.team} has no agency: give the agency it belongs to")
        if row.deputy_email and row.deputy_email in row.addresses:
            self._fault(row.line, "deputy_email is the contact's own address: name somebody else or leave it empty")
        if row.valid_from and row.valid_to and row.valid_to < row.valid_from:
            self._fault(row.line, f"valid_to ({row.valid_to}) is before valid_from ({row.valid_from})")

    def _address(self, column: str, value: str, line: int) -> str:
        """The lower-cased address, "" (and a fault that does not repeat it) when it is none."""
        if value and not is_address(value):
            self._fault(line, f"{column} holds no plain address: write it as name@domain, without a display name")
            return ""
        return value.lower()

    def _aliases(self, values: Iterable[str], email: str, line: int) -> tuple[str, ...]:
        """Whole addresses; `@trust.example` is the same name at another domain, `.secure.example` the whole address
        with that behind it, as secure mail services write it."""
        local = email.partition("@")[0]
        whole = (f"{local}{a}" if a.startswith("@") else f"{email}{a}" if a.startswith(".") else a for a in values)
        return tuple(filter(None, (self._address("aliases", a, line) for a in whole)))

    def _domain(self, value: str, line: int) -> str:
        domain = value.removeprefix("@").lower()
        if not is_domain(domain):
            self._fault(line, f"domains holds {value}, which is no domain: write it as council.example")
            return ""
        return domain

    def _day(self, column: str, value: str, line: int) -> date | None:
        try:
            return date.fromisoformat(value) if value else None
        except ValueError:
            self._fault(line, f"{column} is no date: write it as 2027-01-31")
            return None

    def _yes(self, value: str, line: int) -> bool:
        if value.lower() not in YES | NO:
            self._fault(line, f"secure is {value}: write yes or no")
        return value.lower() in YES

    # --- between rows -----------------------------------------------------------------------------------------------

    def _duplicates(self) -> None:
        seen: dict[tuple[object, ...], int] = {}
        for row in self.rows:
            key = (row.area, row.agency, row.team, row.role, row.email, row.valid_from, row.valid_to)
            if key in seen:
                self._fault(row.line, f"repeats line {seen[key]} (same place, role and address): keep one")
            seen.setdefault(key, row.line)

    def _two_in_one_role(self) -> None:
        """Both would be written to: rightly where two share it, wrongly where one is the predecessor of the other. A
        team has many practitioners, and none answers because of it. Each row is named once, beside the first."""
        seen: dict[tuple[str, ...], list[Row]] = {}
        for row in (row for row in self.rows if row.role != "practitioner"):
            place = seen.setdefault((row.area, row.agency, row.team, row.role), [])
            other = next((one for one in place if one.email != row.email and _meet(one, row)), None)
            if other is not None:
                words = (
                    f"is another {row.role} of {row.team or row.agency or row.area}, beside line {other.line}:"
                    " both are written to and both may answer; if one has left, take the line out or give valid_to"
                )
                self.problems.append(Problem(self.file, row.line, words, is_warning=True))
            place.append(row)

    def _domains(self) -> None:
        """A domain decides whose side a stranger is on, so within an area it belongs to one agency."""
        owners: dict[tuple[str, str], Row] = {}
        for row in self.rows:
            for domain in row.domains if row.agency else ():
                first = owners.setdefault((row.area, domain), row)
                if first.agency != row.agency:
                    owner = f"{first.agency} has it on line {first.line}, {row.agency} here"
                    self._fault(row.line, f"{domain} is two agencies' domain ({owner}): name it at one")


def _meet(one: Row, other: Row) -> bool:
    """Whether there is a day on which both hold."""
    starts = max(filter(None, (one.valid_from, other.valid_from)), default=None)
    ends = min(filter(None, (one.valid_to, other.valid_to)), default=None)
    return starts is None or ends is None or starts <= ends


def _split(value: str) -> Iterable[str]:
    return value.replace(";", " ").split()
