"""What the record promises: a person can read it, an auditor can check it, and a minimal one tells no story.

The PDF is read back as text. Cases, mails and gaps are made here; the store's rows have this shape.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from pypdf import PdfReader

from bot.model import Case, ClosedAs, Contact, EndedAs, Flag, Flagged, LetterKind, StageRun, State, Task, Unit, Window
from bot.records import parts, plain
from bot.records.record import Gap, MailRow, Record, record
from bot.rules.policy.policy import Policy
from bot.rules.workdays import calendar

CALENDAR = calendar()
HELEN = Contact("helen.visser@health.example", "Helen Visser", "practitioner", "North Health")
FAY = Contact("fay.marsh@csc.example", "Fay Marsh", "line_manager", "Childrens Services")
DEV = Contact("dev.patel@csc.example", "Dev Patel", "designated_safeguarding_lead", "Childrens Services")


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


POLICY = Policy.model_validate(
    {
        "id": "sample",
        "title": "Resolving Professional Differences",
        "version": "2026-09",
        "partnership": "Sample Safeguarding Children Partnership",
        "emergency": {
            "XX": {
                "front_door": {"name": "Front Door", "phone": "01632 960999"},
                "out_of_hours": {"name": "Duty Team", "phone": "01632 960998"},
            }
        },
        "intake": {"subjects": ["Professional Safeguarding Challenge"]},
        "stages": [
            {
                "id": "frontline",
                "name": "Frontline challenge",
                "raising_role": ["practitioner"],
                "responding_role": ["line_manager"],
                "respond_within": "24 hours",
                "next": "step-2",
            },
            {
                "id": "step-2",
                "name": "Step 2: Designated Safeguarding Leads",
                "raising_role": ["designated_safeguarding_lead"],
                "responding_role": ["designated_safeguarding_lead"],
                "respond_within": "6 working days",
            },
        ],
    }
)

LAPSED = StageRun(
    "frontline",
    at(15, 16, 45),
    Window(24, Unit.HOURS),
    at(15, 16, 45),
    at(16, 16, 45),
    "24 hours from receipt",
    at(16, 16, 45),
    EndedAs.LAPSED,
)
ANSWERED = StageRun(
    "step-2",
    at(16, 16, 45),
    Window(6, Unit.WORKING_DAYS),
    at(16, 16, 46),
    at(25, 17),
    "6 working days from Saturday",
    at(18, 11, 20),
    EndedAs.RESPONDED,
    responded=at(18, 11, 20),
)
CASE = Case(
    7,
    "XX-2027-0007",
    "sample",
    "2026-09",
    "XX",
    State.CLOSED,
    "step-2",
    at(15, 16, 45),
    HELEN,
    team="Riverside Assessment Team",
    responder_agency="Childrens Services",
    window=Window(24, Unit.HOURS),
    urgent=True,
    runs=(LAPSED, ANSWERED),
    people=(("frontline", "raising", HELEN), ("frontline", "responding", FAY), ("step-2", "responding", DEV)),
    flags=(Flagged(Flag.WINDOW_ASSUMED),),
    closed_as=ClosedAs.RESOLVED,
    closed=at(19, 10, 2),
    outcome="ab" * 32,
    tasks=(Task("commitment", what="by 3pm, Zoltan is with his gran", owner=DEV),),
)


@dataclass(frozen=True)
class Row:
    """A journal row as the store gives it."""

    seq: int
    at: datetime
    events: tuple[tuple[str, str, str, str], ...]
    letters: tuple[str, ...] = ()
    fact: str = "Arrival"
    why: str = "a reply of the responding side"

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.body.encode()).hexdigest()

    @property
    def body(self) -> str:
        return f'{{"seq":{self.seq},"by":"t:0a1b"}}'


JOURNAL = (
    Row(1, at(15, 16, 45), (("opened", "frontline", HELEN.email, ""),), (f"abc/notice/{FAY.email}",)),
    Row(2, at(16, 4, 45), (), (f"chaser/frontline/0/x/chaser/{FAY.email}",)),
    Row(3, at(16, 16, 45), (("lapsed", "frontline", "clock", ""), ("stage_entered", "step-2", "clock", "Step 2"))),
    Row(4, at(18, 9), (("phone", "step-2", DEV.email, "Zoltan was seen at school"),)),
    Row(
        5, at(18, 11, 20), (("responded", "step-2", DEV.email, "Zoltan again"), ("brand_new", "step-2", DEV.email, ""))
    ),
    Row(6, at(19, 10, 2), (("closed", "step-2", HELEN.email, "resolved"),)),
)
RAW = (b"From: a@b.example\r\n\r\nZoltan one\r\n", b"From: c@d.example\r\n\r\nZoltan two\r\n")
MAILS = tuple(
    MailRow(hashlib.sha256(raw).hexdigest(), at(15 + n, 12), who, raw)
    for n, (raw, who) in enumerate(zip(RAW, (HELEN.email, DEV.email), strict=True))
)
GAPS: tuple[Gap, ...] = (
    ("Riverside Assessment Team", at(17, 1), at(17, 6), "connection refused"),
    ("Hillside Assessment Team", at(18, 1), None, "login refused"),
)


def made(case: Case = CASE, *, full: bool = False, gaps: tuple[Gap, ...] = GAPS) -> Record:
    return record(case, JOURNAL, MAILS, gaps, POLICY, CALENDAR, at(19, 10, 3), full=full)


def read(pdf: bytes) -> str:
    """The words of a PDF on one line; a hash may be broken over lines, so it is asked for without spaces."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize(
    "words",
    [
        "Record of a professional challenge",
        "XX-2027-0007",
        "Resolving Professional Differences, version 2026-09",
        "Sample Safeguarding Children Partnership",
        "closed as resolved",
        "Tuesday 19 January 2027, 10:02am",
        "Frontline challenge",
        "no reply in time",
        "Saturday 16 January 2027, 4:45pm",
        "in time",
        "24 hours from receipt",
        "Helen Visser",
        "Fay Marsh",
        "line manager",
        "designated safeguarding lead",
        "The challenge was received from Helen Visser.",
        "Letters: Fay Marsh was asked to reply by the due time (notice).",
        "Letters: Fay Marsh was reminded (chaser).",
        "The time of Frontline challenge ended. No reply had been recorded.",
        "The case entered Step 2: Designated Safeguarding Leads.",
        "Dev Patel replied.",
        "Brand new: Dev Patel.",
        "Telephone calls and meetings",
        "Mail sent directly between people",
        "could not be read",
        "Riverside Assessment Team",
        "connection refused",
        "not yet read again",
        "window assumed",
        "Minimal record: no narrative, no mails",
    ],
)
def test_a_person_reads_the_course_of_the_case(words: str) -> None:
    """Who, what, when, in time or not, and what nobody could see, all in the PDF."""
    assert words in read(made().pdf)


