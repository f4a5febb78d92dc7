"""A process that sends what an outbox holds, to be killed: `python -m tests.kill.sending DATABASE PORT INSTANT...`.

It is the real sender, store and SMTP transport; what it tells is written into a table of the same database, so that a
test can count it. The instants are the times at which it drains the outbox, one after another.
"""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from bot.doors.opened import open_transport
from bot.engine.sending.sender import Sender
from bot.engine.sending.unknown import FindProof
from bot.model import Letter, LetterServed, LetterUndelivered
from bot.settings.settings import Door
from bot.store.db import Database
from bot.store.outbox import Queued

LEASE = timedelta(minutes=5)


def send(file: Path, port: int, *instants: datetime, find_proof: FindProof = lambda ids, offer: "") -> None:
    """Drains the outbox at each instant."""
    db = Database(f"sqlite:///{file}")
    door = Door(kind="smtp", host="127.0.0.1", port=port, tls="none", timeout=5)
    transport = open_transport(door, lambda address: address.endswith("@csc.example"))
    clock = iter(instants)
    now = next(clock)
    sender = Sender(
        db, transport, _finish, _tell, find_proof, lambda: now, "killed", LEASE, address="clock@csc.example"
    )
    sender.drain(now)
    for later in clock:
        now = later
        sender.drain(now)
    transport.close()
    db.close()


def _finish(tx: Connection, queued: Queued, now: datetime) -> tuple[Letter, bytes, tuple[str, ...]]:
    letter = queued.letter
    raw = f"Message-ID: <{letter.message_id}>\r\n\r\nmade at {now.isoformat()}\r\n".encode()
    return letter, raw, tuple(c.email for c in letter.to)


def _tell(tx: Connection, queued: Queued, fact: LetterServed | LetterUndelivered, now: datetime) -> None:
    who = fact.recipients if isinstance(fact, LetterServed) else (fact.recipient,)
    for address in who:
        tx.exec_driver_sql("INSERT INTO told VALUES (?, ?)", (type(fact).__name__, address))


if __name__ == "__main__":
    send(Path(sys.argv[1]), int(sys.argv[2]), *map(datetime.fromisoformat, sys.argv[3:]))
