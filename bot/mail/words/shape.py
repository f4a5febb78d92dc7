"""The shape of a sentence, as a set of features: what its words are, who does what, in which tense and to whom.

A feature is a short text such as "w visit" (the word), "k pl m" (a word of the class `plan` in the main clause) or
"v W will ac m" ("we will" before a verb of acting). The classes stand in patterns/shape.yaml. It judges little: some
turns of speech answer nothing, all else is weighed by the model. Only English is known; a name is no word to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bot.mail import re2
from bot.mail.patterns.topics import topic

_SHAPE = topic("shape")
#: Class -> how it is written in a feature. A word may be of several; its first one is its face.
CLASSES = {
    "me": "me", "we": "we", "you": "yo", "be": "be", "have": "ha", "will": "wi", "negative": "ne", "commit": "cm",
    "reply": "re", "message": "ms", "verdict": "vd", "act": "dn", "do": "ac", "decide": "de", "speak": "sp",
    "look": "lo", "plan": "pl", "thing": "gd", "child": "ch", "body": "bo", "colleague": "co",
    "hedge": "he", "receive": "rc", "thanks": "tk", "time": "ti",
}  # fmt: skip
_CLASS = {code: _SHAPE.words(name) for name, code in CLASSES.items()}
_THINK, _BARE, _PAST = _SHAPE.words("think"), _SHAPE.words("bare"), _SHAPE.words("past")
_COMMON = _SHAPE.words("common")
_CUES = _SHAPE.rows("cues")
_UNANSWERING, _AGAINST = _SHAPE.pattern("unanswering"), _SHAPE.pattern("against")
_ASIDE = _SHAPE.pattern("aside")
_STEM_OF = {form: stem for stem, *forms in map(str.split, _SHAPE.listed("irregular")) for form in forms}
_SHORT = {short: words for short, *words in map(str.split, _SHAPE.listed("short"))}
_STEMS = frozenset().union(*_CLASS.values(), _THINK)
_VERBS = {code: _CLASS[code] for code in ("re", "vd", "dn", "ac", "de", "sp", "lo", "rc", "cm")} | {"th": _THINK}
#: Stem -> its classes, and as which verbs it may stand.
_CLASSES = {stem: tuple(code for code, stems in _CLASS.items() if stem in stems) for stem in _STEMS}
_KINDS = {stem: tuple(code for code, stems in _VERBS.items() if stem in stems) for stem in _STEMS}

_LETTERS = r"[a-z]+(?:[-'.][a-z0-9]+)*|\d+(?:[:.]\d+)*(?:am|pm|st|nd|rd|th)?"
_TOKEN = re2.Words(_LETTERS + "|[?,;:!()–—-]", _LETTERS + "|[?,;:!()-]")
_IS = re2.compile(r"\b(i|we|he|she|they|it|that|there|who|what|where|here)'s\b")
_OWNS = re2.compile(r"'s\b")
_JOINED = (
    ("won't", "will not"), ("can't", "can not"), ("shan't", "shall not"), ("n't", " not"), ("'ll", " will"),
    ("'ve", " have"), ("'re", " are"), ("'m", " am"), ("'d", " would"),
)  # fmt: skip
_MARKS = frozenset("?,;:!()–—-")
_WHO = {"i": "I", "we": "W", "you": "Y", "it": "T", "this": "T", "that": "T", "there": "T"}
_WHO |= dict.fromkeys(("he", "she", "they"), "C") | dict.fromkeys(("someone", "somebody"), "O")
_ON_CONDITION = frozenset(
    ("if", "whether", "unless", "why", "how", "what", "when", "until", "till", "once", "before", "while", "whilst",
     "who", "where", "depending")
)  # fmt: skip
_BEGINS_AGAIN = frozenset(("so", "and", "but", "which", "the", "my", "our", *_WHO))
_AUXILIARY = frozenset(
    ("be", "have", "will", "shall", "can", "could", "would", "should", "may", "might", "must", "do", "going", "go",
     "to", "need", "want", "hope", "try", "let")
)  # fmt: skip
_ENDINGS = (
    ("ies", ("y", "ie")), ("ied", ("y",)), ("ing", ("", "e")), ("ed", ("", "e")), ("es", ("", "e")), ("s", ("",)),
)  # fmt: skip
_NO_VERBS = frozenset(
    ("nothing", "something", "morning", "evening", "anything", "everything", "during", "meeting", "hearing")
)
_BEFORE, _BEHIND = 6, 5
#: The classes of nouns, the first of which tells, and their signs in front of a verb and behind it.
_NOUNS = (("ch", "C"), ("ms", "M"), ("pl", "P"), ("bo", "B"), ("gd", "G"))
_OBJECTS = (("ms", "M"), ("pl", "P"), ("ch", "C"), ("gd", "G"), ("bo", "B"), ("co", "O"))
_DOING = frozenset(("re", "vd", "dn", "ac", "de", "sp", "lo", "rc"))
#: Behind a word for a message these begin what it is about.
_ABOUT = frozenset(
    ("about", "regarding", "concerning", "re", "over", "that", "asking", "requesting", "seeking", "relating")
)
_OPENERS = frozenset(("no", "yes", "ok", "so", "and", "but", "just"))
_HELPING = frozenset(("have", "be", "would", "also", "clearly", "rightly", "do", "still", "not", "may", "had"))


@dataclass(frozen=True, slots=True)
class _Token:
    """`mode`: m in a main clause, c under a condition or a question word, y in what the reader is said to think."""

    word: str
    stem: str
    classes: tuple[str, ...]
    tense: str
    mode: str


def words(sentence: str) -> list[str]:
    """Its words in small letters, shortened forms written out, and its marks."""
    said = sentence.replace("’", "'").replace("‘", "'").lower()
    for joined, apart in _JOINED:
        said = said.replace(joined, apart)
    said = _OWNS.sub("", _IS.sub(r"\1 is", said))
    return [word for token in _TOKEN.findall(said) for word in _SHORT.get(token, (token,))]


def besides(sentence: str) -> str:
    """The sentence less what it says of a longer letter that comes besides it; "" where it says nothing else."""
    return str(_ASIDE.sub("", sentence.replace("’", "'"), count=1))


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """The word less its endings, so that "visits", "visited" and "visiting" are one."""
    if word in _STEM_OF:
        return _STEM_OF[word]
    if word in _STEMS:
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            rest = word[: -len(ending)]
            known = [rest + one for one in instead if rest + one in _STEMS]
            known += [rest[:-1]] if len(rest) > 3 and rest[-1] == rest[-2] and rest[:-1] in _STEMS else []
            if known:
                return known[0]
    return _cut(word)


def _cut(word: str) -> str:
    """The stem of a word that no list holds."""
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) > len(ending) + 3:
            rest = word[: -len(ending)]
            return rest[:-1] if rest[-1] == rest[-2] and rest[-1] not in "sl" else rest
    if word.endswith("s") and len(word) > 3 and not word.endswith(("ss", "us")):
        return word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def is_listed(stem: str) -> bool:
    """Whether a list holds this stem: it is a word of English and no name."""
    return stem in _STEMS or stem in _BARE or stem in _COMMON


def answers_nothing(said: list[str]) -> bool:
    """Whether the sentence, given as `words` gives it, asks, or speaks of a reply or of mere thoughts alone."""
    found = _UNANSWERING.search(" ".join(said))
    return "?" in said or (found is not None and not _AGAINST.search(found.group()))


def features(said: list[str]) -> frozenset[str]:
    """The features of a sentence, given as `words` gives it."""
    tokens = _tokens(said)
    faces = [_face(token) for token in tokens]
    found = {*_of_words(tokens), *_of_order(tokens, faces), *_of_verbs(tokens), *_of_cues(" ".join(said))}
    seen = {name for token in tokens for name in token.classes}
    hedges = len([token for token in tokens if "he" in token.classes])
    begun = next((n for n, token in enumerate(tokens) if not _opens(token)), 0)
    found |= {f"f from {' '.join(faces[begun : begun + 1])}", f"f from {' '.join(faces[begun : begun + 2])}"}
    found.add("z " + "".join(code for code in ("ac", "pl", "ch", "ms", "re") if code in seen))
    found |= {f"f h{min(hedges, 3)}", f"f n{min(len(said) // 4, 6)}", f"f first {faces[0] if faces else ''}"}
    found.add("f you" if "you" in said or "your" in said else "f no you")
    return frozenset(found)


def _opens(token: _Token) -> bool:
    """Whether this is said before the sentence begins: thanks, yes and no, marks."""
    return token.word in _MARKS or token.word in _OPENERS or "tk" in token.classes


def _tokens(said: list[str]) -> list[_Token]:
    stems = [stem(word) for word in said]
    tokens: list[_Token] = []
    mode = "m"
    for n, word in enumerate(said):
        mode = _mode(mode, said, stems, n)
        tokens.append(_Token(word, stems[n], _CLASSES.get(stems[n], ()), _tense(word), mode))
    return tokens


def _mode(mode: str, said: list[str], stems: list[str], n: int) -> str:
    """In which kind of clause the word at `n` stands, as far as its neighbours tell."""
    word, after = said[n], said[n + 1] if n + 1 < len(said) else ""
    if word == ",":
        return "m" if after in _BEGINS_AGAIN or after in _WHO else mode
    if (word in _MARKS and word != "?") or word == "but":
        return "m"
    if word in _ON_CONDITION:
        return "c"
    if n and _is_yours(stems, n):
        return "y"
    if n and word in _ABOUT and stems[n - 1] in _CLASS["ms"]:
        return "y"
    return "m" if word == "and" and after in _WHO and after != "you" else mode


def _is_yours(stems: list[str], n: int) -> bool:
    """Whether the word at `n` is what the reader thinks or has sent: "you have asked", "your email"."""
    if stems[n] in _CLASS["ms"] and stems[n - 1] == "your":
        return True
    before = n - 1
    while before > 0 and n - before < 4 and stems[before] in _HELPING:
        before -= 1
    return stems[n] in _THINK and stems[before] in ("you", "your")


def _tense(word: str) -> str:
    if word in _PAST or (word.endswith("ed") and len(word) > 4):
        return "ed"
    return "ing" if word.endswith("ing") and len(word) > 4 and word not in _NO_VERBS else ""


def _face(token: _Token) -> str:
    """What stands for a word where only order counts: its person, its class, itself if it is a little word."""
    if token.word in _WHO:
        return _WHO[token.word]
    if token.word in _MARKS:
        return "-" if token.word in "–—" else token.word
    if token.word[0].isdigit():
        return "#"
    first = token.classes[0] if token.classes else token.stem if token.stem in _BARE else "x"
    return first + token.tense if first in _DOING else first


def _of_words(tokens: list[_Token]) -> Iterator[str]:
    for token in tokens:
        if token.word in _MARKS:
            continue
        yield f"w {token.stem}"
        if token.mode != "m":
            yield f"{token.mode} {token.stem}"
        if token.tense:
            yield f"w {token.stem}+{token.tense}"
        for name in token.classes:
            yield f"k {name} {token.mode}"
            if token.tense and name not in ("ti", "be", "ha"):
                yield f"t {name}+{token.tense} {token.mode}"


def _of_order(tokens: list[_Token], faces: list[str]) -> Iterator[str]:
    """Two words, two faces and three faces in a row."""
    stems = ["^", *(token.stem for token in tokens), "$"]
    yield from (f"2 {a} {b}" for a, b in pairwise(stems))
    ends = ["^", *faces, "$"]
    yield from (f"b {a} {b}" for a, b in pairwise(ends))
    yield from (f"3 {a} {b} {c}" for a, b, c in zip(ends, ends[1:], ends[2:], strict=False))


def _of_cues(said: str) -> Iterator[str]:
    """The turns of speech in it, each and all together."""
    found = [cue for pattern, cue in _CUES if pattern.search(said)]
    yield from (f"q {cue}" for cue in found)
    yield "q =" + "+".join(cue[:2] for cue in found)


def _of_verbs(tokens: list[_Token]) -> Iterator[str]:
    """Who does it, with which auxiliaries, and to whom."""
    for n, token in enumerate(tokens):
        kinds = _KINDS.get(token.stem)
        if not kinds:
            continue
        who, helped, denied = _before(tokens, n)
        whom = _behind(tokens, n)
        for kind in kinds:
            done = kind + token.tense
            yield f"v {who} {helped}{denied} {done} {token.mode}"
            yield f"v {who} {done}{denied}"
            yield f"a {helped}{denied} {done}"
            yield f"o {done} {whom}"
            yield f"s {who} {helped} {done} {whom}"
        yield f"h {helped}{denied} {token.stem} {token.mode}"
        yield f"u {who} {token.stem}{token.tense}"
        yield f"g {token.stem} {whom}"


def _before(tokens: list[_Token], n: int) -> tuple[str, str, str]:
    """(who, the last two auxiliaries, "!" if denied) in front of the verb at `n`."""
    helped: list[str] = []
    denied = ""
    for token in reversed(tokens[max(0, n - _BEFORE) : n]):
        if token.word in (",", ";", ":"):
            break
        if token.word in _WHO:
            return _WHO[token.word], "-".join(reversed(helped[:2])), denied
        if token.stem in _AUXILIARY:
            helped.append(token.stem)
        elif token.word in ("not", "no", "never"):
            denied = "!"
        elif whose := _noun(token):
            return whose, "-".join(reversed(helped[:2])), denied
    return "", "-".join(reversed(helped[:2])), denied


def _noun(token: _Token) -> str:
    if "co" in token.classes and "ch" not in token.classes and "bo" not in token.classes:
        return "O"
    return next((sign for code, sign in _NOUNS if code in token.classes), "")


def _behind(tokens: list[_Token], n: int) -> str:
    """What the verb at `n` is done to."""
    for token in tokens[n + 1 : n + 1 + _BEHIND]:
        if token.word in (",", ";", ":", "but"):
            break
        if token.stem in ("you", "your"):
            return "Y"
        if sign := next((sign for code, sign in _OBJECTS if code in token.classes), ""):
            return sign
    return ""
