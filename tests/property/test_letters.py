"""Whatever stands in a letter's values, its headers hold fixed words, its bytes stay mail, and its parts stay equal.

Values come from people and strangers: names with line breaks, direction marks and marks of our own, ids that are no
ids, subjects full of personal details. Subjects of inbound mail never reach a letter; this says so for a thousand.
"""

from __future__ import annotations

import base64
import email
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.letters import mime, wording
from bot.letters.render import Office, Templates, is_ours, message_id, render
from bot.model import Contact, Letter, LetterKind
from bot.rules.workdays import calendar
from tests.letters import changed, samples
from tests.some import some

FOLDER = Path(__file__).parents[2] / "mail_templates"
TEMPLATES = Templates.from_texts({path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.j2")})
OFFICE = Office(Contact("clock@partnership.example", "Clock"), calendar())
SAMPLES = samples()
CASES = tuple(one for one in SAMPLES if one.standing is not None)

#: The only headers a letter may have.
HEADERS = {
    "From", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Thread-Topic",
    "Thread-Index", "Auto-Submitted", "X-Auto-Response-Suppress", "Importance", "Content-Language", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip

ugly = st.text(st.characters(codec=None), max_size=40) | st.sampled_from(
    [
        "a\r\nBcc: x@evil.example",
        "a\n\nWHAT HAPPENED",
        "\u202egnp.exe",
        "\ue000HEAD",
        "\ue001x\ue002y\ue003",
        "=?utf-8?q?x?=",
    ]
)


def parsed(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


KEPT = {
    "email",
    "ref",
    "event",
    "fixed_words",
    "window",
    "timescales",
    "level",
    "asks",
    "closed_as",
    "head",
    "about",
    "side",
    "as_",
    "cause",
}


def poisoned(value: Any, poison: str) -> Any:
    """The same values with the poison in every text that is there, but for addresses and codes."""
    if is_dataclass(value) and not isinstance(value, type):
        held = {field.name: getattr(value, field.name) for field in fields(value)}
        return replace(value, **{name: one if name in KEPT else poisoned(one, poison) for name, one in held.items()})
    if isinstance(value, tuple):
        return tuple(poisoned(one, poison) for one in value)
    return f"{value}{poison}" if isinstance(value, str) and value else value


def spoilt(letter: Letter, poison: str) -> Letter:
    """A letter whose people, words and ids hold the poison; the fixed words and the ref are ours and stay."""
    people = tuple(Contact(c.email, f"{c.name}{poison}") for c in letter.to)
    return replace(
        letter,
        values=poisoned(letter.values, poison),
        standing=poisoned(letter.standing, poison),
        to=people,
        in_reply_to=f"m{poison}@x.example",
        references=(poison, "m1@x.example"),
    )


@settings(max_examples=some(150), deadline=None)
@given(st.sampled_from(SAMPLES), ugly)
def test_no_value_can_write_a_header(letter: Letter, poison: str) -> None:
    """Line breaks, encoded words and direction marks in any value add no header, no recipient and no line of 8 bits."""
    made = render(spoilt(letter, poison), OFFICE, TEMPLATES)
    message = parsed(made.raw)
    assert set(message.keys()) <= HEADERS
    assert len(message.keys()) == len(set(message.keys()))
    assert made.recipients == tuple(c.email for c in letter.to)
    assert [a.addr_spec for a in message["To"].addresses] == [c.email for c in letter.to]
    assert made.raw.isascii()
    assert max(map(len, made.raw.split(b"\r\n"))) <= 998
    assert made.raw.count(b"\n") == made.raw.count(b"\r\n") == made.raw.count(b"\r")


@settings(max_examples=some(150), deadline=None)
@given(st.sampled_from(SAMPLES), ugly)
def test_no_value_can_make_the_two_parts_differ(letter: Letter, poison: str) -> None:
    """Nor can it add a heading or a link: what HTML shows is what text says (a button stands for its word and colon),
    and every link is one of ours. A number with more behind it rings nobody."""
    message = parsed(render(spoilt(letter, poison), OFFICE, TEMPLATES).raw)
    clean = parsed(render(letter, OFFICE, TEMPLATES).raw)
    seen, expected = _page(message), _page(clean)
    assert (seen.headings, len(seen.written())) == (expected.headings, len(expected.written()))
    assert len(seen.links) <= len(expected.links)
    assert all(link.startswith(("mailto:clock@partnership.example?subject=", "tel:")) for link in seen.links)
    plain = message.get_body(("plain",))
    assert plain is not None
    text = re2.sub(r"(?m)^(?:[->]( |$)|--$|\d\. )", "", plain.get_content().replace("\r\n", "\n"))
    assert _letters("".join(seen.words)) == _letters(text)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.headings = 0
        self._skip = self._button = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skip = tag in ("title", "style")
        self.headings += tag == "h2"
        self._button = self._button or ("class", "button") in attrs
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "table" and self._button:
            self.words.append(":")
            self._button = False

    def handle_data(self, data: str) -> None:
        if not self._skip:
            self.words.append(data)

    def written(self) -> list[str]:
        """The links that write a mail."""
        return [link for link in self.links if link.startswith("mailto:")]


def _page(message: EmailMessage) -> _Reader:
    part = message.get_body(("html",))
    assert part is not None
    reader = _Reader()
    reader.feed(part.get_content())
    return reader


def _letters(text: str) -> str:
    """Without spaces, capitals and what capitals change."""
    return "".join(text.split()).upper().casefold()


def test_a_thousand_subjects_full_of_people_reach_no_header() -> None:
    """Names, initials, dates of birth, numbers and addresses of a child, wherever they come from, stay out of every
    header: only the fixed words, the window, the ref, ids and staff stand there."""
    words = "Professional Safeguarding Challenge - 24 hours - "
    for n in range(250):
        child = (f"Zoltan{n} Quimby", f"{n % 28 + 1:02}/0{n % 9 + 1}/2015", f"94{n:03}41{n:03}", f"{n} Wisteria Row")
        letter = CASES[n % len(CASES)]
        subjects = dict(zip(("due_why", "late", "team", "stage_name"), (words + part for part in child), strict=True))
        made = render(changed(letter, **subjects), OFFICE, TEMPLATES)
        head = made.raw.partition(b"\r\n\r\n")[0].decode("ascii")
        read = str(email.message_from_string(head, policy=default).items())
        assert not [part for part in child if part in read or part in head]
        assert made.subject == "RE: Professional Safeguarding Challenge – 24 hours [XX-2027-0007]"


@settings(max_examples=some(300))
@given(st.text(st.characters(codec=None), max_size=200))
def test_any_words_in_a_header_read_back(text: str) -> None:
    """What a header encodes a mail program decodes, to the same words."""
    folded = mime._line("Subject", mime.words(text))
    read = email.message_from_string(f"{folded}\r\n", policy=default)["Subject"]
    assert str(read).split() == wording.clean(text).split()
    assert max(map(len, folded.split("\r\n"))) <= 100


@settings(max_examples=some(300))
@given(st.text(max_size=60))
def test_any_address_is_plain_or_refused(text: str) -> None:
    """An address either stands in a header exactly as it is, or raises."""
    try:
        written = mime.address(Contact(text, "Ann"))
    except ValueError:
        return
    read = email.message_from_string(f"To: {written}\r\n\r\n", policy=default)["To"]
    assert [a.addr_spec for a in read.addresses] == [text]


@settings(max_examples=some(300))
@given(st.text(max_size=100), st.binary(min_size=1, max_size=20))
def test_nobody_guesses_an_id(text: str, secret: bytes) -> None:
    """Only what we made is ours; whatever is asked, an answer comes."""
    assert not is_ours(text, secret)
    assert is_ours(message_id(secret, "XX-2027-0001", text, "partnership.example"), secret)


@settings(max_examples=some(300))
@given(
    st.text(max_size=80) | st.binary(max_size=80).map(lambda b: base64.b64encode(b).decode()),
    st.text(max_size=20),
)
def test_a_thread_index_is_always_whole(original: str, root: str) -> None:
    """A header of 22 octets and blocks of 5, whatever the original carried."""
    now = datetime(2027, 1, 13, tzinfo=UTC)
    made = mime.thread_index(original, root, now, now)
    assert made.isascii()
    assert (len(base64.b64decode(made)) - 22) % 5 == 0


@settings(max_examples=some(200), deadline=None)
@given(st.text(max_size=300).map(lambda words: f"x{words}"))  # without any the reader is asked to ring
def test_a_reply_is_passed_on_as_a_quotation(text: str) -> None:
    """No line of somebody else's words stands as ours."""
    letter = next(one for one in SAMPLES if one.kind is LetterKind.RELAY)
    made = render(changed(letter, text=text), OFFICE, TEMPLATES)
    assert not made.used_fallback, made.fault
    plain = render(changed(letter, text="x"), OFFICE, TEMPLATES)
    outside, frame = (
        " ".join(line for line in one.text.split("\n") if not line.startswith(">")).split() for one in (made, plain)
    )
    assert outside == frame
