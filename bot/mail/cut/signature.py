"""Where a signature begins: at its mark, at a closing formula, at a rule, or at a name with titles below it.

Each is one sign; the other is what signatures hold: the writer's name, a telephone, a title, a name alone. Where a
block states something (a decision, a time, a list of actions) it is no signature: "Thanks" and "--" stand above
answers, too. The words stand in patterns/trimmings.yaml. It does not know banners and disclaimers (boilerplate.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from bot.mail import re2
from bot.mail.bytes.text import SIGNATURE_MARK
from bot.mail.patterns.topics import topic

_TRIMMINGS = topic("trimmings")
_CLOSING, _LIST, _CONTACT = _TRIMMINGS.pattern("closing"), _TRIMMINGS.pattern("list"), _TRIMMINGS.pattern("contact")
_STATES, _NAMES_THING = _TRIMMINGS.pattern("states"), _TRIMMINGS.pattern("names_thing")
_JOB, _HOURS = _TRIMMINGS.pattern("job"), _TRIMMINGS.pattern("hours")
_PARTICIPLE, _NO_PARTICIPLES = re2.compile(r"(?i)\b[a-z]{2,}ed\b"), _TRIMMINGS.words("no_participles")
#: The words that act, alone in a line or written large at its beginning: no name and no title.
_COMMANDS = tuple(topic("orders").listed("alone") + topic("orders").listed("with_note"))
_ITEM = re2.compile(r"^\s*(?:\d{1,2}[.)]|[-*•·–o]\s|\([a-z\d]\)|[a-z]\))\s*\S")
_LABELLED = re2.compile(r"^\s*\pL[\pL /]{1,24}:\s*\S")
_MARKS = frozenset({"--", "__", "—", "––"})
_RULED = frozenset("-_–—=*~#")
_RULE = re2.compile(r"^\s*[-_–—=*~#]{10,}\s*$")
_WORDS = re2.Words(r"[\p{L}\p{M}]+", "[A-Za-z]+")
_EDGES = " \t-_=*–—~" + SIGNATURE_MARK
_LONGEST_CLOSING = 60
_MAX_SIGNATURE = 25
_WITHIN = 80
#: Of marks, rules and formulas: a text of more is no mail that somebody signed.
_MOST_TRIED = 60
_MAX_BLOCK = 9
_SHORT = 6
_LONG = 110
_FEW_WORDS, _FEW_LETTERS = 5, 3
_BEHIND_NAME = re2.compile(r"\s*[|,(–]|\s-\s")
_LONGEST_DEGREE = 6


def begins(lines: Sequence[str], writer: str) -> int:
    """The index of the first line of the signature; len(lines) where there is none. `writer`: the sender's name."""
    said = next((n for n, line in enumerate(lines) if line.strip(_EDGES)), len(lines))
    marks = (n for n, line in enumerate(lines) if line.strip() in _MARKS or line.strip() == SIGNATURE_MARK)
    end = next((n for n in islice(marks, _MOST_TRIED) if _is_mark(lines, n, said, writer)), len(lines))
    may = (n for n in range(said + 1, end) if _is_rule(lines[n]) or is_formula(lines[n]))
    for n in islice(may, _MOST_TRIED):
        if _closes(lines, n, end, writer) or _parts(lines, n, end, writer):
            return n
    return min(end, _name_and_titles(lines, said, end, writer), _card(lines, said, end, writer))


def states(line: str) -> bool:
    """Whether a line says something: a sentence, a decision, a time, an item of a list."""
    if not line.strip():
        return False
    return _is_prose(line) or _is_sentence(line)


def is_of_one(line: str) -> bool:
    """Whether a line is of somebody's card: a telephone, an address, a title, an organisation."""
    return bool(_CONTACT.search(line) or _JOB.search(line))


