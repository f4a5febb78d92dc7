"""Where the labels of a form stand in a text, and what lies between each and the next: the fields, with their places.

A label counts at the beginning of a line or after a gap; one of a word or two needs its colon as well, since it is a
word of everyday. Fields that somebody filled in a PDF stand before what its pages print. What is enough for a form is
forms.py's to say.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, zip_longest

from bot.mail import re2
from bot.mail.forms.choices import ticked
from bot.mail.forms.documents import Cell, Filled
from bot.model import FieldRead

MAX_TEXT = 300_000
MAX_VALUE = 4000
MAX_LABELS = 500  # a form has some twenty; a text that repeats one for ever is none
#: What stands beside a value that we filled in ourselves.
SOURCE = "Source:"
#: What an empty control of our Word documents shows, and a print that somebody made of one.
HINT = "Click to write here"
HINT_OF_A_DAY = "Click to choose a date"
#: What our own prints say at the foot of each page.
FOOTER = "Confidential when completed"

_WORD = re2.Words(r"[\p{L}\p{M}\p{N}]+", "[A-Za-z0-9]+")
_SOURCES = re2.compile(r"\[Source:[^\]]{0,400}\]")
_HINTS = re2.compile(r"\s+".join(HINT.split()) + "|" + r"\s+".join(HINT_OF_A_DAY.split()))
_LEADERS = re2.compile(r"(?:\.{3,}|…+|_{3,})")
_MARGIN = 40
_SHORT = 2  # labels of so few words are words of everyday: they need their colon or the line for themselves


@dataclass(frozen=True, slots=True)
class ShapeField:
    id: str
    label: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    is_child: bool = False
    is_needed: bool = True  # may not stay empty, and is the sender's to fill in
    is_long: bool = False  # a box: its value may have paragraphs
    beside: str = ""  # the field that it shares a line with, and follows


@dataclass(frozen=True, slots=True)
class Shape:
    """A form as its reader must know it. `ends`: sentences that no field holds."""

    form: str
    policies: tuple[str, ...]
    fields: tuple[ShapeField, ...]
    ends: tuple[str, ...] = ()

    @property
    def enough(self) -> int:
        """So many of its labels make a text this form."""
        return max(3, (len(self.fields) + 1) // 2)


@dataclass(slots=True)
class Found:
    """What was found of one shape in one text: values by field, in all the places where its label stands."""

    shape: Shape
    labels: set[str] = field(default_factory=set)
    values: dict[str, list[FieldRead]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Label:
    field: ShapeField | None  # None: a sentence that no field holds
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A text with its words and the places of its cells: made once, searched for every shape."""

    text: str
    words: tuple[tuple[str, int, int], ...]  # casefolded, from, to
    starts: tuple[int, ...]
    cells: tuple[str, ...]

    def where(self, at: int) -> str:
        return self.cells[bisect_right(self.starts, at) - 1] if self.cells else ""


def page(cells: Sequence[Cell]) -> Page:
    text = "\n".join(cell.text for cell in cells)[:MAX_TEXT]
    words = tuple((m.group(0).casefold(), m.start(), m.end()) for m in _WORD.finditer(text))
    starts = accumulate((len(cell.text) + 1 for cell in cells[:-1]), initial=0)
    return Page(text, words, tuple(starts), tuple(cell.where for cell in cells))


def searched(on: Page, shape: Shape, filled: Sequence[Filled], *, in_mail: bool) -> Found:
    text, found = on.text, Found(shape)
    labels = _labels(on, shape)
    whole = len({label.field.id for label in labels if label.field is not None}) >= shape.enough
    for label, following in zip_longest(labels, labels[1:]):
        end = following.start if following is not None else len(text)
        if label.field is None:
            continue
        found.labels.add(label.field.id)
        said = text[label.end : end]
        if in_mail and not (whole and label.field.is_long):
            said = _first_paragraph(said) if whole else said.split("\n", 1)[0]
        if in_mail and not whole and not _is_spelt_out(text, label):
            continue
        value, is_ours = _value(said, label.field)
        if value:
            at = label.end + (len(said) - len(said.lstrip()))
            found.values.setdefault(label.field.id, []).append(FieldRead(label.field.id, value, on.where(at), is_ours))
    _from_fields(found, filled)
    return found


def _labels(on: Page, shape: Shape) -> list[_Label]:
    """Every place where a label of the form stands at the beginning of a line or after a gap, the longest first."""
    text, tokens, known = on.text, on.words, _known(shape)
    found: list[_Label] = []
    i = 0
    while i < len(tokens) and len(found) < MAX_LABELS:
        step = 1
        for words, one in known.get(tokens[i][0], ()):
            if [token[0] for token in tokens[i : i + len(words)]] == words:
                start, end = tokens[i][1], tokens[i + len(words) - 1][2]
                after = _after(text, end)
                is_second = one is not None and bool(found) and _is(found[-1].field, one.beside)
                if is_second or (_begins(text, start) and (len(words) > _SHORT or _stands_alone(text, end, after))):
                    found.append(_Label(one, start, after))
                    step = len(words)
                    break
        i += step
    return found


