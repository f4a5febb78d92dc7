"""Receive: a batch of a mailbox into the ledger, then its cursor, in one commit; what the mailbox gave is safe before.

A mailbox whose door was changed, or whose place went back (a folder put back from a backup, numbers given anew, a token
of the past), is listed anew and compared with what was read before: moved_door.py. It reads no mail.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.doors.ports import Batch, Mailbox
from bot.engine.reading import moved_door
from bot.engine.turn import Turn
from bot.model import Inbox
from bot.model.failpoints import failpoint
from bot.store import mailboxes, mails
from bot.store.db import Database

BATCH = 100


@dataclass(frozen=True, slots=True)
class Boxes:
    """The watched mailboxes by name, our own among them; `doors`: what tells the door of each from another."""

    inboxes: dict[str, Inbox]
    first_sight: dict[str, timedelta]
    doors: dict[str, str] = field(default_factory=dict)


class Receiving:
    """Passes over mailboxes; each may run in a thread of its own. `unanswered`: mailboxes whose answer is waited for,
    and since when on the steady clock; for any thread."""

    def __init__(self, db: Database, turn: Turn, boxes: Boxes) -> None:
        self.db = db
        self.turn = turn
        self.boxes = boxes
        self.unanswered: dict[str, float] = {}
        self._entered: dict[str, str] = {}

    def receive(self, name: str, mailbox: Mailbox, now: datetime) -> int:
        """One whole pass over a mailbox; returns how many messages were new. Raises DoorClosed."""
        new = 0
        self._enter(name, now)
        while True:
            with self.db.read() as tx:
                cursor = mailboxes.cursor(tx, name)
            failpoint("intake.fetch")
            batch = self._fetched(name, mailbox, cursor)
            failpoint("intake.fetched")
            with self.db.begin() as tx:
                if mailboxes.cursor(tx, name) != cursor:
                    continue  # `review retry` asked meanwhile for all of it: what was fetched comes again
                if batch.went_back:
                    self._goes_back(tx, name, batch.went_back, now)
                for folder in dict.fromkeys(m.folder for m in batch.mails):
                    these = [m for m in batch.mails if m.folder == folder]
                    floor = self._floor(tx, name, folder, batch.is_first_sight, now)
                    new += mails.receive(tx, name, these, batch.cursor, now, floor)
                if not batch.mails:
                    self._floor(tx, name, "", batch.is_first_sight, now)
                    mails.receive(tx, name, [], batch.cursor, now, None)
                if batch.done:
                    mailboxes.caught_up(tx, name, now)
                    mailboxes.listed_at(tx, name, now)
                    mailboxes.gap_closed(tx, name, now)
                failpoint("intake.receiving")
            failpoint("intake.received")
            mailbox.ack([m.key for m in batch.mails])
            if batch.done:
                return new

    def _fetched(self, name: str, mailbox: Mailbox, cursor: str) -> Batch:
        self.unanswered[name] = time.monotonic()
        try:
            return mailbox.fetch(cursor, BATCH)
        finally:
            del self.unanswered[name]

    def _enter(self, name: str, now: datetime) -> None:
        """Before the first pass of this process: is it still the door the mailbox was read through?"""
        door = self.boxes.doors.get(name, "")
        if self._entered.get(name) != door:
            with self.db.begin() as tx:
                moved_door.arrive(tx, name, door, self._sight(name), now)
                failpoint("intake.entering")
            failpoint("intake.entered")
            self._entered[name] = door

    def _goes_back(self, tx: Connection, name: str, folders: tuple[str, ...], now: datetime) -> None:
        moved_door.go_back(tx, name, self._sight(name), now)
        lines = [
            f"Mailbox {name}: {', '.join(folders)} does not go on from where it was read up to.",
            "It may have been put back from a backup, or made anew, or its server has lost our place.",
            "All of it is read again and compared with what was read before: nothing is done twice.",
            "Mail that came after that backup was made, and is in no mailbox now, was read here all the same.",
        ]
        self.turn.alert(tx, f"went_back/{name}", f"Mailbox {name} went back", lines, now)

    def _sight(self, name: str) -> timedelta:
        return self.boxes.first_sight.get(name, timedelta(days=3))

    def _floor(self, tx: Connection, name: str, folder: str, is_first: bool, now: datetime) -> datetime:
        """Mail that reached the server before this can open nothing; set at first sight and never lowered."""
        watched, since = mailboxes.watched(tx, name), now - self._sight(name)
        if watched.floor is None:
            mailboxes.set_floor(tx, name, since)
            return since
        own = mailboxes.folder_floor(tx, name, folder)
        if own is None and is_first and folder and not watched.is_moving:
            mailboxes.set_folder_floor(tx, name, folder, since)
            own = since
        return max(watched.floor, own or watched.floor)
