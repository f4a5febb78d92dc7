"""winmail.dat from a stranger: whatever its lengths and counts say, it costs one pass and no more."""

from __future__ import annotations

import base64
import os
import struct
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.engine.reading.reader.sandbox import Sandbox
from bot.mail.bytes.tnef import MAX_PROPERTIES, unpack
from bot.mail.read import Reading
from tests.integration.office import Office, raw_mail
from tests.some import some
from tests.unit.case_samples import START
from tests.unit.test_contents import BODY, CODEPAGE, FORM, tnef

NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
#: 318 octets of mail whose one object claims four thousand million properties.
LOOP = b"""From: Anyone <anyone@elsewhere.example>
To: crewe.assessment@csc.example
Subject: minutes
Message-ID: <tnef-loop-%d@elsewhere.example>
Date: Sat, 16 Jan 2027 09:00:00 +0000
MIME-Version: 1.0
Content-Type: application/ms-tnef; name=winmail.dat
Content-Transfer-Encoding: base64

eJ8+IgEAAQOQBgAMAAAA/////wAAAAAAAAAAAAA=
"""
HONEST = b"From: Fay Marsh <fay.marsh@csc.example>\nMessage-ID: <m@csc.example>\n\nWe have met and agreed.\n"


def properties(*given: tuple[int, int, bytes], count: int | None = None) -> bytes:
    """A list of (type, name, value); texts and binaries with their lengths and padding."""
    out = struct.pack("<I", len(given) if count is None else count)
    for kind, name, value in given:
        out += struct.pack("<HH", kind, name)
        if name >= 0x8000:
            out += bytes(16) + struct.pack("<II", 1, 6) + "Mi\0".encode("utf-16-le") + b"\0\0"
        if kind in (0x0D, 0x1E, 0x1F, 0x102):
            out += struct.pack("<II", 1, len(value))
        out += value + bytes(-len(value) % 4)
    return out


WORDS = properties(
    (0x0003, 0x3FDE, struct.pack("<I", 65001)),
    (0x001F, 0x8123, "x\0".encode("utf-16-le")),
    (0x000B, 0x0E1F, b"\1\0"),
    (0x0102, 0x1013, "<p>Cytuno – yes</p>".encode()),
)
NAMES = properties((0x1E, 0x3704, b"FORM~1.DOC\0"), (0x1F, 0x3707, "Fförm.docx\0".encode("utf-16-le")))
WHOLE = tnef(CODEPAGE, BODY, (1, 0x9003, 6, WORDS), *FORM, (2, 0x9005, 6, NAMES))


def test_words_and_names_come_from_the_properties_too() -> None:
    """A file has its long name; HTML speaks in its own code page where there is no plain text."""
    found = unpack(tnef(CODEPAGE, (1, 0x9003, 6, WORDS), *FORM, (2, 0x9005, 6, NAMES)))
    assert found is not None
    assert found.text.strip() == "Cytuno – yes"
    assert [name for name, _ in found.files] == ["Fförm.docx"]


def test_an_embedded_object_is_a_file() -> None:
    """What Outlook embeds stands in a property, behind sixteen octets that say what it is."""
    held = properties((0x0D, 0x3701, bytes(16) + b"%PDF-1.7"), (0x1E, 0x3704, b"a.pdf\0"))
    found = unpack(tnef(CODEPAGE, FORM[0], (2, 0x9005, 6, held)))
    assert found is not None
    assert found.files == (("a.pdf", b"%PDF-1.7"),)


@given(data=st.binary(max_size=400), at=st.integers(0, len(WHOLE)), cut=st.integers(0, len(WHOLE)))
@settings(max_examples=some(400), deadline=None)
def test_a_hostile_winmail_is_read_or_left(data: bytes, at: int, cut: int) -> None:
    """Cut anywhere, overwritten anywhere: words and files out of what was there, or nothing."""
    for broken in (WHOLE[:cut], WHOLE[:at] + data + WHOLE[at + len(data) :], WHOLE[:6] + data):
        found = unpack(broken)
        if found is not None:
            assert sum(len(content) for _, content in found.files) <= len(broken)


@given(numbers=st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=3), at=st.integers(6, len(WHOLE) - 4))
@settings(max_examples=some(400), deadline=None)
def test_a_number_of_the_file_costs_nothing(numbers: list[int], at: int) -> None:
    """Any four octets as any count or length: a few milliseconds."""
    began = time.process_time()
    for number in numbers:
        unpack(WHOLE[:at] + number.to_bytes(4, "little") + WHOLE[at + 4 :])
    assert time.process_time() - began < 0.5


def test_counts_are_held_to_the_budget() -> None:
    """Many lists of many values share one budget; at its end the file is left closed."""
    one = properties((0x1003, 0x4000, struct.pack("<I", 1000) + bytes(4000)))
    few, many = ([(1, 0x9003, 6, one)] * n for n in (5, 2 + MAX_PROPERTIES // 1000))
    assert unpack(tnef(CODEPAGE, BODY, *few)) is not None
    assert unpack(tnef(CODEPAGE, BODY, *many)) is None


def used(sandbox: Sandbox) -> float:
    """Processor seconds of the reading process so far: the machine may be busy with something else."""
    fields = Path(f"/proc/{sandbox.pids[0]}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_a_hundred_of_them_delay_an_honest_mail_by_less_than_a_second() -> None:
    """They are read like any other mail, in one process that does not die of one."""
    sandbox = Sandbox(Reading())
    try:
        sandbox.read(HONEST, NOW)
        pid, before = sandbox.pids[0], used(sandbox)
        answers = sandbox.read_many([*((LOOP % n, NOW) for n in range(100)), (HONEST, NOW)])
        assert sandbox.pids[0] == pid
        assert used(sandbox) - before < 1
    finally:
        sandbox.close()
    assert not [answer for answer in answers if isinstance(answer, Exception)]


def spent(office: Office) -> float:
    """The same, with what the bot itself has used."""
    assert isinstance(office.app.reader, Sandbox)
    return time.process_time() + used(office.app.reader)


def test_a_hundred_of_them_delay_an_honest_challenge_by_less_than_a_second(tmp_path: Path) -> None:
    """From the inbox to its case and letters: what it takes behind them, less what it takes alone. None is set aside,
    none costs its reader its life, and they leave nothing behind."""
    office, took = Office(tmp_path, sandbox=True), []
    office.app.reader.read(HONEST, NOW)
    for n, before in enumerate((0, 0, 100)):  # the first challenge of a life is dearer than those that follow
        at = START + timedelta(minutes=n)
        for loop in range(before):
            office.put(LOOP % loop, at)
        office.put(
            raw_mail(number=f"c{n}", text=f"Nobody saw the baby, and this is why {n}.\n"), at + timedelta(seconds=1)
        )
        began = spent(office)
        office.once(at + timedelta(seconds=2))
        took.append(spent(office) - began)
    office.close()
    office = Office(tmp_path)
    assert (len(office.cases()), len(office.listed("ignored")), office.listed("set_aside")) == (3, 100, [])
    office.close()
    assert took[2] - took[1] < 1


def test_the_mail_is_the_one_that_looped() -> None:
    """Its one object holds a count and nothing that is counted."""
    content = base64.b64decode(LOOP.rpartition(b"\n\n")[2])
    assert content[6:] == b"\1\3\x90\6\0\x0c\0\0\0\xff\xff\xff\xff" + bytes(10)