@lru_cache(maxsize=64)
def _known(shape: Shape) -> dict[str, list[tuple[list[str], ShapeField | None]]]:
    """Labels and closing sentences by their first word: the longest label first, sentences last."""
    known: list[tuple[list[str], ShapeField | None]] = [(_words(f.label), f) for f in shape.fields]
    known.sort(key=lambda one: -len(one[0]))
    known += [(_words(sentence), None) for sentence in (*shape.ends, FOOTER)]
    by_first = defaultdict(list)
    for words, one in known:
        by_first[words[0]].append((words, one))
    return dict(by_first)


def _is(one: ShapeField | None, name: str) -> bool:
    return one is not None and one.id == name


def _is_spelt_out(text: str, label: _Label) -> bool:
    """A line by itself is taken for a field only under a label of several words with its colon."""
    long = label.field is not None and len(_words(label.field.label)) > _SHORT
    return long and ":" in text[label.end - 2 : label.end]


def _words(label: str) -> list[str]:
    return [m.group(0).casefold() for m in _WORD.finditer(label)]


def _begins(text: str, start: int) -> bool:
    """At the beginning of a line, a list's dash and a reply's mark aside, or after a gap."""
    before = text[max(text.rfind("\n", 0, start) + 1, start - _MARGIN) : start]
    return not before.strip(" >*-•|\t0123456789.)") or before.endswith(("\t", "|", "  ", "...", "___", "… "))


def _after(text: str, end: int) -> int:
    """Where the value begins: past the punctuation that the label ends with."""
    while end < len(text) and text[end] in ":;?.)*":
        end += 1
    return end


def _stands_alone(text: str, end: int, after: int) -> bool:
    return (
        bool(set(":;") & set(text[end:after]))
        or text[end : end + 1] in ("\n", "\t", "")
        or text[end : end + 2] in ("  ", "..")
    )


def _first_paragraph(said: str) -> str:
    """Up to the first empty line after something was said: in a mail, what follows is other words."""
    lines = said.split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip()), len(lines))
    end = next((n for n in range(first, len(lines)) if not lines[n].strip()), len(lines))
    return "\n".join(lines[:end])


def _value(said: str, one: ShapeField) -> tuple[str, bool]:
    """What was entered, and whether we had filled it in ourselves."""
    bare = _SOURCES.sub("", said)
    is_ours = bare != said
    bare = _HINTS.sub("", bare)
    if one.kind == "choice":
        return "; ".join(ticked(bare, one.choices)), is_ours
    lines = [" ".join(_LEADERS.sub(" ", line).split()) for line in bare.split("\n")]
    headings = {" ".join(_words(column)) for column in (*one.columns, " ".join(one.columns))}
    kept = [line for line in lines if line and " ".join(_words(line)) not in headings]
    return "\n".join(kept)[:MAX_VALUE], is_ours


# --- fields of a PDF --------------------------------------------------------------------------------------------------


def _from_fields(found: Found, filled: Sequence[Filled]) -> None:
    """What was entered into the file's own fields stands before what its pages print."""
    for one in found.shape.fields if filled else ():
        label = _words(one.label)
        names = (label, _words(one.id))
        mine = [f for f in filled if any(_words(name) in names for name in f.names)]
        if one.kind == "choice":
            _boxes(found, one, label, filled, mine)
            continue
        for entry in mine:
            found.labels.add(one.id)
            value, is_ours = _value(entry.value, one)
            if value:
                found.values.setdefault(one.id, []).insert(0, FieldRead(one.id, value, entry.where, is_ours))


def _boxes(found: Found, one: ShapeField, label: list[str], filled: Sequence[Filled], mine: Sequence[Filled]) -> None:
    """A group named like the label whose value is a choice, or a box named by label and choice."""
    chosen: dict[str, str] = {}
    for choice in one.choices:
        named = (label + _words(choice), _words(one.id) + _words(choice))
        for entry in filled:
            is_box = entry.is_button and any(_words(name) in named for name in entry.names)
            if entry.value and (is_box or (entry in mine and _words(entry.value) == _words(choice))):
                chosen[choice] = entry.where
    if mine or chosen:
        found.labels.add(one.id)
    if chosen:
        value = FieldRead(one.id, "; ".join(chosen), next(iter(chosen.values())))
        found.values.setdefault(one.id, []).insert(0, value)
