"""What a raw mail becomes: headers, sender, text, attachments, and what was wrong with it.

The mails lie in tests/mails; the hostile ones are made here, because they are large. A fault met in the field becomes
one more file there and one more row here.
"""

from __future__ import annotations

import base64
import hashlib
import io
import time
import zipfile
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest

from bot.mail.bytes import addresses, headers
from bot.mail.bytes.headers import MAX_DEPTH
from bot.mail.bytes.parse import parse
from bot.mail.read import Reading, headers_only, read
from bot.mail.subject import Phrase
from bot.mail.trust import Trust
from bot.model import Mail, Proof

MAILS = Path(__file__).parent.parent / "mails"
NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
READING = Reading(phrases=(Phrase("Professional Safeguarding Challenge"),))
HEAD = b"From: Fay Marsh <fay.marsh@csc.example>\nTo: a@health.example\nMessage-ID: <m@csc.example>\n"


def mail(name: str) -> Mail:
    return read((MAILS / name).read_bytes(), READING, NOW)


@pytest.mark.parametrize(
    ("value", "email", "name"),
    [
        ("Fay Marsh <fay.marsh@csc.example>", "fay.marsh@csc.example", "Fay Marsh"),
        ('"Marsh, Fay (CSC)" <Fay.Marsh@CSC.example>', "fay.marsh@csc.example", "Marsh, Fay (CSC)"),
        ("fay.marsh@csc.example", "fay.marsh@csc.example", ""),
        ("<fay.o'marsh@csc.example>", "fay.o'marsh@csc.example", ""),
        ("=?utf-8?Q?Fay_M=C3=A2rsh?= <f@csc.example>", "f@csc.example", "Fay Mârsh"),
        ("Fay <f@münchen.example>", "f@xn--mnchen-3ya.example", "Fay"),
    ],
)
def test_a_single_plain_sender_is_read(value: str, email: str, name: str) -> None:
    """One address with a name, quoted, encoded or bare, is the sender, in lower case and ASCII."""
    found, defects = addresses.one(value)
    assert found is not None
    assert (found.email, found.name, defects) == (email, name, ())


@pytest.mark.parametrize(
    "value",
    [
        "alice@good.example <x@evil.example>",
        "Fay <f@csc.example>, Tom <t@csc.example>",
        "team: f@csc.example;",
        "f@csc.example (Fay)",
        "(Fay) <f@csc.example>",
        "Fay (x@evil.example) <f@csc.example>",
        "Fay (a, b) <f@csc.example>",
        "Fay ((CSC)) <f@csc.example>",
        "Fay (CSC <f@csc.example>",
        "Fay <f@csc.example> (CSC)",
        "f@cs\u200bc.example",
        "f@ｃsc.example",
        "(" * 500 + "f@csc.example" + ")" * 500,
        "<f@csc.example> x",
        "f@[127.0.0.1]",
        '"f g"@csc.example',
        "undisclosed-recipients:;",
        "f@localhost",
        "@csc.example",
        "=?utf-8?Q?f=40csc.example?=",
        "",
    ],
)
def test_a_doubtful_sender_is_no_sender(value: str) -> None:
    """Whatever two readers could see differently names nobody, and says so."""
    assert addresses.one(value) == (None, ("bad_from",))


def test_a_department_in_brackets_is_part_of_the_name() -> None:
    """Directories write names so; quoted or not, the address behind them is the same to every reader."""
    for value in ("Visser Helen (HEALTH TRUST) <h@health.example>", '"Visser Helen (HEALTH TRUST)" <h@health.example>'):
        found, defects = addresses.one(value)
        assert found is not None
        assert (found.email, found.name, defects) == ("h@health.example", "Visser Helen (HEALTH TRUST)", ())


@pytest.mark.parametrize("name", ["\u202eyaF", "F\u200bay", "=?utf-8?b?4oCueWFG?="])
def test_a_sender_that_hides_letters_is_proven_by_nothing(name: str) -> None:
    """What turns a name round or is not seen in it is a defect of From, in encoded words too."""
    trust = Trust("rfc8601", ("mx.council.example",))
    passed = "Authentication-Results: mx.council.example; dmarc=pass header.from=csc.example\n"
    raw = f"{passed}From: {name} <f@csc.example>\nMessage-ID: <m@csc.example>\n\nRESOLVED\n".encode()
    found = read(raw, Reading(trust=trust), NOW)
    assert found.proof is Proof.UNPROVEN
    assert "hidden_characters" in found.defects
    plain = read(raw.replace(name.encode(), b"Fay"), Reading(trust=trust), NOW)
    assert plain.proof is Proof.PROVEN


