"""Whether a mail says nothing but that its writer is not there, or has gone: by every sentence of it.

Whoever pressed the key, such a mail is an automatic reply in all that matters, and no answer. One word more (a visit, a
decision, a question) and it is a person's. What it tells is read in absence.py; headers are not known here.
"""

from __future__ import annotations

import re2

_WITHIN = 4000
_TITLE = 300
_LONGEST = 400  # of a sentence of such a mail; the patterns below have no bounds of their own
_MOST_SENTENCES = 10
_SIGNED = 60

_LEAVE = (
    r"(?:out of (?:the )?office|away|(?:out )?on (?:(?:annual|sick|maternity|paternity|parental|study|special) )?leave"
    r"|on (?:holiday|vacation|secondment)|out (?:until|till)|travell?ing\b.*\blimited)"
)
_SELF = r"(?:i|we)(?: am|'m| are|'re| will be|'ll be| have been)? (?:now |currently |also )?"
_CLOSED = (
    r"(?:the |our )?(?:offices?|schools?|nursery|college|surgery)"
    r" (?:(?:is|are|will be|remains?|will remain) (?:now )?)?closed"
    r" (?:until|till|from|for|over|on|between|today|this|now)\b"
)
_ADDRESS_GONE = (
    r"(?:please note (?:that )?)?(?:this|my|that) (?:(?:old )?e-?mail (?:address|account)|mailbox|inbox|address)"
    r" (?:is no longer (?:valid|in use|used|active|monitored|read)|has (?:now |recently )?changed)\b"
    r"|your (?:e-?mail|message) (?:has been|is being|will be) automatically (?:forwarded|redirected)\b"
)
#: What the sentences of such a mail begin with, and how long one may be: the longer, the more a person says.
_ROWS = (
    (70, r"(?:hi|hello|dear|good (?:morning|afternoon))\b"),
    (100, r"(?:many )?thanks?(?: you)?\b"),
    (
        300,
        rf"{_SELF}(?:{_LEAVE}|unavailable|not (?:in the office|working|available)|on (?:training|a course)"
        r"|off (?:work|sick|today|this week))\b",
    ),
    (
        200,
        r"(?:i|we) (?:will|'ll|shall|am|plan to|hope to|aim to) ?(?:be )?(?:back|return|returning|respond|reply|answer"
        r"|deal with|read|get back)\b",
    ),
    (
        160,
        r"i (?:do not|don't|will not|won't|will|have) (?:have |be )?(?:limited|no|any|intermittent|checking|reading"
        r"|monitoring|able to access|access(?:ing)?|only)\b",
    ),
    (
        360,
        r"(?:if|for|in|should|until|during|any)\b.*\b(?:urgent|absence|emergency|immediate|meantime|meanwhile|enquir"
        r"|quer|assistance|matters?|then)",
    ),
    (220, r"(?:please )?(?:contact|e-?mail|call|ring|phone|speak to|direct|reach out to|get in touch with|write to)\b"),
    (180, r"(?:your (?:e-?mail|message)|e-?mails?|messages?) (?:will|is|are)\b"),
    (180, rf"(?:{_CLOSED}|{_ADDRESS_GONE})"),
    (100, r"i no longer use (?:this|that)\b"),
    (60, r"(?:with )?(?:kind|best|warm|many)? ?(?:regards|wishes)\b|(?:yours )?(?:sincerely|faithfully)\b"),
    (100, r"returning (?:on|to)\b|back (?:on|in)\b"),
)
_ONLY = tuple((longest, re2.compile(f"(?i)^(?:{begins})")) for longest, begins in _ROWS)
_PLAINLY = re2.compile(
    rf"(?i)\b(?:i am|i'm|i will be|we are) (?:now |currently |also )?{_LEAVE}\b|\b{_CLOSED}"
    rf"|(?:^|[.!?]\s+|\n\s*)(?:{_ADDRESS_GONE})"
)
#: What follows in a subject: nothing, a mark or a time. "Away from his placement" is somebody else's matter.
_THEN = r"(?:\W*| ?[-–:;,(][^?]*| (?:from )?(?:until|till|to|this|next|today|now|back|returning|between|over|\d)[^?]*)"
#: A subject that says it: a new mail's first sentence, where the text has none. A question is none.
_TITLED = re2.compile(
    rf"(?i)^\W*(?:ooo\b[^?]*|{_CLOSED}[^?]*|my e-?mail address has changed\b[^?]*"
    rf"|((?:\S+ ){{1,4}}(?:is|will be) (?:currently |now )?)?{_LEAVE}\b{_THEN})$"
)
_POST = (
    r"(?:organi[sz]ation|council|company|trust|authority|team|service|school|post|role|department|practice|college"
    r"|university|hospital|employment|business|firm|charity)"
)
#: Somebody has gone: who, and how. Families are spoken of in the same words ("Mia is no longer with her aunt").
_LEFT = re2.compile(
    r"(?i)^(?:please (?:note|be (?:aware|advised))(?: that)? )?((?:[^\s.!?]+ ){1,4}?)(?:(?:has|have) (?:now |since"
    rf" |recently )?(?:left (?:the |our |this )?(?:\w+ ){{0,2}}{_POST}|retired)\b|no longer works?\b"
    r"|(?:is|am) no longer (?:with|at|in|employed|working|part of)\b)"
)
_ANYBODY = frozenset({"this", "the"})
_OF_STAFF = frozenset({"person", "employee", "colleague", "user", "member", "staff", "officer", "worker"})
#: The same as one plain sentence elsewhere: beginning, and what stands behind it. No clause may follow.
_ELSEWHERE_ROWS = (
    ("(?:rydw i|rwyf|rwy|dw i|yr wyf|byddaf)", "allan o'r swyddfa|ar (?:fy )?(?:ng)?wyliau|i ffwrdd"),  # Welsh
    ("(?:ich bin|ich befinde mich)", "abwesend|im urlaub|in den ferien|nicht im (?:büro|haus)"),
    ("(?:je suis|je serai)", "absente?|en (?:congés?|vacances)|hors du bureau"),
    ("(?:estoy|estaré)", "fuera de (?:la )?oficina|de vacaciones|ausente"),
    ("(?:sono|sarò)", "fuori (?:ufficio|sede)|in ferie|assente"),
    ("ik ben", "afwezig|(?:met|op) vakantie|niet op kantoor"),
    ("(?:estou|estarei)", "ausente|de férias|fora do escritório"),
    ("(?:jestem|będę)", "na urlopie|nieobecn[ya]|poza biurem"),
    ("(?:jeg er|jag är)", "på (?:ferie|semester)|frav.rende|frånvarande|bortrest"),
)
_ELSEWHERE = re2.compile(
    "(?i)^(?:"
    + "|".join(f"{start} (?:[^,;:?]* )?(?:{there})" for start, there in _ELSEWHERE_ROWS)
    + r")(?: [^,;:?]*)?$"
)
#: A program's line break in the middle of a sentence.
_WRAPPED = re2.compile(r"([^\n]{50,200}[^.!?:\s])[ \t]*\n([\pL\d])")
#: What an automatic reply does not speak of: the mail may answer something.
_MORE = re2.compile(
    r"(?i)\b(?:but|however|so|(?:dis)?agree\w*|accept\w*|refus\w*|resol\w*|happy|visit\w*|plans?|child\w*|famil\w*"
    r"|decision|assess\w*|threshold|challenge|strategy|outcome|yesterday)\b"
)
_NAME_WORD = re2.compile(r"[\pL'’]+")
_SENTENCE = re2.compile(r"[.!?]+(?:\s+|$)|\n\s*\n|\n")


