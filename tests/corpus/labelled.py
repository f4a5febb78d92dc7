"""The labelled mails of a folder: `labels.jsonl` names each file, its kind and, where known, the reply a person sees.

A row of the format `text_body` is only a reply's text and is put into a plain mail here. It knows no reader and counts
nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

ROOM = "CHALLENGE_BOT_CORPUS"
KINDS = ("human", "auto_reply", "bounce", "receipt", "meeting", "other_automated")
_ENVELOPE = (
    b"From: Sam Field <sam.field@csc.example>\r\nTo: clock@partnership.example\r\nSubject: RE: your challenge\r\n"
    b"Date: Tue, 12 Jan 2027 10:00:00 +0000\r\nMessage-ID: <reply@csc.example>\r\n"
    b"In-Reply-To: <letter@partnership.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """One mail. `kind` "" where its source does not say; `reply` None where no reply is stated."""

    file: str
    raw: bytes
    source: str
    kind: str = ""
    reply: str | None = None
    body: str | None = None  # of a row that is a text alone


def folder() -> Path | None:
    """The folder that the environment names; None where it names none that holds labels."""
    named = os.environ.get(ROOM, "")
    return Path(named) if named and (Path(named) / "labels.jsonl").is_file() else None


def load(root: Path) -> list[Labelled]:
    """Every mail of the folder, in the order of its labels."""
    lines = (root / "labels.jsonl").read_text("utf-8").splitlines()
    return [_labelled(root, json.loads(line)) for line in lines if line.strip()]


def _labelled(root: Path, row: dict[str, str]) -> Labelled:
    content = (root / row["file"]).read_bytes()
    source = row["file"].partition("/")[0]
    if row.get("format") == "text_body":
        text = content.decode("utf-8", "replace")
        return Labelled(row["file"], _ENVELOPE + content, source, "", row.get("reply"), text)
    return Labelled(row["file"], content, source, row.get("kind") or "", row.get("reply"))
