"""The operator's commands, each as a real process in a folder with the shipped configuration."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot import __version__
from bot.case import table, transitions
from bot.model import WHY_HELD, Contact, Hold, Letter, Sending, State, Word
from bot.model.letters import Alert
from bot.store import mailboxes, outbox
from bot.store.db import Database
from tests import operator
from tests.operator import HOUSE, command, done, drop, rows
from tests.unit import test_first_release as first_release


@dataclass(frozen=True)
class Desk:
    """A folder with one open case (`ref`) and one mail that waits for a person (`entry`)."""

    folder: Path
    ref: str
    entry: int


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Both came by real mail, in one pass of the real command."""
    folder = operator.folder(tmp_path_factory.mktemp("prepared"))
    drop(folder)
    drop(folder, subject="RE: Professional Safeguarding Challenge – 24 hours", sender="mo.reid@health.example")
    done(folder, "once")
    (case,) = rows(folder, "cases")
    (waiting,) = rows(folder, "review")
    return Desk(folder, case["ref"], waiting["entry"])


@pytest.fixture
def own(prepared: Desk, tmp_path: Path) -> Desk:
    """A copy of it that a test may change."""
    return replace(prepared, folder=Path(shutil.copytree(prepared.folder, tmp_path / "own")))


def test_the_version_is_told() -> None:
    """One line, and done: packagers and bug reports ask for it."""
    assert done(Path(), "--version") == f"challenge-bot {__version__}\n"


# --- looking ----------------------------------------------------------------------------------------------------------


def test_cases_are_listed_for_people_and_programs(prepared: Desk) -> None:
    """One row a case: ref, state, stage and due time."""
    (case,) = rows(prepared.folder, "cases")
    assert (case["state"], case["stage"], case["team"]) == ("awaiting_response", "frontline", "Crewe Assessment Team")
    assert case["due"]
    assert case["ref"] in done(prepared.folder, "cases")


def test_a_case_tells_what_happens_next_and_why(prepared: Desk) -> None:
    """Timeline from the journal, next alarms with their reasons, the due time with its explanation."""
    text = done(prepared.folder, "case", prepared.ref)
    assert "The challenge was received from Helen Visser." in text
    assert "the next stage is called in" in text
    assert "because: the window of" in text
    assert "24 hours, nights and weekends too" in text
    assert "frontline: entered" in text
    assert "asked: Fay Marsh" in text
    kinds = [row["what"] for row in rows(prepared.folder, "case", prepared.ref)]
    assert kinds[0] == "case"
    assert {"fact", "next"} <= set(kinds)


def test_a_case_names_everybody_who_was_written_to(prepared: Desk) -> None:
    """Every recipient of every letter with what became of it there; and the stage with its due time and its people."""
    told = rows(prepared.folder, "case", prepared.ref)
    letters = [row for row in told if row["what"] == "letter"]
    assert letters
    text = done(prepared.folder, "case", prepared.ref)
    for letter in letters:
        assert f"Letter {letter['id']}, {letter['kind']}" in text
        for one in letter["to"]:
            assert f"{one['who']}: {one['became']}" in text
    assert {one["became"] for letter in letters for one in letter["to"]} == {"sent"}
    (stage,) = (row for row in told if row["what"] == "stage")
    assert (stage["stage"], bool(stage["due"]), stage["ended"]) == ("frontline", True, None)
    assert any("fay.marsh@csc.example" in who for who in stage["asked"])


@pytest.mark.parametrize("written", ["1", "0001", "ref in small letters"])
def test_a_case_is_found_by_its_number_alone(prepared: Desk, written: str) -> None:
    """Who reads a ref aloud says its number; small letters are no other ref."""
    asked = prepared.ref.lower() if written.startswith("ref") else written
    assert prepared.ref in done(prepared.folder, "case", asked)


def test_an_unknown_ref_is_a_sentence(prepared: Desk) -> None:
    """Exit code 1, no traceback, and where the known ones are listed."""
    ran = command(prepared.folder, "case", "XX-1999-0001")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "There is no case XX-1999-0001" in ran.stderr
    assert "Traceback" not in ran.stderr


