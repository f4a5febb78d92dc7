"""The forms in a mail: recognised by their printed labels, attached or pasted, their fields read with where they stood.

What a form is stands in `Shape`, made from a policy elsewhere. Nothing is guessed, and the notes we print beside what
we filled in ourselves are known again. A few labelled lines in a mail are no form, but may be used. It does not know
which case or policy a mail belongs to.
"""

from collections.abc import Iterable, Sequence

from bot.mail import re2
from bot.mail.bytes import contents
from bot.mail.forms import documents
from bot.mail.forms.documents import Cell, Filled, Unopened
from bot.mail.forms.labels import MAX_TEXT, Found, Shape, page, searched
from bot.model import FormRead

MAX_FILE = 10_000_000

_DATES = re2.compile(r"\b\d{1,2}[/. -](?:\d{1,2}|[A-Za-z]{3,9})[/. -]\d{2,4}\b")
_PERSONS = re2.compile(r"(?:\n|;|&|/|\band\b|\+)")


def read(
    text: str, files: Iterable[tuple[str, bytes]], shapes: Sequence[Shape]
) -> tuple[tuple[FormRead, ...], tuple[str, ...]]:
    """The forms in a mail's own words and in its files (digest, bytes), and why files were not read, a code each."""
    if not shapes:
        return (), ()
    found: list[FormRead] = []
    unopened: list[str] = []
    for digest, content in files:
        try:
            one = _file(digest, content, shapes)
        except Unopened as why:
            unopened.append(str(why))
            continue
        found += [one] if one is not None else []
    pasted = _pasted(text, shapes)
    return (*found, *([pasted] if pasted is not None else [])), tuple(dict.fromkeys(unopened))


def _file(digest: str, content: bytes, shapes: Sequence[Shape]) -> FormRead | None:
    if contents.is_old_office(content):
        raise Unopened("old_format")
    if len(content) > MAX_FILE:
        raise Unopened("too_large")
    filled: tuple[Filled, ...] = ()
    if contents.is_pdf(content):
        cells, filled = documents.read_pdf(content)
    else:
        cells = documents.cells(content)
    on = page(cells)
    return _best((searched(on, shape, filled, in_mail=False) for shape in shapes), digest)


def _pasted(text: str, shapes: Sequence[Shape]) -> FormRead | None:
    """A form in the mail's own words; else the labelled lines that somebody wrote there."""
    on = page(tuple(Cell(line, f"line {n}") for n, line in enumerate(text[:MAX_TEXT].split("\n"), 1)))
    tried = [searched(on, shape, (), in_mail=True) for shape in shapes]
    whole = _best(iter(tried), "")
    if whole is not None:
        return whole
    partial = max(tried, key=lambda one: len(one.values), default=None)
    if partial is None or not partial.values:
        return None
    fields = tuple(values[0] for values in partial.values.values())
    return FormRead(partial.shape.form, partial.shape.policies, "", fields, is_whole=False)


def _best(tried: Iterable[Found], digest: str) -> FormRead | None:
    """The shape of which most is there, if it is enough for one."""
    enough = [one for one in tried if len(one.labels) >= one.shape.enough]
    if not enough:
        return None
    best = max(enough, key=lambda one: len(one.labels) / len(one.shape.fields))
    shape = best.shape
    fields = tuple(best.values[f.id][0] for f in shape.fields if f.id in best.values)
    blank = tuple(f.id for f in shape.fields if f.is_needed and f.id not in best.values)
    return FormRead(shape.form, shape.policies, digest, fields, blank, children=_children(best))


def _children(found: Found) -> int:
    """How many children a form seems to be about: by names, by dates of birth, by copies of the form."""
    about = [f for f in found.shape.fields if f.is_child]
    names = {v.value.casefold() for v in found.values.get(about[0].id, ())} if about else set()
    counts = [len(names), *(len(_people(name)) for name in names)]
    for one in about[1:]:
        if one.kind == "date":
            counts += [len(set(_DATES.findall(v.value))) for v in found.values.get(one.id, ())]
    return max([1, *counts])


def _people(name: str) -> list[str]:
    """The names in a name field, each beginning with a capital as names do; one where that cannot be told."""
    parts = [part.strip() for part in _PERSONS.split(name) if part.strip()]
    return parts if all(len(part) > 1 for part in parts) else [name]