@pytest.mark.parametrize(
    "filling", [b"X-Filling: " + b"a" * 300_000 + b"\n", b"X-A: a\n" * 1100, b"no header at all\n"]
)
def test_a_second_from_behind_what_is_cut_off_proves_nothing(filling: bytes) -> None:
    """Where the header block is not read to its end, nobody knows how many senders it names."""
    trust = Trust("rfc8601", ("mx.council.example",))
    passed = b"Authentication-Results: mx.council.example; dmarc=pass header.from=csc.example\nFrom: f@csc.example\n"
    found = read(passed + filling + b"From: x@evil.example\n\nRESOLVED\n", Reading(trust=trust), NOW)
    assert found.proof is Proof.UNPROVEN


def test_an_encoded_subject_that_turns_round_is_told() -> None:
    """Hidden letters are seen behind their encoding as well."""
    found = read(HEAD + b"Subject: =?utf-8?b?4oCueWFG?= 24 hours\n\nhello\n", READING, NOW)
    assert "hidden_characters" in found.defects


def test_a_name_that_looks_like_another_address_is_dropped() -> None:
    """A display name cannot lend a mail somebody else's address."""
    for value in ('"alice@good.example" <x@evil.example>', "=?utf-8?Q?alice=40good.example?= <x@evil.example>"):
        found, defects = addresses.one(value)
        assert found is not None
        assert (found.email, found.name, defects) == ("x@evil.example", "", ("name_looks_like_an_address",))


@pytest.mark.parametrize(
    ("head", "defect"),
    [
        (b"Subject: x\n", "no_from"),
        (b"From: a@csc.example\nFrom: b@csc.example\n", "two_froms"),
        (b"From: a@csc.example, b@csc.example\n", "bad_from"),
        (b"From: a@csc.example\nSubject: one\nSubject: two\n", "repeated_subject"),
        (b"From: a@csc.example\n", "no_message_id"),
        (b"From: a@csc.example\nDate: yesterday\n", "bad_date"),
        (b"From: a@csc.example\nnot a header\n", "header_without_colon"),
    ],
)
def test_what_is_wrong_with_the_headers_is_said(head: bytes, defect: str) -> None:
    """Each fault of a header block is named, and the mail is read all the same."""
    found = read(head + b"\nhello\n", READING, NOW)
    assert defect in found.defects
    assert "hello" in found.new_text
    assert defect not in ("no_from", "two_froms", "bad_from") or found.sender is None


def test_an_outlook_html_reply_gives_its_words_and_its_original() -> None:
    """Banner, signature, mobile footer and quotation go; the quoted block says whose mail it answers."""
    found = mail("outlook_html_reply.eml")
    assert found.new_text == "Helen – we visited this morning and the plan has changed."
    assert found.subject == "RE: Professional Safeguarding Challenge – 24 hours"
    assert found.quoted_from == "helen.visser@health.example"
    assert found.quoted_sent == datetime(2027, 1, 15, 16, 45, tzinfo=UTC)
    assert found.quoted_trigger is not None
    assert found.quoted_trigger.phrase == "Professional Safeguarding Challenge"
    assert "\ue000" not in found.text
    assert "color:red" not in found.text


def test_a_reply_of_one_word_survives() -> None:
    """ "ok" above an original message is the whole of the new text."""
    found = mail("plain_reply.eml")
    assert (found.new_text, found.quoted_from) == ("ok", "helen.visser@health.example")
    assert found.cited == ("challenge-1@health.example",)


def test_attachments_are_listed_by_harmless_names_and_hashes() -> None:
    """A path in a file name is cut off, a picture of the signature is no attachment, a forwarded mail is one."""
    found = mail("attachments.eml")
    pdf, original = found.attachments
    assert (pdf.name, pdf.type, pdf.size) == ("passwd .pdf", "application/pdf", 5)
    assert pdf.digest == hashlib.sha256(b"hello").hexdigest()
    assert (original.name, original.type) == ("message.eml", "message/rfc822")
    assert found.quoted_from == "helen.visser@health.example"
    assert found.new_text == "Please see attached."


