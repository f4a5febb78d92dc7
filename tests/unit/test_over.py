"""What both sides have agreed to stands over the file, until the operator brings it in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader
from sqlalchemy import update
from typer.testing import CliRunner

from bot.cli.main import app
from bot.daemon.app import first_start
from bot.engine.contacts import facts
from bot.engine.contacts.books import Books
from bot.model.errors import ConfigError
from bot.rules import directory_file
from bot.rules.answering.over import Change, State, laid, over
from bot.rules.directory import Directory
from bot.store import schema
from bot.store.db import Database
from bot.store.proof import beside
from tests.unit.case_samples import shipped
from tests.unit.config_samples import ENV, edit, small
from tests.unit.engine_samples import migrated

NOW = datetime(2027, 3, 3, 11, tzinfo=UTC)
GWEN = Change(
    "CE", "CSC", "Crewe Assessment Team", "line_manager", "Gwen Hall", "gwen.hall@csc.example",
    ("fay.marsh@csc.example",), date(2027, 3, 3),
)  # fmt: skip
PLACE = (GWEN.role, GWEN.area, GWEN.agency, GWEN.team)


def emails(directory: Directory) -> list[str]:
    return [contact.email for contact in directory.holders(*PLACE)]


# --- what stands ------------------------------------------------------------------------------------------------------


def test_a_change_stands_in_place_of_whom_it_replaces() -> None:
    """What the file says of the agency stays, and nothing of the person before; nobody else is touched."""
    before = shipped().directory
    after = over(before, (GWEN,))
    (new,) = set(after.rows) - set(before.rows)
    (old,) = set(before.rows) - set(after.rows)
    assert emails(after) == [GWEN.email]
    assert (new.domains, new.sector, new.secure, new.line) == (old.domains, old.sector, old.secure, old.line)
    assert (new.phone, new.deputy_email, new.aliases) == ("", "", ())


def test_changes_stand_one_over_the_other() -> None:
    """The later one replaces the earlier, in the order in which they were agreed."""
    ida = replace(GWEN, name="Ida", email="ida@csc.example", before=(GWEN.email,))
    assert emails(over(shipped().directory, (GWEN, ida))) == ["ida@csc.example"]


@pytest.mark.parametrize(
    ("name", "state", "holds"),
    [
        (GWEN.email, State.IN, [GWEN.email]),
        ("somebody.else@csc.example", State.OVERTAKEN, ["somebody.else@csc.example"]),
    ],
)
def test_the_file_has_the_last_word(name: str, state: State, holds: list[str]) -> None:
    """A change that the file holds, or that names whom the file names no more, changes nothing."""
    rows = shipped().directory.rows
    file = Directory(tuple(replace(row, email=name) if row.email == "fay.marsh@csc.example" else row for row in rows))
    assert [one.state for one in laid(file, (GWEN,))] == [state]
    assert emails(over(file, (GWEN,))) == holds


def test_a_role_that_nobody_held_for_the_team_is_a_new_row() -> None:
    """Who held it for the whole agency holds it for the other teams."""
    lead = replace(GWEN, role="designated_safeguarding_lead", before=("dev.patel@csc.example",))
    after = over(shipped().directory, (lead,))
    assert [c.email for c in after.holders(lead.role, "CE", "CSC", lead.team)] == [GWEN.email]
    assert [c.email for c in after.holders(lead.role, "CE", "CSC")] == ["dev.patel@csc.example"]


# --- kept, sealed, taken up -------------------------------------------------------------------------------------------


@pytest.fixture
def db(tmp_path: Path) -> Database:
    return migrated(tmp_path)


def test_what_was_agreed_is_taken_up_by_who_works_already(db: Database) -> None:
    """Another daemon may have agreed to it; the file as it is stays known beside it."""
    books = Books(shipped())
    with db.begin() as tx:
        facts.accept(tx, GWEN, NOW)
    with db.read() as tx:
        books.look(tx)
        books.look(tx)
    assert emails(books.settings.directory) == [GWEN.email]
    assert emails(books.file) == ["fay.marsh@csc.example"]
    assert books.changes == (GWEN,)


def test_a_change_that_is_kept_late_under_a_smaller_number_is_taken_up_too(db: Database) -> None:
    """On a server a number is taken before the change is seen by others; all daemons lay them in the same order."""
    books, ida = Books(shipped()), replace(GWEN, name="Ida", email="ida@csc.example", before=(GWEN.email,))
    with db.begin() as tx:
        facts.accept(tx, ida, NOW)
        tx.execute(update(schema.directory_facts).values(id=2))
    with db.read() as tx:
        books.look(tx)
    with db.begin() as tx:
        facts.accept(tx, GWEN, NOW)
        tx.execute(update(schema.directory_facts).where(schema.directory_facts.c.id > 2).values(id=1))
    with db.read() as tx:
        books.look(tx)
    assert books.changes == (GWEN, ida)
    assert emails(books.settings.directory) == [ida.email]


def test_a_start_is_not_refused_for_a_post_that_a_change_fills(db: Database) -> None:
    """The file's row has ended by its date, as it does for who leaves."""
    lead = "dev.patel@csc.example"
    rows = (replace(r, valid_to=NOW.date()) if r.email == lead else r for r in shipped().directory.rows)
    settings, later = replace(shipped(), directory=Directory(tuple(rows))), NOW + timedelta(days=30)
    with pytest.raises(ConfigError, match="designated_safeguarding_lead for agency CSC"):
        first_start(db, settings, later)
    change = replace(GWEN, team="", role="designated_safeguarding_lead", before=(lead,))
    with db.begin() as tx:
        facts.accept(tx, change, NOW)
    first_start(db, settings, later)