def says_more(text: str) -> bool:
    """Whether words stand there that automatic replies do not have: it may answer something."""
    return bool(_MORE.search(text))


def is_titled(title: str, names: frozenset[str] | None = None) -> bool:
    """Whether a decoded subject says that its writer is away; who else is away is another matter, where `names` tell
    the writer's own."""
    match = _TITLED.match(title) if len(title) <= _TITLE else None
    if match is None:
        return False
    who = str(match.group(1) or "").lower()
    return not who or names is None or any(word in names for word in _NAME_WORD.findall(who))


def has_left(text: str, names: frozenset[str]) -> bool:
    """Whether the text begins with its writer's departure: of the one in whose name it comes (`names`, in lower case),
    of "I", or of "this person"."""
    match = _LEFT.match(text)
    if match is None:
        return False
    who = [word.strip("\"'()[]<>,:’").lower() for word in match.group(1).split()]
    is_staff = who[0] in _ANYBODY and any(word in _OF_STAFF for word in who)
    return who in (["i"], ["i", "have"]) or is_staff or any(word in names for word in who)


def is_all(new_text: str, title: str = "", names: frozenset[str] = frozenset()) -> bool:
    """Whether the new text, and the subject where it speaks of an absence, say that and who is there instead."""
    in_title = is_titled(title, names)
    if len(new_text) > _WITHIN or says_more(f"{title}\n{new_text}" if in_title else new_text):
        return False
    said = [" ".join(piece.split()) for piece in _SENTENCE.split(_WRAPPED.sub(r"\1 \2", new_text))]
    said = [piece for piece in said if piece]
    if len(said) > _MOST_SENTENCES or any(len(piece) > _LONGEST for piece in said):
        return False
    plain = [piece for piece in said if _ELSEWHERE.match(piece) or has_left(piece, names)]
    if not (in_title or plain or _PLAINLY.search(new_text)):
        return False
    return all(piece in plain or _is_of_absence(piece, names) for piece in said) and (in_title or bool(said))


def _is_of_absence(piece: str, names: frozenset[str]) -> bool:
    is_signed = len(piece) <= _SIGNED and all(word.lower() in names for word in _NAME_WORD.findall(piece))
    return is_signed or any(len(piece) <= longest and pattern.match(piece) for longest, pattern in _ONLY)


def names_of(name: str, email: str) -> frozenset[str]:
    """The words by which a sender is called: of the display name and before the @, those of three letters and more."""
    words = f"{name} {email.partition('@')[0]}".lower()
    return frozenset(word for word in _NAME_WORD.findall(words) if len(word) > 2)
