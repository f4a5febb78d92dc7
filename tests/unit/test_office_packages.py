"""What `make office` holds a document against: a whole package has no fault, a broken one has its own."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.office import packages
from tests.unit.form_samples import answers, docx

BODY, RELATED = "word/document.xml", "word/_rels/document.xml.rels"


def notice(folder: Path, part: str = "", edit: Callable[[str], str] = str) -> Path:
    """A completed form, in which one part was edited; an empty text takes it out."""
    made, whole = folder / "made.docx", folder / "whole.docx"
    whole.write_bytes(docx("salford", "escalation-notice", answers("salford", "escalation-notice")))
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == part:
                content = edit(content.decode()).encode()
            if content:
                new.writestr(name, content)
    return made


def test_what_we_make_is_whole(tmp_path: Path) -> None:
    """A form of ours has no fault."""
    assert list(packages.faults(notice(tmp_path))) == []


@pytest.mark.parametrize(
    ("part", "edit", "said"),
    [
        (packages.TYPES, lambda _: "", "there is no [Content_Types].xml"),
        (packages.TYPES, lambda text: text.replace('Extension="xml"', 'Extension="xlm"'), "has no type"),
        ("word/styles.xml", lambda _: "", "has a type and is not there"),
        ("word/styles.xml", lambda _: "", "needs word/styles.xml, which is not there"),
        (BODY, lambda text: text.replace("</w:body>", ""), "is no XML"),
        (RELATED, lambda text: text.replace('Target="footer1.xml"', 'Target="footer9.xml"'), "needs word/footer9.xml"),
        (RELATED, lambda text: text.replace('Id="rId', 'Id="other'), "which leads nowhere"),
        (BODY, lambda text: text.replace("</w:p></w:tc>", "</w:p><w:tbl/></w:tc>", 1), "not end with a paragraph"),
        (BODY, lambda text: text.replace('w:val="710000001"', 'w:val="710000000"'), "2 controls have the number"),
        (BODY, lambda text: text.replace('w:val="concern"', f'w:val="{"x" * 65}"'), "name is too long"),
    ],
)
def test_what_is_broken_is_named(tmp_path: Path, part: str, edit: Callable[[str], str], said: str) -> None:
    """One thing at a time, in words."""
    assert [fault for fault in packages.faults(notice(tmp_path, part, edit)) if said in fault] != []
