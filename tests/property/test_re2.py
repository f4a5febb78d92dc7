"""Patterns give what the library gives: the shorter way through it, and the words that are cut without it."""

import re2 as google
from hypothesis import given
from hypothesis import strategies as st

from bot.mail import re2
from bot.mail.cut import boilerplate, signature
from bot.mail.forms import labels
from bot.mail.words import shape

PATTERNS = (
    r"a*", r"(a)|(b)", r"(?P<x>a+)(?P<y>b)?", r"(?i)^\W*é?b", r"\b(?:a|é)\b", r"(?s)(.*)(b)", r"[^a\s]", r"$",
    r"(\pL)(\s*)(\pL)", "£|’+",
)  # fmt: skip
LATIN1 = re2.Options()
LATIN1.encoding = re2.Options.Encoding.LATIN1
BYTES = (rb"a*", rb"(a)|(b)", rb"(?m)^(\w+):(.*)$", rb"[\x80-\xff]+")
#: Some letters of one octet, of two, of three and of four, so that places in octets and in letters differ.
TEXTS = st.text(st.sampled_from("abAB 1-'.:\n\té’£\u0301😀"), max_size=30)
TEMPLATES = ("", "x", "é", r"<\g<0>>", "a\\\\n")
WORDS = (boilerplate._WORD, labels._WORD, signature._WORDS, shape._TOKEN)


def told(match: object) -> object:
    """All that anybody asks of a match."""
    if match is None:
        return None
    every = range(match.re.groups + 1)  # type: ignore[attr-defined]
    return (
        match.group(), match.group(0), match.groups(), match.groups("?"), match.groupdict(), match.lastgroup,
        [(match.group(n), match[n], match.span(n), match.start(n), match.end(n)) for n in every],
        match.group(*every), match.string,
    )  # type: ignore[attr-defined]  # fmt: skip


def same(ours: object, theirs: object, text: str | bytes, templates: tuple[object, ...]) -> None:
    for name in ("search", "match", "fullmatch"):
        assert told(getattr(ours, name)(text)) == told(getattr(theirs, name)(text))
        assert told(getattr(ours, name)(text, 1, 9)) == told(getattr(theirs, name)(text, 1, 9))
    for name in ("findall", "split"):
        assert getattr(ours, name)(text) == getattr(theirs, name)(text)
    assert ours.findall(text, 1, 9) == theirs.findall(text, 1, 9)  # type: ignore[attr-defined]
    assert [*map(told, ours.finditer(text))] == [*map(told, theirs.finditer(text))]  # type: ignore[attr-defined]
    assert [*map(told, ours.finditer(text, 2))] == [*map(told, theirs.finditer(text, 2))]  # type: ignore[attr-defined]
    for one in (*templates, lambda found: found.group() * 2):
        assert ours.subn(one, text) == theirs.subn(one, text)  # type: ignore[attr-defined]
        assert ours.sub(one, text, count=1) == theirs.sub(one, text, count=1)  # type: ignore[attr-defined]


@given(TEXTS)
def test_a_pattern_says_of_a_text_what_the_library_s_own_says(text: str) -> None:
    """Whether it is found, where, in which groups, and what stands there instead."""
    for pattern in PATTERNS:
        same(re2.compile(pattern), google.compile(pattern), text, TEMPLATES)


@given(st.binary(max_size=20) | TEXTS.map(str.encode))
def test_a_pattern_says_of_octets_what_the_library_s_own_says(data: bytes) -> None:
    """The same in bytes that are no text."""
    for pattern in BYTES:
        same(re2.compile(pattern, LATIN1), google.compile(pattern, LATIN1), data, tuple(t.encode() for t in TEMPLATES))


@given(st.text(max_size=60) | st.text(st.characters(max_codepoint=127), max_size=60) | TEXTS)
def test_words_are_cut_alike_with_the_library_and_without_it(text: str) -> None:
    """For a text of ASCII `re` is asked: the same words at the same places."""
    text = text.encode("utf-8", "replace").decode()
    for words in WORDS:
        assert words.findall(text) == words._any.findall(text)
        assert [m.span() for m in words.finditer(text)] == [m.span() for m in words._any.finditer(text)]
        assert bool(words.search(text)) is bool(words._any.search(text))
