"""Small files that unfold: a stranger's forty kilobytes cost the reader no more than a long honest mail."""

from __future__ import annotations

import io
import random
import time
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from bot.mail.read import read
from tests.unit.test_forms_read import READING

NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
#: Processor seconds; most of these took ten and more before they were capped.
MOST = 5.0
BODY = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def mail(content: bytes, name: str) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "a@b.example", "x", "<1@b.example>"
    made.set_content("see attached")
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def page(html: str) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = "a@b.example", "x", "<1@b.example>"
    made.set_content(html, subtype="html")
    return made.as_bytes()


def word(body: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{BODY}"><w:body>{body}</w:body></w:document>')
    return out.getvalue()


def pdf(*packed: bytes) -> bytes:
    """One page for each of these compressed streams of drawing."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    head = b"/Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Resources<</Font<</F 3 0 R>>>>"
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(packed)))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(packed)), font]
    for n, stream in enumerate(packed):
        objects.append(b"<<%s/Contents %d 0 R>>" % (head, 5 + 2 * n))
        objects.append(b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(stream), stream))
    out, places = b"%PDF-1.7\n", []
    for n, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, one)
    rows = b"".join(b"%010d 00000 n \n" % at for at in places)
    size = len(objects) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Root 1 0 R/Size %d>>\n" % (size, rows, size)
    return out + table + b"startxref\n%d\n%%%%EOF" % len(out)


DRAWN = b"BT /F 1 Tf 1 0 0 1 1 1 Tm (a) Tj ET "
#: Each is made when its test runs: they are large.
BOMBS: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "a page of seventy megabytes": (lambda: pdf(zlib.compress(DRAWN * 2_000_000)), "f.pdf", "too_large"),
    "twenty pages of half a megabyte": (lambda: pdf(*[zlib.compress(DRAWN * 15_000)] * 20), "f.pdf", "too_large"),
    "a stream that is none": (lambda: pdf(random.Random(5).randbytes(5_000_000)), "f.pdf", "too_large"),
    "three million paragraphs": (lambda: word("<w:p/>" * 3_300_000), "f.docx", "too_large"),
    "a million paragraphs": (lambda: word("<w:p/>" * 1_000_000), "f.docx", "too_large"),
    "an attribute of nineteen megabytes": (lambda: word(f'<w:p a="{"x" * 19_000_000}"/>'), "f.docx", "too_large"),
}  # fmt: skip
PAGES = {
    "quotations in quotations": "<blockquote>" * 20_000 + "x",
    "quotations side by side": "<blockquote>a</blockquote>" * 18_000,
    "rules": "<hr>a" * 80_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_unfolds_is_left_closed(name: str) -> None:
    """It is named as too large; the mail itself is read."""
    make, called, why = BOMBS[name]
    raw = mail(make(), called)
    began = time.process_time()
    found = read(raw, READING, NOW)
    assert time.process_time() - began < MOST
    assert (found.new_text, found.unopened) == ("see attached", (why,))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_unfolds_costs_little(name: str) -> None:
    """Whatever it says, it is read within the time of a mail."""
    raw = page(PAGES[name])
    began = time.process_time()
    assert read(raw, READING, NOW).sender is not None
    assert time.process_time() - began < MOST


def test_a_long_honest_form_is_read() -> None:
    """Twenty pages of small print in PDF, two hundred in Word."""
    line = b"BT /F 8 Tf 1 0 0 1 9 9 Tm (The worker saw the child at home.) Tj ET "
    found = read(mail(pdf(*[zlib.compress(line * 400)] * 20), "f.pdf"), READING, NOW)
    assert found.unopened == ()
    paragraph = "<w:p><w:r><w:t>The worker saw the child at home and at school.</w:t></w:r></w:p>"
    found = read(mail(word(paragraph * 8_000), "f.docx"), READING, NOW)
    assert found.unopened == ()