def test_verify_holds_and_names_each_fault(own: Desk) -> None:
    """The chain of an untouched journal holds; one changed letter of it is found."""
    assert rows(own.folder, "verify")[-1]["ok"] is True
    database = own.folder / "var/bot.db"
    with closing(sqlite3.connect(database)) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE journal SET body = replace(body, 'opened', 'Opened')")
        db.commit()
    ran = command(own.folder, "verify")
    assert ran.returncode == 1
    assert "was changed after it was written" in ran.stderr


def test_verify_says_what_a_head_of_earlier_is_worth(own: Desk) -> None:
    """The head of today is intact; another is not, and one from before journals were rewritten is called that."""
    assert "The head given: intact" in done(own.folder, "verify", "--head", rows(own.folder, "verify")[-1]["head"])
    ran = command(own.folder, "verify", "--head", "ab" * 32)
    assert ran.returncode == 1
    assert "not the head of today" in ran.stdout
    shutil.copy(first_release.FILE, own.folder / "var/bot.db")
    ran = command(own.folder, "verify", "--head", first_release.HEAD)
    assert ran.returncode == 1
    assert "before the rewrite of 2" in ran.stdout
    assert "intact" not in ran.stdout


def test_status_tells_a_stopped_daemon(own: Desk) -> None:
    """After a pass all is well; without a sign of life for long it is not, and the exit code says so."""
    assert rows(own.folder, "status")[0]["ok"] is True
    beat = own.folder / "var/heartbeat.json"
    beat.write_text(json.dumps({**json.loads(beat.read_text()), "at": "2020-01-01T00:00:00+00:00"}))
    ran = command(own.folder, "status", "--json")
    assert ran.returncode == 1
    assert "no sign of life" in json.loads(ran.stdout)["stopped"][0]