def test_a_sealed_mail_speaks_by_its_headers_only() -> None:
    """An encrypted body is never taken for words, but its subject still opens a case."""
    found = mail("nhsmail_encrypted.eml")
    assert not found.is_readable
    assert (found.new_text, found.command) == ("", None)
    assert found.trigger.phrase == "Professional Safeguarding Challenge"


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        ("application/pkcs7-mime; name=smime.p7m", "smime.p7m", b"sealed"),
        ("application/octet-stream", "message_v4.rpmsg", b"sealed"),
        ("text/html", "securedoc_20270101.html", b"<p>sealed</p>"),
        ("application/ms-tnef", "winmail.dat", b"\x78\x9f\x3e\x22"),
        ("application/octet-stream", "Reply.switch", b"sealed"),
    ],
)
def test_every_seal_is_known(kind: str, name: str, body: bytes) -> None:
    """Each way of sealing a mail that UK public bodies use makes it unreadable."""
    raw = HEAD + f"Content-Type: {kind}\nContent-Disposition: attachment; filename={name}\n\n".encode() + body
    assert not read(raw, READING, NOW).is_readable


PROTECTED = "Helen Visser has sent you a protected message.\n\nRead the message"
OUTLOOK = "From: Helen Visser\nSent: 12 January 2027 09:00\nTo: Fay Marsh\nSubject: x\n\n"


@pytest.mark.parametrize(
    ("text", "is_readable"),
    [
        (PROTECTED, False),
        (f"We have visited this morning.\n\n{OUTLOOK}{PROTECTED}", True),
        (f"{OUTLOOK}{PROTECTED}", False),
        ("You have new secure email waiting in your CJSM mailbox. Log on to read it.", False),
        ("This is a notification that you have received an email in your CJSM Mailbox", False),
        ("We have seen the child today.\n\nThis email was sent over the Criminal Justice Secure eMail network.", True),
        ("-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----", False),
        (f"Agreed, we will visit.\n\n{OUTLOOK}-----BEGIN PGP MESSAGE-----\n\nabc", True),
        ("This message was encrypted. Click the link to sign in.", False),
        ("I have received a secure email from you but cannot open it, can you send it again?", True),
    ],
)
def test_a_notice_of_sealed_mail_is_known_and_an_answer_to_one_is_read(text: str, is_readable: bool) -> None:
    """The mark must stand in what was written, not in what is quoted."""
    assert read(HEAD + f"Content-Type: text/plain\n\n{text}\n".encode(), READING, NOW).is_readable is is_readable


