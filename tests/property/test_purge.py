"""Whatever a case went through, a purge leaves nobody: the whole database file is searched, byte by byte.

Facts reach the case as the program hands them in (turn.py, join.py) with a ledger row and raw bytes for each mail.
PostgreSQL keeps its files to itself; what SQLite's file shows is searched here.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select, text

from bot.doors.ports import RawMail
from bot.engine.contacts.books import Books
from bot.engine.reading import join
from bot.engine.reading.place import keys_of
from bot.engine.turn import Turn
from bot.model import (
    Absence,
    Alarm,
    Bounce,
    Contact,
    Correction,
    CorrectionKind,
    Letter,
    LetterKind,
    LetterUndelivered,
    Mail,
    MailKind,
    Proof,
)
from bot.model.letters import Answer
from bot.settings import settings as configuration
from bot.store import cases, mails, meta, outbox, schema
from bot.store.db import Database
from tests.some import some
from tests.unit.case_samples import (
    CONFIG,
    CREWE,
    DAY,
    DEV,
    FAY,
    HELEN,
    INBOX,
    MO,
    RUTH,
    START,
    STRANGER,
    TOM,
    UNIT,
    mail,
)

IDA, COPIED, AUNT, ELSEWHERE = "ida.moss@csc.example", "parent@home.example", "aunt@home.example", "shared@gone.example"
TEAM = f"CE,CSC,social_care,MASH,line_manager,Ida Moss,{IDA},01632 960199,,,,yes,,\n"
PEOPLE = (HELEN, MO, RUTH, FAY, TOM, DEV, IDA, CREWE, COPIED, AUNT, ELSEWHERE, STRANGER)
NAMES = ("Helen Visser", "Fay Marsh", "Ida Moss", "Dora Quill", "Visser", "Marsh")
WORDS = ("Maisie's plan was closed", "bring Maisie home", "Dora Quill has left for good", "a bank holiday of Maisie's")


@cache
def books() -> Books:
    """The shipped configuration with another team on the challenged side."""
    with TemporaryDirectory() as folder:
        shutil.copytree(CONFIG, Path(folder) / "config")
        directory = Path(folder) / "config/directory.csv"
        directory.write_text(directory.read_text("utf-8") + TEAM, "utf-8")
        return Books(configuration.load(directory.parent, {}), strict=True)


class Life:
    """One case in one database, and a clock that goes on a little with each step."""

    def __init__(self, tx: Connection) -> None:
        self.tx = tx
        self.turn = Turn(books(), meta.secret(tx))
        self.now = START
        self.kept = 0
        self.forgotten: list[str] = []  # ids of people's mails that must stand nowhere
        first = mail(HELEN, WORDS[0], title=DAY, to=(FAY,), cc=(CREWE, COPIED))
        self.number = self.turn.open(tx, first, INBOX, START).case.number
        self.keep(first)

    def keep(self, one: Mail) -> None:
        """The mail's bytes and its row in the ledger."""
        self.kept += 1
        sender = one.sender.email if one.sender else ""
        raw = f"From: {sender}\r\nSubject: {one.subject}\r\n\r\n{one.text}\r\n".encode()
        mails.receive(
            self.tx, "crewe", [RawMail(f"{self.number}/{self.kept}", "INBOX", raw, one.received)], "", self.now, None
        )
        (entry,) = mails.waiting(self.tx, 9, self.now)
        mails.dispose(self.tx, entry.entry, "case", "ours", self.now, case=self.number, guesses=f"{sender}?")
        cases.note_ids(self.tx, self.number, keys_of(one))

    def comes(self, one: Mail, key: str = "") -> None:
        join.attach(self.turn, self.tx, one, self.number, "our letter", key, self.now)
        self.keep(one)

    def later(self) -> datetime:
        self.now += timedelta(minutes=7)
        return self.now

    def key(self, kind: LetterKind, to: str) -> str:
        letters = (q.letter for q in outbox.of_case(self.tx, self.number))
        return next((one.key for one in letters if one.kind is kind and one.to[0].email == to), "")

    def end(self) -> None:
        """Withdrawn, every alarm heard, every letter gone."""
        self.comes(mail(HELEN, "WITHDRAW\nsent in error", at=self.later()))
        while found := cases.load(self.tx, self.number).case.deadlines:
            row = min(found, key=lambda d: d.at)
            self.turn.take(self.tx, self.number, Alarm(row), max(row.at, self.now))
        self.tx.execute(text("UPDATE outbox SET status = 'sent'"))


def delayed(life: Life) -> None:
    fact = LetterUndelivered(f"k/notice/{FAY}", LetterKind.NOTICE, "step-1", FAY, "4.4.7", False, why=f"{FAY} is slow")
    life.turn.take(life.tx, life.number, fact, life.later())


def corrected(life: Life) -> None:
    at = life.later()
    values = {"due": (at + timedelta(hours=30)).isoformat()}
    life.turn.take(life.tx, life.number, Correction(CorrectionKind.CORRECT, HELEN, WORDS[3], values), at)


def another_responder(life: Life) -> None:
    life.turn.take(
        life.tx, life.number, Correction(CorrectionKind.CORRECT, UNIT, WORDS[3], {"responder": DEV}), life.later()
    )


def handed_outside(life: Life) -> None:
    life.comes(mail(FAY, WORDS[1], title=f"FW: {DAY}", to=(AUNT,), at=life.later()))


