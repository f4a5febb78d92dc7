"""A form as a document: labels to the letter, what a case knows with its source, nothing that nobody said."""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from bot.mail.forms import documents as words
from bot.model import Case, Contact, FieldRead, FormRead, MailForms, StageRun, State
from bot.model.errors import ConfigError
from bot.records import forms
from bot.records.fill import Entry, Known, fill
from bot.rules.workdays import Calendar
from bot.settings.settings import load
from tests.unit.config_samples import ENV, TODAY, edit, small
from tests.unit.form_samples import FORMS, NOW, POLICIES, answers, docx, entries, pdf

JOAN = Contact("head@elm.example", "Joan Pike", "line_manager", "Elm Primary")
OWEN = Contact("owen.hart@csc.example", "Owen Hart", "designated_safeguarding_lead", "CSC")
DSP = Contact("dsp@scp.example", "The Partners", "delegated_safeguarding_partner")
OPENED = datetime(2027, 4, 12, 9, tzinfo=UTC)
ENDED = datetime(2027, 4, 23, 23, 30, tzinfo=UTC)
CASE = Case(
    number=1,
    ref="CW-2027-0001",
    policy="pan-cheshire",
    policy_version="1",
    area="CW",
    state=State.AWAITING_RESPONSE,
    stage="step-3",
    opened=OPENED,
    raiser=JOAN,
    runs=(StageRun("step-1", OPENED, None), StageRun("step-2", OPENED, None, ended=ENDED)),
    people=(("step-1", "raising", JOAN), ("step-2", "raising", OWEN), ("step-3", "copy", DSP)),
)
CALENDAR = Calendar({})
FORM = POLICIES["pan-cheshire"].form("appendix-a")


def known(*mails: MailForms, case: Case = CASE) -> Known:
    return Known(case, POLICIES["pan-cheshire"], mails, CALENDAR, NOW)


def came_back(*fields: FieldRead, whole: bool = True, children: int = 1, at: datetime = NOW) -> MailForms:
    form = FormRead("appendix-a", ("pan-cheshire",), "digest" if whole else "", fields, (), whole, children)
    return MailForms("mail", at, (form,))


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_every_label_stands_to_the_letter(name: str, form: str, area: str) -> None:
    """Both documents print each label, each choice, each heading and the printed address, in the document's words."""
    made = answers(name, form)
    asked = POLICIES[name].form(form)
    texts = [
        " ".join(cell.text for cell in words.cells(docx(name, form, made))),
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf(name, form, made, area))).pages),
    ]
    wanted = [
        asked.title,
        asked.note,
        asked.office,
        asked.submit,
        *(p.address for p in asked.printed if p.area == area),
    ]
    for field in asked.fields:
        wanted += [field.label, *field.choices, *field.columns]
    for text in texts:
        said = "".join(text.split())
        assert [one for one in wanted if "".join(one.split()) not in said] == []


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_the_same_values_give_the_same_bytes(name: str, form: str, area: str) -> None:
    """A form made again is the form that was sent."""
    made = answers(name, form)
    assert docx(name, form, made) == docx(name, form, made)
    assert pdf(name, form, made, area) == pdf(name, form, made, area)


def test_what_the_case_knows_is_filled_in_with_its_source() -> None:
    """Managers of both steps, the day Step 2 ended and the partners come from the case; the rest stays blank."""
    made = fill(FORM, known(), with_child=True)
    assert made["manager_step_1"].value == "Joan Pike, line manager, Elm Primary"
    assert made["manager_step_2"].value == "Owen Hart, designated safeguarding lead, CSC"
    assert made["step_2_concluded"] == Entry(
        "24 April 2027", "case CW-2027-0001, end of Step 2: Designated Safeguarding Leads"
    )
    assert made["board_members"].value == "The Partners, delegated safeguarding partner"
    blank = ("child_name", "date_of_birth", "address", "brief_details", "methodology")
    assert {name for name, entry in made.items() if entry == Entry()} == set(blank)


def test_nothing_is_invented_for_a_step_that_was_not_seen() -> None:
    """A step held before the bot has no manager and no date in the form."""
    made = fill(FORM, known(case=replace(CASE, runs=(), people=())), with_child=True)
    assert set(made.values()) == {Entry()}


def test_a_form_that_came_back_speaks_first() -> None:
    """Its latest words stand in the next print with mail and place; what we had filled in ourselves is asked anew."""
    early = came_back(FieldRead("methodology", "One meeting", "line 9"), at=NOW - timedelta(days=3))
    late = came_back(
        FieldRead("methodology", "Two meetings", "page 1"),
        FieldRead("step_2_concluded", "1 May", "page 1", is_ours=True),
    )
    made = fill(FORM, known(early, late), with_child=True)
    assert made["methodology"].value == "Two meetings"
    assert made["methodology"].source.endswith("page 1")
    assert made["step_2_concluded"].value == "24 April 2027"


@pytest.mark.parametrize(
    ("back", "with_child", "found"),
    [
        (came_back(FieldRead("child_name", "Alex Example", "page 1")), True, "Alex Example"),
        (came_back(FieldRead("child_name", "Alex Example", "page 1")), False, ""),
        (came_back(FieldRead("child_name", "Alex Example", "line 1"), whole=False), True, ""),
        (came_back(FieldRead("child_name", "Alex and Sam", "page 1"), children=2), True, ""),
    ],
    ids=["secure", "not-secure", "only-a-line", "two-children"],
)
def test_a_childs_name_needs_a_form_and_a_secure_reader(back: MailForms, with_child: bool, found: str) -> None:
    """It is taken from a form that came back about one child, and only where every reader is secure."""
    assert fill(FORM, known(back), with_child=with_child)["child_name"].value == found


