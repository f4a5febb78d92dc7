"""The fields of a Word form as controls: named and in order, empty ones empty, and what a person writes is read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bot.mail.forms import forms as reading
from bot.mail.forms.labels import HINT, HINT_OF_A_DAY
from bot.model import FormRead
from bot.records.forms import controls, made
from tests.unit.form_samples import FORMS, POLICIES, SHAPES, answers, docx, entries

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
W14 = "{http://schemas.microsoft.com/office/word/2010/wordml}"
BODY = "word/document.xml"


def body(document: bytes) -> Any:
    with zipfile.ZipFile(io.BytesIO(document)) as archive:
        return etree.fromstring(archive.read(BODY))


def edited(document: bytes, edit: Callable[[Any], object]) -> bytes:
    """The document after somebody changed its body."""
    tree, changed = body(document), io.BytesIO()
    edit(tree)
    with zipfile.ZipFile(io.BytesIO(document)) as old, zipfile.ZipFile(changed, "w") as new:
        for part in old.infolist():
            new.writestr(part, etree.tostring(tree) if part.filename == BODY else old.read(part))
    return changed.getvalue()


def said(control: Any) -> str:
    return "".join(control.find(f"{W}sdtContent").itertext())


def of(control: Any, name: str) -> str:
    return str(control.find(f"{W}sdtPr/{W}{name}").get(f"{W}val"))


def read(document: bytes) -> FormRead:
    (form,), unopened = reading.read("", [("digest", document)], SHAPES)
    assert unopened == ()
    return form


def write_in(tree: Any) -> None:
    """Every control is filled in as Word leaves it: the hint is gone, and so is its mark; each last box is ticked."""
    every = list(tree.iter(f"{W}sdt"))
    for control, following in pairwise([*every, None]):
        shown, box = control.find(f"{W}sdtPr/{W}showingPlcHdr"), control.find(f"{W}sdtPr/{W14}checkbox")
        text = next(control.iter(f"{W}t"))
        field = of(control, "tag").partition(":")[0]
        if box is not None:
            if following is None or of(following, "tag").partition(":")[0] != field:
                text.text = "☒"
            continue
        control.find(f"{W}sdtPr").remove(shown)
        text.text = f"Written for {field}"


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_each_field_is_a_control_with_its_label_for_a_name(name: str, form: str, area: str) -> None:
    """In the order of the form, so that the keyboard goes its way; a choice has a box for each word, a table a control
    for each cell; a day is a date, what may have paragraphs has no kind, and nobody deletes a control by accident."""
    asked = POLICIES[name].form(form)
    found = list(body(docx(name, form, entries(name, form))).iter(f"{W}sdt"))
    tags = [of(control, "tag") for control in found]
    assert list(dict.fromkeys(tag.partition(":")[0] for tag in tags)) == [field.id for field in asked.fields]
    assert len({of(control, "id") for control in found}) == len(found)
    for field in asked.fields:
        own = [control for control in found if of(control, "tag").partition(":")[0] == field.id]
        begins = field.label.rstrip(" :;")[:25]
        assert [one for one in (of(c, "alias") for c in own) if not one.startswith(begins)] == []
        assert max(len(of(control, "alias")) for control in own) <= controls.MAX_TITLE
        assert {of(control, "lock") for control in own} == {"sdtLocked"}
        kinds = {control.find(f"{W}sdtPr")[-1].tag for control in own}
        text = f"{W}showingPlcHdr" if field.shape == "box" else f"{W}text"
        assert kinds == {{"choice": f"{W14}checkbox", "date": f"{W}date"}.get(field.kind, text)}
        inner = [word.rstrip(" :;") for word in field.choices or field.columns]
        titles = {of(control, "alias") for control in own}
        assert len(titles) == max(1, len(inner))
        assert {word for word in inner if not any(title.endswith(word) for title in titles)} == set()
    days = [one.get(f"{W}val") for control in found for one in control.iter(f"{W}lid")]
    assert set(days) == {"en-GB"}


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_an_empty_control_says_what_to_do_and_says_nothing(name: str, form: str, area: str) -> None:
    """It shows a hint that goes when somebody writes, and a form that comes back so is blank."""
    blank = docx(name, form, entries(name, form))
    shown = [c for c in body(blank).iter(f"{W}sdt") if c.find(f"{W}sdtPr/{W14}checkbox") is None]
    assert {said(control) for control in shown} == {HINT, HINT_OF_A_DAY}
    assert [of(c, "tag") for c in shown if c.find(f"{W}sdtPr/{W}showingPlcHdr") is None] == []
    assert read(blank).fields == ()


@pytest.mark.parametrize(("name", "form", "area"), FORMS)
def test_what_a_person_writes_into_the_controls_is_read(name: str, form: str, area: str) -> None:
    """Every field, the ticked box and no other one."""
    back = read(edited(docx(name, form, entries(name, form)), write_in))
    wanted = {
        field.id: field.choices[-1] if field.kind == "choice" else f"Written for {field.id}"
        for field in POLICIES[name].form(form).fields
    }
    assert {one.field: one.value.partition("\n")[0] for one in back.fields} == wanted


def test_a_hint_that_became_words_is_no_answer() -> None:
    """Another program may keep the words of an empty control and lose that they are a hint, or break their line."""

    def unwrap(tree: Any) -> None:
        for shown in list(tree.iter(f"{W}showingPlcHdr")):
            shown.getparent().remove(shown)
        for text in tree.iter(f"{W}t"):
            if text.text == HINT_OF_A_DAY:
                text.text = HINT_OF_A_DAY.rpartition(" ")[0]
                text.addnext(etree.fromstring(f"<w:r xmlns:w='{W[1:-1]}'><w:br/><w:t>date</w:t></w:r>"))

    assert read(edited(docx("sandwell", "appendix-3", entries("sandwell", "appendix-3")), unwrap)).fields == ()


def test_what_we_filled_in_stands_in_its_control_and_is_known_again() -> None:
    """A value is no hint, its source stands beside the control, and a ticked box is ticked."""
    known = answers("sandwell", "appendix-3")
    tree = body(docx("sandwell", "appendix-3", known))
    by_tag = {of(control, "tag"): control for control in tree.iter(f"{W}sdt")}
    assert said(by_tag["child_name"]) == known["child_name"].value
    assert by_tag["child_name"].find(f"{W}sdtPr/{W}showingPlcHdr") is None
    ticks = {n: by_tag[f"level_current:{n}"].find(f".//{W14}checked").get(f"{W14}val") for n in range(6)}
    assert [n for n, ticked in ticks.items() if ticked == "1"] == [5]


def test_a_place_in_pieces_or_in_the_partnerships_own_control_stays_as_it_is() -> None:
    """The form is filled in all the same."""
    template = Path("config/forms/escalation-notice.docx").read_bytes()

    def split(tree: Any) -> None:
        text = next(one for one in tree.iter(f"{W}t") if one.text == "{{ signed }}")
        text.text = "{{ sig"
        text.getparent().addnext(etree.fromstring(etree.tostring(text.getparent())))
        text.getparent().getnext().find(f"{W}t").text = "ned }}"

    def own(tree: Any) -> None:
        run = next(one for one in tree.iter(f"{W}t") if one.text == "{{ role }}").getparent()
        control = etree.SubElement(run.getparent(), f"{W}sdt")
        etree.SubElement(etree.SubElement(control, f"{W}sdtPr"), f"{W}tag").set(f"{W}val", "theirs")
        run.addprevious(control)
        etree.SubElement(control, f"{W}sdtContent").append(run)

    form = POLICIES["salford"].form("escalation-notice")
    filled = made.as_docx(form, answers("salford", form.id), "SA-2027-0001", edited(edited(template, split), own))
    tags = [of(control, "tag") for control in body(filled).iter(f"{W}sdt")]
    assert "signed" not in tags and "role" not in tags and "theirs" in tags
    assert {"signed", "role"} <= {one.field for one in read(filled).fields}
