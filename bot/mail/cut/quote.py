"""The new text: what stands above the quoted text, and between and under `>` lines.

It works on lines: it finds where the first quotation begins (attributions.py, markers, `>` levels), keeps what stands
above it, and takes off what is nobody's words (trimmings.py). A quotation needs two signs, too: where only one says so,
its words stay and the text is unsure. Short replies ("ok") survive. It never judges what the words mean
(words/commands.py). Answers written into a quotation without `>` cannot be told apart from it: it only says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.mail import re2
from bot.mail.bytes.text import CITED_END, CITED_MARK, QUOTE_MARK, unmarked
from bot.mail.cut import attributions, desks, trimmings
from bot.mail.cut import below as answering
from bot.mail.cut.attributions import Begun
from bot.mail.patterns.topics import topic

_MAX_LINES = 20_000
_LONG = 60

_RULE = re2.compile(r"^[>\s]*(?:_{10,}|-{10,}|\*{10,}|={10,})\s*$")
_QUOTATION = topic("quotation")
_GROUPWISE = _QUOTATION.pattern("groupwise")
_MARKERS = (
    _GROUPWISE,
    _QUOTATION.pattern("original"),
    _QUOTATION.pattern("forwarded"),
    desks.DESK,
    re2.compile(r"^\s*\|-{6,}>\s*$"),
    re2.compile(rf"^\s*{QUOTE_MARK}\s*$"),
)
#: Words between dashes, in whatever language; lines like labels must stand below them.
_TITLED = re2.compile(r"^[>\s]*[-_=]{2,}\s*[^-_=*\s][^-_=*]{2,40}[-_=]{2,}\s*$")
_LABEL_LIKE = re2.compile(r"^[>\s*]*[^:：]{1,24}[:：]\*?\s*\S")
_MARKS = ">-_=*|" + QUOTE_MARK
_LABEL_WITHIN = 24
_NEAR = 400
_MOST_SKIPPED = 20
#: Before each line of a quotation whose end the HTML tells.
_QUOTED = "> "

_INLINE = _QUOTATION.pattern("inline")


@dataclass(frozen=True, slots=True)
class Split:
    """New text, the rest, and what the first quoted header block says (`sent` without a zone is London's). `is_unsure`:
    words stay in `new` that may be no answer, or none stay where some may stand: nothing may be made of them."""

    new: str
    quoted: str = ""
    answers_inline: bool = False
    quoted_subject: str = ""
    quoted_from: str | None = None
    quoted_sent: datetime | None = None
    is_unsure: bool = False


def split(text: str, writer: str = "", title: str = "", *, is_forward: bool = False) -> Split:
    """The text of a mail in two. With no quotation all of it is new, less banners, footers and signature.

    `writer`: the sender's name, as far as it is known; `title`: the subject, of which a quoted header block tells; with
    `is_forward`, nothing new above a quotation is nothing said."""
    lines = trimmings.unframed(_cited(text.split("\n")[:_MAX_LINES]))
    desk = desks.read(lines)
    if desk is not None:
        new, is_sure = trimmings.cut(desk.words, writer)
        return Split(unmarked(new).strip(), _edge(map(_plain, desk.rest)), is_unsure=not is_sure)
    lines = desks.without_line(lines)
    begun = _cut(lines, title)
    cut, within = begun.line, begun.within
    above, below = lines[:cut], lines[cut:]
    if within:
        above, below = [*above, trimmings.without_footer(below[0][:within])], [below[0][within:], *below[1:]]
    inline = False
    new, is_sure = trimmings.cut(above, writer)
    if new:  # announced without a quotation that is known as one, it is no answer either
        inline = _is_interleaved(below) or bool(_INLINE.search(new))
    answers = _answers(below)
    if not answers and (inline or trimmings.is_bare(unmarked(new))):
        answers, inline = _without_marks(below, writer, title, is_announced=inline)
    if answers:
        new, is_sure = trimmings.cut([*new.split("\n"), "", *answers] if new else answers, writer)
    elif trimmings.is_bare(unmarked(new)) and not is_forward and _has_words(below):
        is_sure = False  # an answer may stand below
        new = new if begun.is_sure else _edge([*above, *below])
    is_sure = is_sure and not begun.is_skipped
    subject, sender, sent = attributions.header([_plain(line) for line in below])
    quoted = "\n".join(line for line in map(_plain, below) if not line or unmarked(line.strip())).strip()
    return Split(unmarked(new).strip(), quoted, inline, subject, sender, sent, not is_sure)


def _cited(lines: Sequence[str]) -> list[str]:
    """Lines between the marks of a quotation as a program without HTML would write them: each with its `>`."""
    out: list[str] = []
    depth = 0
    for line in lines:
        if CITED_END in line:
            depth = max(0, depth - 1)
            out.append("> " if depth else "")
        elif CITED_MARK in line:
            depth += 1
            out.append(_QUOTED + QUOTE_MARK)
        else:
            out.append(_QUOTED + line if depth else line)
    return out


def _plain(line: str) -> str:
    return line.removeprefix(_QUOTED).replace(QUOTE_MARK, "")


def _without_marks(lines: Sequence[str], writer: str, title: str, *, is_announced: bool) -> tuple[list[str], bool]:
    """Answers in or under a quotation whose lines bear no marks, and whether it is doubtful that they are such: some
    are announced and none was found, or some were found and none announced."""
    if any(map(_is_marked, lines)):
        return [], is_announced
    tagged = answering.tagged(lines, writer)
    if tagged:
        return tagged, not is_announced
    under = answering.under(lines, writer)
    return under[: _cut(under, title).line], is_announced


def _edge(lines: Iterable[str]) -> str:
    return "\n".join(line.rstrip() for line in lines).strip()


def _has_words(lines: Sequence[str]) -> bool:
    """Whether words stand under the quotation's beginning that no `>` marks: an answer may be among them."""
    said = [line for line in lines if unmarked(line.strip())]
    return len(said) > 1 and any(not _is_marked(line) for line in said[1:]) and not _is_all_marked(lines)


def _is_all_marked(lines: Sequence[str]) -> bool:
    """Whether everything below the attribution is marked."""
    begins = _marked_after(lines, 0)
    return begins >= 0 and all(_is_marked(line) for line in lines[begins:] if line.strip())


def _cut(lines: Sequence[str], title: str) -> Begun:
    """Where the first quotation begins: its line, len(lines) where there is none; and where in that line, if a gateway
    has pressed the quotation into the line of the words above it."""
    skipped = 0
    for n, line in enumerate(lines):
        pressed = max(attributions.begins_in_line(line), attributions.block_begins_in_line(line)) if ":" in line else -1
        if pressed >= 0:
            return Begun(n, pressed, True, skipped > 0)
        notes = attributions.begins_notes(lines, n) if line.lstrip("> ")[:1].isdigit() else -1
        if notes >= 0:
            return Begun(notes, 0, True, skipped > 0)
        if not _begins(lines, n):
            continue
        is_sure = _is_marked(line) or _is_delimited(lines, n) or attributions.is_sure(lines, n, title)
        if is_sure or skipped == _MOST_SKIPPED or not attributions.is_told(lines, n):
            return Begun(n, 0, is_sure, skipped > 0)
        skipped += not attributions.is_cited(lines, n)
    return Begun(len(lines), 0, True, skipped > 0)


def _is_delimited(lines: Sequence[str], n: int) -> bool:
    """Whether a line of a program's parts the quotation from what stands above it."""
    if any(marker.match(lines[n]) for marker in _MARKERS) or _RULE.match(lines[n]) or _TITLED.match(lines[n]):
        return True
    above = next((line for line in reversed(lines[max(0, n - 3) : n]) if line.strip()), "")
    return bool(_RULE.match(above)) or QUOTE_MARK in above


def _begins(lines: Sequence[str], n: int) -> bool:
    """Whether a quotation begins with this line."""
    line = lines[n]
    if not _may_begin(line):
        return False
    if _is_marked(line) and (QUOTE_MARK in line or _is_quote_block(lines, n)):
        return True
    return (
        any(marker.match(line) for marker in _MARKERS)
        or bool(_RULE.match(line) and attributions.follows(lines, n + 1))
        or bool(_TITLED.match(line) and _labels_follow(lines, n + 1))
        or attributions.begins(lines, n)
        or attributions.lines_of(lines, n) > 0
    )


def _may_begin(line: str) -> bool:
    """A cheap look that spares most lines the patterns: a mark or a label in front, an address, a date, a colon."""
    head = line.lstrip()
    if not head:
        return False
    if head[0] in _MARKS or attributions.has_colon(head[:_LABEL_WITHIN]) or head.rstrip()[-1] in ":-：":
        return True
    return attributions.is_dated(head) or ("<" in head and "@" in head) or "line" in head.lower() or _is_title(head)


def _is_title(head: str) -> bool:
    return len(head) < _LONG and head[:8].lower() == "previous"


def _labels_follow(lines: Sequence[str], n: int) -> bool:
    """Whether lines like labels in whatever language come next, an address among them."""
    block = [line for line in lines[n : n + 8] if line.strip()]
    like = next((k for k, line in enumerate(block) if not _LABEL_LIKE.match(line)), len(block))
    return like >= 3 and any("@" in line for line in block[:like])


def _is_marked(line: str) -> bool:
    return line.lstrip().startswith(">")


def _is_quote_block(lines: Sequence[str], n: int) -> bool:
    """A line that begins with `>` is a quotation unless it is one line of prose among others. The first words of all,
    with a blank line below them, are what is answered underneath."""
    if not any(line.strip() for line in lines[:n]) and not any(line.strip() for line in lines[n + 1 : n + 2]):
        return True
    if n < _NEAR and answering.is_answered(lines[:_NEAR]):
        return True
    around = [line for line in lines[n : n + 3] if line.strip()]
    if len(around) < 2:  # of points with such marks the last is a point
        return not any(map(_is_marked, lines[:n]))
    return sum(_is_marked(line) for line in around) > 1 or not lines[n].strip("> \t")


def _answers(below: Sequence[str]) -> list[str]:
    """What stands between and under the `>` lines of a quotation: whole paragraphs, and lines under a short quoted one.

    Nothing from where a quotation without marks begins, for there the words of the quoted person look like the
    sender's. The loose end of a long quoted line, which a gateway broke, is not the sender's either."""
    found: list[str] = []
    n, before, is_own = _marked_after(below, 0) if below else -1, "", False
    while 0 <= n < len(below):
        line = below[n]
        if _is_marked(line):
            before, is_own = line, False
        elif not line.strip():
            before = ""
            if found and found[-1]:
                found.append("")
        elif _begins(below, n):
            n = _marked_after(below, n)
            continue
        else:
            is_own = is_own or not before or not _is_loose(below, n, before)
            if is_own:
                found.append(line)
            before = before if before and not is_own else line
        n += 1
    return found if any(line.strip() for line in found) else []


def _is_loose(lines: Sequence[str], n: int, before: str) -> bool:
    """Whether an unmarked line right under a marked one may be the end of it."""
    is_squeezed = any(_is_marked(line) for line in lines[n + 1 : n + 2])
    return len(before) >= _LONG or (is_squeezed and not before.strip("> \t"))


def _marked_after(lines: Sequence[str], n: int) -> int:
    """The first `>` line behind the attribution that begins here; -1 where the quoted words are not marked, and
    behind a header block, whose mail may have marked lines and answers of its own."""
    while n < len(lines) and not unmarked(lines[n].strip()):  # a mark of HTML stands above the attribution
        n += 1
    if n < len(lines) and not _is_marked(lines[n]):
        n += attributions.lines_of(lines, n)
    elif n < len(lines) and _GROUPWISE.match(lines[n]):
        n += 1
    while n < len(lines) and not lines[n].strip():
        n += 1
    return n if n < len(lines) and _is_marked(lines[n]) else -1


def _is_interleaved(below: Sequence[str]) -> bool:
    """Whether words of the sender's own stand between lines of a `>` quotation."""
    marked = [_is_marked(line) for line in below]
    if True not in marked or any(map(_GROUPWISE.match, below[:1])):
        return False
    first, last = marked.index(True), len(marked) - 1 - marked[::-1].index(True)
    between = [
        line for line, quoted in zip(below[first:last], marked[first:last], strict=True) if line.strip() and not quoted
    ]
    after = [line for line in below[last + 1 :] if line.strip()]
    gaps = sum(1 for line in between if len(line.split()) > 1)
    return (gaps > 0 and not _is_only_wrapping(below[first : last + 1])) or trimmings.adds(after)


def _is_only_wrapping(lines: Sequence[str]) -> bool:
    """Whether the unmarked lines are the ends of long quoted ones that a gateway has broken."""
    alone = 0
    for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
        if line.strip() and not _is_marked(line):
            if not _is_marked(before) or not _is_marked(after) or len(before) < _LONG:
                return False
            alone += 1
    return alone > 0
