"""Whatever arrives, the reader answers: properties over arbitrary bytes and arbitrary words."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.bytes import addresses
from bot.mail.bytes.text import cleaned
from bot.mail.cut import quote
from bot.mail.read import Reading, headers_only, read
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.mail.understood import understand
from bot.mail.words import commands
from bot.model import Mail, Proof
from tests.some import some

NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
READING = Reading((Phrase("Professional Safeguarding Challenge"),), Trust("rfc8601", ("mx.council.example",)))

names = st.sampled_from(
    (
        *("From", "To", "Cc", "Subject", "Date", "Message-ID", "References", "Received", "Content-Type", "Sender"),
        *("Authentication-Results", "ARC-Seal", "Content-Transfer-Encoding", "Content-Disposition", "Auto-Submitted"),
        *("Return-Path", "X"),
    )
)
awkward = st.sampled_from(
    (
        *(b"multipart/mixed; boundary=q", b"message/rfc822", b"text/html", b"text/plain; charset=utf-16", b"base64"),
        *(b"multipart/report; report-type=delivery-status; boundary=q", b"=?utf-8?B?4oCT?=", b"quoted-printable"),
        *(b"text/calendar; method=REPLY", b"x-uuencode", b"message/delivery-status", b"<a@b>", b"a@b.example"),
        b"attachment; filename*=utf-8''%00..%2f",
    )
)
values = st.one_of(
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=60), awkward
)
field = st.tuples(names, values).map(lambda pair: pair[0].encode() + b": " + pair[1] + b"\n")
block = st.lists(field, max_size=8).map(b"".join)
body = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(block, st.just(b"--q\n"), st.just(b"\n"), st.just(b"--q--\n")), max_size=8).map(b"".join),
)
mails = st.one_of(st.binary(max_size=400), st.tuples(block, body).map(b"\n".join))


def is_sound(found: Mail) -> bool:
    return not any(defect.startswith(("parser_failed", "headers_failed")) for defect in found.defects)


@settings(max_examples=some(600), deadline=None)
@given(mails)
def test_no_bytes_make_the_reader_raise_or_stumble(raw: bytes) -> None:
    """Any bytes give a Mail, by the ordinary road, that can cross back from the reading process."""
    found = read(raw, READING, NOW)
    assert is_sound(found)
    assert pickle.loads(pickle.dumps(found)) == found
    assert is_sound(headers_only(raw, READING, NOW, "set_aside"))
    assert not headers_only(raw, READING, NOW, "set_aside").is_readable
    understand(raw, READING)


@settings(max_examples=some(300), deadline=None)
@given(st.text(max_size=300))
def test_what_is_shown_holds_no_hidden_character(text: str) -> None:
    """Text from a mail never carries controls, nor letters that turn it round."""
    raw = b"From: a@csc.example\nContent-Type: text/plain; charset=utf-8\n\n" + text.encode("utf-8", "surrogatepass")
    found = read(raw, READING, NOW)
    for shown in (found.text, found.new_text, found.quoted, found.subject):
        assert cleaned(shown) == shown
        assert "\0" not in shown
        assert "\u202e" not in shown


@settings(max_examples=some(300), deadline=None)
@given(st.text(max_size=80))
def test_a_sender_is_one_address_or_none(value: str) -> None:
    """Whatever stands in From, the answer is nobody or one lower-case address in ASCII that the value holds."""
    found, defects = addresses.one(value)
    assert found is not None or defects
    if found is not None:
        assert found.email.isascii()
        assert found.email == found.email.lower()
        assert found.email.count("@") == 1


@settings(max_examples=some(300), deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    "ok",
                    "> old",
                    "",
                    "From: a",
                    "On x wrote:",
                    "-- ",
                    "Sent: b",
                    "To: c",
                    "words here",
                    "___",
                    ">",
                    "*",
                    "-",
                ),
                *(
                    "Thanks, Fay",
                    "Fay Marsh",
                    "01632 960111",
                    "__________",
                    "On 1 Jan 2027 at 10:00, a@b.example wrote:",
                ),
                *(
                    "2027/1/1 A <a@b.example>",
                    "1/1/2027 10:00",
                    "To",
                    "Subject",
                    "--- x y ---",
                    "\ue000",
                    "\ue001",
                    "A.:",
                ),
            ]
        ),
        max_size=30,
    )
)
def test_new_text_is_made_of_lines_of_the_mail(lines: list[str]) -> None:
    """Nothing is invented: every line of the new text stands in the mail, in the same order."""
    remaining = iter([line.strip() for line in lines])
    new = quote.split("\n".join(lines)).new
    assert all(line.strip() in remaining for line in new.split("\n") if line.strip())


@settings(max_examples=some(300), deadline=None)
@given(st.sampled_from(commands.ALONE), st.text(alphabet="abcdefghijklmnop ", min_size=1, max_size=20))
def test_a_word_with_more_on_its_line_never_acts(word: str, more: str) -> None:
    """An alone-word followed by any word is no command of that name."""
    found = commands.command(f"{word} x{more}")
    assert found is None or found.word != word


@settings(max_examples=some(300), deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"dmarc=pass", b"dmarc=fail", b"arc=pass"]))
def test_nobody_else_can_prove_a_sender(noise: bytes, result: bytes) -> None:
    """No result below a foreign hop, whatever stands in it, makes a sender proven."""
    raw = b"From: a@csc.example\nReceived: from x by evil.example; Sat, 16 Jan 2027 09:12:00 +0000\n"
    raw += b"Authentication-Results: mx.council.example; " + result + b" header.from=csc.example\n" + noise
    assert read(raw, READING, NOW).proof is not Proof.PROVEN