def test_status_is_true_of_a_daemon_that_died_a_second_ago(own: Desk) -> None:
    """Its heartbeat is fresh and its folder free: it does not run, whatever it said last."""
    beat = own.folder / "var/heartbeat.json"
    said = json.loads(beat.read_text("utf-8")) | {"every": 5, "at": datetime.now(UTC).isoformat()}
    beat.write_text(json.dumps(said), "utf-8")
    ran = command(own.folder, "status")
    assert (ran.returncode, "STOPPED: the daemon does not run" in ran.stderr) == (1, True)
    with (own.folder / "var/daemon.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert command(own.folder, "status").returncode == 0


def test_status_tells_a_deaf_mailbox_and_a_full_disk_at_once(own: Desk) -> None:
    """In sentences, beside version, mode, process, database and free space; a monitor sees 1."""
    shown = done(own.folder, "status")
    for words in (f"Version {__version__}, mode live, process ", "MB free for database", "bot.db"):
        assert words in shown
    db = Database(f"sqlite:///{own.folder}/var/bot.db")
    with db.begin() as tx:
        mailboxes.gap_opened(tx, "CE Crewe Assessment Team", datetime.now(UTC), "CE Crewe: the server refused the line")
    db.close()
    bot = own.folder / "config/bot.yaml"
    bot.write_text(bot.read_text("utf-8") + "\nleast_free_mb: 999999999\n", "utf-8")
    ran = command(own.folder, "status")
    assert ran.returncode == 1
    assert "mailbox CE Crewe Assessment Team cannot be read, since" in ran.stderr
    assert "there is little room on the disk" in ran.stderr
    assert "now: CE Crewe: the server refused the line" in ran.stdout


def test_status_is_true_of_a_database_that_cannot_be_read(own: Desk) -> None:
    """Why stands beside all else that has stopped, as data too; nothing that is not known is counted as none."""
    beat = own.folder / "var/heartbeat.json"
    beat.write_text(json.dumps(json.loads(beat.read_text("utf-8")) | {"every": 5}), "utf-8")
    (own.folder / "var/bot.db").write_bytes(b"no database at all" * 1000)
    ran = command(own.folder, "status", "--json")
    said = json.loads(ran.stdout)
    assert (ran.returncode, said["ok"], said["cases"]) == (1, False, None)
    assert [why for why in said["stopped"] if "the daemon does not run" in why]
    assert [why for why in said["stopped"] if "the file is no SQLite database" in why]
    shown = command(own.folder, "status")
    assert "Cases:" not in shown.stdout
    assert "The database cannot be read" in shown.stdout


def test_status_believes_a_sign_of_life_for_which_there_was_no_room(own: Desk) -> None:
    """What a daemon says is old where its disk is full; the time of the file is fresh, and it runs."""
    beat = own.folder / "var/heartbeat.json"
    said = json.loads(beat.read_text("utf-8")) | {"every": 5, "at": "2020-01-01T00:00:00+00:00"}
    beat.write_text(json.dumps(said), "utf-8")
    with (own.folder / "var/daemon.lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert command(own.folder, "status").returncode == 0
        os.utime(beat, (0, 0))
        assert "shown no sign of life" in command(own.folder, "status").stderr


def test_the_folder_may_be_named_before_the_command(prepared: Desk, tmp_path: Path) -> None:
    """As after it, and for commands of commands too."""
    config = prepared.folder / "config"
    assert "is missing; --config names the folder" in command(tmp_path, "--config", tmp_path, "cases").stderr
    assert prepared.ref in done(prepared.folder, "--config", config, "cases")
    assert "is missing; --config" in command(prepared.folder, "--config", tmp_path, "outbox", "release", "1").stderr


def test_status_tells_what_of_the_cage_is_missing(own: Desk) -> None:
    """Where the kernel refuses a part of it, the bot works and says so; nothing has stopped."""
    assert rows(own.folder, "status")[0]["uncaged"] == []
    beat = own.folder / "var/heartbeat.json"
    refused = "the reading process is not caged: no Landlock guards files from it (Function not implemented)"
    beat.write_text(json.dumps({**json.loads(beat.read_text()), "uncaged": [refused]}))
    ran = command(own.folder, "status")
    assert ran.returncode == 0
    assert f"Less safe than it could be: {refused}" in " ".join(ran.stdout.split())


def test_status_and_check_tell_how_many_processes_read_mail(own: Desk) -> None:
    """How many there are, and how many there may be where mails wait; by itself one less than there are cores."""
    assert rows(own.folder, "status")[0]["readers"]["most"] == max(1, len(os.sched_getaffinity(0)) - 1)
    beat = own.folder / "var/heartbeat.json"
    beat.write_text(json.dumps({**json.loads(beat.read_text()), "readers": {"now": 1, "most": 3}}))
    assert "Mail is read by 1 process, by 3 at most" in " ".join(command(own.folder, "status").stdout.split())
    file = own.folder / "config/bot.yaml"
    file.write_text(f"readers: 3\n{file.read_text()}")
    assert "Mail is read by 3 processes at most" in " ".join(done(own.folder, "check").split())


def test_the_outbox_lists_what_waits(own: Desk) -> None:
    """Sent letters are not listed; one that is held is, and can be released once."""
    assert rows(own.folder, "outbox") == []
    ref = own.ref
    done(own.folder, "hold", ref, "--by", "Ann Shaw", "--reason", "wrong team")
    waiting = rows(own.folder, "outbox")
    assert {(row["ref"], row["status"]) for row in waiting} == {(ref, "queued")}
    ran = command(own.folder, "outbox", "release", waiting[0]["id"])
    assert ran.returncode == 1
    assert "is not held" in ran.stderr


def test_the_outbox_says_why_each_letter_waits(own: Desk) -> None:
    """Whatever may hold a letter has its sentence."""
    with closing(Database(f"sqlite:///{own.folder}/var/bot.db")) as db, db.begin() as tx:
        for hold in Hold:
            letter = Letter(Alert.Plain(subject="x", lines=("y",)), f"alert/{hold}", (Contact("ann@csc.example"),))
            outbox.queue(tx, letter, None, datetime.now(UTC), Sending.HELD, hold)
    assert {row["why"] for row in rows(own.folder, "outbox") if row["status"] == "held"} == set(WHY_HELD.values())
    assert set(WHY_HELD) == set(Hold)


def test_a_letter_of_shadow_mode_goes_only_while_it_is_true(tmp_path: Path) -> None:
    """It says why it waits; let go, it says truly that nothing runs here; once its stage is over it is refused, and no
    longer listed."""
    at = operator.folder(tmp_path / "watching")
    bot = at / "config/bot.yaml"
    bot.write_text(bot.read_text("utf-8").replace("mode: live ", "mode: shadow "), "utf-8")
    drop(at)
    done(at, "once")
    waiting = rows(at, "outbox")
    assert {(row["status"], row["why"]) for row in waiting} == {
        ("withheld", "decided in shadow mode: nobody was to get it")
    }
    first, second = (row["id"] for row in waiting[:2])
    assert "goes when the daemon runs again" in done(at, "outbox", "release", first)
    assert "withheld: nobody got it" in done(at, "case", "1")
    done(at, "correct", "1", "--stage", "step-2", "--by", "Ann Shaw", "--reason", "held by telephone")
    ran = command(at, "outbox", "release", second)
    assert (ran.returncode, "its stage is over" in ran.stderr) == (1, True)
    assert second not in [row["id"] for row in rows(at, "outbox")]
    assert "watched only" in done(at, "case", "1")


# --- acting -----------------------------------------------------------------------------------------------------------


def test_hold_and_release_stand_in_the_journal(own: Desk) -> None:
    """Letters wait, then go; both words are facts with the name that was given."""
    ref = own.ref
    assert "letters wait until" in done(own.folder, "hold", ref, "--by", "Ann Shaw", "--reason", "wrong team")
    assert "nothing changed, its letters wait already, until" in done(
        own.folder, "hold", ref, "--by", "A", "--reason", "b"
    )
    assert "letters go again" in done(own.folder, "release", ref, "--by", "Ann Shaw", "--reason", "checked")
    assert "it was not held" in done(own.folder, "release", ref, "--by", "Ann Shaw", "--reason", "again")
    kinds = {
        event[0]: event[2] for row in rows(own.folder, "case", ref) if row["what"] == "fact" for event in row["events"]
    }
    assert (kinds["held"], kinds["released"]) == ("Ann Shaw", "Ann Shaw")


def test_a_waiting_mail_is_shown_with_who_it_says_wrote_it(prepared: Desk) -> None:
    """Its sender's address and what it may belong to, so that a person can place it; never its subject."""
    (waiting,) = rows(prepared.folder, "review")
    assert waiting["sender"] == "mo.reid@health.example"
    assert "Professional Safeguarding" not in done(prepared.folder, "review")


def test_a_placed_mail_takes_effect(own: Desk) -> None:
    """A mail of the pen joins its case as a fact, and the pen is empty."""
    ref, entry = own.ref, own.entry
    done(own.folder, "review", "place", entry, ref)
    assert rows(own.folder, "review") == []
    assert any(row.get("fact") == "Arrival" for row in rows(own.folder, "case", ref))
    assert command(own.folder, "review", "place", entry, ref).returncode == 1


def test_an_ignored_mail_leaves_only_its_reason(own: Desk) -> None:
    """Its text is gone from the database."""
    entry = own.entry
    done(own.folder, "review", "ignore", entry, "--reason", "sent twice")
    assert rows(own.folder, "review") == []
    assert rows(own.folder, "status")[0]["mails"]["ignored"] == 1


def test_a_mail_can_be_read_again(own: Desk) -> None:
    """`retry` puts it before the reader once more, which decides as before."""
    done(own.folder, "review", "retry", own.entry)
    assert rows(own.folder, "review") == []
    done(own.folder, "once")
    assert len(rows(own.folder, "review")) == 1


def test_only_what_failed_is_read_again_without_a_number(own: Desk) -> None:
    """`retry` alone is for what a fault of the program set aside; a mail that waits for a person goes on waiting."""
    assert "0 mails will be read again" in done(own.folder, "review", "retry")
    assert len(rows(own.folder, "review")) == 1


def test_a_challenge_in_flight_is_adopted(own: Desk) -> None:
    """From the pen and from a file, at a later stage, counted from the day that is given."""
    text = done(own.folder, "adopt", own.entry, "--day-zero", "2026-01-05", "--stage", "step-2")
    assert "is open at step-2, counted from Monday 5 January 2026, 9am" in text
    shutil.copy(HOUSE / "tests/mails/plain_reply.eml", own.folder / "call.eml")
    done(own.folder, "adopt", "call.eml", "--day-zero", "2026-01-05T10:00", "--area", "CE")
    assert len(rows(own.folder, "cases")) == 3
    assert command(own.folder, "adopt", "call.eml", "--day-zero", "2026-01-05", "--area", "CE").returncode == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--day-zero", "soon"), "is no date"),
        (("--day-zero", "2999-01-01"), "has not come yet"),
        (("--day-zero", "2026-01-05"), "say whose challenge it is"),
        (("--day-zero", "2026-01-05", "--area", "CE", "--stage", "step-4"), "did you mean step-"),
    ],
)
def test_what_adopt_cannot_know_is_asked(own: Desk, words: tuple[str, ...], says: str) -> None:
    """A wrong date, an unknown stage or no area is a usage error, and no case opens."""
    (own.folder / "call.eml").write_bytes(b"From: a@health.example\r\nSubject: a call\r\n\r\nBy telephone.\r\n")
    ran = command(own.folder, "adopt", "call.eml", *words)
    assert ran.returncode == 2
    assert says in ran.stderr
    assert len(rows(own.folder, "cases")) == 1


