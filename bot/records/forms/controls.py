"""Content controls in a form's Word document: a field that Word, a screen reader and a program know by its name.

`put` wraps each place of a template before its values are set in, `name` says afterwards what each control is and what
an empty one shows. A place that Word keeps in several pieces stays as it is, and so does one inside a control of the
partnership's own. It knows no value and no case; what came back is read by mail/forms/.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import re2

from bot.letters.wording import clean
from bot.mail.forms.labels import HINT, HINT_OF_A_DAY
from bot.rules.policy.forms import Form, FormField

#: Word takes no longer title.
MAX_TITLE = 64
TICKED = "☒"
_MARK = "to-name:"  # before a tag of ours until it has its name
_FIRST_ID = 710_000_000
_PLACE = re2.compile(r"\s*\{\{\s*(\w+)\s*\}\}\s*")
_TICK = re2.compile(r"(\s*\{\{\s*tick\(\s*[\"'](\w+)[\"']\s*,\s*[\"']([^\"']+)[\"']\s*\)\s*\}\})(.*)")
_LOOP = re2.compile(r"\{%\s*tr\s+for\s+\w+\s+in\s+(\w+)\s*%\}")
_W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_W14 = "http://schemas.microsoft.com/office/word/2010/wordml"
_GIVEN = f'xmlns:w="{_W}" xmlns:w14="{_W14}"'
_TEXT = '<w:text w:multiLine="1"/>'
_LINES = ""  # without a kind it may hold what it likes: LibreOffice drops the ends of lines in one of plain text
_DAY = (
    '<w:date><w:dateFormat w:val="d MMMM yyyy"/><w:lid w:val="en-GB"/><w:storeMappedDataAs w:val="dateTime"/>'
    '<w:calendar w:val="gregorian"/></w:date>'
)
_BOX = (
    '<w14:checkbox><w14:checked w14:val="{}"/><w14:checkedState w14:val="2612" w14:font="MS Gothic"/>'
    '<w14:uncheckedState w14:val="2610" w14:font="MS Gothic"/></w14:checkbox>'
)


def put(body: Any, form: Form) -> None:
    """A control without a name around every place of a field; in a table's rows around each cell."""
    fields = {field.id: field for field in form.fields}
    for run in list(body.iter(_w("r"))):
        if any(True for _ in run.iterancestors(_w("sdt"))):
            continue
        text = "".join(one.text or "" for one in run.iter(_w("t")))
        place, box = _PLACE.fullmatch(text), _TICK.fullmatch(text)
        if place and place.group(1) in fields:
            _wrap(run, place.group(1))
        elif box and box.group(3) in getattr(fields.get(box.group(2)), "choices", ()):
            _split(run, box.group(1), box.group(4))
            _wrap(run, f"{box.group(2)}:{fields[box.group(2)].choices.index(box.group(3))}")
    for table in body.iter(_w("tbl")):
        loop = _LOOP.search("".join(one.text or "" for one in table.iter(_w("t"))))
        field = fields.get(loop.group(1)) if loop else None
        if field is not None and field.columns:
            _put_in_rows(table, field)


def _put_in_rows(table: Any, field: FormField) -> None:
    """Into the cells of the row that is repeated, and into empty ones."""
    for row in table.iter(_w("tr")):
        cells = row.findall(_w("tc"))
        for n, cell in enumerate(cells if len(cells) == len(field.columns) else ()):
            text = "".join(one.text or "" for one in cell.iter(_w("t"))).strip()
            paragraph = cell.find(_w("p"))
            if text and not (text.startswith("{{") and text.endswith("}}")):
                continue
            run = next(paragraph.iter(_w("r")), None)
            if run is None:
                run = paragraph.makeelement(_w("r"))
                paragraph.append(run)
            _wrap(run, f"{field.id}:{n}")


