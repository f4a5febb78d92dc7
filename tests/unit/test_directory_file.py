"""Every fault of a directory file, with its line; what spreadsheets and stories write is no fault."""

from __future__ import annotations

from datetime import date

import pytest

from bot.rules.directory_file import from_rows, load

HEAD = "area,agency,sector,team,role,name,email,deputy_email,domains,secure,valid_from,valid_to"

# the row, what must be said of it
ROWS = [
    ("CE,CSC,,,line_manger,,a@csc.example,,,,,", "unknown role line_manger; did you mean line_manager?"),
    ("CE,CSC,,,,,a@csc.example,,,,,", "unknown role (empty)"),
    ("CE,CSC,socialcare,,chair,,a@csc.example,,,,,", "unknown sector socialcare; did you mean social_care?"),
    (",CSC,,,chair,,a@csc.example,,,,,", "area is empty: give the partnership's area code"),
    ("CE,CSC,,,chair,,,,,,,", "email is empty: every row is somebody who can be written to"),
    ("CE,CSC,,,chair,,fay marsh,,,,,", "email holds no plain address: write it as name@domain"),
    ("CE,CSC,,,chair,,Fay <a@csc.example>,,,,,", "email holds no plain address"),
    ("CE,CSC,,,chair,,a@b@csc.example,,,,,", "email holds no plain address"),
    ("CE,CSC,,,chair,,a@localhost,,,,,", "email holds no plain address"),
    ("CE,CSC,,,chair,,a@csc..example,,,,,", "email holds no plain address"),
    ("CE,CSC,,,chair,,a@csc.example,b@,,,,", "deputy_email holds no plain address"),
    ("CE,CSC,,,chair,,a@csc.example,A@csc.example,,,,", "deputy_email is the contact's own address"),
    ("CE,CSC,,,chair,,a@csc.example,,csc,,,", "domains holds csc, which is no domain: write it as council.example"),
    ("CE,CSC,,,chair,,a@csc.example,,,perhaps,,", "secure is perhaps: write yes or no"),
    ("CE,CSC,,,chair,,a@csc.example,,,,01/02/2027,", "valid_from is no date: write it as 2027-01-31"),
    ("CE,CSC,,,chair,,a@csc.example,,,,,2027-02-30", "valid_to is no date"),
    ("CE,CSC,,,chair,,a@csc.example,,,,2027-02-02,2027-02-01", "valid_to (2027-02-01) is before valid_from"),
    ("CE,,,Crewe,chair,,a@csc.example,,,,,", "the team Crewe has no agency"),
    ("CE,CSC,,,chair,Marsh, Fay,a@csc.example,,,,,", "has 13 cells under 12 columns: is a comma outside quotation"),
    ("CE,OK,,,chair,,ok@ok.example,,,,,", "repeats line 2 (same place, role and address): keep one"),
    ("CE,CSC,,,chair,,a@csc.example,,ok.example,,,", "ok.example is two agencies' domain (OK has it on line 2, CSC"),
    ('CE,CSC,,,chair,"Fay,a@csc.example,,,,,', "not readable as CSV"),
]


@pytest.mark.parametrize(("row", "said"), ROWS)
def test_each_fault_of_a_row_is_named_with_its_line(row: str, said: str) -> None:
    """The line is the file's own, past an empty one; a message never repeats an address."""
    text = f"{HEAD}\nCE,OK,,,chair,,ok@ok.example,,ok.example,,,\n\n{row}\n"
    _, problems = load(text, "directory.csv")
    assert [p.line for p in problems if said in p.text] == [4], [str(p) for p in problems]
    assert not any("fay marsh" in p.text or "a@csc" in p.text for p in problems)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("area,role,emial", ["unknown column emial; did you mean email?", "the column email is missing: add it"]),
        ("area,email", ["the column role is missing: add it"]),
        ("area,role,email,email", ["the column email is there twice: keep one"]),
        ("", ["holds no rows: begin with the columns area, role, email"]),
    ],
)
def test_each_fault_of_the_heading_is_named(head: str, said: list[str]) -> None:
    """Unknown, missing and repeated columns stand at the first line."""
    _, problems = load(f"{head}\n", "directory.csv")
    assert sorted(p.text.partition(", agency")[0] for p in problems) == sorted(s.partition(", agency")[0] for s in said)
    assert {p.line for p in problems} == {1}


def test_every_fault_is_found_at_once() -> None:
    """All broken rows together give each its own sentence."""
    rows = [row for row, _ in ROWS if '"' not in row]
    _, problems = load("\n".join([HEAD, "CE,OK,,,chair,,ok@ok.example,,ok.example,,,", *rows]), "directory.csv")
    assert {p.line for p in problems} == set(range(3, 3 + len(rows)))