def test_the_record_is_written(own: Desk) -> None:
    """A PDF, the journal, and with --full the mails; for nobody else's eyes."""
    out = own.folder / "records"
    written = rows(own.folder, "record", own.ref, "--out", out, "--full")
    assert sorted(Path(row["file"]).suffix for row in written) == [".json", ".pdf", ".zip"]
    assert all(Path(row["file"]).stat().st_mode & 0o077 == 0 for row in written)


@pytest.mark.parametrize("name", ["register.xlsx", "register.csv"])
def test_the_register_is_written_once(own: Desk, name: str) -> None:
    """A new file for nobody else's eyes; JSON rows hold the same; one that stands there is never written over."""
    (row,) = rows(own.folder, "register", "--out", own.folder / name)
    assert row["Ref"] == own.ref
    assert (own.folder / name).stat().st_mode & 0o077 == 0
    ran = command(own.folder, "register", "--out", own.folder / name)
    assert (ran.returncode, "is there already" in ran.stderr) == (1, True)


def test_the_report_is_written_and_said(own: Desk) -> None:
    """Page, PDF, workbook and CSV of the quarter; the headline is said; what is no quarter is one sentence."""
    said = done(own.folder, "report", "--quarter", "2026Q4", "--out", own.folder / "reports")
    assert "received in the fourth quarter of 2026" in said
    assert sorted(p.name for p in (own.folder / "reports").iterdir()) == [
        f"report-2026Q4.{end}" for end in ("csv", "html", "pdf", "xlsx")
    ]
    ran = command(own.folder, "report", "--quarter", "autumn")
    assert (ran.returncode, "write it as 2026Q4" in ran.stderr) == (1, True)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--log", "learnign"), "there is no log learnign; did you mean learning?"),
        (("--policy", "sandwel"), "there is no policy sandwel"),
        (("--agency", "Nobody"), "the directory has no agency Nobody"),
        (("--out", "register.pdf"), "name a file that ends in .xlsx or .csv"),
    ],
)
def test_what_register_cannot_know_is_said(prepared: Desk, words: tuple[str, ...], says: str) -> None:
    """One sentence, with the nearest name where there is one."""
    ran = command(prepared.folder, "register", *words)
    assert ran.returncode == 1
    assert says in ran.stderr