def test_the_pdf_names_every_mail_and_the_head_of_the_journal() -> None:
    """The hashes by which mails and journal are checked stand in full."""
    text = read(made().pdf).replace(" ", "")
    for digest in (*(m.digest for m in MAILS), JOURNAL[-1].hash):
        assert digest in text


def test_the_pdf_has_a_title_and_a_language() -> None:
    """A screen reader announces it, in English; its tags carry the headings."""
    reader = PdfReader(io.BytesIO(made().pdf))
    assert reader.metadata is not None
    assert reader.metadata.title == "Record of a professional challenge, XX-2027-0007"
    root = reader.trailer["/Root"].get_object()
    assert b"pdfuaid:part" in root["/Metadata"].get_data()  # type: ignore[index]
    assert root["/Lang"] == "en-GB"  # type: ignore[index]
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index]


def test_a_name_that_no_font_shows_costs_the_declaration_and_no_record() -> None:
    """PDF/UA allows no blank for a sign: the record is made all the same, and does not say that it meets it."""
    page = made(replace(CASE, raiser=replace(HELEN, name="张伟"))).pdf
    assert b"pdfuaid:part" not in PdfReader(io.BytesIO(page)).trailer["/Root"]["/Metadata"].get_data()  # type: ignore[index]
    assert "XX-2027-0007" in read(page)


