"""What is kept, put back, handed over and forgotten, each by the real command in a folder of its own."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests import operator
from tests.operator import command, done, drop, rows

WHO = ("--by", "Ann Shaw", "--reason", "retention schedule")


@dataclass(frozen=True)
class Desk:
    """A folder with one open case and one that was withdrawn."""

    folder: Path
    open: str
    closed: str


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Both came by real mail, in passes of the real command."""
    folder = operator.folder(tmp_path_factory.mktemp("prepared"))
    drop(folder, text="About the first family.")
    done(folder, "once")
    (first,) = rows(folder, "cases")
    drop(folder, subject=f"RE: {operator.SUBJECT} [{first['ref']}]", text="WITHDRAW\nsent by mistake")
    drop(folder, text="About the second family.")
    done(folder, "once")
    (second,) = rows(folder, "cases")
    assert first["ref"] != second["ref"]
    return Desk(folder, second["ref"], first["ref"])


@pytest.fixture
def own(prepared: Desk, tmp_path: Path) -> Desk:
    """A copy of it that a test may change."""
    return replace(prepared, folder=Path(shutil.copytree(prepared.folder, tmp_path / "own")))


def bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "var").glob("bot.db*")))


# --- put back ---------------------------------------------------------------------------------------------------------


def test_a_backup_is_put_back_and_what_stood_there_is_moved_aside(own: Desk) -> None:
    """A case opened since the backup is gone from the list, and found again in the file that was moved aside."""
    done(own.folder, "backup", "early.db")
    drop(own.folder, sender="mo.reid@health.example", text="About a third family.")
    done(own.folder, "once")
    assert len(rows(own.folder, "cases")) == 2
    said = done(own.folder, "restore", "early.db")
    assert [row["ref"] for row in rows(own.folder, "cases")] == [own.open]
    (aside,) = (own.folder / "var").glob("bot.db.before-*Z")
    assert str(aside.name) in said
    assert aside.stat().st_mode & 0o077 == 0
    done(own.folder, "verify")


def test_after_a_restore_the_inboxes_are_read_again(own: Desk) -> None:
    """A challenge that came since the backup opens its case once more; nothing of it is lost."""
    done(own.folder, "backup", "early.db")
    drop(own.folder, sender="mo.reid@health.example", text="About a third family.")
    done(own.folder, "once")
    done(own.folder, "restore", "early.db")
    done(own.folder, "once")
    assert len(rows(own.folder, "cases")) == 2


def test_letters_of_a_backup_wait_for_a_person(own: Desk) -> None:
    """What the copy holds unsent may have gone since: none goes until released, and the operator is told."""
    config = own.folder / "config/bot.yaml"
    live = config.read_text("utf-8")
    config.write_text(live.replace("path: var/letters", "path: /dev/null/letters"), "utf-8")
    drop(own.folder, sender="mo.reid@health.example", text="About a third family.")
    done(own.folder, "once")
    done(own.folder, "backup", "early.db")
    config.write_text(live, "utf-8")
    said = done(own.folder, "restore", "early.db")
    waiting = [row for row in rows(own.folder, "outbox") if row["status"] == "held"]
    assert f"{len(waiting)} letters are held" in said
    assert waiting
    before = operator.letters(own.folder)
    done(own.folder, "once")
    since = [letter for letter in operator.letters(own.folder) if letter not in before]
    assert since
    assert all("To: bot-operator@council.example" in letter for letter in since)


def test_last_night_s_backup_is_put_back_and_nothing_goes_twice(own: Desk) -> None:
    """The drill of the manual: put back and started in shadow mode, the day's mail opens the same case under the same
    ref, its letters are listed and go to nobody a second time; one that a person lets go goes, and all is proven."""
    config = own.folder / "config/bot.yaml"
    live = config.read_text("utf-8")
    done(own.folder, "backup", "last-night.db")
    drop(own.folder, sender="mo.reid@health.example", text="About a third family.")
    done(own.folder, "once")
    before, refs = to_people(own.folder), {row["ref"] for row in rows(own.folder, "cases")}
    done(own.folder, "restore", "last-night.db")
    config.write_text(live.replace("mode: live ", "mode: shadow "), "utf-8")
    done(own.folder, "once")
    assert {row["ref"] for row in rows(own.folder, "cases")} == refs
    assert to_people(own.folder) == before
    (third,) = refs - {own.open}
    waiting = [row for row in rows(own.folder, "outbox") if row["ref"] == third]
    assert {row["status"] for row in waiting} == {"withheld"}
    done(own.folder, "outbox", "release", waiting[0]["id"])
    done(own.folder, "once")
    since = [letter for letter in to_people(own.folder) if letter not in before]
    assert [third in letter for letter in since] == [True]
    assert rows(own.folder, "verify")[-1]["ok"]