def test_a_backup_is_a_new_file(own: Desk) -> None:
    """It is checked, and never written over."""
    done(own.folder, "backup", "copy.db")
    ran = command(own.folder, "backup", "copy.db")
    assert ran.returncode == 1
    assert "never written over" in ran.stderr


def test_a_case_is_corrected_or_it_is_said_why_not(own: Desk) -> None:
    """One value at a time; what cannot be is a sentence with exit code 1, and none or two are usage."""
    who = ("--by", "Ann Shaw", "--reason", "held by telephone")
    ran = command(own.folder, "correct", own.ref, "--stage", "step-9", *who)
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "it has frontline, step-2, step-3" in ran.stderr
    assert command(own.folder, "correct", own.ref, *who).returncode == 2
    assert command(own.folder, "correct", own.ref, "--due", "soon", *who).returncode == 2
    assert "at step-2" in done(own.folder, "correct", own.ref, "--stage", "step-2", *who)
    (case,) = rows(own.folder, "cases")
    assert case["stage"] == "step-2"
    assert "Ann Shaw" in done(own.folder, "case", own.ref)


def test_the_directory_says_who_answers_and_who_instead(prepared: Desk) -> None:
    """One row for each contact of each stage of a watched team; an unknown team is named with those there are."""
    found = rows(prepared.folder, "directory", "--team", "Crewe Assessment Team")
    first = [row for row in found if row["stage"] == "Frontline manager response"]
    assert [row["email"] for row in first] == ["fay.marsh@csc.example"]
    assert "tom.lee@csc.example" in first[0]["instead"]
    assert {row["side"] for row in found} == {"answers", "decides"}
    ran = command(prepared.folder, "directory", "--team", "Nobody's Team")
    assert ran.returncode == 2
    assert "Crewe Assessment Team" in ran.stderr


