"""Where a signature begins: at its mark, at a closing formula, at a rule, or at a name with titles below it.

A closing formula is one only if a name and titles follow it: "Thanks" may stand above an answer. What is no signature
for certain stays, for nothing that a person said may be lost. It does not know disclaimers (trimmings.py).
"""

from __future__ import annotations

from collections.abc import Sequence

import re2

from bot.mail.bytes.text import SIGNATURE_MARK

_MARKS = frozenset({"--", "__", "—", "––"})
_REGARDS = (
    r"(?:with )?(?:kind(?:est)?|best|warm(?:est)?|many|good) (?:regards|wishes|thanks)|kind rgds"
    r"|regards|k(?:ind)? ?r(?:e?gards|gds)?|br|rgds"
    r"|yours (?:sincerely|faithfully|truly|ever)|(?:many )?thanks(?: (?:again|in advance|very much|a lot|so much"
    r"|and (?:kind |best )?regards))?|thank ?you(?: (?:very much|again|in advance))?|cheers|ta"
    r"|best|all the best|sincerely|cofion(?: (?:gorau|cynnes))?|diolch(?: yn fawr)?|yr eiddoch yn gywir|cordially"
    r"|(?:mit )?(?:freundlich(?:en|e|em)?|liebe[nr]?|viele|beste[nr]?|schöne[nr]?|herzliche[nr]?)n?"
    r" (?:gr(?:ü|ue)(?:ß|ss)(?:en?|le)?|gru(?:ß|ss))|lg|mfg|vg|gr(?:ü|ue)(?:ß|ss)(?:e|le)"
    r"|gruß|gruss"
    r"|(?:bien )?cordialement|salutations(?: distinguées)?|bien à vous|meilleures salutations|merci(?: d'avance)?"
    r"|(?:un )?(?:cordial )?saludos?(?: cordiales)?|atentamente|gracias|cordiali saluti|distinti saluti|saluti|grazie"
    r"|(?:met )?vriendelijke groet(?:en)?|groet(?:en|jes)?|mvg|atenciosamente|(?:os )?(?:melhores )?cumprimentos"
    r"|obrigad[oa]"
    r"|(?:med )?(?:vänliga?|vennlig(?:e)?|venlige?|bästa|beste|de bedste) (?:hälsning(?:ar)?|hilsen(?:er)?)|hilsen"
    r"|mvh|vh|kh|ystävällisin terveisin|terveisin"
    r"|(?:z )?(?:poważaniem|pozdrowieniami)|pozdrawiam|s pozdravem|s úctou|cu stimă|(?:ü|u)dv(?:(?:ö|o)zlettel)?"
    r"|tisztelettel|с уважением|з повагою|saygılarımla|με εκτίμηση|lep pozdrav|lugupidamisega|pagarbiai|ar cieņu"
)
#: One formula, or one in each of two languages.
_CLOSING = re2.compile(rf"(?i)^\W*(?:{_REGARDS})(?:\s*[/|,&–-]\s*(?:{_REGARDS}))?\W*$")
_CLOSING_AND_MORE = re2.compile(rf"(?i)^\W*(?:{_REGARDS})\s*[,–-]\s*(.+)$")
_RULED = frozenset("-_–—=*~")
_RULE = re2.compile(r"^\s*[-_–—=*~]{10,}\s*$")
_LIST = re2.compile(r"(?i)\bmailing list\b|\bunsubscribe\b|/listinfo/")
_CONTACT = re2.compile(
    r"(?i)(?:\+|\b0)\d[\d ()/-]{7,}|[^\s@]@[^\s@]+\.\pL|\bwww\.|^\W*(?:tel|mob|phone|telephone|mobile|ffôn|fax|ddi)\b"
)

_WORDS = re2.compile(r"[\p{L}\p{M}]+")
_LONGEST_CLOSING = 60
_MAX_SIGNATURE = 25
_WITHIN = 80
_MAX_BLOCK = 9
_SHORT = 6
_LONG = 110
_FEW_WORDS = 5


def begins(lines: Sequence[str], writer: str = "") -> int:
    """The index of the first line of the signature; len(lines) where there is none. `writer`: the sender's name."""
    said = next((n for n, line in enumerate(lines) if line.strip(" \t" + SIGNATURE_MARK)), len(lines))
    end = next((n for n, line in enumerate(lines) if _is_mark(line.strip(), is_first=n <= said)), len(lines))
    for n in range(said + 1, end):
        if _closes(lines, n, end) or _parts(lines, n, end):
            return n
    return min(end, _name_and_titles(lines, said, end, writer))