def test_what_a_spreadsheet_writes_is_read() -> None:
    """A byte order mark, CRLF, quoted commas and lines inside a cell change nothing."""
    text = '\ufeffArea,Role,Email,Name\r\nCE,chair,a@csc.example,"Marsh,\r\nFay"\r\n\r\nCW,chair,B@csc.example,\r\n'
    found, problems = load(text, "directory.csv")
    assert problems == ()
    assert [(row.email, row.line) for row in found.rows] == [("a@csc.example", 2), ("b@csc.example", 5)]


def test_an_agency_may_share_the_areas_own_domain() -> None:
    """A council's domain that the partnership uses too is the agency's, whichever row comes first."""
    area = {"area": "CE", "role": "business_unit", "email": "unit@council.example", "domains": "council.example"}
    agency = {
        "area": "CE",
        "agency": "CSC",
        "role": "chair",
        "email": "a@council.example",
        "domains": "council.example",
    }
    for rows in ([area, agency], [agency, area]):
        found, problems = from_rows(rows)
        assert problems == ()
        assert found.agency_of("somebody@council.example", "CE") == "CSC"


def test_an_alias_may_be_a_domain_or_an_ending() -> None:
    """The same name elsewhere, the address with an ending, and a whole address are one person; nobody else is."""
    head = "area,agency,role,email,aliases"
    book, problems = load(
        f"{head}\nCE,OK,chair,Ann.Lee@ok.example,@ok-trust.example .secure.example al@ok.example\n", "d"
    )
    assert not problems
    for other in ("ann.lee@ok-trust.example", "ann.lee@ok.example.secure.example", "al@ok.example"):
        assert book.same_person("ann.lee@ok.example", other)
    assert not book.same_person("ann.lee@ok.example", "al@ok-trust.example")
    _, problems = load(f"{head}\nCE,OK,chair,ann.lee@ok.example,@nowhere\n", "d")
    assert ["aliases holds no plain address" in p.text for p in problems] == [True]


def test_rows_of_a_story_are_read_like_a_file() -> None:
    """Values of other types than text mean what they say, and faults are counted by row."""
    rows: list[dict[str, object]] = [
        {"area": "CE", "role": "chair", "email": "a@csc.example", "secure": True, "valid_from": date(2027, 1, 1)},
        {"area": "CE", "role": "chare", "email": None, "phon": "x"},
    ]
    found, problems = from_rows(rows, "story")
    assert [(row.secure, row.valid_from) for row in found.rows] == [(True, date(2027, 1, 1))]
    assert [str(p) for p in problems] == [
        "story:2: email is empty: every row is somebody who can be written to",
        "story:2: unknown column phon; did you mean phone?",
        "story:2: unknown role chare; did you mean chair?",
    ]


def test_two_people_in_one_role_at_one_place_are_warned_of() -> None:
    """Both lines are named, as one may be the predecessor of the other; of two who never hold it on one day nothing is
    said."""
    row = "CE,CSC,Crewe,line_manager,{},{},{}"
    head = "area,agency,team,role,email,valid_from,valid_to"
    first, second = row.format("fay@csc.example", "", "{}"), row.format("new@csc.example", "2027-02-01", "")
    directory, problems = load("\n".join((head, first.format(""), second)), "d.csv")
    (warned,) = problems
    assert (warned.is_warning, warned.line, "beside line 2" in warned.text) == (True, 3, True)
    assert len(directory.rows) == 2
    assert load("\n".join((head, first.format("2027-01-31"), second)), "d.csv")[1] == ()


def test_a_team_of_forty_is_not_warned_of() -> None:
    """Practitioners are many and none answers for it; of many who do each row is named once."""
    head = "area,agency,team,role,email"
    for role, said in (("practitioner", 0), ("line_manager", 39)):
        rows = [f"CE,CSC,Crewe,{role},p{n}@csc.example" for n in range(40)]
        assert len(load("\n".join((head, *rows)), "d.csv")[1]) == said


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_spreadsheet_may_put_commas_semicolons_or_tabs_between_cells(between: str) -> None:
    """What parts the first line parts them all."""
    lines = [("area", "agency", "team", "role", "email"), ("CE", "CSC", "Crewe", "line_manager", "fay@csc.example")]
    directory, problems = load("\ufeff" + "\r\n".join(between.join(line) for line in lines), "d.csv")
    assert problems == ()
    assert [row.email for row in directory.rows] == ["fay@csc.example"]
