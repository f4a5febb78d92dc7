"""Mail in by Microsoft Graph: changes are asked for folder by folder, by links that the service gives and we keep.

A folder that was never read, or whose link the service has forgotten (410), is counted to its end for a new link, then
listed by arrival; after that its changes alone are asked for. So order is kept, and nothing that comes while a long
listing goes on is missed. Ids are immutable: a mail that people move keeps its key. Nothing is marked, moved or
deleted. It must not know what a mail says or what the ledger holds. Not handled: push, archive mailboxes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bot.doors.graph.client import Answer, Graph
from bot.doors.graph.marks import Head, Mark, after, cursor_of, hashed, marks_of, watched_folders
from bot.doors.ports import NEWS, Batch, Look, RawMail
from bot.doors.reading import BATCH_BYTES, HEAD_BYTES, LOOKED, Withheld, gather, latest, strangers
from bot.settings.settings import Door

#: Seconds between two looks: one small request for each folder.
LOOK_SECONDS = 15.0
#: Rows in a page, and pages read in one fetch, while a folder is counted: 200,000 mails take fifty fetches.
COUNT_PAGE, COUNT_PAGES = 200, 20
#: Rows of a page of changes, and changes put in order together.
PAGE, STRETCH = 100, 500
#: How often a listed mail is asked for in vain: see Withheld.
STRIKES = 10
#: How often in a row the service may forget its link before the door counts as closed.
LOSSES = 3


class LinkLost(Exception):
    """The service no longer knows what a link stands for."""


class GraphMailbox:
    """One mailbox. For one thread at a time. `look`: seconds between two looks."""

    def __init__(self, name: str, door: Door, *, look: float = LOOK_SECONDS) -> None:
        self.name = name
        self._door = door
        self.server = urlsplit(door.endpoint).netloc
        self._look = look
        self._graph = Graph(name, door, "the permission Mail.Read for it")
        self._folders: dict[str, str] = {}
        self._marks: dict[str, Mark] = {}
        self._withheld = Withheld(STRIKES)
        self._losses: Counter[str] = Counter()
        self._went_back: list[str] = []

    def fetch(self, cursor: str, limit: int) -> Batch:
        """See ports.Mailbox. Folder by folder, each in order of arrival. Raises DoorClosed, Throttled."""
        self._went_back.clear()
        folders = self._watched()
        # A folder of the same name that is another one has not been read.
        kept = {n: m for n, m in marks_of(cursor).items() if folders.get(n, m.folder) == m.folder}

        def read(name: str, mark: Mark | None, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
            return self._read(name, mark or Mark(folders[name], is_first=True), limit, room)

        mails, done, is_first = gather(folders, kept, limit, read)
        self._marks = kept
        return Batch(tuple(mails), cursor_of(kept), done, is_first, tuple(self._went_back))

    def ack(self, keys: Sequence[str]) -> None:
        """Nothing: the inbox belongs to people, and the work list is our own ledger."""

    def look(self, *, anew: bool = False) -> Look:  # noqa: ARG002 - people cannot take Junk away
        """See ports.Mailbox. Asks each folder for news. Raises DoorClosed."""
        return NEWS if self._has_news() else Look(seconds=self._look)

    def find(self, message_id: str) -> bool:
        """See ports.Mailbox. Asks Sent Items and the watched folders; a draft is no proof."""
        sought = message_id.strip("<>")
        if not (sought and sought.isascii() and sought.isprintable()):
            return False
        quoted = sought.replace("'", "''")
        wanted = {"filter": f"internetMessageId eq '<{quoted}>'", "select": "internetMessageId,isDraft", "top": "10"}
        for folder in ("sentitems", *self._watched().values()):
            url = self._graph.url("mailFolders", folder, "messages", **wanted)
            answer = self._graph.ask("GET", url, also=(404,))
            if answer.status == 404:
                self._folders = {}  # people have deleted it: the next look asks which there are
                raise self._graph.refusal(answer)
            # The service compares loosely.
            if any(
                m.get("internetMessageId") == f"<{sought}>" and not m.get("isDraft") for m in self._rows(answer.told)
            ):
                return True
        return False

    def close(self) -> None:
        self._graph.close()

    # --- folders -----------------------------------------------------------------------------------------------------

    def _watched(self) -> dict[str, str]:
        """Name -> id of INBOX, Junk and the configured folders; asked for once, and again after a failure."""
        if not self._folders:
            self._folders = watched_folders(self._graph, self._door.folders)
        return self._folders

    def _read(self, name: str, mark: Mark, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
        """Up to `limit` mails and `room` bytes after `mark`, the mark after them, whether there is more."""
        try:
            if not mark.is_counted:
                mark = self._counted(mark)
                if not mark.is_counted:
                    return [], mark, True
            if mark.upto is not None:
                return self._listed(name, mark, mark.upto, limit, room)
            return self._changed(name, mark, limit, room)
        except LinkLost:
            self._losses[name] += 1
            if self._losses[name] > LOSSES:
                self._losses.clear()
                raise self._graph.closed(f"it keeps losing its place in {name!r}: it is tried again") from None
            # Everything there is listed again, which is no first sight; the ledger knows what it has.
            self._went_back += [] if mark.is_first else [name]
            return [], Mark(mark.folder, known=mark.known, is_first=mark.is_first, latest=mark.latest), True

    # --- what lies there already -------------------------------------------------------------------------------------

    def _counted(self, mark: Mark) -> Mark:
        """Some pages further through all that lies in the folder, on the way to the link that tells of changes."""
        messages = self._graph.url("mailFolders", mark.folder, "messages", "delta", select="receivedDateTime")
        link = mark.link or messages
        for _ in range(COUNT_PAGES):
            told = self._page(link, COUNT_PAGE)
            if (end := told.get("@odata.deltaLink")) is not None:
                return replace(mark, link=self._checked(end), is_counted=True)
            link = self._checked(told.get("@odata.nextLink"))
        return replace(mark, link=link)

    def _listed(self, name: str, mark: Mark, upto: str, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
        """By arrival, from the last one given on. A place in the order is kept, not a number of mails to skip: what
        people delete meanwhile must not shift the rest past us."""
        wanted = {"filter": f"receivedDateTime ge {upto}", "orderby": "receivedDateTime", "select": "receivedDateTime"}
        url = self._graph.url(
            "mailFolders", mark.folder, "messages", **wanted, top=str(min(limit + 1 + mark.ties, 1000))
        )
        known, heads = set(mark.known), list[Head]()
        while url and len(heads) <= limit:
            told = self._graph.ask("GET", url).told
            heads += [head for row in self._rows(told) if hashed((head := self._head(row)).id) not in known]
            url = self._checked(told["@odata.nextLink"]) if "@odata.nextLink" in told else ""
        chosen, mails = self._bodies(name, heads[:limit], room)
        more = bool(url) or len(heads) > len(chosen)
        if not more:
            self._losses.pop(name, None)
        return mails, after(mark, chosen, upto if more else None, more=more), more

    # --- what has changed since --------------------------------------------------------------------------------------

    def _changed(self, name: str, mark: Mark, limit: int, room: int) -> tuple[list[RawMail], Mark, bool]:
        heads, link, is_end = self._news(mark)
        chosen, mails = self._bodies(name, heads[:limit], room)
        if not heads and is_end and room == BATCH_BYTES:  # nothing came in another folder either
            return self._quiet(name, replace(mark, link=link, is_first=False))
        if len(chosen) < len(heads):  # the same changes are told again, and what was given is known
            return mails, after(mark, chosen, None, more=True), True
        return mails, replace(after(mark, chosen, None, more=not is_end), link=link), not is_end

    def _quiet(self, name: str, mark: Mark) -> tuple[list[RawMail], Mark, bool]:
        """Nothing has changed, the service says: is that so? See reading.strangers."""
        newest = {"orderby": "receivedDateTime desc", "select": "receivedDateTime", "top": str(LOOKED)}
        rows = self._rows(
            self._graph.ask("GET", self._graph.url("mailFolders", mark.folder, "messages", **newest)).told
        )
        there = latest(None, ((head.received, head.id) for head in map(self._head, rows)))
        known = there if mark.latest is None else mark.latest
        strange, is_lost = strangers(known, mark.strange, there)
        if is_lost:
            self._went_back.append(name)
            return [], Mark(mark.folder, known=mark.known, latest=known), True
        return [], replace(mark, latest=known, strange=strange), False

    def _news(self, mark: Mark) -> tuple[list[Head], str, bool]:
        """Mails that are new in the folder, by arrival; the link after them; whether it is the last for now."""
        known, heads, link = set(mark.known), dict[str, Head](), mark.link
        while True:
            told = self._page(link, PAGE)
            for row in self._rows(told):
                # A mail that was moved away or deleted has left; one that is still there is listed as well.
                if "@removed" not in row and hashed(str(row.get("id"))) not in known:
                    head = self._whole(row)
                    heads |= {head.id: head} if head else {}
            end = told.get("@odata.deltaLink")
            link = self._checked(told.get("@odata.nextLink") if end is None else end)
            if end is not None or len(heads) >= STRETCH:
                return sorted(heads.values(), key=lambda head: (head.received, head.id)), link, end is not None

    def _whole(self, row: dict[str, Any]) -> Head | None:
        """A change of the read mark alone comes without the arrival; None where the mail has gone meanwhile."""
        if row.get("receivedDateTime"):
            return self._head(row)
        url = self._graph.url("messages", str(row.get("id")), select="receivedDateTime")
        answer = self._graph.ask("GET", url, also=(404,))
        return self._head(dict(answer.told)) if answer.status == 200 else None

    def _has_news(self) -> bool:
        """Whether a folder tells of something that was not given. What was never read to its end has news."""
        for name in self._watched():
            mark = self._marks.get(name)
            if mark is None or not mark.is_counted or mark.upto is not None:
                return True
            try:
                told = self._page(mark.link, PAGE)
            except LinkLost:
                return True
            known, rows = set(mark.known), self._rows(told)
            is_new = any("@removed" not in row and hashed(str(row.get("id"))) not in known for row in rows)
            if is_new or "@odata.nextLink" in told:
                return True
        return False

    def _page(self, link: str, size: int) -> dict[str, Any]:
        if not self._graph.is_ours(link):
            raise LinkLost  # the door leads elsewhere than when the link was kept
        answer = self._graph.ask("GET", link, page=size, also=(400, 404, 410))
        if answer.status in (404, 410) or "syncstate" in answer.code.casefold():
            self._folders = {}
            raise LinkLost
        if answer.status != 200:
            raise self._graph.refusal(answer)
        return dict(answer.told)

    def _rows(self, told: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = told.get("value")
        if not isinstance(rows, list):  # to take it for an empty list would be to lose what it should have held
            raise self._graph.closed("its answer made no sense: a list without its rows")
        return [row for row in rows if isinstance(row, dict)]

    def _checked(self, link: object) -> str:
        if not isinstance(link, str) or not self._graph.is_ours(link):
            raise self._graph.closed("its answer made no sense: a list without a link to go on by")
        return link

    # --- mails -------------------------------------------------------------------------------------------------------

    def _head(self, row: dict[str, Any]) -> Head:
        received, id_ = row.get("receivedDateTime"), row.get("id")
        if not isinstance(id_, str) or not isinstance(received, str) or not _is_instant(received):
            raise self._graph.closed("its answer made no sense: a mail without its id or arrival")
        return Head(received, id_)

    def _bodies(self, name: str, heads: Iterable[Head], room: int) -> tuple[list[Head], list[RawMail]]:
        """The first of these that fit into `room` bytes, one at least, and the mails of those that still exist."""
        chosen: list[Head] = []
        mails: list[RawMail] = []
        for head in heads:
            mail = self._mail(name, head)
            room -= len(mail.raw) if mail else 0
            if mails and room < 0:
                break
            chosen.append(head)
            mails += [mail] if mail else []
        return chosen, mails

    def _mail(self, name: str, head: Head) -> RawMail | None:
        """None: it is gone."""
        most = self._door.max_bytes
        url = self._graph.url("messages", head.id, "$value")
        answer = self._graph.mail(url, most, min(HEAD_BYTES, most), also=(400, 404, 413, 500))
        if answer.status == 404:
            return None
        is_given = answer.status == 200 and answer.raw != b""
        if not is_given:
            self._refused(head, answer)
        is_cut = answer.size > most or not is_given
        return RawMail(head.id, name, answer.raw, datetime.fromisoformat(head.received), is_cut, answer.size)

    def _refused(self, head: Head, answer: Answer) -> None:
        """Counts a mail that the service lists and does not give. Raises DoorClosed until it has been asked enough."""
        what = f"{answer.status} {answer.code}".strip()
        text = f"it lists a mail of {head.received} and does not give it ({what})"
        self._withheld.strike(head.id, str(self._graph.closed(text)))


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