def _is_mark(line: str, *, is_first: bool) -> bool:
    """Whether a line is a signature's mark. What a program calls a signature is an answer if nothing stands above."""
    return line in _MARKS or (line == SIGNATURE_MARK and not is_first)


def _closes(lines: Sequence[str], n: int, end: int) -> bool:
    line = lines[n]
    if len(line) > _LONGEST_CLOSING:
        return False
    with_name = _CLOSING_AND_MORE.match(line)
    if not _CLOSING.match(line) and not (with_name and _is_name(with_name.group(1), 1)):
        return False
    return _is_signature(_said(lines[n + 1 : min(end, n + 1 + _WITHIN)]))


def _is_signature(said: Sequence[str]) -> bool:
    """Whether these are a name and its titles. Sentences may follow two such lines, or one with a telephone; what a
    rule parts from the formula is all of it."""
    if said and _RULE.match(said[0].rstrip() + "_____"):
        return True
    prose = next((n for n, line in enumerate(said) if _is_prose(line)), len(said))
    if prose == len(said):
        return len(said) <= _MAX_SIGNATURE
    return prose > 2 or (prose > 0 and any(_CONTACT.search(line) for line in said[:prose]))


def _is_rule(line: str) -> bool:
    return line.lstrip()[:1] in _RULED and bool(_RULE.match(line))


def _said(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()]


def _is_name(words: str, least: int) -> bool:
    """Whether these are words with capitals only, no more than a name has."""
    parts = words.replace(",", " ").split()
    return least <= len(parts) <= 5 and all(part[0].isupper() and not part[-1].isdigit() for part in parts)


def _is_prose(line: str) -> bool:
    """Whether a line reads as words of a sentence: long, ended as one, or mostly words without a capital."""
    words = line.split()
    if len(line) > _LONG or (line.rstrip()[-1] in ".!?" and len(words) > _FEW_WORDS):
        return True
    small = sum(word[0].islower() for word in words)
    return len(words) > 2 and 2 * small > len(words) and not (len(words) <= _FEW_WORDS and _CONTACT.search(line))


def _parts(lines: Sequence[str], n: int, end: int) -> bool:
    """Whether a line is a rule above a signature of a few lines, or above what a mailing list adds."""
    if not _is_rule(lines[n]) or _is_rule(lines[n - 1]):
        return False
    said = [line for line in _said(lines[n + 1 : min(end, n + 1 + _WITHIN // 2)]) if not _is_rule(line)]
    if any(_LIST.search(line) for line in said[:3]):
        return True
    return 0 < len(said) < _MAX_BLOCK and not any(_is_prose(line) for line in said)


def _name_and_titles(lines: Sequence[str], first: int, end: int, writer: str) -> int:
    """Where the last paragraph begins if it is the writer's name and titles under a short answer, or a name, titles
    and a telephone under a sentence; `end` where it is something else, such as one of several that are listed."""
    last = max((n for n in range(first, end) if lines[n].strip()), default=end)
    start = last
    while start > first and lines[start - 1].strip():
        start -= 1
    above = _said(lines[first:start])
    block = _said([line.strip(" \t*") for line in lines[start : last + 1]])
    if not above or not 1 < len(block) < _MAX_BLOCK or any(_is_prose(line) for line in block):
        return end
    before = above[-1].rstrip()
    if before.endswith((":", "：")) or _CONTACT.search(before):
        return end
    if len(above) <= _SHORT and _is_writers(block[0], writer):
        return start
    is_under_sentence = before.endswith((".", "!", "?", "…")) or len(before.split()) == 1
    is_one = _is_name(block[0], 2) and any(_CONTACT.search(line) for line in block[1:])
    return start if is_one and is_under_sentence else end


def _is_writers(line: str, writer: str) -> bool:
    """Whether a line is the writer's name, first and last in either order."""
    names = {word.casefold() for word in _WORDS.findall(writer)}
    said = [word.casefold() for word in _WORDS.findall(line)]
    return len(said) > 1 and names.issuperset(said)
