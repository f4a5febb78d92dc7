"""A form as a document: DOCX from the partnership's own template, and PDF laid out here, both under the printed labels.

Values in (fill.py), bytes out; the same values give the same bytes. No value becomes source of a template or of the
layout. Beside what we fill in ourselves stands its source, so that a reader can check it and mail/forms/forms.py knows
it again. It reads no database and no clock; whether a template fits its form is said here too.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any

import re2
import typst

from bot.letters.wording import clean
from bot.mail.forms import documents as reading
from bot.mail.forms.labels import FOOTER, SOURCE
from bot.records.fill import Entry
from bot.records.pdf import pdf
from bot.rules.policy.forms import Form, FormField

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # a file's time must not make two equal forms differ
_NAMES = re2.compile(r"[A-Za-z_]\w*")
_GAPS = re2.compile(r"\{[{%][^}]{0,400}\}")
_NOTES = re2.compile(r"source\.\w+")
_WORDS = re2.compile(r"[\p{L}\p{M}\p{N}]+")


def as_docx(form: Form, entries: Mapping[str, Entry], ref: str, template: bytes) -> bytes:
    """The partnership's template with the values in it. Raises whatever a template can raise."""
    values: dict[str, Any] = {name: _text(entry.value) for name, entry in entries.items()}
    values["source"] = {name: _note(entry) for name, entry in entries.items()}
    values["ref"] = ref
    values["tick"] = lambda field, choice: "☒" if choice in _chosen(entries.get(field, Entry())) else "☐"
    for field in form.fields:
        if field.kind == "table":
            values[field.id] = _rows(field, entries.get(field.id, Entry()))
    return rendered(template, values)


def rendered(template: bytes, values: Mapping[str, Any]) -> bytes:
    """A Word template with these values in it, undated. Raises whatever a template can raise."""
    from docxtpl.template import DocxTemplate  # a hundred files, where a document is made and nowhere else
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    made = DocxTemplate(io.BytesIO(template))
    made.render(dict(values), ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True))
    raw = io.BytesIO()
    made.save(raw)
    return _undated(raw.getvalue())


def as_pdf(form: Form, entries: Mapping[str, Entry], ref: str, area: str, now: datetime) -> bytes:
    """The form laid out with typst. Scripts that its own fonts lack are set in the machine's, so that a name in any of
    them can be read. Raises typst.TypstError."""
    return pdf(_source(), _inputs(form, entries, ref, area), now, own_fonts=False)


def as_pictures(form: Form, entries: Mapping[str, Entry], ref: str, area: str, ppi: float) -> list[bytes]:
    """The same pages as PNG."""
    made = typst.compile(_source(), sys_inputs=_inputs(form, entries, ref, area), format="png", ppi=ppi)
    return made if isinstance(made, list) else [made]


def _inputs(form: Form, entries: Mapping[str, Entry], ref: str, area: str) -> dict[str, str]:
    """What the layout is given."""
    fields = [_laid_out(field, entries.get(field.id, Entry())) for field in form.fields]
    values = {
        "title": clean(form.title),
        "footer": FOOTER,
        "note": clean(form.note),
        "ref": ref,
        "fields": [one for one, field in zip(fields, form.fields, strict=True) if field.completed_by == "raiser"],
        "office": [one for one, field in zip(fields, form.fields, strict=True) if field.completed_by == "office"],
        "office-title": clean(form.office),
        "submit": clean(form.submit),
        "printed": [[clean(p.name), clean(p.address)] for p in form.printed if p.area in ("", area)],
    }
    return {"form": json.dumps(values, sort_keys=True)}


def _laid_out(field: FormField, entry: Entry) -> dict[str, Any]:
    chosen = _chosen(entry)
    return {
        "label": clean(field.label),
        "shape": field.shape,
        "value": _text(entry.value) if field.kind != "choice" else "",
        "source": _note(entry),
        "choices": [[clean(choice), choice in chosen] for choice in field.choices],
        "columns": [clean(column) for column in field.columns],
        "rows": _rows(field, entry) if field.kind == "table" else [],
    }


def _rows(field: FormField, entry: Entry) -> list[list[str]]:
    """A table's lines; what was read of one is its cells in turn."""
    cells, width = _text(entry.value).split("\n") if entry.value else [], max(1, len(field.columns))
    rows = [cells[n : n + width] for n in range(0, len(cells), width)]
    return [row + [""] * (width - len(row)) for row in rows]


def _chosen(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.value.split("; ")) if entry.value else ()


def _text(value: str) -> str:
    return "\n".join(clean(line) for line in value.split("\n"))


def _note(entry: Entry) -> str:
    """In brackets, under the word that a reader of returned forms looks for."""
    return f"[{SOURCE} {clean(entry.source).replace(']', ')')}]" if entry.source else ""


@cache
def _source() -> bytes:
    return files("bot.records").joinpath("form.typ").read_bytes()


def _undated(raw: bytes) -> bytes:
    """The same archive without the time at which it was packed."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(raw)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            info = zipfile.ZipInfo(part.filename, _EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            new.writestr(info, old.read(part))
    return made.getvalue()


# --- does a template fit its form? ------------------------------------------------------------------------------------


def faults(form: Form, template: bytes) -> Iterator[str]:
    """What the template lacks of its form, and what it holds that the form does not know; each a sentence."""
    try:
        text = "\n".join(cell.text for cell in reading.cells(template))
    except reading.Unopened as why:
        yield f"cannot be read as a Word document ({why}): save it as .docx without macros"
        return
    words = " ".join(_WORDS.findall(_GAPS.sub(" ", text).casefold()))
    named = {name for gap in _GAPS.findall(text) for name in _NAMES.findall(_NOTES.sub(" ", gap))}
    for field in form.fields:
        if field.id not in named:
            gap = f'{{{{ tick("{field.id}", ...) }}}}' if field.kind == "choice" else f"{{{{ {field.id} }}}}"
            yield f"has no place for {field.id}: write {gap} where it belongs"
        if " ".join(_WORDS.findall(field.label.casefold())) not in words:
            yield f"does not print the label of {field.id}: a form that comes back is read by it"
    try:
        as_docx(form, {field.id: Entry() for field in form.fields}, "XX-2027-0001", template)
    except Exception as error:  # a template is the partnership's and may fail in any way
        yield f"cannot be filled in ({type(error).__name__}: {str(error)[:200]}): mend its places"