# --- before anything runs ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped configuration and nothing else."""
    return operator.folder(tmp_path_factory.mktemp("sample"))


def test_the_sample_passes_its_check(sample: Path) -> None:
    """No fault; warnings are said and cost nothing."""
    last = rows(sample, "check")[-1]
    assert (last["ok"], last["faults"]) == (True, 0)


def test_a_faulty_configuration_is_told_whole(tmp_path: Path) -> None:
    """Every fault with its line, unknown keys with the nearest one, a broken template by its name; exit code 2."""
    folder = operator.folder(tmp_path)
    bot = folder / "config/bot.yaml"
    bot.write_text(bot.read_text().replace("operator:", "operater:"))
    ran = command(folder, "check")
    assert ran.returncode == 2
    assert "did you mean operator" in ran.stderr
    assert "bot.yaml:" in ran.stderr
    assert command(folder, "run").returncode == 2
    bot.write_text(bot.read_text().replace("operater:", "operator:").replace("profile: rfc8601", "profile: none"))
    template = folder / "mail_templates/notice-opened.txt.j2"
    assert template.exists()
    template.write_text("{{ nobody.knows }}")
    found = [json.loads(line) for line in command(folder, "check", "--json").stdout.splitlines()]
    assert any(row.get("file", "").endswith(template.name) and not row["is_warning"] for row in found)
    assert any("no sender can be proven" in row["text"] for row in found)


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    """Whatever command is asked, it names the file and the option."""
    for words in (("check",), ("cases",), ("run",), ("once",), ("letters", "--out", "l")):
        ran = command(tmp_path, *words)
        assert ran.returncode == 2, words
        assert "--config names the folder" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_reading_commands_make_no_database(sample: Path) -> None:
    """Before the first start they say so and leave nothing behind."""
    ran = command(sample, "cases")
    assert ran.returncode == 1
    assert "there is no database" in ran.stderr
    assert not (sample / "var/bot.db").exists()


def test_a_typo_is_answered_with_the_nearest(sample: Path) -> None:
    """Of commands and of policies; usage errors end with 2."""
    ran = command(sample, "rehears")
    assert (ran.returncode, "'rehearse'" in ran.stderr) == (2, True)
    ran = command(sample, "policy", "show", "cheshire-eest")
    assert (ran.returncode, "did you mean cheshire-east" in ran.stderr) == (2, True)


