"""What a stranger writes into a mail reaches no header, path, log or HTML of ours otherwise than as plain words.

One course with hostile names, subjects, file names and words; then every letter, file and log line is looked at.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
import structlog

from tests.integration.office import GATEWAY, Office
from tests.unit.case_samples import BOT, FAY, HELEN, START

HOUR = timedelta(hours=1)
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(2)>"
WORDS = (
    "=cmd|' /C calc'!A0",
    "{{ 7 * 191 }}",
    "{% include '/etc/passwd' %}",
    "${jndi:ldap://x.example}",
    "../../etc/passwd",
    "%n%s%x",
    '" onmouseover="alert(3)',
    SCRIPT,
    "x\r\nBcc: thief@evil.example\r\n\r\nhello",
    "a\x00b",
    "\u202egpj.exe",
)
NAME = "; ".join(WORDS)
#: An address or a hidden letter in a sender's name would prove nobody, and nothing would be passed on.
SENDER = "; ".join(word for word in WORDS if not {"@", "\u202e", "\0"} & set(word))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = Office(tmp_path)
    made.once(START - HOUR)
    yield made
    made.close()


def coded(words: str) -> str:
    """As a mail program writes it into a header: whatever it is, it arrives as it was."""
    return f"=?utf-8?b?{base64.b64encode(words.encode()).decode()}?="


def hostile(n: int, who: str, text: str, to: str, cites: str = "") -> bytes:
    """A mail whose every field is hostile; `text` stands below the hostile words."""
    lines = [
        f"Received: from out.x.example by {GATEWAY} with ESMTPS; Tue, 12 Jan 2027 10:0{n}:00 +0000",
        f"Authentication-Results: {GATEWAY}; dmarc=pass header.from=" + who.rpartition("@")[2],
        f"From: {coded(SENDER)} <{who}>",
        f"To: {coded(NAME)} <{to}>",
        "Cc: crewe.assessment@csc.example",
        f"Subject: {coded(f'Professional Safeguarding Challenge – 24 hours – {NAME}')}",
        f"Date: Tue, 12 Jan 2027 10:0{n}:00 +0000",
        f"Message-ID: <h{n}@{who.rpartition('@')[2]}>",
        *([f"In-Reply-To: <{cites}>"] if cites else []),
        'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="q"\n',
        f"--q\nContent-Type: text/plain; charset=utf-8\n\n{text}\n{SCRIPT}\n"
        + "\n".join(w for w in WORDS if "\0" not in w),
        "--q\nContent-Type: application/pdf",
        f'Content-Disposition: attachment; filename="{coded(NAME)}"\n\n%PDF-1.7\n--q--\n',
    ]
    return "\n".join(lines).encode()


def test_nothing_hostile_is_more_than_words(office: Office) -> None:
    """Opened, answered to us alone and passed on, lapsed, closed, filed: no header, tag, template, path or log line is
    made of what a mail says."""
    with structlog.testing.capture_logs() as log:
        office.put(hostile(1, HELEN, "The child was not seen.", FAY))
        office.once(START)
        answer = hostile(2, FAY, "We have visited today and the plan is changed.", BOT, "h1@health.example")
        office.put(answer, START + HOUR, BOT)
        office.once(START + HOUR)
        office.put(hostile(3, HELEN, "WITHDRAW", BOT, "h1@health.example"), START + 2 * HOUR, BOT)
        office.once(START + 2 * HOUR)
    letters = [message_from_bytes(queued.raw or b"", policy=default) for queued in office.letters()]
    assert any("visited today" in str(part.get_content()) for one in letters for part in plain(one))
    for letter in letters:
        for part in letter.walk():
            assert not [name for name in part if name.lower() == "bcc"]
            heads = [str(value) for name, value in part.items() if name.lower() not in ("to", "cc")]
            assert not [
                value for value in heads if any(word in value for word in ("cmd|", "{{", "jndi", "script", "passwd"))
            ]
            if part.get_content_type() == "text/html":
                html = str(part.get_content())
                assert "<script>alert" not in html
                assert "<img src=x" not in html
                assert '" onmouseover=' not in html
        assert not any(
            "1337" in str(part.get_content()) or "root:" in str(part.get_content()) for part in plain(letter)
        )
        assert "thief@evil.example" not in str(letter.get("to")) + str(letter.get("cc"))
    assert not [word for word in ("cmd|", "jndi", "<script", "onmouseover", "passwd") if word in str(log)]
    assert all("passwd" not in path.name and "script" not in path.name for path in office.files())


def plain(letter: object) -> Iterator[object]:
    """The text parts of a letter."""
    for part in letter.walk():  # type: ignore[attr-defined]
        if part.get_content_maintype() == "text":
            yield part