def bounced(life: Life) -> None:
    back = Bounce(FAY, "5.1.1", True, (), f"no such user {FAY}", "nobody has this address")
    one = mail("", "undelivered", at=life.later(), kind=MailKind.BOUNCE, bounce=back)
    life.comes(one, life.key(LetterKind.NOTICE, FAY))


def bounced_elsewhere(life: Life) -> None:
    back = Bounce(ELSEWHERE, "5.1.1", True, (), f"no such user {ELSEWHERE}", "nobody has this address")
    one = mail("", "undelivered", at=life.later(), kind=MailKind.BOUNCE, bounce=back)
    life.comes(one, life.key(LetterKind.NOTICE, FAY))


def away(life: Life) -> None:
    told = Absence("Monday", named=(("Dora Quill", "dora.quill@csc.example"),), is_gone=True)
    one = mail(FAY, WORDS[2], at=life.later(), kind=MailKind.AUTO_REPLY, absence=told)
    life.comes(one, life.key(LetterKind.NOTICE, FAY))


def transferred(life: Life) -> None:
    life.comes(mail(FAY, WORDS[1], title=f"FW: {DAY}", to=(IDA,), cc=(CREWE,), at=life.later()))
    life.comes(mail(IDA, "ACCEPT", at=life.later()), life.key(LetterKind.QUESTION, IDA))


def a_stranger_forwards(life: Life) -> None:
    one = mail(STRANGER, WORDS[1], title=f"FW: {DAY}", to=(CREWE, AUNT), at=life.later(), proof=Proof.NONE)
    life.comes(one, life.key(LetterKind.NOTICE, FAY))


def not_mine(life: Life) -> None:
    life.comes(mail(STRANGER, "NOT MINE", at=life.later()), life.key(LetterKind.NOTICE, FAY))


def on_hold(life: Life) -> None:
    life.turn.take(life.tx, life.number, Correction(CorrectionKind.HOLD, HELEN, WORDS[3]), life.later())


def told_to_the_unit(life: Life) -> None:
    """A daily letter of no case that names it and its people."""
    ref = cases.load(life.tx, life.number).case.ref
    life.turn.alert(life.tx, f"about/{ref}", "A case", [f"{ref} of Helen Visser <{HELEN}>: {WORDS[0]}"], life.later())


def a_word_about_nothing(life: Life) -> None:
    """Somebody of no side forwards a mail of it with HELP: the answer, of no case, cites what theirs cites."""
    opening = cases.load(life.tx, life.number).case.opening_id
    to, cited = (Contact("ben.larch@partnership.example"),), (opening, "theirs@partnership.example")
    values = Answer.Help()
    life.turn.post(life.tx, Letter(values, "help", to, decided=life.now, subject="x", references=cited), life.now)
    life.forgotten.append(opening)


STEPS: tuple[Callable[[Life], None], ...] = (
    delayed, corrected, another_responder, handed_outside, bounced, bounced_elsewhere, away, transferred,
    a_stranger_forwards, not_mine, on_hold, told_to_the_unit, a_word_about_nothing,
)  # fmt: skip


def needles() -> Iterator[str]:
    """Every address, name and text that was planted, and each address as a hash that anybody can compute."""
    yield from (*PEOPLE, *NAMES, *WORDS)
    for email in PEOPLE:
        yield hashlib.sha256(email.encode()).hexdigest()[:12]


@contextmanager
def a_database() -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{folder}/bot.db")
        database.migrate()
        yield database
        database.close()


def searched(database: Database) -> bytes:
    """The file and what stands beside it."""
    assert database.file is not None
    return b"".join(path.read_bytes() for path in sorted(database.file.parent.glob("bot.db*"))).lower()


@settings(max_examples=some(25), deadline=None)
@given(st.lists(st.sampled_from(STEPS), max_size=6, unique=True))
def test_a_purge_leaves_nobody_in_the_whole_file(steps: list[Callable[[Life], None]]) -> None:
    """Delayed, corrected, copied, bounced, transferred, forwarded by strangers: no byte of the file tells of whom."""
    with a_database() as database:
        with database.begin() as tx:
            life = Life(tx)
            for step in steps:
                step(life)
            life.end()
        before = searched(database)
        assert HELEN.encode() in before
        with database.begin() as tx:
            cases.purge(tx, life.number, START)
        database.scrub()
        after = searched(database)
        assert [one for one in (*needles(), *life.forgotten) if one.lower().encode() in after] == []
        with database.read() as tx:
            assert cases.verify(tx) == []
            assert tx.execute(select(schema.absences)).all() == []
            assert cases.fold(tx, life.number) == cases.load(tx, life.number).case


def test_a_purge_of_everything_at_once_leaves_nobody() -> None:
    """Each of the steps has been taken by one case: none is left to chance."""
    test_a_purge_leaves_nobody_in_the_whole_file.hypothesis.inner_test(list(STEPS))


def test_a_case_that_is_forgotten_and_written_to_again_is_forgotten_again() -> None:
    """A mail that comes after the purge, and a second purge: the chain is whole and the fold is still the case."""
    with a_database() as database, database.begin() as tx:
        life = Life(tx)
        life.end()
        for word in WORDS[:2]:
            tx.execute(text("UPDATE outbox SET status = 'sent'"))
            cases.purge(tx, life.number, START)
            assert cases.verify(tx) == []
            life.comes(mail(FAY, f"{word} again", at=life.later()))
        assert cases.verify(tx) == []