def _archive(*names: str, locked: int) -> bytes:
    """A ZIP whose entry of that number says that it is under a password."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "words")
    raw = bytearray(made.getvalue())
    at = [n for n in range(len(raw)) if raw[n : n + 4] == b"PK\x03\x04"][locked]
    raw[at + 6] |= 1
    return bytes(raw)


LOCKED = (
    ("reply.zip", _archive("reply.docx", locked=0)),
    ("reply.zip", _archive("folder/", "folder/reply.docx", locked=1)),
    ("reply.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le")),
    ("reply.7z", b"7z\xbc\xaf\x27\x1c" + bytes(64) + b"\x06\xf1\x07\x01" + bytes(16)),
)


@pytest.mark.parametrize(("name", "content"), LOCKED)
@pytest.mark.parametrize(
    ("text", "is_readable"),
    [
        ("", False),
        ("Please find our response in the attached file. The password follows separately.", False),
        ("See attached.\n\nFay Marsh\nTeam Manager", False),
        ("We have visited and reopened the plan; minutes are attached (password by phone).", True),
    ],
)
def test_a_file_under_a_password_seals_a_mail_that_says_nothing_else(
    name: str, content: bytes, text: str, is_readable: bool
) -> None:
    """A covering note is no answer; words of its own are."""
    made = EmailMessage()
    made["From"], made["Message-ID"] = "fay.marsh@csc.example", "<a@csc.example>"
    made.set_content(text or "\n")
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    assert read(made.as_bytes(), READING, NOW).is_readable is is_readable


def test_a_signed_mail_in_clear_is_readable() -> None:
    """A signature beside the words seals nothing."""
    raw = HEAD + (
        b"Content-Type: multipart/signed; boundary=b\n\n--b\nContent-Type: text/plain\n\nAgreed.\n"
        b"--b\nContent-Type: application/pkcs7-signature; name=smime.p7s\n\nxx\n--b--\n"
    )
    assert read(raw, READING, NOW).new_text == "Agreed."


@pytest.mark.parametrize("path", sorted((MAILS / "broken").iterdir()), ids=lambda path: path.stem)
def test_no_broken_mail_stops_the_reader(path: Path) -> None:
    """Every broken mail gives a Mail with its digest, size and what was wrong."""
    raw = path.read_bytes()
    found = read(raw, READING, NOW)
    assert (found.digest, found.size) == (hashlib.sha256(raw).hexdigest(), len(raw))
    assert found.defects
    assert not any(defect.startswith(("parser_failed", "headers_failed")) for defect in found.defects)


def test_parameters_that_nobody_can_read_leave_the_words() -> None:
    """A file name that is given whole and in pieces hides nothing of what was written."""
    read_is = mail("broken/parameter_in_two_ways.eml")
    assert read_is.is_readable
    assert read_is.new_text == "The parameter of a file name is given whole and in pieces."


def test_hidden_characters_are_taken_out_and_told() -> None:
    """NUL, zero-width and direction-turning letters reach neither text nor subject."""
    found = mail("broken/nul_and_bidi.eml")
    assert found.subject == "Challenge gnol"
    assert found.new_text == "RESOLVED\nevil"
    assert {"hidden_characters", "nul_in_header"} <= set(found.defects)


def test_an_unknown_charset_is_read_as_what_it_looks_like() -> None:
    """Words in an unknown charset arrive, and the fault is named."""
    found = mail("broken/bad_charset.eml")
    assert found.new_text == "café – ok"
    assert "unknown_charset" in found.defects


def test_python_codecs_that_are_no_charsets_are_not_used() -> None:
    """`unicode_escape` as a charset would let a sender write what no gateway saw."""
    raw = HEAD + b"Content-Type: text/plain; charset=unicode_escape\n\n\\x52ESOLVED\n"
    assert read(raw, READING, NOW).new_text == "\\x52ESOLVED"


def _nested(depth: int) -> bytes:
    return HEAD + b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(depth))


HOSTILE = {
    "1,000-deep multipart": _nested(1000) + b"Content-Type: text/plain\n\nhello\n",
    "1,000-deep mails": HEAD + b"Content-Type: message/rfc822\n\n" * 1000 + b"\nhello\n",
    "1,000-deep mails behind bare carriage returns": HEAD
    + b"Content-Type: message/rfc822\n\n"
    + b"From: a@csc.example\rContent-Type: message/rfc822\r\r" * 1000
    + b"\nhello\n",
    "1,000-deep mails folded twice": HEAD + b"Content-Type:\n \n message/rfc822\n\n" * 1000 + b"\nhello\n",
    "100,000 parts": HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n" + b"--q\n\nx\n" * 100_000,
    "100,000 header lines": HEAD + b"".join(b"X-%d: y\n" % n for n in range(100_000)) + b"\nhello\n",
    "700 kB subject": HEAD + b"Subject: " + b"=?utf-8?q?aaaa=E2=82=AC?=\n " * 30_000 + b"\n\nhello\n",
    "20,000 addresses": HEAD + b"Cc: " + b",\n ".join(b"p%d@csc.example" % n for n in range(20_000)) + b"\n\nhello\n",
    "parameters in quotes": HEAD
    + b'Content-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: a/b; c="'
    + b'";' * 99_999,
    "html in html": HEAD + b"Content-Type: text/html\n\n" + b"<div>" * 100_000 + b"hello",
    "one long line": HEAD + b"\nOn " + b"a " * 500_000 + b"wrote",
    "50 MB": HEAD
    + b"Content-Type: multipart/mixed; boundary=q\n\n--q\n\nhello\n--q\nContent-Type: application/pdf\n"
    + b"Content-Transfer-Encoding: base64\n\n"
    + base64.encodebytes(bytes(37_000_000))
    + b"\n--q--\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_mail_costs_little(name: str) -> None:
    """What needs minutes and gigabytes in a plain parser is read, or refused by name, within the sandbox's time."""
    began = time.process_time()
    found = read(HOSTILE[name], READING, NOW)
    assert time.process_time() - began < 10
    assert found.sender is not None
    assert not any(defect.startswith("parser_failed") for defect in found.defects)


