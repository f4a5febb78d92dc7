"""Mails as they come off the wire: line ends, packing, names of parts, and header blocks that somebody wrote into."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from bot.mail.bytes import addresses
from bot.mail.bytes.headers import Headers, ids
from bot.mail.read import Reading, read
from bot.mail.trust import Trust
from bot.model import Mail, Proof

NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
HEAD = "From: Ina Rowe <ina.rowe@csc.example>\nMessage-ID: <m@csc.example>\nSubject: Re: a case\n"
WORDS = "The worker saw Kit at home this morning and the plan is changed."
TRUST = Trust("rfc8601", ("mx.county.example",))
PASSED = "Authentication-Results: mx.county.example; dmarc=pass header.from=csc.example\n"


def of(fields: str, body: str, head: str = HEAD) -> Mail:
    return read(f"{head}{fields}\n{body}\n".encode(), Reading(trust=TRUST), NOW)


def packed(words: str = WORDS) -> str:
    return base64.encodebytes(words.encode()).decode()


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        ("Content-Transfer-Encoding: base64 (RFC 2045)\n", packed()),
        ("Content-Transfer-Encoding: 'BASE64'\n", packed()),
        ("Content-Transfer-Encoding: base64; x=y\n", packed()),
        ("", packed()),
        ("Content-Transfer-Encoding: base64\n", WORDS),
        ("Content-Transfer-Encoding: 7bit\n", WORDS.replace(" and", "=20=\nand").replace(".", "=2E")),
        ("Content-Transfer-Encoding: 8bit\n", packed()),
    ],
)
def test_what_is_packed_is_unpacked_whatever_is_declared(fields: str, body: str) -> None:
    """A declaration in quotes, with a comment, left out or wrong hides nobody's words."""
    assert of(fields, body).new_text == WORDS


def test_plain_lines_behind_a_packed_body_are_read_too() -> None:
    """A gateway's footer below base64 does not spoil the words above it."""
    found = of("Content-Transfer-Encoding: base64\n", packed() + "\nSeen by the gateway of the county.\n")
    assert found.new_text.startswith(WORDS)
    assert "\ufffd" not in found.text


def test_an_equals_sign_of_a_person_is_no_packing() -> None:
    """Sums and links stay as they were written."""
    words = "Score=20 and risk=3D on https://county.example/?a=1 stay."
    assert of("", words).new_text == words


@pytest.mark.parametrize(
    ("old", "new"),
    [("\n", "\r"), ("\n", "\r\n"), ("\n", "\r\r\n")],
)
def test_any_line_end_is_a_line_end(old: str, new: str) -> None:
    """CR alone, and a CR too many, as some programs and gateways write them; the first words may have a colon."""
    raw = f"{HEAD}\nNote: agreed.\n{WORDS}\n".replace(old, new)
    found = read(raw.encode(), Reading(), NOW)
    assert (found.new_text, found.subject) == (f"Note: agreed.\n{WORDS}", "Re: a case")


@pytest.mark.parametrize(
    "line", [">From ina Fri Jan 15", "From ina@csc.example Fri Jan 15 10:00:00 2027", "*** scanned by the gateway ***"]
)
def test_a_line_among_the_headers_that_is_none_hides_nothing(line: str) -> None:
    """The fields below it are read, a second From among them."""
    fields = f"{line}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
    found = of(fields, WORDS, PASSED + HEAD)
    assert (found.new_text, found.proof) == (WORDS, Proof.PROVEN)
    assert of("From: other@evil.example\n" + fields, WORDS, PASSED + HEAD).sender is None
    assert of(fields + "From: other@evil.example\n", WORDS, PASSED + HEAD).sender is None


@pytest.mark.parametrize(
    "before",
    [
        "\n\n",
        "From ina Fri Jan 15 10:00:00 2027\n",
        "\nFrom ina Fri Jan 15\n\n",
        " \n",
        "Received: by pipe.example\n\n",
    ],
)
def test_what_stands_above_the_headers_hides_none(before: str) -> None:
    """Blank lines and the line of an mbox, as a pipe hands a mail over."""
    found = read((before + HEAD + "\n" + WORDS).encode(), Reading(), NOW)
    assert (found.new_text, found.sender and found.sender.email) == (WORDS, "ina.rowe@csc.example")


@pytest.mark.parametrize(
    "fields",
    [
        'Content-Type: text/plain; name="reply.txt"\n',
        'Content-Type: text/plain\nContent-Disposition: inline; filename="note.txt"\n',
        "Content-Type: plain/text; charset=utf-8\n",
        'Content-Type: text/html; name="mail.htm"\n',
    ],
)
def test_a_body_with_a_name_is_the_body(fields: str) -> None:
    """Where no other text stands there, a text that bears a file name is what somebody wrote, and no attachment."""
    found = of(fields, WORDS)
    assert (found.new_text, found.attachments) == (WORDS, ())


def test_a_file_beside_a_body_stays_a_file() -> None:
    """A named text is an attachment as soon as there are words without it, and a file attached alone is one always."""
    kind = 'Content-Type: multipart/mixed; boundary="b"\n'
    file = '--b\nContent-Type: text/plain; name="plan.txt"\nContent-Disposition: attachment; filename="plan.txt"\n\nA\n'
    both = of(kind, f"--b\nContent-Type: text/plain\n\n{WORDS}\n{file}--b--\n")
    assert (both.new_text, [a.name for a in both.attachments]) == (WORDS, ["plan.txt"])
    alone = of(kind, f"{file}--b--\n")
    assert (alone.new_text, [a.name for a in alone.attachments]) == ("", ["plan.txt"])


