"""One marked text that becomes both parts of a letter.

A template writes paragraphs, lists and numbered steps as text; private marks say what is a heading, the box, the
footer, a link to reply by and a number to ring. `plain` and `blocks` read the same marked text, so that the two parts
always say the same. It knows no value's meaning, no template and no header; values come cleaned (wording.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

_HEADING, _BOX, _FOOT, _STEP = "\ue000", "\ue004", "\ue005", "\ue007"
_REPLY, _BODY, _RING, _CLOSE = "\ue001", "\ue002", "\ue006", "\ue003"
#: What begins a line, and the kind of block that it makes.
_KINDS = {
    _HEADING: "heading",
    _BOX: "box",
    _FOOT: "foot",
    _STEP: "steps",
    f"- {_REPLY}": "options",
    "- ": "list",
    "> ": "quote",
}
#: A number as policies write it: 999, 0300 123 5012.
_NUMBER = re.compile(r"\b(?:999|112|101|111|0\d{2,4}(?: ?\d{3,4}){2})\b")
_SPACES, _DIALLED = re.compile(r"[ ()-]"), re.compile(r"\+?\d{3,15}")
_ITEMS = ("list", "quote", "options", "steps")


# --- what a template marks --------------------------------------------------------------------------------------------


def heading(words: str) -> str:
    return f"{_HEADING}{words}"


def box(words: str) -> str:
    """Whom to ring when it cannot wait, each number to be rung from the HTML part."""
    return f"{_BOX}{_NUMBER.sub(lambda found: ring(found.group()), ' '.join(words.split()))}"


def foot(words: str) -> str:
    return f"{_FOOT}{' '.join(words.split())}"


def ring(number: str) -> str:
    """A number that the HTML part rings."""
    return f"{_RING}{number}{_CLOSE}"


def link(words: str, body: str = "") -> str:
    """Words that, in the HTML part, open a reply whose text is `body` (the words themselves by default)."""
    return f"{_REPLY}{body or words}{_BODY}{words}{_CLOSE}"


def options(several: Sequence[Sequence[str]]) -> str:
    """A list of words to reply with and what each means: [[word, meaning], ...] or [[word, meaning, body], ...]."""
    return "\n".join(f"- {link(c[0], c[2] if len(c) > 2 else '')}: {c[1]}" for c in several)


def steps(*several: str) -> str:
    """What to do in order, numbered; one alone has no number, and an empty one is none."""
    whole = [" ".join(one.split()) for one in several if one.strip()]
    return "\n".join(f"{_STEP}{one}" for one in whole) if len(whole) > 1 else "".join(whole)


def quoted(text: str) -> str:
    """Somebody else's words, each line marked as a quotation."""
    return "\n".join(f"> {line.rstrip()}" for line in text.strip().split("\n"))


# --- one marked text, two parts ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """A stretch of text; `href` is empty or a link of ours: mailto or tel."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a letter: action, box, heading, text, list, steps, options, quote or foot; one entry of `lines` a
    paragraph, item or line."""

    kind: str
    lines: tuple[tuple[Words, ...], ...]


def blocks(marked: str, office: str, subject: str) -> tuple[Block, ...]:
    """The marked text as the HTML part shows it; the first paragraph is the action."""
    found = [Block(k, tuple(_split(line, office, subject) for line in lines)) for k, lines in _paragraphs(marked)]
    return (Block("action", found[0].lines), *found[1:]) if found else ()


def plain(marked: str) -> str:
    """The marked text as the text part shows it: headings in capitals, links as their words, one newline at the end."""
    parts: list[str] = []
    for kind, lines in _paragraphs(marked):
        shown = ["".join(w.text for w in _split(line, "", "")) for line in lines]
        sign = {"list": "- ", "options": "- ", "quote": "> "}.get(kind, "")
        numbers = [f"{n}. " if kind == "steps" else sign for n in range(1, len(shown) + 1)]
        text = "\n".join(f"{number}{line}".rstrip() for number, line in zip(numbers, shown, strict=True))
        parts.append({"heading": f"{text.upper()}\n", "foot": f"--\n{text}\n\n"}.get(kind, f"{text}\n\n"))
    return "".join(parts).rstrip("\n") + "\n"


def make_up(marked: str) -> tuple[int, ...]:
    """How many of each kind of block, link and number it has, whatever they say."""
    signs = (*(f"\n{sign}" for sign in _KINDS), _REPLY, _RING, "\n\n")
    return tuple(marked.count(sign) for sign in signs)


def mailto(address: str, subject: str, body: str) -> str:
    """A link that opens a finished reply to us."""
    return f"mailto:{quote(address, safe='@')}?subject={quote(subject, safe='')}&body={quote(body, safe='')}"


def _paragraphs(marked: str) -> list[tuple[str, list[str]]]:
    """(kind, lines): wrapped lines of a paragraph are joined; items, steps and quoted lines stay apart."""
    found: list[tuple[str, list[str]]] = []
    fresh = True
    for line in (raw.rstrip() for raw in marked.split("\n")):
        kind, text = _kind(line)
        if kind == "text" and not text:
            fresh = True
            continue
        if kind == "text" and found and not fresh and found[-1][0] != "quote":
            found[-1][1][-1] += f" {text}"
        elif found and found[-1][0] == kind and kind in _ITEMS:
            found[-1][1].append(text)
        else:
            found.append((kind, [text]))
        fresh = kind == "heading"
    return found


def _kind(line: str) -> tuple[str, str]:
    """What a line begins, and what it says."""
    for sign, kind in _KINDS.items():
        if f"{line} ".startswith(sign):
            return kind, line[2:] if sign[0] in "->" else " ".join(line[1:].split())
    return "text", " ".join(line.split())


def _split(line: str, office: str, subject: str) -> tuple[Words, ...]:
    """The links of a line and the text between them."""
    words: list[Words] = []
    while line:
        starts = [at for at in (line.find(_REPLY), line.find(_RING)) if at >= 0]
        start = min(starts, default=len(line))
        inner, _, after = line[start + 1 :].partition(_CLOSE)
        words.append(Words(line[:start]))
        if line[start : start + 1] == _RING:
            words.append(Words(inner, _dialled(inner)))
        elif inner:
            body, _, shown = inner.partition(_BODY)
            words.append(Words(shown, mailto(office, subject, body)))
        line = after
    return tuple(w for w in words if w.text)


def _dialled(number: str) -> str:
    """What a telephone dials for a number as people write it; "" where that is not one number."""
    digits = _SPACES.sub("", number)
    return f"tel:{digits}" if _DIALLED.fullmatch(digits) else ""
