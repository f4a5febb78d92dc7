"""What is attached, what is hidden in Outlook's own format, and what cannot be read at all."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from urllib.parse import quote

import pytest

from bot.mail.bytes import tnef as outlook
from bot.mail.bytes.contents import bare, is_locked, kind_of
from bot.mail.read import Reading, read
from bot.model import Mail

NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
ZIP = b"PK\x03\x04\x14\x00\x00\x00rest" + bytes(20)
LOCKED = b"PK\x03\x04\x14\x00\x01\x00rest" + bytes(20)


def tnef(*objects: tuple[int, int, int, bytes]) -> bytes:
    """A winmail.dat of these (level, name, type, data) objects."""
    out = b"\x78\x9f\x3e\x22\x01\x00"
    for level, name, kind, data in objects:
        out += bytes([level]) + name.to_bytes(2, "little") + kind.to_bytes(2, "little")
        out += len(data).to_bytes(4, "little") + data + (sum(data) & 0xFFFF).to_bytes(2, "little")
    return out


CODEPAGE = (1, 0x9007, 6, (1252).to_bytes(4, "little") + b"\0" * 4)
BODY = (1, 0x800C, 2, b"Agreed. The form is attached.\0")
FORM = ((2, 0x9002, 6, b"\0" * 14), (2, 0x8010, 1, b"form.docx\0"), (2, 0x800F, 6, ZIP))


def mail(*parts: tuple[str, bytes]) -> Mail:
    """A mail of these (headers, content) parts."""
    raw = b"From: fay.marsh@csc.example\nMessage-ID: <a@csc.example>\nMIME-Version: 1.0\n"
    raw += b"Content-Type: multipart/mixed; boundary=q\n\n"
    for head, content in parts:
        raw += (
            b"--q\n" + head.encode() + b"\nContent-Transfer-Encoding: base64\n\n" + base64.encodebytes(content) + b"\n"
        )
    return read(raw + b"--q--\n", Reading(), NOW)


WINMAIL = "Content-Type: application/ms-tnef; name=winmail.dat"


def test_winmail_gives_its_words_and_its_form() -> None:
    """Where nothing else carries the answer, it is read from there, and the form is listed by its own name."""
    found = mail((WINMAIL, tnef(CODEPAGE, BODY, *FORM)))
    assert found.is_readable
    assert found.new_text == "Agreed. The form is attached."
    assert [(a.name, a.size) for a in found.attachments] == [("form.docx", len(ZIP))]
    assert found.attachments[0].type.endswith("wordprocessingml.document")


def test_words_beside_a_winmail_are_not_doubled() -> None:
    """The plain part speaks; the hidden one only adds its files."""
    found = mail(("Content-Type: text/plain", b"Agreed."), (WINMAIL, tnef(CODEPAGE, BODY, *FORM)))
    assert found.new_text == "Agreed."
    assert len(found.attachments) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"no such file",
        b"\x78\x9f\x3e\x22",
        tnef((1, 0x9003, 6, b"\xff" * 40)),
        tnef((2, 0x800F, 6, b"an attachment before any begins")),
        tnef(*[(1, 0x8008, 7, b"")] * 3000),
    ],
)
def test_a_broken_winmail_is_a_file_like_any_other(data: bytes) -> None:
    """Nothing in it makes the reader stumble; a mail with no words but these cannot be read."""
    found = mail((WINMAIL, data))
    assert not found.is_readable
    assert [a.name for a in found.attachments] == ["winmail.dat"]


def test_a_winmail_of_too_many_objects_is_not_taken_apart() -> None:
    """No mail program writes thousands of objects: such a file is left closed."""
    assert outlook.unpack(tnef(CODEPAGE, BODY)) is not None
    assert outlook.unpack(tnef(CODEPAGE, BODY, *[(1, 0x8008, 7, b"")] * 3000)) is None


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"%PDF-1.7", "form.docx", "application/pdf"),
        (ZIP, "form.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (ZIP, "form.pdf", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "form.doc", "application/msword"),
        (b"MZ\x90", "photo.jpg", "application/x-msdownload"),
        (b"\xff\xd8\xff\xe0", "photo.png", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WAVE", "voicemail.mp3", "audio/wav"),
        (b"words", "notes.txt", "text/plain"),
        (b"", "", "text/plain"),
    ],
)
def test_the_type_is_that_of_the_bytes(content: bytes, name: str, expected: str) -> None:
    """A program called photo.jpg is listed as a program; a name never makes a type."""
    assert kind_of(content, name, "text/plain") == expected


def test_attachments_are_listed_by_their_bytes() -> None:
    """What the sender declares is not what is listed."""
    found = mail(("Content-Type: image/png; name=photo.png", b"MZ\x90\x00"))
    assert [(a.name, a.type) for a in found.attachments] == [("photo.png", "application/x-msdownload")]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\form.docx", "form.docx"),
        ("..", "attachment"),
        ("a" * 200 + ".docx", "a" * 109 + ".docx"),
    ],
)
def test_a_name_is_bare(name: str, expected: str) -> None:
    """No folder, no device, no endless name."""
    assert bare(name) == expected


def test_a_locked_archive_alone_cannot_be_read() -> None:
    """With words beside it the words are read; without them only the headers speak."""
    part = ("Content-Type: application/zip; name=answer.zip", LOCKED)
    assert is_locked(LOCKED)
    assert not is_locked(ZIP)
    assert not mail(part).is_readable
    assert mail(("Content-Type: text/plain", b"Agreed."), part).is_readable
    assert mail(("Content-Type: application/zip; name=answer.zip", ZIP)).is_readable


@pytest.mark.parametrize(
    "part",
    [
        ("Content-Type: application/pkcs7-mime; name=smime.p7m", b"x"),
        ("Content-Type: application/x-microsoft-rpmsg-message; name=message_v2.rpmsg", b"x"),
        ("Content-Type: text/html; name=Encrypted_Message.htm\nContent-Disposition: attachment", b"x"),
        ("Content-Type: text/html; name=SecureMessageAtt.html\nContent-Disposition: attachment", b"x"),
        ("Content-Type: application/octet-stream; name=letter.switch", b"x"),
        ("Content-Type: text/plain", b"-----BEGIN PGP MESSAGE-----\n\nhQ\n-----END PGP MESSAGE-----\n"),
        ("Content-Type: text/plain", b"Fay Marsh has sent you a protected message.\nSign in or use a passcode."),
        ("Content-Type: text/plain", b"You have received a secure email. To read it click below."),
        ("Content-Type: text/plain", b"This email is encrypted with Egress."),
        ("Content-Type: text/plain", b"You have new mail in your CJSM mailbox."),
    ],
)
def test_sealed_mail_is_recognised(part: tuple[str, bytes]) -> None:
    """Each way UK bodies seal their mail: no words are taken for an answer."""
    found = mail(part)
    assert not found.is_readable
    assert found.new_text == ""
    assert any(defect.startswith("unreadable") for defect in found.defects)


@pytest.mark.parametrize(
    "text", [b"We will send you the secure address tomorrow.", b"Please use Egress next time. Agreed otherwise."]
)
def test_people_may_speak_of_secure_mail(text: bytes) -> None:
    """The words of a gateway count, not the subject."""
    assert mail(("Content-Type: text/plain", text)).is_readable


def test_a_name_that_is_turned_round_is_shown_as_it_is() -> None:
    """`photo_gpj.exe` written backwards is listed as what it is, and the trick is noted."""
    name = "photo_\u202egpj.exe"
    found = mail((f"Content-Type: image/jpeg; name*=utf-8''{quote(name)}", b"MZ"))
    assert [a.name for a in found.attachments] == ["photo_gpj.exe"]
    assert "hidden_characters" in found.defects
