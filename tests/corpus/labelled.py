"""The labelled mails of a folder: `labels.jsonl` names each file, its kind and what else its writer knows of it; in a
folder of the field each mail has its own `NAME.expected.json` beside it.

A row of the format `text_body` is only a reply's text and is put into a plain mail here. It knows no reader and counts
nothing.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

ROOM = "CHALLENGE_BOT_CORPUS"
FIELD = "CHALLENGE_BOT_FIELD"
HELD_OUT = Path(__file__).resolve().parent / "heldout"
KINDS = ("human", "auto_reply", "bounce", "receipt", "meeting", "other_automated")
_ENVELOPE = (
    b"From: Sam Field <sam.field@csc.example>\r\nTo: clock@partnership.example\r\nSubject: RE: your challenge\r\n"
    b"Date: Tue, 12 Jan 2027 10:00:00 +0000\r\nMessage-ID: <reply@csc.example>\r\n"
    b"In-Reply-To: <letter@partnership.example>\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
)

Row = dict[str, str | bool | None]


@dataclass(frozen=True, slots=True)
class Labelled:
    """One mail. `kind`, `meaning` and `shape` "" where nobody says; None elsewhere: not stated. A `window` or `command`
    of "" is stated as none."""

    file: str
    raw: bytes
    source: str
    kind: str = ""
    reply: str | None = None
    body: str | None = None  # of a row that is a text alone
    meaning: str = ""  # answer, holding, doubtful: of a person's mail, as a reply
    holding: bool | None = None  # it stops no clock
    shape: str = ""  # which kind of mail it is a sample of: away, kept, reaction and others
    trigger: bool | None = None
    window: str | None = None
    command: str | None = None


def folder() -> Path | None:
    """The folder that the environment names; None where it names none that holds labels."""
    named = os.environ.get(ROOM, "")
    return Path(named) if named and (Path(named) / "labels.jsonl").is_file() else None


def field_folder() -> Path | None:
    """The folder of the field that the environment names; None where it names none that holds answers."""
    named = os.environ.get(FIELD, "")
    return Path(named) if named and any(Path(named).glob("*.expected.json")) else None


def load(root: Path) -> list[Labelled]:
    """Every mail of the folder, in the order of its labels."""
    lines = (root / "labels.jsonl").read_text("utf-8").splitlines()
    return [_labelled(root, json.loads(line)) for line in lines if line.strip()]


def load_field(root: Path) -> list[Labelled]:
    """Every mail of a folder of the field; its shape is its name up to the first dash."""
    mails = []
    for answer in sorted(root.glob("*.expected.json")):
        name = answer.name.removesuffix(".expected.json")
        row = json.loads(answer.read_text("utf-8"))
        mails.append(_labelled(root, {**row, "file": f"{name}.eml", "shape": name.partition("-")[0]}))
    return mails


def _labelled(root: Path, row: Row) -> Labelled:
    file = str(row["file"])
    content = (root / file).read_bytes()
    source = file.partition("/")[0]
    if row.get("format") == "text_body":
        text = content.decode("utf-8", "replace")
        return Labelled(file, _ENVELOPE + content, source, "", _reply(row), text)
    kind, meaning = str(row.get("kind") or ""), str(row.get("meaning") or "")
    return Labelled(
        file,
        content,
        source,
        kind,
        _reply(row) if kind in ("", "human") else None,
        meaning=meaning,
        holding=_holding(row, kind, meaning),
        shape=str(row.get("shape") or ""),
        trigger=bool(row["trigger"]) if "trigger" in row else None,
        window=_stated(row, "window"),
        command=_stated(row, "command"),
    )


def _reply(row: Row) -> str | None:
    return None if row.get("reply") is None else str(row["reply"])


def _stated(row: Row, key: str) -> str | None:
    return str(row[key] or "") if key in row else None


def _holding(row: Row, kind: str, meaning: str) -> bool | None:
    """As stated, else by what it means; a machine's mail never stops a clock."""
    if "holding" in row:
        return bool(row["holding"])
    if meaning:
        return meaning != "answer"
    return True if kind not in ("", "human") else None