def _is_sentence(line: str) -> bool:
    """The same of a line that is no sentence. Hours of work and titles are no statement."""
    if _is_command(line):
        return True
    if _HOURS.search(line) or _CONTACT.search(line):
        return False
    if _STATES.search(line) or any(w.casefold() not in _NO_PARTICIPLES for w in _PARTICIPLE.findall(line)):
        return True
    if _JOB.search(line):
        return False
    return bool(_ITEM.match(line) or _LABELLED.match(line) or _NAMES_THING.search(line))


def _is_command(line: str) -> bool:
    bare = line.strip(" \t.,!*_\"'")
    if bare.upper() in _COMMANDS:
        return True
    return any(bare.startswith(word) and not bare[len(word)].isalnum() for word in _COMMANDS) and not is_of_one(line)


def _is_mark(lines: Sequence[str], n: int, said: int, writer: str) -> bool:
    """Whether a line is a signature's mark, and a signature stands below it."""
    line = lines[n].strip()
    below = _not_blank(lines[n + 1 : n + 1 + _WITHIN])
    if n > said and below and (_is_rule(below[0]) or any(_LIST.search(one) for one in below[:3])):
        return True
    is_programs = line == SIGNATURE_MARK or lines[n] == "-- "
    if n < said:  # what a program calls a signature is an answer if nothing stands above it
        return _is_signed(below, writer, is_sure=False) and _has_name(below, writer)
    return not below or _is_signed(below, writer, is_sure=is_programs)


def is_formula(line: str) -> bool:
    """Whether a line closes a letter."""
    return len(line) <= _LONGEST_CLOSING and bool(_CLOSING.match(line))


def _closes(lines: Sequence[str], n: int, end: int, writer: str) -> bool:
    line = lines[n]
    if len(line) > _LONGEST_CLOSING:
        return False
    formula = _CLOSING.match(line)
    if not formula or (formula.group(1) and (not _is_name(formula.group(1), 1) or _is_sentence(formula.group(1)))):
        return False
    said = _not_blank(lines[n + 1 : min(end, n + 1 + _WITHIN)])
    return not said or bool(formula.group(1) and not any(map(states, said))) or _is_signed(said, writer, is_sure=False)


def _is_signed(said: Sequence[str], writer: str, *, is_sure: bool) -> bool:
    """Whether these lines are a name and its titles. Sentences may follow two such lines, or one with a telephone or
    the writer's name. `is_sure`: a program's own mark stands above them, so that they need not bear a name."""
    if said and _RULE.match(said[0].rstrip() + "_____"):
        said = said[1:]
    prose = next((n for n, line in enumerate(said) if _is_prose(line)), len(said))
    head = said[:prose][:_MAX_SIGNATURE]
    own = _has_name(head, writer)
    if any(_is_sentence(line) for line in (head[1:] if own and is_writers(head[0], writer, 1) else head)):
        return False
    if prose < len(said):
        return own or prose > 2 or (prose > 0 and any(_CONTACT.search(line) for line in head))
    if len(said) > _MAX_SIGNATURE:
        return False
    is_evident = own or any(_CONTACT.search(line) or _JOB.search(line) for line in head)
    return is_evident or is_sure or (bool(head) and _is_name(head[0], 1) and len(head) < _MAX_BLOCK)


def _has_name(lines: Sequence[str], writer: str) -> bool:
    """Whether the writer's name stands in one of the first lines."""
    return any(is_writers(line, writer, 1) for line in lines[:2])


def _is_rule(line: str) -> bool:
    return line.lstrip()[:1] in _RULED and bool(_RULE.match(line))


def _not_blank(lines: Sequence[str]) -> list[str]:
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