def test_a_value_is_never_source() -> None:
    """What a stranger wrote into a field is text: no template's place, no markup, no code of the layout."""
    evil = '{{ 7 * 7 }} <w:t>x</w:t> #panic() $ ] "\\'
    made = entries("salford", "escalation-notice", concern=evil)
    text = " ".join(cell.text for cell in words.cells(docx("salford", "escalation-notice", made)))
    assert evil in text
    page = PdfReader(io.BytesIO(pdf("salford", "escalation-notice", made))).pages[0].extract_text()
    assert "".join(evil.split()) in "".join(page.split())


def test_long_words_and_any_script() -> None:
    """A page and more of words in several scripts is laid out over as many pages as it needs."""
    made = entries("salford", "escalation-notice", concern="Влад 李小龙 محمد\n" * 120)
    assert len(PdfReader(io.BytesIO(pdf("salford", "escalation-notice", made))).pages) > 1
    assert docx("salford", "escalation-notice", made)


def edited(old: str, new: str) -> bytes:
    """The shipped notice with something else in its words."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile("config/forms/escalation-notice.docx") as shipped,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as other,
    ):
        for part in shipped.infolist():
            content = shipped.read(part)
            if part.filename == "word/document.xml":
                assert old in content.decode()
                content = content.decode().replace(old, new).encode()
            other.writestr(part, content)
    return made.getvalue()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("{{ dated }}", "", "has no place for dated: write {{ dated }}"),
        ("Dated:", "Day:", "does not print the label of dated"),
        ("{{ dated }}", "{{ dated }} {{ datd }}", "cannot be filled in (UndefinedError"),
        ("{{ dated }}", "{{ dated ", "cannot be filled in (TemplateSyntaxError"),
        ("{{ dated }}", "{{ dated.__class__.__mro__ }}", "cannot be filled in (SecurityError"),
    ],
)
def test_a_template_that_does_not_fit_is_named(old: str, new: str, said: str) -> None:
    """What a partnership's own template lacks, or what it cannot be filled with, is a sentence."""
    form = POLICIES["salford"].form("escalation-notice")
    assert list(forms.faults(form, Path("config/forms/escalation-notice.docx").read_bytes())) == []
    assert any(said in fault for fault in forms.faults(form, edited(old, new)))


def test_a_template_that_is_missing_is_a_fault_with_its_line(tmp_path: Path) -> None:
    """`check` names the policy's line, the form and the file that is not there, not readable, or no file's name."""
    root = small(tmp_path / "config")
    assert load(root, ENV, TODAY).forms["appendix-a.docx"]
    text = edit(root, "policies/cheshire-east.yaml", "template: appendix-a.docx", "template: appendix-b.docx")
    with pytest.raises(ConfigError) as caught:
        load(root, ENV, TODAY)
    problem = caught.value.problems[0]
    assert "appendix-b.docx is missing" in problem.text
    assert "appendix-b" in text.splitlines()[problem.line - 1]
    (root / "forms" / "appendix-b.docx").write_bytes(b"no document")
    with pytest.raises(ConfigError, match="cannot be read as a Word document"):
        load(root, ENV, TODAY)
    edit(root, "policies/cheshire-east.yaml", "appendix-b.docx", "../appendix-b.docx")
    with pytest.raises(ConfigError, match="bare name"):
        load(root, ENV, TODAY)


@pytest.mark.parametrize("path", sorted(Path("config/forms").glob("*.docx")), ids=lambda path: path.stem)
def test_a_shipped_template_says_its_language_and_what_heads_what(path: Path) -> None:
    """British English throughout, one heading of the first level or a title, and rows of headings marked in each table
    of several rows."""
    with zipfile.ZipFile(path) as shipped:
        styles, body, core = (
            shipped.read(part).decode() for part in ("word/styles.xml", "word/document.xml", "docProps/core.xml")
        )
    assert set(re.findall(r'<w:lang [^>]*w:val="([^"]+)"', styles + body)) == {"en-GB"}
    assert "<dc:language>en-GB</dc:language>" in core and "<dc:title>" in core
    assert len(re.findall(r'<w:pStyle w:val="(?:Heading1|Title)"/>', body)) >= 1
    several = [table for table in body.split("<w:tbl>")[1:] if table.count("<w:tr>") + table.count("<w:tr ") > 2]
    assert [table[:80] for table in several if "<w:tblHeader" not in table] == []


def test_a_form_declares_pdf_ua_and_its_tags_say_what_is_what() -> None:
    """One heading; header cells in its table of several columns."""
    form = POLICIES["sandwell"].forms[0]
    page = forms.as_pdf(form, {field.id: Entry() for field in form.fields}, "SW-2027-0007", "SW", NOW)
    root: Any = PdfReader(io.BytesIO(page)).trailer["/Root"]
    assert b"pdfuaid:part" in root["/Metadata"].get_data()
    tags = names(root["/StructTreeRoot"])
    assert tags.count("/H1") == 1 and "/TH" in tags


def names(node: Any) -> list[str]:
    """The kinds of a PDF's tags, in the order of reading."""
    below = node.get("/K", [])
    inside = [one.get_object() for one in (below if isinstance(below, list) else [below])]
    own = [str(node["/S"])] if "/S" in node else []
    return own + [name for one in inside if isinstance(one, dict) for name in names(one)]
