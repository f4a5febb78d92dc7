"""Words of an opening mail that suggest the child's status: a plan, an enquiry, care.

A sign flags the case and is asked about; whether anything follows from it is the policy's to say. A mail that denies
it has none, and neither has a form's empty box nor the level that somebody would like. "Child in need" is no sign. Who
denies it counts: "they say that it is not" is a dispute about the very thing, and so a sign.
"""

from __future__ import annotations

import re2

from bot.model import Flag

MAX_TEXT = 100_000

#: What each flag's words are; an alternative each.
_SIGNS = {
    Flag.CHILD_PROTECTION: r"child[- ]protection|section[- ]47|s\.? ?47",
    Flag.CHILD_PROTECTION_PLAN: r"cp[- ]plan|cpp|cpc",
    Flag.LOOKED_AFTER: (
        r"looked[- ]after|child(?:ren)? in (?:local authority |foster |residential )?care|(?:is|are|was|now) in care"
        r"|(?:interim |full )?care order|cla|lac"
    ),
}
#: Words that may stand between a denial and what it denies.
_FILLER = (
    r"(?:(?:an?|any|about|of|in|under|for|yet|currently|considered|as|to|be|been|on|subject|known|regarded|meet|meeting"
    r"|met|the|threshold|matter|issue|case|question|current|longer|active|open|at|risk|require|requiring|need|evidence"
    r"|grounds|criteria|concerns?|or)[ :-]+){0,7}"
)
_BEFORE = (
    rf"\b(?:not|no|non|isn'?t|aren'?t|wasn'?t|doesn'?t|don'?t|hasn'?t|never|without|nor|neither|below)\b[ :-]*{_FILLER}"
)
_AFTER = (
    r"\b[\w ,()/-]{0,30}?(?:(?:is|are|was|were|does|do|did|has|have)(?:n'?t| not)(?: been)? (?:an? |the |in |at )*"
    r"(?:issue|question|concern|matter|point|involved|apply|relevant|met|needed|required|indicated|suggested|reached"
    r"|considered)"
    r"|ruled out|no longer appl|ended\b|: *(?:no|none|nil|n/a)\b| +- +(?:no|none|nil|n/a)\b)"
)
_SURELY = r"\b(?:is|are|on|under|subject to|remains?|became|now)(?: now| still| a| an| the| on| subject| to)*[ :-]+"
_FOUND = {flag: re2.compile(rf"(?i)\b(?:{words})\b") for flag, words in _SIGNS.items()}
_DENIED = {
    flag: re2.compile(rf"(?i)(?:{_BEFORE}(?:{words})\b|\b(?:{words}){_AFTER})") for flag, words in _SIGNS.items()
}
_AFFIRMED = {flag: re2.compile(rf"(?i){_SURELY}(?:{words})\b") for flag, words in _SIGNS.items()}
_OTHERS_SAY = re2.compile(
    r"(?i)\b(?:they|he|she|manager|team|agency|service|worker|authority|\w+'s view)\b[^.\n]{0,30}?\b(?:says?|said|told|"
    r"insists?|insisted|claims?|claimed|believes?|maintains?|decided|argues?|states?|stated|thinks?|feels?)\b"
)
_EMPTY_BOX = re2.compile(r"(?m)^[ \t>]*(?:☐|□|▢|\[ ?\]|\( ?\)).*$")
_WISHED = re2.compile(r"(?im)^[ \t>]*(?:please indicate )?perceived level of need[ \t]*:.*$")
_CLAUSES = re2.compile(r"[.;!?\n]+(?:\s|$)|\n|\bbut\b|\bhowever\b")


def signs(text: str) -> tuple[Flag, ...]:
    """The flags that the words of this text suggest, in a fixed order."""
    said = _WISHED.sub("", _EMPTY_BOX.sub("", text[:MAX_TEXT].replace("’", "'")))
    clauses = _CLAUSES.split(said)
    return tuple(flag for flag in _SIGNS if _suggests(flag, clauses))


def _suggests(flag: Flag, clauses: list[str]) -> bool:
    """Said in a clause that does not deny it; beside a denial only where it is said outright."""
    about = [clause for clause in clauses if _FOUND[flag].search(clause)]
    denials = [c for c in about if _DENIED[flag].search(c) and not _OTHERS_SAY.search(c)]
    others = [c for c in about if c not in denials]
    if denials:
        return any(_AFFIRMED[flag].search(c) and not _DENIED[flag].search(c) for c in others)
    return bool(others)
