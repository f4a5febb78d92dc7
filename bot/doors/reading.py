"""What all mailboxes have in common: how a batch is filled, how often a mail is asked for in vain, whether a server
keeps news back, which folders are junk, whose id a header bears.

It knows no protocol, opens nothing and parses no mail beyond one header field. A mailbox keeps a mark per folder (up to
where it was read) in a form of its own; all that is asked of it here is whether the folder's first pass goes on.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from bot.doors.ports import RawMail
from bot.model.errors import MailWithheld

#: Bytes of mail in one batch, beyond which it ends early: a batch is held in memory and committed as a whole.
BATCH_BYTES = 16_000_000

#: Bytes kept of a mail that is larger than its door's `max_bytes`: its headers and most often its whole text.
HEAD_BYTES = 1_000_000

#: Names under which servers and programs keep what they take for spam, for want of a special-use mark (RFC 6154).
JUNK_NAMES = frozenset({"junk", "junk email", "junk e-mail", "spam"})


class Mark(Protocol):
    @property
    def is_first(self) -> bool:
        """Whether the folder's first pass has not reached its end yet."""
        ...


M = TypeVar("M", bound=Mark)

#: (folder, its mark or None, most mails, most bytes) -> mails, the mark after them, whether there is more.
Read = Callable[[str, M | None, int, int], tuple[list[RawMail], M, bool]]


def gather(folders: Iterable[str], marks: dict[str, M], limit: int, read: Read[M]) -> tuple[list[RawMail], bool, bool]:
    """Mails of the folders in turn up to `limit` and BATCH_BYTES; whether the pass is done; whether it is first sight.

    `marks` is moved on. Mails at first sight and others never share a batch: the floor below which nothing opens a case
    holds for the first kind alone.
    """
    mails: list[RawMail] = []
    is_first = False
    for folder in folders:
        mark = marks.get(folder)
        fresh = mark is None or mark.is_first
        room = BATCH_BYTES - sum(len(mail.raw) for mail in mails)
        if mails and (fresh != is_first or len(mails) >= limit or room <= 0):
            return mails, False, is_first
        found, marks[folder], more = read(folder, mark, limit - len(mails), room)
        if not mails:
            is_first = fresh
        mails += found
        if more:
            return mails, False, is_first
    return mails, True, is_first


class Sized(Protocol):
    @property
    def size(self) -> int:
        """Bytes of the mail, as its server says."""
        ...


H = TypeVar("H", bound=Sized)


def fitting(heads: Sequence[H], room: int, most: int) -> list[H]:
    """The first of them that fit into `room` bytes together, but one at least. Of one above `most` a head is read."""
    chosen: list[H] = []
    for head in heads:
        room -= head.size if head.size <= most else min(HEAD_BYTES, most)
        if chosen and room < 0:
            break
        chosen.append(head)
    return chosen


class Withheld:
    """Mails that a server lists and does not give. Each is asked for `strikes` times; then it is passed on without its
    bytes, for a human to see, and holds up no other."""

    def __init__(self, strikes: int) -> None:
        self._strikes = strikes
        self._tried: Counter[str] = Counter()

    def strike(self, key: str, text: str) -> None:
        """It was asked for in vain once more. Raises MailWithheld with `text` until that was often enough."""
        self._tried[key] += 1
        if self._tried[key] < self._strikes:
            raise MailWithheld(f"{text}: it is tried again")


#: Of the mails given those that arrived last, as kept in a mark; those asked for in a quiet folder; how many looks in
#: a row may find one that its server does not tell of before the place counts as lost.
KEPT, LOOKED, LOOKS = 100, 50, 3


def hashed(key: str) -> str:
    """Nine bytes of hash: a stranger cannot choose an id, and no two of a mailbox meet by chance."""
    return base64.b64encode(hashlib.blake2b(key.encode(), digest_size=9).digest()).decode()


def latest(before: tuple[str, ...] | None, given: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The mails that arrived last of those given. `given`: arrival, as text that sorts like time, and key."""
    return tuple(sorted({*(before or ()), *(f"{received} {hashed(key)}" for received, key in given)})[-KEPT:])


def strangers(known: tuple[str, ...], before: tuple[str, ...], there: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    """A server that was put back takes a place of its future for one without news, until it has caught up. So a quiet
    folder is looked into: which of the mails `there` (see `latest`) were never given, each as often as looks in a row
    have found it (`before`: by the last look), and whether one was found often enough. Once is no proof: it may have
    come since its server was asked."""
    floor = known[0] if len(known) == KEPT else ""
    now = [one for one in there if one >= floor and one not in known]
    found = (*(one for one in before if one in now), *now)
    return found, any(found.count(one) >= LOOKS for one in now)


def bears_id(head: bytes, message_id: str) -> bool:
    """Whether the header block at the start of `head` has `message_id` (without brackets) as its Message-ID.

    Compared whole: a mail that merely quotes or extends the id proves nothing.
    """
    block = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    for line in block.replace(b"\n ", b" ").replace(b"\n\t", b" ").split(b"\n"):
        name, colon, value = line.partition(b":")
        if colon and name.strip().lower() == b"message-id":
            return value.strip() == b"<" + message_id.encode() + b">"
    return False
