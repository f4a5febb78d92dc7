"""A mail server in memory, and the two doors that the bot has to it: mailboxes and a transport that keep to ports.py.

What a real server keeps, it keeps here through every crash of the bot: messages under keys that its UIDVALIDITY makes,
copies in Sent that may lag or be missing, and every message it took. The bot opens its doors by the ordinary table of
kinds, under the kind `memory`. It knows no case and no letter of ours.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from bot.doors import opened
from bot.doors.gate import Allowed, check_lines, sift
from bot.doors.ports import Batch, CarriedOffer, Envelope, Look, Outcome, RawMail, Refusal
from bot.model.errors import DoorClosed, LoginRefused
from bot.settings.settings import Door
from tests.simulate.faults import Faults

opened.KINDS["memory"] = ("tests.simulate.doors", "MemoryMailbox")
opened.SENDING["memory"] = ("tests.simulate.doors", "MemoryTransport")

#: Folder of a world -> its server: how a door finds the server that its path names.
SERVERS: dict[str, Server] = {}


@dataclass(frozen=True)
class Held:
    """A message in a mailbox. `n`: its place there, from 1."""

    n: int
    raw: bytes
    received: datetime
    folder: str
    message_id: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.raw).hexdigest()


@dataclass
class Box:
    """One mailbox. `validity` changes when the server puts it back; `given`: key -> digest of all it ever gave."""

    validity: int = 1
    held: list[Held] = field(default_factory=list)
    given: dict[str, str] = field(default_factory=dict)
    listed: datetime | None = None  # real time when a listing last came to its end
    has_news: bool = True
    unhinted: datetime | None = None  # something came of which no hint told
    forgets: bool = False  # the next cursor it is shown tells it nothing

    def key(self, one: Held) -> str:
        return f"{one.folder};{self.validity};{one.n}"


@dataclass(frozen=True)
class Taken:
    """A message the server took from the bot. `shown`: the bot's own clock; `at`: real time."""

    at: datetime
    shown: datetime
    message_id: str
    recipients: tuple[str, ...]
    raw: bytes
    may_leave: frozenset[str]


@dataclass
class Server:
    """All mailboxes of a world, and its way out."""

    seed: int
    faults: Faults
    page: int = 20
    copies_lag: bool = True  # a copy in Sent may come late, or never
    boxes: dict[str, Box] = field(default_factory=dict)
    sink: list[Taken] = field(default_factory=list)
    by_id: dict[str, list[Taken]] = field(default_factory=dict)
    sent: dict[str, datetime] = field(default_factory=dict)  # Message-ID -> when its copy can be found
    refuses: Callable[[str], str] = lambda _address: ""  # "": takes it; else an enhanced status
    taken: Callable[[Taken], None] = lambda _taken: None

    def box(self, path: str) -> Box:
        return self.boxes.setdefault(path, Box())

    def deliver(self, path: str, raw: bytes, folder: str = "INBOX", hint: bool = True) -> None:
        """A message reaches that mailbox now."""
        box, now = self.box(path), self.faults.clock.true
        box.held.append(Held(len(box.held) + 1, raw, now, folder, id_of(raw)))
        if hint:
            box.has_news = True
        else:
            box.unhinted = box.unhinted or now

    def luck(self, *of: str) -> Random:
        """Chance that hangs on these words alone: the same in a world with fewer events."""
        return Random(f"{self.seed}/{'/'.join(of)}")


def id_of(raw: bytes) -> str:
    """The Message-ID of a message, without brackets."""
    for line in raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n"):
        if line[:11].lower() == b"message-id:":
            return line[11:].strip().strip(b"<>").decode("ascii", "replace")
    return ""


def _server(door: Door) -> tuple[Server, str]:
    folder, _, _name = door.path.rpartition("/")
    return SERVERS[folder], door.path