@pytest.mark.parametrize(
    ("why", "shown"),
    [
        (
            "Crewe: /srv/mail/crewe/new cannot be read: Permission denied",
            "Crewe: a folder cannot be read: Permission denied",
        ),
        (r"C:\Mail Store\crewe cannot be read", "a folder cannot be read"),
        ("files in var/mail/crewe cannot be read", "files in a folder cannot be read"),
        ("login refused", "login refused"),
    ],
)
def test_a_gap_names_no_path(why: str, shown: str) -> None:
    """Who reads a record learns since when nobody heard, and nothing of how a server is laid out."""
    text = read(made(gaps=(("Hillside Assessment Team", at(18, 1), None, why),)).pdf)
    assert shown in text and "/" not in text.partition("Hillside")[2].partition("How to check")[0]


def test_every_kind_of_letter_says_what_it_asked() -> None:
    """In the words of a record; none is passed over."""
    assert set(plain.ASKED) == set(LetterKind)


def test_a_minimal_record_tells_no_story() -> None:
    """People's notes, commitments and mails stay out of PDF and journal; there is no ZIP."""
    minimal = made()
    assert "Zoltan" not in read(minimal.pdf)
    assert b"Zoltan" not in minimal.journal_json
    assert minimal.zip_parts == ()


def test_a_full_record_holds_every_mail_as_it_came() -> None:
    """The notes too, and the mails byte for byte."""
    whole = made(full=True)
    assert "Zoltan was seen at school" in read(whole.pdf)
    with zipfile.ZipFile(io.BytesIO(whole.zip_parts[0])) as part:
        assert part.testzip() is None
        assert [part.read(f"XX-2027-0007-mail-{n:03}.eml") for n in (1, 2)] == list(RAW)


@pytest.mark.parametrize("full", [False, True])
def test_the_manifest_is_that_of_the_files(full: bool) -> None:
    """Name, hash and size of everything that was made; no name holds more than the ref."""
    whole = made(full=full)
    entries = {e.name: (e.sha256, e.size) for e in whole.manifest}
    files = {"XX-2027-0007-record.pdf": whole.pdf, "XX-2027-0007-journal.json": whole.journal_json}
    files |= {f"XX-2027-0007-mails-{n}.zip": part for n, part in enumerate(whole.zip_parts, 1)}
    files |= {f"XX-2027-0007-mail-{n:03}.eml": raw for n, raw in enumerate(RAW, 1)} if full else {}
    assert entries == {name: (hashlib.sha256(raw).hexdigest(), len(raw)) for name, raw in files.items()}


@pytest.mark.parametrize("full", [False, True])
def test_equal_values_give_equal_documents(full: bool) -> None:
    """A record made twice is the same record, to the byte."""
    assert made(full=full) == made(full=full)


def test_the_journal_can_be_checked_outside() -> None:
    """Each row carries the text its hash was made of."""
    rows = json.loads(made().journal_json)["rows"]
    assert [hashlib.sha256(row["body"].encode()).hexdigest() for row in rows] == [row["hash"] for row in rows]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[0]["at"] == "2027-01-15T16:45:00+00:00"


def test_no_gap_is_said_too() -> None:
    """Silence about gaps would not tell whether anybody looked."""
    assert "No time is recorded in which a mailbox could not be read." in read(made(gaps=()).pdf)


def test_a_case_without_anything_still_has_a_record() -> None:
    """A stranger's mail that ran no stage can be filed."""
    bare = Case(
        1, "XX-2027-0001", "sample", "2026-09", "XX", State.PROVISIONAL, "gone", at(1, 9), Contact("x@y.example")
    )
    text = read(record(bare, (), (), (), POLICY, CALENDAR, at(1, 10), full=True).pdf)
    assert "No stage was entered." in text
    assert "the sender is not confirmed" in text


@pytest.mark.parametrize(
    "name", ['#panic("x")', "*bold* _x_ $y$", '"], [x', "\\u{41}", "<label> @ref", "李雷 محمد", "a\u202eb\0c"]
)
def test_no_name_becomes_layout(name: str) -> None:
    """Names are data: whatever they hold is shown, never run."""
    text = read(
        made(
            replace(CASE, raiser=replace(HELEN, name=name), people=(("frontline", "raising", replace(FAY, name=name)),))
        ).pdf
    )
    assert "Record of a professional challenge" in text
    if name.isascii() and "\0" not in name:
        assert name in text


