"""Whether a mail says nothing but that its writer is not there, or has gone: by every sentence of it.

Whoever pressed the key, such a mail is an automatic reply in all that matters, and no answer. It speaks of being away,
of coming back, of mail and of who is there instead. One word more (a visit, a decision, a question) may say something
else, and is a person's: a closed list of words loses an absence now and then, an open one a person. What such a mail
tells is read in absence.py; headers are not known here.
"""

from bot.mail import re2
from bot.mail.patterns.topics import topic

_WITHIN = 4000
_TITLE = 300
_LONGEST = 400  # of a sentence of such a mail; the patterns have no bounds of their own
_MOST_SENTENCES = 10

_LISTS = topic("away")
_SAID, _PLAINLY, _TITLED = (_LISTS.pattern(name) for name in ("said", "plainly", "titled"))
_LEFT, _EMPLOYER = _LISTS.pattern("left"), _LISTS.pattern("employer")
_HONORIFICS, _ANYBODY, _OF_STAFF = (_LISTS.words(name) for name in ("honorifics", "anybody", "of_staff"))
_ELSEWHERE, _GREETED = _LISTS.pattern("elsewhere"), _LISTS.pattern("greeted_elsewhere")
_AND, _OF_MAIL = _LISTS.pattern("and_elsewhere"), _LISTS.pattern("of_mail")
_MORE, _OFFICES = _LISTS.pattern("more"), _LISTS.pattern("offices")

_TIME, _LINKS = _LISTS.words("time"), _LISTS.words("links")
_AWAY = _TIME | _LISTS.words("away")
_ASKING = _AWAY | _LISTS.words("need")
_ASKED = _ASKING | _LISTS.words("whom")
_GROUP, _POLITE, _GREETS = _LISTS.words("group"), _LISTS.words("polite"), _LISTS.words("greets")
_TURNS, _ABOUT, _ASKS = _LISTS.rows("turns"), _LISTS.pattern("about"), _LISTS.pattern("asks")
#: Elsewhere a sentence is known by its beginning, and by its length.
_BEGINS_ELSEWHERE = (
    (90, _LISTS.pattern("answers_elsewhere")),
    (40, _LISTS.pattern("greets_elsewhere")),
    (80, _LISTS.pattern("thanks_elsewhere")),
    (160, _LISTS.pattern("asks_elsewhere")),
    (50, _LISTS.pattern("closes_elsewhere")),
)

#: "9. Oktober" and "am 20.9. nicht" are no end of a sentence.
_DAY_DOT = re2.compile(r"((?:^|[^\d./])\d{1,2}|\d\.\d{1,2})\.\s+(\pL)")
#: A program's line break in the middle of a sentence.
_WRAPPED = re2.compile(r"([^\n]{50,200}[^.!?:\s])[ \t]*\n([\pL\d])")
_NAME_WORD = re2.compile(r"[\pL'’]+")
_SENTENCE = re2.compile(r"[.!?]+(?:\s+|$)|;\s+|\n\s*\n|\n")
_WORD = re2.compile(r"[\pL\pN][\pL\pN'’@._+/-]*")


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
    rest = _EMPLOYER.sub("", where, count=1)
    is_place = rest != where or not where.strip() or str(match.group(2)).lower().endswith("retired")
    by_name = not is_i and "no longer" in str(match.group(2)).lower()
    return (is_place or by_name) and _is_rest(rest, names)


def _is_called(who: list[str], names: frozenset[str]) -> bool:
    """By the first name: a child may have the family name of the one who writes."""
    given = who[1:] if who[0] in _HONORIFICS else who
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
    return _is_rest(piece[said.end() :], names) if said else _keeps_to_absence(piece, names)


def names_of(name: str, email: str) -> frozenset[str]:
    """The words by which a sender is called: of the display name and before the @, those of three letters and more."""
    words = f"{name} {email.partition('@')[0]}".lower()
    return frozenset(word for word in _NAME_WORD.findall(words) if len(word) > 2)


def _keeps_to_absence(sentence: str, names: frozenset[str]) -> bool:
    """Whether the sentence has no word but those of an absence: of being away, of whom to ask, or of politeness; the
    writer's own `names` may stand there."""
    plain = sentence
    for pattern, one in _TURNS:
        plain = pattern.sub(one, plain)
    if _ABOUT.search(plain):
        return False
    words = _WORD.findall(plain)
    if (_keeps_to(words, _AWAY, names) and not _is_time(words)) or _is_polite(words, names):
        return True
    asks = _ASKS.match(plain)
    if asks and _keeps_to(_WORD.findall(asks.group(1)), _ASKING, names) and _names_somebody(asks.group(2), names):
        return True
    bare = sentence.rstrip(", ")
    return any(len(bare) <= longest and pattern.match(bare) for longest, pattern in _BEGINS_ELSEWHERE)


def _is_rest(text: str, names: frozenset[str]) -> bool:
    """The same of what follows a word about an office or an address: a time, or who is there instead."""
    return _names_somebody(text, names) or not _WORD.search(text)


def _is_time(words: list[str]) -> bool:
    return bool(words) and all(word[0].isdigit() or _plain(word) in _TIME | _LINKS for word in words)


def _plain(word: str) -> str:
    return word.lower().replace("’", "'").rstrip("'.-/")


def _keeps_to(words: list[str], known: frozenset[str], names: frozenset[str]) -> bool:
    return all(word[0].isdigit() or _plain(word) in known or _plain(word) in names for word in words)


def _is_polite(words: list[str], names: frozenset[str]) -> bool:
    """A greeting may name anybody, thanks for contacting any team."""
    unknown = [word for word in words if _plain(word) not in _POLITE and _plain(word) not in names]
    if not unknown:
        return True
    begins = _plain(words[0])
    return len(unknown) <= 4 and all(word[0].isupper() for word in unknown) and begins in (*_GREETS, "thank", "thanks")


def _names_somebody(text: str, names: frozenset[str]) -> bool:
    """Names, addresses, numbers and offices, and nothing else: "the procurement team", not "the mother"."""
    words = _WORD.findall(text)
    for at, word in enumerate(words):
        following = _plain(words[at + 1]) if at + 1 < len(words) else ""
        if not (
            word[0].isupper() or word[0].isdigit() or "@" in word or _plain(word) in _ASKED or _plain(word) in names
            or following in _GROUP
        ):  # fmt: skip
            return False
    return bool(words)
