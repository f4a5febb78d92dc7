"""What is none of our business leaves no trace; a child's name goes into no subject, header, file name or log.

Searched for as bytes in every file that is kept, in the encodings that a mail, a database and a PDF use.
"""

from __future__ import annotations

import base64
import quopri
import random
import zlib
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

import pytest
import structlog

from tests.integration.office import Office, raw_mail
from tests.unit.case_samples import BOT, FAY, HELEN, START

HOUR = timedelta(hours=1)
MARK = "Zebulon-Quux-7731"
CHILD = "Persephone Quackenbush"
BORN = "17/03/2024"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.once(START - HOUR)
    yield made
    made.close()


def faces(word: str) -> list[bytes]:
    """The word as it could lie in a file: plain, as UTF-16, and in the three alignments of base64."""
    plain = word.encode()
    coded = [base64.b64encode(b"\0" * n + plain)[4 if n else 0 : -4] for n in range(3)]
    return [plain, word.encode("utf-16-le"), quopri.encodestring(plain), *coded]


def found_in(office: Office, word: str) -> list[str]:
    return [str(p) for p in office.files() if any(face in p.read_bytes() for face in faces(word))]


def stiff(n: int) -> bytes:
    """A mail with the marker that compression makes no smaller, so that its row holds it as it came."""
    raw = f"Subject: {MARK}\n\n".encode() + random.Random(n).randbytes(400)
    assert len(zlib.compress(raw, 1)) >= len(raw)
    return raw


@pytest.mark.parametrize("face", range(len(faces(MARK))))
def test_the_search_finds_what_lies_there(face: int, office: Office) -> None:
    """A marker in any of its forms would be seen."""
    path = office.folder / "var" / "probe"
    path.write_bytes(b"xx" + faces(MARK)[face] + b"yy")
    assert found_in(office, MARK) == [str(path)]


def test_a_mail_is_there_until_it_is_read(office: Office) -> None:
    """Between receiving and reading the bytes lie in the database, where the search sees them; then they do not."""
    office.put(stiff(1))
    office.app.receive("CE Crewe Assessment Team", START)
    assert found_in(office, MARK)
    office.once(START)
    office.app.db.tidy()
    assert found_in(office, MARK) == []


@pytest.mark.parametrize(("how", "count"), [("together", 1000), ("one by one", 30)])
def test_unrelated_mail_leaves_no_trace(how: str, count: int, office: Office) -> None:
    """A marker in sender, subject, id, text and comments of mails that are not ours is found nowhere afterwards."""
    for n in range(count):
        sender, text = f"{MARK}@elsewhere.example", f"{MARK} and {n}\n"
        raw = raw_mail(sender, text, number=f"{MARK}-{n}", subject=f"About {MARK} {n}", Comments=MARK)
        office.put(raw if n % 2 else stiff(n))
        if how == "one by one":
            office.once(START)
    office.once(START)
    office.app.db.tidy()
    assert len(office.listed("ignored")) == count
    assert found_in(office, MARK) == []


def test_rows_of_unrelated_mail_hold_no_person(office: Office) -> None:
    """The ledger keeps mailbox, number, hash and reason, and no address, subject or id."""
    office.put(raw_mail(f"{MARK}@elsewhere.example", f"{MARK}\n", number=MARK, subject=MARK))
    office.once(START)
    with office.app.db.read() as tx:
        rows = [str(row) for row in tx.exec_driver_sql("SELECT * FROM ledger")]
        kept = tx.exec_driver_sql("SELECT count(*) FROM raw").scalar()
    assert len(rows) == 1
    assert MARK not in rows[0]
    assert kept == 0


SUBJECTS = (
    f"Professional Safeguarding Challenge – 24 hours – {CHILD} {BORN}",
    f"Re {CHILD} DOB {BORN}: Professional Safeguarding Challenge – 24 hours",
    f"OFFICIAL-SENSITIVE: {CHILD} (dob {BORN}) Professional Safeguarding Challenge",
    f"FW: Professional Safeguarding Challenge – 10 working days [{CHILD}, {BORN}]",
)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_child_in_a_subject_goes_no_further(subject: str, office: Office) -> None:
    """Through a whole course (opened, chased, escalated, answered, asked, closed, filed) no letter's subject, header or
    attachment names the child, whatever people write into theirs, and no log line does."""
    with structlog.testing.capture_logs() as log:
        office.put(raw_mail(subject=subject, text=f"{CHILD}, born {BORN}, was not seen.\n"))
        office.once(START)
        office.course(START + timedelta(days=16))
        now = office.clock.now
        answer = f"The visit to {CHILD} was made today and the child was seen.\n"
        dev = "dev.patel@csc.example"
        for n, (who, text, to) in enumerate(((dev, answer, HELEN), (FAY, answer, HELEN), (HELEN, "RESOLVED\n", BOT),
                                             (FAY, f"OUTCOME: {CHILD} visited weekly\n", BOT))):  # fmt: skip
            now += HOUR
            raw = raw_mail(
                who, text, number=f"a{n}", subject=f"RE: {subject}", to=to, answers="m1@health.example", at=now
            )
            office.put(raw, now, BOT if to == BOT else "crewe.assessment@csc.example")
            office.once(now)
    assert office.case().closed is not None
    letters = office.letters()
    assert {"acknowledgement", "notice", "chaser", "escalation", "outcome", "record"} <= {
        q.letter.kind.value for q in letters
    }
    for queued in letters:
        for part in ours(message_from_bytes(queued.raw or b"", policy=default)):
            for name, value in part.items():
                assert not named(f"{name}: {value}"), (queued.letter.kind, name)
    assert log
    assert not named(str(log))
    assert not [p for p in office.files() if named(p.name)]


def ours(message: Message) -> Iterator[Message]:
    """The letter and its parts; not what is inside an original that the policy lets us attach as it came."""
    yield message
    if message.get_content_maintype() == "multipart":
        for part in message.get_payload():
            assert isinstance(part, Message)
            yield from ours(part)


def named(text: str) -> bool:
    """Whether the child can be known from it: either name, or the day of birth."""
    return any(word in text for word in (*CHILD.split(), BORN))


def test_minimal_letters_tell_nothing_of_the_challenge(office: Office) -> None:
    """What the practitioner wrote about the child stands in no body either: letters say where the whole lies."""
    office.put(raw_mail(text=f"{CHILD}, born {BORN}, was not seen.\n", subject="Professional Safeguarding Challenge"
                        " – 10 working days"))  # fmt: skip
    office.once(START)
    office.course(START + timedelta(days=40))
    assert {q.letter.stage for q in office.letters("escalation")} == {"step-2", "step-3"}
    for queued in office.letters():
        message = message_from_bytes(queued.raw or b"", policy=default)
        bodies = [p.get_content() for p in message.walk() if p.get_content_maintype() == "text"]
        assert not any(named(body) for body in bodies), queued.letter.kind