@pytest.mark.parametrize(
    ("run", "says"),
    [
        (LAPSED, "no reply in time"),
        (ANSWERED, "in time"),
        (replace(ANSWERED, responded=ANSWERED.due), "in time"),
        (replace(ANSWERED, responded=at(26, 9)), "late"),
        (replace(ANSWERED, responded=None, ended_as=EndedAs.RESOLVED), "in time"),
        (replace(ANSWERED, responded=None, ended=None, ended_as=EndedAs.RUNNING), "running"),
        (replace(ANSWERED, responded=None, ended_as=EndedAs.ASKED), "ended before its time"),
        (replace(ANSWERED, responded=None, ended_as=EndedAs.CORRECTED), "ended before its time"),
        (replace(ANSWERED, responded=None, ended_as=EndedAs.NOT_RESOLVED), "ended before its time"),
        (replace(ANSWERED, due=None), "no time ran"),
    ],
)
def test_a_deadline_is_met_or_not(run: StageRun, says: str) -> None:
    """A reply in the due minute is in time; silence is no reply, never a fault."""
    assert plain.in_time(run) == says


# --- parts ------------------------------------------------------------------------------------------------------------


def test_parts_pass_a_mail_server() -> None:
    """Under 10 MB each as base64, every mail once, in order; a mail too large for a part stands alone."""
    sizes = [3_000_000, 3_000_000, 3_000_000, 9_000_000, 10]
    kept = [(str(n), at(1, 9), bytes([n]) * size) for n, size in enumerate(sizes)]
    zips, inside = parts.zipped("XX-2027-0007", kept)
    names = []
    for part in zips:
        with zipfile.ZipFile(io.BytesIO(part)) as opened:
            mails = [i for i in opened.infolist() if i.filename.endswith(".eml")]
            assert len(mails) == 1 or sum(i.file_size for i in mails) * 4 / 3 < 10_000_000
            names += [i.filename for i in mails]
    assert names == [e.name for e in inside]
    assert [e.size for e in inside] == sizes
    assert len(zips) == 4


def test_each_part_has_its_manifest_twice() -> None:
    """CSV for people, JSON for programs, both of the mails of that part."""
    whole = made(full=True)
    with zipfile.ZipFile(io.BytesIO(whole.zip_parts[0])) as part:
        table = list(csv.DictReader(io.StringIO(part.read("manifest.csv").decode())))
        rows = json.loads(part.read("manifest.json"))
    assert [{**row, "size": str(row["size"])} for row in rows] == table
    assert [row["sha256"] for row in rows] == [m.digest for m in MAILS]


@pytest.mark.parametrize("text", ["=1+1", "+44", "-1", "@x", " =1", "\t=1", "|x", "%x"])
def test_no_cell_is_a_formula(text: str) -> None:
    """A spreadsheet shows it and runs nothing."""
    assert parts.cell(text).startswith("'")
    assert parts.cell("plain") == "plain"


def test_the_timeline_is_in_order() -> None:
    """What came first stands first."""
    text = read(made().pdf)
    order = [
        "was received from",
        "was reminded (chaser)",
        "No reply had been",
        "entered Step 2",
        "Dev Patel replied",
        "was closed.",
    ]
    assert all(text.index(one) < text.index(two) for one, two in pairwise(order))


def test_the_layout_names_no_partnership() -> None:
    """Policies are data."""
    source = (Path(__file__).parents[2] / "bot" / "records" / "record.typ").read_text(encoding="utf-8")
    assert not [name for name in ("Cheshire", "Sandwell", "Salford", "Cumberland") if name in source]


def test_a_long_case_flows_over_pages() -> None:
    """Two hundred events: every page numbered, nothing lost."""
    rows = tuple(Row(n, at(1, 9) + timedelta(hours=n), (("attached", "step-2", DEV.email, ""),)) for n in range(1, 201))
    pdf = record(CASE, rows, MAILS, GAPS, POLICY, CALENDAR, at(19, 10), full=False).pdf
    text = read(pdf)
    assert text.count("A mail from Dev Patel was kept with the case.") == 200
    assert f"Page {len(PdfReader(io.BytesIO(pdf)).pages)} of" in text
