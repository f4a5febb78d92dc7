"""Whether a mail says nothing but that its writer is not there, or has gone: by every sentence of it.

Whoever pressed the key, such a mail is an automatic reply in all that matters, and no answer. One word more (a visit, a
decision, a question) and it is a person's. What it tells is read in absence.py; headers are not known here.
"""

from __future__ import annotations

import re2

from bot.mail.machine import away_words

_WITHIN = 4000
_TITLE = 300
_LONGEST = 400  # of a sentence of such a mail; the patterns below have no bounds of their own
_MOST_SENTENCES = 10

_LEAVE = (
    r"(?:out of (?:the )?office|away|(?:out )?on (?:(?:annual|sick|maternity|paternity|parental|study|special) )?leave"
    r"|on (?:holiday|vacation|secondment|pto|(?:a )?sabbatical)|out (?:until|till)|travell?ing)"
)
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
#: What is said of an office or an address, of a line of mail that goes elsewhere, and of who stands in; and its rest.
_SAID = re2.compile(
    rf"(?i)^(?:{_CLOSED}|{_ADDRESS_GONE}|i no longer use (?:this|that)\b"
    r"|(?:\S+ ){1,5}(?:is|are|will be) (?:covering|deputi[sz]ing|standing in)\b(?: for me\b)?)"
)
_PLAINLY = re2.compile(
    rf"(?i)\b(?:i am|i'm|i will be|we are) (?:now |currently |also )?{_LEAVE}\b|\b{_CLOSED}"
    r"|\b(?:i have|i will have|i'll have) (?:only )?(?:limited|no|intermittent) access to (?:my )?(?:e-?)?mails?\b"
    rf"|(?:^|[.!?,]\s+|\n\s*)(?:currently )?{_LEAVE}\b"
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
#: Somebody has gone: who, how, from where. Of families too it is said ("Mia is no longer with her aunt").
_LEFT = re2.compile(
    r"(?i)^(?:please (?:note|be (?:aware|advised))(?: that)? )?((?:[^\s.!?]+ ){1,4}?)((?:has|have) (?:now |since"
    r" |recently )?(?:left|retired)|(?:is|am) no longer (?:with|at|in|employed|working|part of)|no longer works?)\b"
    r"([^.!?\n]*)"
)
#: The employer. "I am no longer in agreement" and "I have left the papers" are no departures.
_FROM = re2.compile(rf"(?i)^(?: (?:at |for |in |with |by )?(?:here\b|(?:the |our |this )?(?:\w+ ){{0,2}}{_POST}\b))?")
_TITLES = frozenset({"mr", "mrs", "ms", "miss", "dr"})
_ANYBODY = frozenset({"this", "the"})
_OF_STAFF = frozenset({"person", "employee", "colleague", "user", "member", "staff", "officer", "worker"})
#: The same as one plain sentence elsewhere: beginning, and what stands behind it. No clause may follow but one of mail.
_ELSEWHERE_ROWS = (
    ("(?:rydw i|rwyf|rwy|dw i|yr wyf|byddaf)", "allan o'r swyddfa|ar (?:fy )?(?:ng)?wyliau|i ffwrdd"),  # Welsh
    ("(?:ich bin|bin ich|ich befinde mich)", "abwesend|im urlaub|in den ferien|nicht im (?:büro|haus)"),
    ("(?:je suis|je serai)", "absente?|en (?:congés?|vacances)|hors du bureau"),
    ("(?:estoy|estaré)", "fuera de (?:la )?oficina|de vacaciones|ausente"),
    ("(?:sono|sarò)", "fuori (?:ufficio|sede)|in ferie|assente"),
    ("(?:ik ben|ben ik)", "afwezig|(?:met|op) vakantie|niet op kantoor"),
    ("(?:estou|estarei)", "ausente|de férias|fora do escritório"),
    ("(?:jsem|budu)", "mimo kancelář|na dovolené|nepřítom\\w+"),
    ("olen", "lomalla|poissa"),
    ("(?:sunt|voi fi)", "în concediu|plecat[ăa]?"),
    ("(?:jestem|będę)", "na urlopie|nieobecn[ya]|poza biurem"),
    ("(?:jeg er|jag är)", "på (?:ferie|semester)|frav.rende|frånvarande|bortrest"),
)
_NOW = (
    "(?:derzeit|zurzeit|aktuell|momentan|actuellement|actualmente|atualmente|attualmente|momenteel|aktuálně|momentálně"
    "|obecnie|aktualnie|ar hyn o bryd) "
)
_ELSEWHERE = re2.compile(
    f"(?i)^(?:{_NOW})?(?:"
    + "|".join(f"{start} (?:[^,;:?]* )?(?:{there})" for start, there in _ELSEWHERE_ROWS)
    + r")((?: [^,;:?]*)?)$"
)
_GREETED = re2.compile(r"(?i)^(?:guten tag|hallo|dobr. den|hola|bonjour|helo|hej)\b[^,.!?]{0,40},\s*")
_AND = re2.compile(r"(?i) (?:und|et|y|e|en|i|og|och|ond|ac|a|ale|aber|mais|pero) ")
_OF_MAIL = re2.compile(r"(?i)\b(?:zugriff|mails?|e-?mails?|nachrichten|acc.s|acceso|accesso|toegang|adgang)\b")
#: "9. Oktober" and "am 20.9. nicht" are no end of a sentence.
_DAY_DOT = re2.compile(r"((?:^|[^\d./])\d{1,2}|\d\.\d{1,2})\.\s+(\pL)")
#: A program's line break in the middle of a sentence.
_WRAPPED = re2.compile(r"([^\n]{50,200}[^.!?:\s])[ \t]*\n([\pL\d])")
#: What an automatic reply does not speak of: the mail may answer something.
_MORE = re2.compile(
    r"(?i)\b(?:but|however|so|(?:dis)?agree\w*|accept\w*|refus\w*|resol\w*|happy|visit\w*|plans?|child\w*|famil\w*"
    r"|decision|assess\w*|threshold|challenge|strategy|outcome|yesterday)\b"
)
_OFFICES = re2.compile(
    r"(?i)\b(?:child(?:ren)?['’]?s?|famil(?:y|ies)) (?:and (?:famil(?:y|ies)|young people)['’]?s? )?"
    r"(?:services?|social care|hub|centres?|help|support)\b|(?i)\bassessment (?:team|service|hub)\b"
)
_NAME_WORD = re2.compile(r"[\pL'’]+")
_SENTENCE = re2.compile(r"[.!?]+(?:\s+|$)|;\s+|\n\s*\n|\n")


def says_more(text: str) -> bool:
    """Whether words stand there that automatic replies do not have: it may answer something."""
    return bool(_MORE.search(_OFFICES.sub("", text)))


def is_titled(title: str, names: frozenset[str] | None = None) -> bool:
    """Whether a decoded subject says that its writer is away; who else is away is another matter, where `names` tell
    the writer's own."""
    match = _TITLED.match(title) if len(title) <= _TITLE else None
    if match is None:
        return False
    who = _NAME_WORD.findall(str(match.group(1) or "").lower())
    return not who or names is None or _is_called(who, names)


def has_left(sentence: str, names: frozenset[str]) -> bool:
    """Whether the sentence is its writer's departure and nothing else: of the one in whose name the mail comes (by
    `names`, in lower case), of "I", or of "this person"."""
    match = _LEFT.match(sentence)
    if match is None:
        return False
    who = [word.strip("\"'()[]<>,:’.").lower() for word in match.group(1).split()]
    is_i = who in (["i"], ["i", "have"])
    if not (is_i or _is_called(who, names) or (who[0] in _ANYBODY and any(word in _OF_STAFF for word in who))):
        return False
    where = str(match.group(3))
    rest = _FROM.sub("", where, count=1)
    is_place = rest != where or not where.strip() or str(match.group(2)).lower().endswith("retired")
    by_name = not is_i and "no longer" in str(match.group(2)).lower()
    return (is_place or by_name) and away_words.is_rest(rest, names)


def _is_called(who: list[str], names: frozenset[str]) -> bool:
    """By the first name: a child may have the family name of the one who writes."""
    given = who[1:] if who[0] in _TITLES else who
    return any(word in names for word in given[:1])


def is_all(new_text: str, title: str = "", names: frozenset[str] = frozenset()) -> bool:
    """Whether the new text, and the subject where it speaks of an absence, say that and who is there instead."""
    in_title = is_titled(title, names)
    if len(new_text) > _WITHIN or (in_title and says_more(title)):
        return False
    joined = _DAY_DOT.sub(r"\1 \2", _WRAPPED.sub(r"\1 \2", new_text))
    said = [" ".join(piece.split()) for piece in _SENTENCE.split(joined)]
    said = [piece for piece in said if piece]
    if len(said) > _MOST_SENTENCES or any(len(piece) > _LONGEST for piece in said):
        return False
    plain = [piece for piece in said if _is_elsewhere(piece) or has_left(piece, names)]
    if not (in_title or plain or _PLAINLY.search(new_text)):
        return False
    return all(piece in plain or _is_of_absence(piece, names) for piece in said) and (in_title or bool(said))


def _is_elsewhere(piece: str) -> bool:
    """A sentence of another language, greeting and all, in which an "and" leads only to the access to mail."""
    match = _ELSEWHERE.match(_GREETED.sub("", piece, count=1))
    return bool(match) and all(_OF_MAIL.search(more) for more in _AND.split(str(match.group(1)))[1:])


def _is_of_absence(piece: str, names: frozenset[str]) -> bool:
    said = _SAID.match(piece)
    return away_words.is_rest(piece[said.end() :], names) if said else away_words.is_of_absence(piece, names)


def names_of(name: str, email: str) -> frozenset[str]:
    """The words by which a sender is called: of the display name and before the @, those of three letters and more."""
    words = f"{name} {email.partition('@')[0]}".lower()
    return frozenset(word for word in _NAME_WORD.findall(words) if len(word) > 2)