def name(body: Any, form: Form) -> None:
    """Each control that was put gets its title, its tag and its kind; one in which nothing stands says what to do."""
    fields = {field.id: field for field in form.fields}
    for number, control in enumerate(_ours(body)):
        tag = control.find(f"{_w('sdtPr')}/{_w('tag')}").get(_w("val")).removeprefix(_MARK)
        field, nth = fields[tag.partition(":")[0]], tag.partition(":")[2]
        content = control.find(_w("sdtContent"))
        text = "".join(one.text or "" for one in content.iter(_w("t"))).strip()
        run = content.find(_w("r"))
        look = None if run is None else run.find(_w("rPr"))
        is_empty = not text
        if is_empty:
            content[:] = [_hint(HINT_OF_A_DAY if field.kind == "date" else HINT, look)]
        has_lines = field.shape == "box" or next(content.iter(_w("br")), None) is not None
        kind = _DAY if field.kind == "date" else _LINES if has_lines else _TEXT
        if field.kind == "choice":
            kind = _BOX.format(int(text == TICKED))
        control.replace(control[0], _properties(_title(field, nth), tag, number, kind, look, is_empty=is_empty))


def _ours(body: Any) -> Iterator[Any]:
    for control in list(body.iter(_w("sdt"))):
        tag = control.find(f"{_w('sdtPr')}/{_w('tag')}")
        if tag is not None and tag.get(_w("val"), "").startswith(_MARK):
            yield control


def _title(field: FormField, nth: str) -> str:
    """The printed label, a box's choice or a column behind it; cut where Word would take no more."""
    label = clean(field.label).rstrip(" :;")
    inner = (field.choices or field.columns)[int(nth)].rstrip(" :;") if nth else ""
    room = MAX_TITLE - (len(inner) + 2 if inner else 0)
    short = label if len(label) <= room else f"{label[: max(room - 1, 0)].rpartition(' ')[0]}…"
    return f"{short}: {inner}"[:MAX_TITLE] if inner else short


def _properties(title: str, tag: str, number: int, kind: str, look: Any, *, is_empty: bool) -> Any:
    from docx.oxml import parse_xml

    made = parse_xml(
        f'<w:sdtPr {_GIVEN}><w:alias/><w:tag/><w:id w:val="{_FIRST_ID + number}"/><w:lock w:val="sdtLocked"/>'
        f"{'<w:showingPlcHdr/>' if is_empty else ''}{kind}</w:sdtPr>"
    )
    made.find(_w("alias")).set(_w("val"), title)
    made.find(_w("tag")).set(_w("val"), tag)
    if look is not None:
        made.insert(0, deepcopy(look))
    return made


def _hint(words: str, look: Any) -> Any:
    from docx.oxml import parse_xml

    run = parse_xml(f"<w:r {_GIVEN}><w:rPr/><w:t>{words}</w:t></w:r>")
    shown = run.find(_w("rPr"))
    for one in look if look is not None else ():
        if one.tag != _w("color"):
            shown.append(deepcopy(one))
    colour = parse_xml(f'<w:color {_GIVEN} w:val="595959"/>')
    at = next((n for n, one in enumerate(shown) if one.tag in map(_w, _AFTER_COLOUR)), len(shown))
    shown.insert(at, colour)
    return run


#: What may stand behind a colour in a run's look, which is a sequence.
_AFTER_COLOUR = ("spacing", "w", "kern", "position", "sz", "szCs", "highlight", "u", "effect", "bdr", "shd", "fitText",
                 "vertAlign", "rtl", "cs", "em", "lang", "eastAsianLayout", "specVanish", "oMath")  # fmt: skip


def _wrap(run: Any, tag: str) -> None:
    from docx.oxml import parse_xml

    control = parse_xml(f'<w:sdt {_GIVEN}><w:sdtPr><w:tag w:val="{_MARK}{tag}"/></w:sdtPr><w:sdtContent/></w:sdt>')
    run.addprevious(control)
    control[1].append(run)


def _split(run: Any, first: str, rest: str) -> None:
    """The run holds the first words alone, and one like it behind it the rest."""
    if not rest:
        return
    other = deepcopy(run)
    run.addnext(other)
    for one, words in ((run, first), (other, rest)):
        texts = list(one.iter(_w("t")))
        for spare in texts[1:]:
            one.remove(spare)
        texts[0].text = words
        texts[0].set("{http://www.w3.org/XML/1998/namespace}space", "preserve")


def _w(name: str) -> str:
    return f"{{{_W}}}{name}"
