"""A letter made fit for Microsoft Graph: recipients out of the headers, files out of the body, all else as it was."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses

from hypothesis import given
from hypothesis import strategies as st

from bot.doors.graph.mime import addressed, lightened
from bot.letters.mime import body

PEOPLE = ["fay@csc.example", "jo@csc.example", "zoe@csc.example", "ann@health.example", "bob@health.example"]
NAMES = ["", "Fay Marsh", '"Marsh, Fay"', "=?utf-8?b?Wm/Dqw==?="]


def shown(address: str, name: str) -> str:
    return f"{name} <{address}>" if name else address


def letter(to: list[str], cc: list[str]) -> bytes:
    fields = ["From: Clock <clock@cescp.example>"]
    fields += [f"To: {', '.join(to)}"] if to else []
    fields += [f"Cc: {', '.join(cc)}"] if cc else []
    return "\r\n".join([*fields, "Subject: x", "In-Reply-To: <a@b.example>", "", "To: not a header", ""]).encode()


def named(raw: bytes) -> set[str]:
    head = message_from_bytes(raw)
    return {a.lower() for _, a in getaddresses([v for n in ("To", "Cc", "Bcc") for v in head.get_all(n, [])]) if a}


people = st.lists(st.sampled_from(PEOPLE), max_size=5, unique=True)


@given(people, people, people.filter(bool), st.sampled_from(NAMES))
def test_exactly_the_recipients_are_named(to: list[str], cc: list[str], wanted: list[str], name: str) -> None:
    """Whoever stood in the headers, afterwards they name the recipients and nobody else; the rest is as it was."""
    raw = letter([shown(a, name) for a in to], [shown(a, name).replace("csc", "CSC") for a in cc])
    made = addressed(raw, wanted)
    assert named(made) == set(wanted)
    assert made.partition(b"\r\n\r\n")[2] == raw.partition(b"\r\n\r\n")[2]
    assert message_from_bytes(made)["In-Reply-To"] == "<a@b.example>"
    assert (made == raw) is (named(raw) == set(wanted))


@given(people, people, people.filter(bool))
def test_nobody_is_shown_who_was_not(to: list[str], cc: list[str], wanted: list[str]) -> None:
    """A recipient whom the letter does not name is written to blind."""
    made = message_from_bytes(addressed(letter(to, cc), wanted))
    seen = {a for _, a in getaddresses([v for n in ("To", "Cc") for v in made.get_all(n, [])]) if a}
    assert seen <= {*to, *cc}


files = st.lists(st.tuples(st.sampled_from(["a.pdf", "b.zip"]), st.just("application/zip"), st.binary(max_size=3000)),
                 max_size=4)  # fmt: skip


@given(files, st.integers(min_value=300, max_value=12_000))
def test_files_are_taken_off_whole(attached: list[tuple[str, str, bytes]], most: int) -> None:
    """What is left is no larger than allowed and still the letter; what was taken off is what was attached."""
    raw = b"Subject: x\r\n" + body("The words.\n", "", attached, "m1@cescp.example")
    made = lightened(raw, most)
    if made is None:
        assert len(raw) > most
        return
    rest, taken = made
    assert len(rest) <= most
    message = message_from_bytes(rest, policy=policy.default)
    assert isinstance(message, EmailMessage)
    words = message.get_body(("plain",))
    assert words is not None
    assert words.get_content().strip() == "The words."
    kept = [(p.get_filename(), p.get_content_type(), p.get_payload(decode=True)) for p in message.iter_attachments()]
    assert sorted([*kept, *taken], key=repr) == sorted(attached, key=repr)
    assert (rest == raw) is (not taken)