def _parts(lines: Sequence[str], n: int, end: int, writer: str) -> bool:
    """Whether a line is a rule above a signature of a few lines, or above what a mailing list adds."""
    if not _is_rule(lines[n]) or _is_rule(lines[n - 1]):
        return False
    said = [line for line in _not_blank(lines[n + 1 : min(end, n + 1 + _WITHIN // 2)]) if not _is_rule(line)]
    if any(_LIST.search(line) for line in said[:3]):
        return True
    return 0 < len(said) < _MAX_BLOCK and not any(map(_is_prose, said)) and _is_signed(said, writer, is_sure=False)


def _name_and_titles(lines: Sequence[str], first: int, end: int, writer: str) -> int:
    """Where the last paragraph begins if it is the writer's name and titles under a short answer, or a name, titles
    and a telephone under a sentence; `end` where it is something else, such as one of several that are listed."""
    last = max((n for n in range(first, end) if lines[n].strip()), default=end)
    start = last
    while start > first and lines[start - 1].strip():
        start -= 1
    above = _not_blank(lines[first:start])
    block = _not_blank([line.strip(" \t*") for line in lines[start : last + 1]])
    if above and len(block) == 1 and _is_card(block[0], writer):
        return start
    if not above or not 1 < len(block) < _MAX_BLOCK or any(_is_prose(line) for line in block):
        return end
    if any(_is_sentence(line) for line in block[1:]):
        return end
    before = above[-1].rstrip()
    if before.endswith((":", "：")) or _CONTACT.search(before):
        return end
    if len(above) <= _SHORT and is_writers(block[0], writer, 2):
        return start
    is_under_sentence = before.endswith((".", "!", "?", "…")) or len(before.split()) == 1
    is_one = _is_name(block[0], 2) and any(_CONTACT.search(line) for line in block[1:])
    return start if is_one and is_under_sentence else end


def _card(lines: Sequence[str], first: int, end: int, writer: str) -> int:
    """Where the writer's whole name stands in a line of its own, and below it to the end titles, an address, a
    telephone, what the organisation says of itself, with or without blank lines; `end` where nothing such does."""
    worded = (n for n in range(end - 1, first, -1) if lines[n].strip())
    start = next(islice(worded, _MAX_SIGNATURE, None), first + 1)
    may = (n for n in range(start, end) if _names_writer(lines[n], writer))
    for n in islice(may, _MOST_TRIED):
        above, below = _not_blank(lines[first:n]), _not_blank(lines[n + 1 : end])
        if not above or above[-1].rstrip().endswith((":", "：", ",")) or not 0 < len(below) <= _MAX_SIGNATURE:
            continue
        if all(_is_of_card(line, writer) for line in below) and any(map(is_of_one, below)):
            return n
    return end


def _names_writer(line: str, writer: str) -> bool:
    """Whether a line is the writer's name: letters of a degree, pronouns and titles may stand behind it."""
    name = _BEHIND_NAME.split(line.strip(" \t*_"), maxsplit=1)[0]
    words = [word for word in name.split() if not (word.isupper() and 1 < len(word) <= _LONGEST_DEGREE)]
    return len(line) <= _LONG and is_writers(" ".join(words), writer, 2)


def _is_of_card(line: str, writer: str) -> bool:
    """Whether a line below a name is of the card: it states nothing, or begins with the name of the organisation."""
    house = writer.partition("@")[2].casefold()
    begun = "".join(_WORDS.findall(line.partition(":")[0])).casefold()
    return not states(line) or (len(begun) > _FEW_LETTERS and begun in house.replace("-", ""))


def _is_card(line: str, writer: str) -> bool:
    """Whether one line is a whole signature: the writer's name, behind a stroke titles or a telephone; or hours."""
    first, stroke, rest = line.partition("|") if "|" in line else line.partition(" - ")
    return (bool(stroke) and is_writers(first, writer, 2) and is_of_one(rest)) or bool(_HOURS.match(line))


def is_writers(line: str, writer: str, least: int) -> bool:
    """Whether a line is the writer's name, first and last in either order, of `least` words."""
    names = {word.casefold() for word in _WORDS.findall(writer.partition("@")[0]) if len(word) > 1}
    said = [word.casefold() for word in _WORDS.findall(line) if len(word) > 1 or least > 1]
    whole = [word for word in said if len(word) > 1]
    initials = {name[0] for name in names.difference(whole)}
    return len(said) >= least and bool(whole) and names.union(initials).issuperset(said)