def test_what_was_cut_is_named() -> None:
    """Every cap leaves a defect of its own behind."""
    expected = {
        "1,000-deep multipart": "mime_too_deep",
        "1,000-deep mails": "mime_too_deep",
        "1,000-deep mails behind bare carriage returns": "mime_too_deep",
        "1,000-deep mails folded twice": "mime_too_deep",
        "100,000 parts": "too_many_parts",
        "100,000 header lines": "too_many_headers",
        "700 kB subject": "header_cut",
        "20,000 addresses": "header_block_cut",
        "parameters in quotes": "mime_header_too_long",
        "one long line": "text_cut",
    }
    assert {
        name: defect in read(HOSTILE[name], READING, NOW).defects for name, defect in expected.items()
    } == dict.fromkeys(expected, True)


def test_a_deep_but_decent_mail_is_read() -> None:
    """A conversation forwarded twenty times over is no attack."""
    assert parse(_nested(20) + b"Content-Type: text/plain\n\nhello\n").text.strip() == "hello"
    assert parse(_nested(MAX_DEPTH + 1) + b"Content-Type: text/plain\n\nhello\n").why_unreadable == "mime_too_deep"


def test_many_attachments_side_by_side_are_not_deep() -> None:
    """Sixty forwarded mails in one are wide, not deep."""
    inner = b"Subject: x\nContent-Type: multipart/mixed; boundary=w\n\n--w\n\nhi\n--w--\n"
    one = b"--q\nContent-Type: message/rfc822\n\n" + inner
    found = read(HEAD + b"Content-Type: multipart/mixed; boundary=q\n\n" + one * 60 + b"--q--\n", READING, NOW)
    assert found.is_readable
    assert len(found.attachments) == 60


def test_headers_only_says_why_and_reads_no_body() -> None:
    """A mail that is set aside keeps sender, subject and trigger, and nothing of its text."""
    raw = HEAD + b"Subject: Professional Safeguarding Challenge - 24 hours\n\nRESOLVED\n"
    found = headers_only(raw, READING, NOW, "set_aside: killed the reader three times")
    assert (found.is_readable, found.text, found.command) == (False, "", None)
    assert found.trigger.phrase == "Professional Safeguarding Challenge"
    assert "set_aside: killed the reader three times" in found.defects


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("=?utf-8?B?4oCT?= =?utf-8?B?4oCT?=", "––"),
        ("=?utf-8?Q?=E2=80?= =?utf-8?Q?=93?=", "–"),
        ("a =?iso-8859-1?Q?=96?= b", "a – b"),
        ("=?utf-8?B?!!!?=", "=?utf-8?B?!!!?="),
        ("plain  words", "plain words"),
    ],
)
def test_encoded_words_are_decoded(value: str, words: str) -> None:
    """RFC 2047 words, split letters and mislabelled dashes come out as they were meant."""
    assert headers.decoded(value) == words


def test_a_wrong_clock_does_not_move_the_requested_time() -> None:
    """ "By Friday" counts from the arrival where the Date is years off."""
    raw = (
        HEAD
        + b"Date: Tue, 01 Jan 2002 10:00:00 +0000\nSubject: Professional Safeguarding Challenge - by 5pm Friday\n\nx\n"
    )
    found = read(raw, READING, datetime(2027, 1, 11, 9, 0, tzinfo=UTC))
    assert found.trigger.by == datetime(2027, 1, 15, 17, 0, tzinfo=UTC)


def test_an_embedded_mail_whose_headers_cannot_be_written_again_is_listed() -> None:
    """A header that seems to hold another one is taken by the library's parser and refused by its generator."""
    raw = b"From: a@csc.example\nContent-Type: multipart/mixed; boundary=q\n\n--q\nContent-Type: message/rfc822\n\n"
    found = parse(raw + b"Subject: \x1dE: x\n\nwords\n--q--\n")
    assert [a.type for a in found.attachments] == ["message/rfc822"]


@pytest.mark.parametrize(
    "raw",
    [
        b"From: a@csc.example\nContent-Type: text/plain; charset=utf-7\n\nAgreed +2rA-\n",
        b"From: a@csc.example\nSubject: =?utf-7?Q?Agreed_+2rA-?=\n\nAgreed\n",
        b"From: a@csc.example\nSubject: Agreed \\ud800 =?utf-8?Q?x?=\n\nAgreed\n",
    ],
)
def test_halves_of_letters_do_no_harm(raw: bytes) -> None:
    """Some charsets and escapes make letters that are none; they are shown as a mark, and the rest is read."""
    found = read(raw, Reading(), NOW)
    assert not any("_failed" in defect for defect in found.defects)
    assert found.new_text.startswith("Agreed")