def to_people(folder: Path) -> list[str]:
    """Every letter but the operator's own alerts, such as that an inbox does not go on from where it was read."""
    return [one for one in operator.letters(folder) if 'To: "Operator" <bot-operator@' not in one]


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\x00" * 4096])
def test_only_a_backup_is_put_back(own: Desk, content: bytes) -> None:
    """Anything else is refused in a sentence, and the database stays as it was."""
    before = rows(own.folder, "cases")
    (own.folder / "other.db").write_bytes(content)
    ran = command(own.folder, "restore", "other.db")
    assert ran.returncode == 1
    assert "other.db" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert rows(own.folder, "cases") == before
    assert not list((own.folder / "var").glob("*restoring*"))
    assert not list((own.folder / "var").glob("*before*"))


# --- handed over ------------------------------------------------------------------------------------------------------


def test_an_export_holds_all_that_is_held(own: Desk) -> None:
    """The full record, the case with journal and policy text, and each letter as made; for nobody else's eyes."""
    out = own.folder / "handed-over"
    files = [Path(row["file"]) for row in rows(own.folder, "export", own.closed, "--out", out)]
    assert {"pdf", "zip", "json", "eml"} <= {f.suffix[1:] for f in files}
    assert all(f.stat().st_mode & 0o077 == 0 for f in files)
    assert all(own.closed in f.name for f in files)
    held = json.loads((out / f"{own.closed}-held.json").read_text("utf-8"))
    assert held["case"]["raiser"]["email"] == "helen.visser@health.example"
    assert len(held["mails"]) == 2
    assert {row["kind"] for row in held["letters"]} >= {"acknowledgement", "notice", "outcome"}


# --- forgotten --------------------------------------------------------------------------------------------------------


def test_nothing_is_forgotten_without_yes(own: Desk) -> None:
    """The cases meant are named, and stay as they are."""
    said = done(own.folder, "purge", "--closed-before", "2099-01-01", *WHO)
    assert own.closed in said
    assert own.open not in said
    assert b"helen.visser@health.example" in bytes_of(own.folder)


def test_a_purged_case_names_nobody_and_its_chain_holds(own: Desk) -> None:
    """After a purge the case can be listed and verified, and no second purge finds it."""
    (purged,) = rows(own.folder, "purge", "--closed-before", "2099-01-01", *WHO, "--yes")
    assert (purged["ref"], purged["purged"]) == (own.closed, True)
    assert (purged["by"], purged["reason"]) == (WHO[1], WHO[3])  # the one place: either may name somebody of the case
    left = bytes_of(own.folder)
    assert [one for one in ("Ann Shaw", "retention schedule") if one.encode() in left] == []
    done(own.folder, "verify")
    assert own.closed in {row["ref"] for row in rows(own.folder, "cases", "--all")}
    assert rows(own.folder, "purge", "--closed-before", "2099-01-01", *WHO, "--yes") == []


def test_an_open_case_is_never_purged(own: Desk) -> None:
    """The sentence says why, and the exit code is 1."""
    ran = command(own.folder, "purge", own.open, *WHO, "--yes")
    assert ran.returncode == 1
    assert "is open" in ran.stderr


@pytest.mark.parametrize("words", [(), ("CE-2027-0001", "--closed-before", "2031-01-01"), ("--closed-before", "soon")])
def test_a_purge_says_exactly_what_it_means(own: Desk, words: tuple[str, ...]) -> None:
    """Neither or both of ref and day, or no day at all: usage, exit code 2."""
    assert command(own.folder, "purge", *words, *WHO).returncode == 2
