"""Sentences that no person wrote: gateways' banners, disclaimers, markings, list footers.

A wording alone proves nothing, for people accept no responsibility and open links, too. A sentence counts where one of
the wordings stands in it and all its other words are of a closed list (patterns/trimmings.yaml); a long paragraph
counts where most of it are such sentences about two different things. Where it may be taken off, at the top, at the
end, in a frame, is trimmings.py's business. It does not know signatures and quotations.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from bot.mail import re2
from bot.mail.cut import signature
from bot.mail.patterns.topics import topic

_LISTS = topic("trimmings")
_ANCHORS = _LISTS.rows("anchors")
_HEADING, _MARKING = _LISTS.pattern("heading"), _LISTS.pattern("marking")
BEGINS, ENDS, _STUB = _LISTS.pattern("begins"), _LISTS.pattern("ends"), _LISTS.pattern("stub")
_VOCABULARY = _LISTS.words("vocabulary")

#: Addresses, links and pictures are no words.
_LINK = re2.compile(
    r"(?i)<[^<>]*>|\[cid:[^\]]*\]|\[image[^\]]*\]|(?:https?://|www\.|mailto:)\S+|\S+@\S+\.\pL+|\b[\w-]+(?:\.[\w-]+)+\b"
)
_WORD = re2.Words(r"[\pL\pN][\pL\pN'’/-]*", "[A-Za-z0-9][A-Za-z0-9'/-]*")
_SENTENCE = re2.compile(r"[.!?:;]+[\"')\]]*(?:\s+|$)|\n|\s[–-]+\s|\s\|\s")
_RULE = re2.compile(r"^[>\s]*[-_–—=*~#.,]{4,}\s*$")
#: Of these wordings the whole sentence is known, whatever its words.
_NAMED = re2.compile(r"(?m)(^\W*|[.!?]\W+)((?:\p{Lu}[\pL'’&]*\s+){1,5}\p{Lu}[\pL'’&]*|\p{Lu}{2,})(?::| [–-])\s+")
_FOREIGN, _ALWAYS = "foreign", "always"
_LONGEST = 4000
#: A paragraph between stars or the like, which nobody draws round a sentence: one odd word is spared in each.
_FRAMED = re2.compile(r"(?s)^\s*(?:!!|\*\*|##|==|~~|\+\+|<<|\[\[).*(?:!!|\*\*|##|==|~~|\+\+|>>|\]\])\s*$")
_SPARED = 1
_MOST_NAMES = 6
_WHOLE = tuple(pattern for pattern, value in _ANCHORS if value == _ALWAYS)
_ONE_ODD_IN = 20
_FEWEST_PLAIN = 3
_FEWEST_LEADING = 4
_LONG = 25
_MOSTLY = 0.6
_STUB_WITHIN = 400


def is_heading(line: str) -> bool:
    """Whether a line is the title of a disclaimer or a warning, and nothing else."""
    return len(line) < 80 and bool(_HEADING.match(line))


def is_marking(line: str) -> bool:
    """Whether a line is a protective marking, and nothing else."""
    return len(line) < 120 and bool(_MARKING.match(line))


def is_rule(line: str) -> bool:
    """Whether a line is a rule: one edge of a frame."""
    return bool(_RULE.match(line))


def is_stub(text: str) -> bool:
    """Whether a short text only says that the mail is written in HTML, or holds pictures and links alone."""
    return len(text) < _STUB_WITHIN and (bool(_STUB.match(text)) or not _WORD.search(_LINK.sub(" ", text)))


def is_known(lines: Sequence[str]) -> bool:
    """Whether the lines together are boilerplate and nothing else."""
    text = _joined(lines)
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
    if all(is_heading(line) or is_marking(line) for line in lines if line.strip()):
        return bool(text.strip())
    spared = _SPARED if _FRAMED.match("\n".join(lines)) else 0
    judged = [_judged(piece, spared) for piece in _sentences(_unnamed(text))]
    if not judged:
        return False
    if any(sure for sure, _, _ in judged) and all(sure or plain for sure, plain, _ in judged):
        return True
    return is_mostly(text)


def anchors(text: str) -> frozenset[str]:
    """What the boilerplate in a text is about: "outside", "secret", "liability" ..."""
    return frozenset(str(value) for pattern, value in _ANCHORS if pattern.search(text))


def is_anchored(text: str) -> bool:
    """Whether some wording of boilerplate stands in it: one sign, never enough by itself."""
    if any(pattern.search(text) for pattern, _ in _ANCHORS):
        return True
    return any(pattern.search(piece) for piece in _sentences(text[:_STUB_WITHIN]) for pattern in _WHOLE)


def leading(line: str) -> int:
    """How many letters at the beginning of a line are boilerplate, where a gateway has put it before the first words;
    0 where none is, and where all of it is."""
    ends = [found.end() for found in _SENTENCE.finditer(line)]
    best = 0
    for end in ends[:6]:
        if end < len(line) and len(_WORD.findall(line[:end])) >= _FEWEST_LEADING and is_known([line[:end]]):
            best = end
    return best


def _joined(lines: Sequence[str]) -> str:
    """The lines as a program filled them: one that goes on in a small letter belongs to the one above."""
    out = ""
    for line in (line.strip(" \t>*|") for line in lines):
        if not line:
            continue
        goes_on = line[:1].islower() and out and out[-1] not in ".!?:;"
        out = f"{out}{' ' if goes_on else chr(10)}{line}" if out else line
    return out


def _unnamed(text: str) -> str:
    """Less the name of a program or an organisation before a colon or a dash, at the beginning of a sentence."""
    return str(
        _NAMED.sub(lambda found: found.group(1) if not signature.states(found.group(2)) else found.group(), text)
    )


def _sentences(text: str) -> list[str]:
    return [piece for piece in _SENTENCE.split(_LINK.sub(" x@x ", text)) if _WORD.search(piece.replace("x@x", " "))]


@lru_cache(maxsize=256)
def _judged(sentence: str, spared: int) -> tuple[bool, bool, int]:
    """Whether a sentence is boilerplate, whether it has at least no words of a person's, and how many words it has.
    `spared`: words of a person's that it may have."""
    bare = sentence.replace("x@x", " ")
    words = _WORD.findall(bare)
    odd = [word for word in words if not _is_of_list(word)]
    about = anchors(sentence)
    if about & {_FOREIGN, _ALWAYS}:
        return True, True, len(words)
    names = [word for n, word in enumerate(words) if word in odd and _is_name(words, n)]
    others = len(odd) - len(names)
    is_sure = (
        bool(about)
        and others <= max(spared, len(words) // _ONE_ODD_IN)
        and len(names) <= min(_MOST_NAMES, len(words) // 2)
    )
    return is_sure or is_heading(bare), not odd and len(words) >= _FEWEST_PLAIN, len(words)


def _is_name(words: Sequence[str], n: int) -> bool:
    """Whether a word is of a name: a capital or a number that no sentence's beginning asks for."""
    is_begun = n > 0 or words[n].isupper() or any(word[0].isupper() for word in words[n + 1 : n + 2])
    return words[n][0].isdigit() or (is_begun and words[n][0].isupper())


def _is_of_list(word: str) -> bool:
    plain = word.lower().replace("’", "'").strip("'-/")
    return plain in _VOCABULARY or plain.removesuffix("'s") in _VOCABULARY


def is_mostly(text: str) -> bool:
    """Whether a long paragraph is about two such things at least, in sentences that make up most of it."""
    pieces = _sentences(text)
    sizes = [len(_WORD.findall(piece)) for piece in pieces]
    if sum(sizes) < _LONG or len(anchors(text) - {_FOREIGN}) < 2:
        return False
    of_list = sum(
        size for piece, size in zip(pieces, sizes, strict=True) if anchors(piece) and _share(piece) >= _MOSTLY
    )
    return of_list >= _MOSTLY * sum(sizes)


def _share(sentence: str) -> float:
    words = _WORD.findall(sentence)
    return sum(_is_of_list(word) for word in words) / max(1, len(words))