def test_it_is_sealed(db: Database) -> None:
    """An address that somebody changes in the database is found."""
    with db.begin() as tx:
        facts.accept(tx, GWEN, NOW)
    with db.read() as tx:
        assert beside.faults(tx) == []
    with db.begin() as tx:
        (row,) = tx.execute(schema.directory_facts.select()).all()
        tx.execute(update(schema.directory_facts).values(body=row.body.replace("gwen.hall", "mallory")))
    with db.read() as tx:
        assert beside.faults(tx) == ["what somebody said of the directory was changed after it was written"
                                     " (what was said of the directory 1)"]  # fmt: skip


# --- into the file ----------------------------------------------------------------------------------------------------

FILE = (
    "area;role;agency;team;email;name;phone\n"
    "CE;line_manager;CSC;Crewe;fay@csc.example;Fay Marsh;1\n"
    "\n"
    'CE;line_manager;CSC;Crewe;tom@csc.example;"Tom; Lee\nthe second";2\n'
    "CE;business_unit;;;unit@cescp.example;Unit;3\n"
)


def test_a_line_is_replaced_and_all_others_stay_as_they_are() -> None:
    """In the file's own columns and with what stands between them; two that one replaces become one line."""
    directory, _ = directory_file.load(FILE, "x")
    change = replace(GWEN, team="Crewe", before=("fay@csc.example", "tom@csc.example"))
    (one,) = laid(directory, (change,))
    text = directory_file.written(FILE, {2: one.new, 4: None}, ())
    assert text == (
        "area;role;agency;team;email;name;phone\n"
        "CE;line_manager;CSC;Crewe;gwen.hall@csc.example;Gwen Hall;\n"
        "\n"
        "CE;business_unit;;;unit@cescp.example;Unit;3\n"
    )


def test_a_new_row_stands_at_the_end() -> None:
    """And nothing else has moved."""
    directory, _ = directory_file.load(FILE, "x")
    (one,) = laid(directory, (replace(GWEN, team="Other"),))
    assert one.new is not None
    text = directory_file.written(FILE, {}, (one.new,))
    assert text.startswith(FILE)
    assert text.removeprefix(FILE) == "CE;line_manager;CSC;Other;gwen.hall@csc.example;Gwen Hall;\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration with a database in which one change of its line manager was agreed."""
    root = small(tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    for name, value in ENV.items():
        monkeypatch.setenv(name, value)
    database = Database("sqlite:///var/bot.db")
    database.migrate()
    with database.begin() as tx:
        facts.accept(tx, replace(GWEN, before=("fay@csc.example",)), NOW)
    database.close()
    return root


def said(*words: str) -> str:
    ran = CliRunner().invoke(app, [*words, "--config", "config"])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


def test_the_operator_sees_it_and_brings_it_in(root: Path) -> None:
    """`directory` and `directory diff` show it, `directory write` writes one line and keeps the old file; then it is
    in."""
    file, before = root / "directory.csv", (root / "directory.csv").read_bytes()
    assert GWEN.email in said("directory", "--json")
    assert '"state": "stands over the file"' in said("directory", "diff", "--json")
    assert file.read_bytes() == before
    assert "is written" in said("directory", "write")
    (kept,) = root.glob("directory.csv.before-*")
    assert kept.read_bytes() == before
    changed = set(file.read_text().splitlines()) - set(before.decode().splitlines())
    assert len(changed) == 1
    assert GWEN.email in changed.pop()
    assert '"state": "in the file"' in said("directory", "diff", "--json")
    assert "left as it is" in said("directory", "write")


def test_a_file_that_excel_saved_stays_one(root: Path) -> None:
    """Its mark and its ends of lines are those of before."""
    file = root / "directory.csv"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    said("directory", "write")
    raw = file.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfarea")
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert GWEN.email.encode() in raw


# --- printed ----------------------------------------------------------------------------------------------------------


def test_the_list_can_be_printed(root: Path) -> None:
    """A PDF that declares PDF/UA, with whoever answers today, agreed changes too, and the emergency numbers."""
    assert "is written" in said("directory", "print", "--out", "contacts.pdf")
    raw = (root.parent / "contacts.pdf").read_bytes()
    assert b"pdfuaid" in raw
    text = " ".join(page.extract_text() for page in PdfReader(root.parent / "contacts.pdf").pages)
    words = " ".join(text.split())
    assert "Gwen Hall" in words
    assert "Fay" not in words
    assert "999" in words


def test_a_name_in_any_script_can_be_printed(root: Path) -> None:
    """Without the declaration, for no font here shows it; the list is made all the same."""
    edit(root, "directory.csv", ",Dev,", ",法 Dev,")
    assert "is written" in said("directory", "print", "--out", "contacts.pdf")
    raw = (root.parent / "contacts.pdf").read_bytes()
    assert raw.startswith(b"%PDF") and b"pdfuaid" not in raw
