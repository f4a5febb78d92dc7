"""The shipped forms for tests: their shapes, and documents that somebody completed, in every way they come back."""

from __future__ import annotations

import base64
import io
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, FloatObject, NameObject, TextStringObject

from bot.records.fill import Entry
from bot.records.forms import made as forms
from bot.rules.policy.file import load
from bot.rules.policy.policy import Policy
from bot.settings.shapes import shapes_of

NOW = datetime(2027, 4, 23, 11, tzinfo=UTC)


TEXTS = {path.stem: (path.read_text("utf-8"), path.name) for path in sorted(Path("config/policies").glob("*.yaml"))}


def policy(name: str) -> Policy:
    found, _ = load(*TEXTS[name], None, TEXTS)
    assert found is not None
    return found


POLICIES = {name: policy(name) for name in TEXTS}
SHAPES = shapes_of(POLICIES.values())
#: Policy, form, and the area whose address its print shows.
FORMS = (("pan-cheshire", "appendix-a", "CW"), ("sandwell", "appendix-3", "SW"), ("salford", "escalation-notice", "SA"))


def entries(name: str, form: str, **values: str) -> dict[str, Entry]:
    """Every field blank but for these."""
    blank = {field.id: Entry() for field in POLICIES[name].form(form).fields}
    return blank | {field: Entry(value) for field, value in values.items()}


def answers(name: str, form: str) -> dict[str, Entry]:
    """A form in which every field is completed, as a person would."""
    made = {}
    for field in POLICIES[name].form(form).fields:
        words = f"Words for {field.id.replace('_', ' ')}"
        match field.kind:
            case "date":
                made[field.id] = Entry("12 April 2027")
            case "choice":
                made[field.id] = Entry(field.choices[-1])
            case "table":
                made[field.id] = Entry("A visit\nFay Marsh\n1 May 2027")
            case _:
                made[field.id] = Entry(f"{words}\nand <more> & on a second line" if field.shape == "box" else words)
    return made


def docx(name: str, form: str, made: dict[str, Entry]) -> bytes:
    template = Path(f"config/forms/{form}.docx").read_bytes()
    return forms.as_docx(POLICIES[name].form(form), made, "CE-2027-0001", template)


def pdf(name: str, form: str, made: dict[str, Entry], area: str = "CE") -> bytes:
    return forms.as_pdf(POLICIES[name].form(form), made, "CE-2027-0001", area, NOW)


def with_macros(content: bytes) -> bytes:
    """The same document with a macro project in it, still called .docx."""
    made = io.BytesIO(content)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr("word/vbaProject.bin", b"Sub AutoOpen()")
    return made.getvalue()


def bomb(size: int = 200_000_000) -> bytes:
    """A small archive whose words unpack to more than any document holds."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w>" + b" " * size + b"</w>")
    return made.getvalue()


def locked(content: bytes) -> bytes:
    """The PDF under a password."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(content)))
    writer.encrypt("a password", algorithm="RC4-128")
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def filled_pdf(texts: dict[str, str], boxes: dict[str, bool]) -> bytes:
    """A PDF with fields of these names, as a form designer makes them; a page without a word."""
    writer = PdfWriter()
    page = writer.add_blank_page(595, 842)
    rows = []
    for name, value in texts.items():
        rows.append(_field(name, "/Tx", TextStringObject(value)))
    for name, is_ticked in boxes.items():
        rows.append(_field(name, "/Btn", NameObject("/Yes" if is_ticked else "/Off")))
    kept = ArrayObject([writer._add_object(row) for row in rows])
    page[NameObject("/Annots")] = kept
    writer._root_object[NameObject("/AcroForm")] = DictionaryObject({NameObject("/Fields"): kept})
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def _field(name: str, kind: str, value: object) -> DictionaryObject:
    where = ArrayObject([FloatObject(n) for n in (50, 50, 200, 70)])
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Widget"),
            NameObject("/FT"): NameObject(kind),
            NameObject("/T"): TextStringObject(name),
            NameObject("/V"): value,
            NameObject("/Rect"): where,
        }
    )


def with_file(content: bytes, name: str, text: str = "Please find the form attached.") -> bytes:
    """A mail with one file."""
    head = (
        "From: Helen Visser <helen.visser@health.example>\r\nTo: fay.marsh@csc.example\r\nSubject: The form\r\n"
        "Message-ID: <f@health.example>\r\nDate: Mon, 12 Apr 2027 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="q"\r\n\r\n--q\r\nContent-Type: text/plain\r\n\r\n'
    )
    part = (
        f'\r\n--q\r\nContent-Type: application/octet-stream; name="{name}"\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    )
    return head.encode() + text.encode() + part.encode() + base64.encodebytes(content) + b"\r\n--q--\r\n"