def test_flowed_lines_lose_the_space_that_was_put_in() -> None:
    """DelSp=yes (RFC 3676): a word broken over two lines is one word."""
    fields = "Content-Type: text/plain; format=flowed; delsp=yes\n"
    assert of(fields, "The assess \nment is open.\nA line.").new_text == "The assessment is open.\nA line."


@pytest.mark.parametrize(
    "stub",
    [
        "This message contains HTML. Please use a program that shows it.",
        "Your mail client cannot display HTML messages.",
        "[cid:logo.png@01DB.00]",
        "Get Outlook for Android<https://aka.example/x>",
        "CAUTION: This email originated from outside the organisation.",
        "To view this message, please use an HTML compatible email viewer.",
    ],
)
def test_a_stub_of_a_plain_text_hides_no_answer(stub: str) -> None:
    """Where the plain version says nothing of its writer's, the HTML version is read."""
    body = f"--b\nContent-Type: text/plain\n\n{stub}\n--b\nContent-Type: text/html\n\n<p>{WORDS}</p>\n--b--\n"
    assert of('Content-Type: multipart/alternative; boundary="b"\n', body).new_text == WORDS


@pytest.mark.parametrize(
    ("value", "email"),
    [
        ("ina@csc.example <ina@csc.example>", "ina@csc.example"),
        ("Rowe, Ina <ina@csc.example>", "ina@csc.example"),
        ("Ina Rowe BA, DipSW <ina@csc.example>", "ina@csc.example"),
        ("ina@csc.example (Ina)", "ina@csc.example"),
        ("Ina Rowe <ina@csc.example>.", "ina@csc.example"),
        ("ina@csc.example.", "ina@csc.example"),
        ("tom@csc.example <ina@csc.example>", ""),
        ("Rowe, tom@csc.example <ina@csc.example>", ""),
        ("Ina <ina@csc.example>, Tom <tom@csc.example>", ""),
    ],
)
def test_a_careless_sender_counts_where_the_border_proves_it(value: str, email: str) -> None:
    """A comma in the name, the address as the name, a bracket behind it; never two addresses, never without proof."""
    raw = f"From: {value}\nMessage-ID: <m@csc.example>\n\nhello\n"
    found = read((PASSED + raw).encode(), Reading(trust=TRUST), NOW)
    assert (found.sender.email if found.sender else "") == email
    assert found.proof is (Proof.PROVEN if email else Proof.UNPROVEN)
    assert read(raw.encode(), Reading(trust=TRUST), NOW).sender is None
    assert addresses.one(value) == (None, ("bad_from",))
    assert (addresses.careless(Headers((("from", value),))) is None) is (not email)


@pytest.mark.parametrize(
    ("results", "proof"),
    [
        ("iprev=pass (h.csc.example) smtp.remote-ip=2001:db8::7; dmarc=pass header.from=csc.example", Proof.PROVEN),
        ("spf=none smtp.mailfrom=<>; dmarc=pass header.from=csc.example", Proof.PROVEN),
        ("; dkim=pass header.d=csc.example;; dmarc=pass header.from=csc.example;", Proof.PROVEN),
        ("spf=pass smtp.mailfrom=jö@csc.example; dmarc=pass header.from=csc.example", Proof.PROVEN),
        ("dmarc=pass header.from=<>; spf=pass smtp.mailfrom=csc.example", Proof.UNPROVEN),
        ("spf=pass smtp.mailfrom=a;dmarc=pass header.from=csc.example;b@evil.example", Proof.NONE),
        ("spf=pass smtp.mailfrom=<>; dmarc=fail header.from=csc.example; dmarc=pass header.from=csc.example",
         Proof.FAILED),
        ("spf=none (x; dmarc=pass header.from=csc.example) smtp.mailfrom=<>; dmarc=fail header.from=csc.example",
         Proof.FAILED),
        ('spf=pass smtp.mailfrom="x <>; dmarc=pass header.from=csc.example', Proof.UNPROVEN),
    ],
)  # fmt: skip
def test_each_result_of_the_border_is_read_by_itself(results: str, proof: Proof) -> None:
    """One that cannot be read says nothing; what contradicts itself, or may be somebody's words, is no proof."""
    raw = f"Authentication-Results: mx.county.example; {results}\n{HEAD}\nhello\n"
    assert read(raw.encode(), Reading(trust=TRUST), NOW).proof is proof


@pytest.mark.parametrize("line", ["scanned by the gateway", ">From ina Fri Jan 15", ""])
def test_evidence_below_a_line_that_is_no_header_proves_nothing(line: str) -> None:
    """A border that took the line for the end of the headers has looked at none of them, and taken none out."""
    forged = "X-MS-Exchange-Organization-AuthAs: Internal\n" + PASSED + HEAD
    raw = f"Received: from evil.example by mx.county.example\n{line}\n{forged}\nRESOLVED\n".encode()
    for trust in (TRUST, Trust("exchange-online")):
        assert read(raw, Reading(trust=trust), NOW).proof is not Proof.PROVEN


def test_an_encoded_in_reply_to_keeps_its_id() -> None:
    """Some gateways write the brackets of an id as encoded words."""
    assert ids("=?utf-8?Q?=3Cone=40county.example=3E?=") == ("one@county.example",)
    assert ids("<one@county.example> =?x") == ("one@county.example",)