def test_every_letter_can_be_looked_at(sample: Path) -> None:
    """As .eml and as .html, none in its short form."""
    written = rows(sample, "letters", "--out", sample / "letters")
    assert all(row["fault"] == "" for row in written)
    assert {row["kind"] for row in written} >= {"acknowledgement", "notice", "escalation", "record", "alert"}
    assert all((sample / "letters" / row["file"]).with_suffix(".html").exists() for row in written)


def test_help_has_examples(sample: Path) -> None:
    """Of the whole, and of each group."""
    assert "challenge-bot review place 12 CE-2027-0007" in done(sample, "review", "--help")
    assert "challenge-bot case CE-2027-0007" in done(sample, "case", "--help")


def test_the_policy_is_shown(sample: Path) -> None:
    """Its stages in order, as data."""
    stages = rows(sample, "policy", "show", "cheshire-east")
    assert [row["stage"] for row in stages] == ["frontline", "step-2", "step-3"]
    assert "Designated Safeguarding Leads" in done(sample, "policy", "show", "cheshire-east")


# --- the state table --------------------------------------------------------------------------------------------------


def test_flow_prints_the_table(sample: Path) -> None:
    """Every kind of fact of the table, as text and as a Mermaid diagram."""
    text = done(sample, "flow")
    assert all(kind in text for kind in table.TABLE)
    assert done(sample, "flow", "--mermaid").startswith("stateDiagram-v2\n    [*] --> awaiting_response")


def test_flow_prints_the_word_table(sample: Path) -> None:
    """Every word with whose it is, whether it needs proof, and what it does in every state."""
    printed = [row for row in rows(sample, "flow") if "word" in row]
    assert {row["word"] for row in printed} == set(Word)
    for word in Word:
        states = [state for row in printed if row["word"] == word for state in row["states"]]
        assert sorted(states) == sorted(State), word
    withdraw, at_the_end = (row for row in printed if row["word"] == "WITHDRAW")
    assert (withdraw["whose"], withdraw["proof"]) == (["raising"], "proven: it relaxes")
    assert withdraw["does"] == "The challenge closes as withdrawn."
    assert at_the_end["states"] == ["closed"]
    assert "REOPEN opens it again" in at_the_end["does"]
    assert "any but a failed one" in next(row["proof"] for row in printed if row["word"] == "URGENT")
    assert all(word in done(sample, "flow") for word in Word)


def test_flow_says_what_the_table_does() -> None:
    """Each kind has its words, and no arrow starts where the table says that nothing follows."""
    assert all(row.says for row in table.TABLE.values())
    for move in transitions.MOVES:
        assert State(move.end)
        if move.start:
            assert move.start in table.TABLE[move.kind].acts_in, move


# --- rehearsing and understanding -------------------------------------------------------------------------------------

STORY = """\
story: One challenge, nobody answers
policy: cheshire-east
starts: 2027-01-13T09:00:00+00:00
until: 2027-01-14T12:00:00+00:00
inbox: {team: Crewe Assessment Team, agency: CSC, address: crewe.assessment@csc.example}
directory:
  - {area: CE, agency: CSC, team: Crewe Assessment Team, role: line_manager, name: Fay, email: fay.marsh@csc.example}
  - {area: CE, agency: CSC, role: designated_safeguarding_lead, name: Dev, email: dsl@csc.example}
  - {area: CE, agency: Health, domains: health.example, role: practitioner, email: helen.visser@health.example}
  - {area: CE, agency: Health, role: designated_safeguarding_lead, name: Ruth, email: dsl@health.example}
  - {area: CE, role: business_unit, name: Unit, email: unit@cescp.example}
mail:
  - id: m1
    at: 2027-01-13T10:05:00+00:00
    from: Helen Visser <helen.visser@health.example>
    to: [fay.marsh@csc.example]
    cc: [crewe.assessment@csc.example]
    subject: "Professional Safeguarding Challenge – 24 hours"
    text: I disagree.
expect:
  - {at: 2027-01-14T10:05:00+00:00, letter: escalation, case: 1, stage: step-2}
"""


