"""Forms in mails: recognised by their labels, read with their places; whatever is wrong with a file costs nothing."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.reading.reader.sandbox import Sandbox, SandboxDied
from bot.mail.forms import forms
from bot.mail.forms.choices import ticked
from bot.mail.forms.documents import Unopened
from bot.mail.forms.documents import cells as words_of
from bot.mail.read import Reading, read
from bot.mail.subject import Phrase
from bot.mail.understood import described
from bot.model import FormRead
from bot.records.fill import Entry
from tests.unit.form_samples import (
    FORMS,
    NOW,
    SHAPES,
    answers,
    bomb,
    docx,
    entries,
    filled_pdf,
    locked,
    pdf,
    with_file,
    with_macros,
)

READING = Reading((Phrase("Professional Challenge"),), shapes=SHAPES)
LEVELS = (
    "Universal Services",
    "Early Help",
    "Child in Need (S17)",
    "Child Protection (S47)",
    "Child in Care Legal status:",
)
PASTED = """\
Dear both,

Name of Child/Young Person: Alex Example
Date of Birth: 1 February 2015
Address: 1 High Street
Name of Manager who escalated concern at Step 1, Role and Agency: Joan Pike, head, Elm Primary
> Date that Step 2 was concluded: 23 April 2027
- Brief details about the inter-agency disagreement:
We do not agree with the closure.

Nobody has seen the home.

What was the methodology used to resolve the disagreement?
Two meetings.

