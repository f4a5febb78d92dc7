"""One team's inbox and the bot's own, as Maildirs, with the real App between them and a clock that the test holds.

The shipped configuration: its people, policies and templates. It speaks no network and starts no thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from bot.cli.rehearsal.rehearse import StillNow
from bot.daemon.app import App, build
from bot.doors.maildir.send import deliver
from bot.model import Case
from bot.settings.settings import Door, Settings
from bot.store import cases, deadlines, mails, outbox
from bot.store.mails import Listed
from bot.store.outbox import Queued
from bot.store.proof import beside
from tests.unit.case_samples import BOT, CREWE, FAY, HELEN, START, shipped

GATEWAY = "mx.council.example"
DAY = "Professional Safeguarding Challenge – 24 hours"
#: A second inbox of the area, of no one team.
SECOND = "safeguarding@csc.example"


def settings_in(
    folder: Path,
    doors: dict[str, Any] | None = None,
    watched: Iterable[str] = (CREWE,),
    areas: Iterable[str] = (),
) -> Settings:
    """The shipped configuration with this folder's database and these inboxes. `doors`: address -> receive door, and
    "send"; Maildirs where none is given. `areas`: the shipped inboxes of these instead of `watched`."""
    found = doors or {}
    base = shipped()
    crewe = base.config.mailboxes[0]

    def door(address: str) -> Any:
        return found.get(address) or Door(kind="maildir", path=str(folder / "in" / address))

    bot = base.config.bot.model_copy(
        update={"receive": door(BOT), "send": found.get("send") or Door(kind="maildir", path=str(folder / "letters"))}
    )
    boxes = tuple(
        crewe.model_copy(
            update={"address": address, "team": crewe.team if address == CREWE else "", "receive": door(address)}
        )
        for address in watched
    )
    if areas:
        of_areas = [box for box in base.config.mailboxes if box.area in areas]
        boxes = tuple(box.model_copy(update={"receive": door(box.address)}) for box in of_areas)
    changes = {"database": f"sqlite:///{folder / 'var' / 'bot.db'}", "var": str(folder / "var")}
    config = base.config.model_copy(update=changes | {"bot": bot, "mailboxes": boxes})
    return replace(base, config=config)


class Office:
    """The App, its inboxes and its clock."""

    def __init__(self, folder: Path, *, sandbox: bool = False, **how: Any) -> None:
        self.folder = folder
        self.clock = StillNow(START - timedelta(hours=1))
        self.settings = settings_in(folder, **how)
        self.app: App = self.open(sandbox=sandbox)

    def open(self, *, sandbox: bool = False) -> App:
        """The App anew, over the same database."""
        self.app = build(self.settings, read_now=self.clock, in_process=not sandbox, strict=True)
        return self.app

    def close(self) -> None:
        self.app.close()

    def put(self, raw: bytes, at: datetime = START, address: str = CREWE) -> None:
        deliver(self.folder / "in" / address, raw, at)

    def once(self, at: datetime) -> list[str]:
        """One pass at that instant."""
        self.clock.now = at
        return self.app.once(at)

    def course(self, until: datetime) -> None:
        """Every pass at which something falls due, up to an instant."""
        while (at := self._next()) is not None and at <= until:
            self.once(at)
        self.once(until)

    def _next(self) -> datetime | None:
        with self.app.db.read() as tx:
            due = (deadlines.next_due(tx), outbox.next_retry(tx))
        soon = self.clock.now + timedelta(minutes=1)
        return min((max(at, soon) for at in due if at is not None), default=None)

    # --- what came of it ---------------------------------------------------------------------------------------------

    def cases(self) -> list[Case]:
        with self.app.db.read() as tx:
            return cases.all_cases(tx)

    def case(self) -> Case:
        (only,) = self.cases()
        return only

    def letters(self, kind: str = "", status: str = "sent") -> list[Queued]:
        with self.app.db.read() as tx:
            found = outbox.of_status(tx, status)
        return [q for q in found if kind in ("", q.letter.kind.value)]

    def addressees(self) -> set[str]:
        """Everybody whom a letter has gone to."""
        return {address for q in self.letters() for address, status, _ in q.recipients if status == "accepted"}

    def listed(self, disposition: str) -> list[Listed]:
        with self.app.db.read() as tx:
            return mails.listed(tx, disposition)

    def faults(self) -> list[str]:
        with self.app.db.read() as tx:
            return [*cases.verify(tx), *beside.faults(tx)]

    def files(self) -> list[Path]:
        """Everything under var/ and among the letters."""
        folders = (self.folder / "var", self.folder / "letters")
        return [Path(root) / name for top in folders for root, _, names in os.walk(top) for name in names]


def raw_mail(
    sender: str = HELEN,
    text: str = "The assessment was closed without seeing the baby.\n",
    *,
    at: datetime = START,
    subject: str = DAY,
    to: str = FAY,
    cc: str = CREWE,
    number: str = "m1",
    proof: str = "pass",
    answers: str = "",
    **headers: str | None,
) -> bytes:
    """A mail as a gateway delivers it. `headers`: others, by name with "_" for "-"; None leaves one out."""
    domain = sender.rpartition("@")[2].strip("> ") or "nowhere.example"
    fields: dict[str, str | None] = {
        "Received": f"from out.{domain} by {GATEWAY} with ESMTPS; {format_datetime(at.astimezone(UTC))}",
        "Authentication-Results": f"{GATEWAY}; dmarc={proof} header.from={domain}",
        "From": sender or None,
        "To": to,
        "Cc": cc or None,
        "Subject": subject,
        "Date": format_datetime(at.astimezone(UTC)),
        "Message-ID": f"<{number}@{domain}>",
        "In-Reply-To": f"<{answers}>" if answers else None,
        "References": f"<{answers}>" if answers else None,
    }
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    message = EmailMessage(policy=SMTP.clone(max_line_length=990))
    for name, value in fields.items():
        if value is not None:
            message[name] = value
    message.set_content(text, charset="utf-8", cte="quoted-printable")
    return message.as_bytes()