class MemoryMailbox:
    """A Mailbox of ports.py."""

    def __init__(self, name: str, door: Door) -> None:
        self.name, self.server = name, door.path
        self._server, self._path = _server(door)

    def fetch(self, cursor: str, limit: int) -> Batch:
        faults, box = self._server.faults, self._server.box(self._path)
        self._open("fetch")
        mark = json.loads(cursor).get("memory") if cursor and not box.forgets else None
        box.forgets = False
        start = mark["n"] if mark and mark["validity"] == box.validity else 0
        # A cursor it does not know is no first sight: the caller has read here before.
        is_first = not cursor or bool(mark and mark["is_first"])
        some = box.held[start : start + min(limit, self._server.page)]
        mails = tuple(RawMail(box.key(m), m.folder, m.raw, m.received, False, len(m.raw)) for m in some)
        box.given |= {box.key(m): m.digest for m in some}
        done = start + len(some) == len(box.held)
        after = {"validity": box.validity, "n": start + len(some), "is_first": is_first and not done}
        if done:
            box.has_news, box.unhinted = False, None
        faults.passing("fetched")
        if done:
            box.listed = faults.clock.true
        went_back = (
            tuple(dict.fromkeys(m.folder for m in box.held)) if mark and mark["validity"] != box.validity else ()
        )
        return Batch(mails, json.dumps({"memory": after}), done, is_first, went_back)

    def ack(self, keys: Sequence[str]) -> None:
        self._server.faults.passing("ack")

    def look(self, *, anew: bool = False) -> Look:
        return Look(self._server.box(self._path).has_news)

    def find(self, message_id: str) -> bool:
        self._open("find")
        sought, now = message_id.strip("<>"), self._server.faults.clock.true
        copy = self._server.sent.get(sought)
        if copy is not None and copy <= now:
            return True
        return any(held.message_id == sought for held in self._server.box(self._path).held)

    def close(self) -> None: ...

    def _open(self, op: str) -> None:
        if self._server.faults.is_deaf(self._path):
            words = "refused the login" if len(self._path) % 3 == 0 else "cannot be reached"
            raise (LoginRefused if "login" in words else DoorClosed)(f"{self.name}: the server {words}")
        self._server.faults.passing(op)


class MemoryTransport:
    """A Transport of ports.py."""

    def __init__(self, door: Door, allowed: Allowed) -> None:
        self._server, self._path = _server(door)
        self._allowed = allowed

    def offer(self, envelope: Envelope) -> CarriedOffer:
        check_lines(envelope.raw)
        if self._server.faults.is_deaf(self._path):
            raise DoorClosed("the server for letters cannot be reached")
        self._server.faults.passing("offer")
        accepted, barred = sift(envelope, self._allowed)
        said = {address: self._server.refuses(address) for address in accepted}
        refused = tuple(Refusal(a, s, "no", is_hard=s[0] == "5") for a, s in said.items() if s)
        taken = tuple(a for a in accepted if not said[a])
        self._server.faults.passing("offered")
        return CarriedOffer(self, envelope, taken, (*barred, *refused), id=f"offer-{envelope.message_id}")

    def deliver(self, offer: CarriedOffer) -> Outcome:
        server, faults = self._server, self._server.faults
        sought = offer.envelope.message_id.strip("<>")
        faults.passing("deliver")
        clock = faults.clock
        taken = Taken(clock.true, clock(), sought, offer.accepted, offer.envelope.raw, offer.envelope.may_leave)
        server.sink.append(taken)
        server.by_id.setdefault(sought, []).append(taken)
        luck = server.luck("sent", sought)
        if luck.random() < 0.7 or not server.copies_lag:
            lag = luck.choice((0, 0, 20, 300, 1500)) if server.copies_lag else 0
            server.sent.setdefault(sought, clock.true + timedelta(seconds=lag))
        server.taken(taken)
        faults.passing("delivered")
        return Outcome(offer.accepted, offer.refused, reply="250 taken")

    def abandon(self, offer: CarriedOffer) -> None: ...

    def find(self, offer_id: str) -> bool:
        return False

    def close(self) -> None: ...