def test_a_story_is_rehearsed(sample: Path) -> None:
    """A timeline for people; rows in order of time, then the cases, for programs; stdout holds nothing else."""
    (sample / "story.yaml").write_text(STORY, "utf-8")
    assert "ok: story.yaml" in done(sample, "rehearse", "story.yaml")
    played = rows(sample, "rehearse", "story.yaml")
    times = [row["at"] for row in played if "at" in row]
    assert times == sorted(times)
    assert [row["what"] for row in played][-1] == "case"


def test_letters_in_the_short_form_are_said(sample: Path) -> None:
    """A template that is missing and one that fails, each once on stderr with how many letters; the story holds."""
    (sample / "story.yaml").write_text(STORY, "utf-8")
    kept = {name: sample / "mail_templates" / f"{name}.txt.j2" for name in ("notice-opened", "acknowledgement-opened")}
    texts = {name: path.read_text("utf-8") for name, path in kept.items()}
    kept["notice-opened"].unlink()
    kept["acknowledgement-opened"].write_text("{{ nothing.of.it }}", "utf-8")
    ran = command(sample, "rehearse", "story.yaml")
    for name, path in kept.items():
        path.write_text(texts[name], "utf-8")
    assert ran.returncode == 0
    short = "story.yaml: 1 letter went in the short form: mail_templates/"
    assert sorted(line.partition(": U")[0] for line in ran.stderr.splitlines() if "short form" in line) == [
        f"{short}acknowledgement-opened.txt.j2",
        f"{short}notice-opened.txt.j2: TemplateNotFound: notice-opened.txt.j2",
    ]
    assert "short form" not in command(sample, "rehearse", "story.yaml").stderr


def test_a_story_that_fails_says_where(sample: Path) -> None:
    """Exit code 1 and the expectation that does not hold; a story that cannot be read ends with 2."""
    (sample / "wrong.yaml").write_text(STORY.replace("stage: step-2}", "stage: step-3}"), "utf-8")
    ran = command(sample, "rehearse", "wrong.yaml")
    assert ran.returncode == 1
    assert "expected and not found" in ran.stderr
    (sample / "broken.yaml").write_text("story: [")
    assert command(sample, "rehearse", "broken.yaml").returncode == 2
    assert command(sample, "rehearse", "nowhere.yaml").returncode == 2


def test_a_mail_to_a_letter_that_never_went_is_a_fault_and_the_story_plays_on(sample: Path) -> None:
    """It stays away with whatever answers it, each named once; every row of the rest comes, and the exit code is 1."""
    late = """\
  - {id: m2, at: 2027-01-13T11:00:00+00:00, from: a@csc.example, answers: {letter: outcome}, text: Done}
  - {id: m3, at: 2027-01-13T12:00:00+00:00, from: a@csc.example, answers: m2, text: Done}
expect:"""
    (sample / "story.yaml").write_text(STORY.replace("expect:", late), "utf-8")
    ran = command(sample, "rehearse", "story.yaml", "--json")
    faults = [line for line in ran.stderr.splitlines() if "story.yaml: " in line]
    assert ran.returncode == 1
    assert faults == [
        "story.yaml: mail m2: no letter of kind outcome was sent before it is answered",
        "story.yaml: mail m3: no mail m2 came before it is answered",
    ]
    played = [json.loads(line) for line in ran.stdout.splitlines()]
    assert (played[-1]["what"], played[-1]["stage"]) == ("case", "step-2")


def test_mails_are_understood_without_a_configuration(tmp_path: Path) -> None:
    """One object a file with the keys of the contract; what is no mail is an `error`, and the exit code 1."""
    mail = HOUSE / "tests/mails/plain_reply.eml"
    (row,) = rows(tmp_path, "understand", mail)
    keys = {"file", "kind", "reply", "trigger", "window", "trust", "command", "defects"}
    assert keys <= set(row)
    assert row["kind"] == "human"
    assert row["reply"]
    ran = command(tmp_path, "understand", "--json", tmp_path / "nowhere.eml", mail)
    first, second = map(json.loads, ran.stdout.splitlines())
    assert ran.returncode == 1
    assert "error" in first
    assert second["kind"] == "human"