Kind regards
"""


def one(content: bytes) -> FormRead:
    found, unopened = forms.read("", [("digest", content)], SHAPES)
    assert unopened == ()
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_what_is_written_into_a_form_is_read_again(name: str, form: str, area: str) -> None:
    """Each field of each shipped form comes back from DOCX and from PDF as it was written, with its place."""
    made = answers(name, form)
    for content in (docx(name, form, made), pdf(name, form, made, area)):
        found = one(content)
        assert (found.form, name in found.policies, found.blank, found.children) == (form, True, (), 1)
        for field, entry in made.items():
            got = found.get(field)
            assert got is not None, field
            assert got.value.split() == entry.value.split()
            assert got.where.startswith(("table", "paragraph", "page"))
            assert not got.is_ours


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_a_blank_form_is_nobodys_word(name: str, form: str, area: str) -> None:
    """A form on its way round, blank or as we filled it in, is no completed form."""
    blank = entries(name, form)
    ours = {field: Entry(e.value, "case CE-2027-0001, the directory") for field, e in answers(name, form).items()}
    for made in (blank, ours):
        for content in (docx(name, form, made), pdf(name, form, made, area)):
            assert not one(content).is_completed


def test_a_form_in_the_words_of_a_mail() -> None:
    """Pasted with its labels it is the same form, read line by line; a box may have paragraphs, a line ends."""
    found, _ = forms.read(PASTED, (), SHAPES)
    values = {f.field: (f.value, f.where) for f in found[0].fields}
    assert values["child_name"] == ("Alex Example", "line 3")
    assert values["step_2_concluded"] == ("23 April 2027", "line 7")
    assert values["brief_details"] == ("We do not agree with the closure.\nNobody has seen the home.", "line 9")
    assert values["methodology"][0] == "Two meetings.\nKind regards"
    assert found[0].blank == ("manager_step_2",)
    assert found[0].is_completed


def test_a_labelled_line_is_no_form_and_may_be_used() -> None:
    """One line under a long label is kept with its place; one under a word of everyday is none."""
    found, _ = forms.read("Thank you.\nCurrent level of need: Child Protection (S47)\nDate: Monday", (), SHAPES)
    assert [(f.field, f.value, f.where) for f in found[0].fields] == [
        ("level_current", "Child Protection (S47)", "line 2")
    ]
    assert not found[0].is_completed
    assert forms.read("Date: Monday\nRole: head\nAddress: here", (), SHAPES)[0] == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("☒ Early Help ☐ Child Protection (S47)", ("Early Help",)),
        ("Early Help ☐ Child Protection (S47) ☒", ("Child Protection (S47)",)),
        ("[ ] Universal Services\n[x] Child Protection\n( ) Early Help", ("Child Protection (S47)",)),
        ("☒ Early Help\n☒ Child in\nCare", ("Early Help", "Child in Care Legal status:")),
        ("Universal Services Early Help Child in Need (S17)", ()),
        ("☐ Universal Services ☐ Early Help", ()),
        ("child protection", ("Child Protection (S47)",)),
        ("x Early Help", ("Early Help",)),
        ("something else", ()),
        ("", ()),
    ],
)
def test_boxes(text: str, found: tuple[str, ...]) -> None:
    """A ticked box counts before or after its words, one choice alone counts, a list without a mark says nothing."""
    assert ticked(text, LEVELS) == found


def test_the_fields_of_a_pdf() -> None:
    """Fields of the file named like the labels, and boxes named like the choices, are what somebody entered."""
    texts = {
        "Name of child/young person:": "Alex Example",
        "D.O.B": "1 February 2015",
        "Address": "1 High Street",
        "Role and Agency:": "Head, Elm Primary",
        "escalating": "Joan Pike, head@elm.example",
        "others": "",
        "Form completed by:": "Joan Pike",
        "Date:": "12 April 2027",
        "Methodology used to resolve conflict:": "A meeting",
        "discussed": "8 April 2027",
    }
    boxes = {"Current level of need Early Help": False, "level_current Child Protection (S47)": True}
    found = one(filled_pdf(texts, boxes))
    assert found.form == "appendix-3"
    assert found.get("level_current") is not None
    assert {f.field: f.value for f in found.fields}["level_current"] == "Child Protection (S47)"
    assert {f.field: f.where for f in found.fields}["child_name"] == "field 1"
    assert "others" in found.blank


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ({"child_name": "Alex Example and Sam Example"}, 2),
        ({"child_name": "Alex Example\nSam Example\nKim Example"}, 3),
        ({"child_name": "EXAMPLE, Alex"}, 1),
        ({"child_name": "Anderson Alexandra"}, 1),
        ({"date_of_birth": "1/2/2015 and 3/4/2017"}, 2),
        ({"date_of_birth": "1/2/2015"}, 1),
    ],
)
def test_a_form_about_two_children_says_so(changes: dict[str, str], count: int) -> None:
    """Names and dates of birth tell about how many children a form is."""
    assert one(docx("pan-cheshire", "appendix-a", entries("pan-cheshire", "appendix-a", **changes))).children == count


BLANK = docx("pan-cheshire", "appendix-a", answers("pan-cheshire", "appendix-a"))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (with_macros(BLANK), "macros"),
        (bomb(), "too_large"),
        (locked(pdf("pan-cheshire", "appendix-a", answers("pan-cheshire", "appendix-a"))), "locked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old_format"),
        (b"PK\x03\x04 word/", "broken"),
        (BLANK[:20_000], "broken"),
        (b"%PDF-1.7 nothing", "broken"),
        (b"%PDF-1.7" + b" " * 11_000_000, "too_large"),
    ],
    ids=["macros", "bomb", "locked", "old", "no-zip", "cut", "no-pdf", "large"],
)
def test_a_file_that_is_not_read_says_why(content: bytes, why: str) -> None:
    """Macros, bombs, passwords, old and broken files are left closed, quickly, and the mail is read all the same."""
    begun = time.monotonic()
    assert forms.read("", [("digest", content)], SHAPES) == ((), (why,))
    assert time.monotonic() - begun < 5
    mail = read(with_file(content, "form.docx"), READING, NOW)
    assert (mail.unopened, mail.new_text) == ((why,), "Please find the form attached.")


def test_entities_end_the_reading() -> None:
    """A document type declaration is refused before anything in it grows."""
    text = b'<!DOCTYPE w [<!ENTITY a "aaaaaaaaaa">]><w:t xmlns:w="w">&a;</w:t>'
    import io
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", text)
    with pytest.raises(Unopened):
        words_of(made.getvalue())


def test_a_form_is_known_by_its_content() -> None:
    """A document under any name and type is a form; what a name promises does not count."""
    content = docx("salford", "escalation-notice", answers("salford", "escalation-notice"))
    for name in ("notice.docx", "scan0001.bin", "notice.pdf"):
        mail = read(with_file(content, name), READING, NOW)
        assert [form.form for form in mail.forms] == ["escalation-notice"]
        assert mail.forms[0].source == mail.attachments[0].digest
    assert read(with_file(b"Name of child", "appendix-a.docx"), READING, NOW).forms == ()


def test_understand_shows_a_form() -> None:
    """A completed form counts as a trigger and is printed field by field; without one the key is null."""
    content = docx("salford", "escalation-notice", answers("salford", "escalation-notice"))
    shown = described(read(with_file(content, "a.docx"), READING, NOW))
    assert shown["trigger"] is True
    assert (shown["form"]["id"], shown["form"]["policies"]) == ("escalation-notice", ["salford"])
    assert {"field": "dated", "value": "12 April 2027", "where": "table 4, row 1, cell 2"} in shown["form"]["fields"]
    plain = described(read(with_file(b"x", "a.txt"), READING, NOW))
    assert (plain["form"], plain["trigger"]) == (None, False)


def test_what_ends_the_reader_is_read_closed() -> None:
    """A mail whose attachment ended the reading process is read again without opening it, and says so."""
    sandbox = Sandbox(READING, cpu=5.0)
    try:
        mail = sandbox.read(with_file(bomb(), "a.docx"), NOW, opens_files=False)
        assert (mail.unopened, mail.forms) == (("too_slow",), ())
        assert sandbox.read(with_file(BLANK, "a.docx"), NOW).forms[0].form == "appendix-a"
    except SandboxDied as died:
        pytest.fail(f"the reading process died: {died}")
    finally:
        sandbox.close()


@given(st.data())
def test_no_file_breaks_the_reader(data: st.DataObject) -> None:
    """Whatever becomes of a form's bytes on the way, there is an answer."""
    content = bytearray(data.draw(st.sampled_from([BLANK, FILLED])))
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    found, unopened = forms.read("", [("digest", bytes(content))], SHAPES)
    assert isinstance(found, tuple)
    assert set(unopened) <= {"broken", "locked", "too_large", "macros"}


FILLED = filled_pdf({"Address": "1 High Street"}, {"level_current Early Help": True})


@given(
    st.text(
        alphabet=st.sampled_from("Name of Child/Young Person:\n\t ☒[x]Date ofBirth.Role;Signed1234é中"), max_size=400
    )
)
def test_no_text_breaks_the_reader(text: str) -> None:
    """Whatever a mail says, every value that was read stands in it."""
    for form in forms.read(text, (), SHAPES)[0]:
        for field in form.fields:
            assert all(word in text for word in field.value.replace(";", " ").split())


def test_the_second_reading_leaves_files_closed() -> None:
    """A mail that ended the reader is read the second time without its attachments: they may be what ended it."""
    raw = with_file(docx("salford", "escalation-notice", answers("salford", "escalation-notice")), "a.docx")
    first = read(raw, READING, NOW)
    second = read(raw, READING, NOW, opens_files=False)
    assert first.forms != ()
    assert (second.forms, second.unopened, second.new_text) == ((), ("too_slow",), first.new_text)
