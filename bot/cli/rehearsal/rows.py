"""What came of a rehearsal, as the rows other tools read, and whether a story's expectations hold.

The names in the rows are a contract. It reads the store and the sent letters; it plays nothing.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32, default
from typing import Any

from bot.daemon.app import App
from bot.model import Disposition
from bot.store import cases, mails
from bot.store.outbox import Queued

Row = dict[str, Any]
READ = tuple(one for one in Disposition if one is not Disposition.UNREAD)


class Rows:
    """Collects rows from an App. `mail_ids`: digest of raw bytes -> the story's id of that mail."""

    def __init__(self, app: App, mail_ids: dict[str, str]) -> None:
        self._app = app
        self._mail_ids = mail_ids
        self._entries: set[int] = set()
        self._journal: dict[int, int] = {}
        self._letters: set[int] = set()

    def new(self, now: datetime, sent: Sequence[Queued]) -> list[Row]:
        """What happened since the last call, mails first, then facts, then letters: those of `sent`, which is every
        letter that has gone, that were not shown yet."""
        with self._app.db.read() as tx:
            known = cases.all_cases(tx)
            numbers = {case.number: n for n, case in enumerate(known, 1)}
            refs = {case.ref: numbers[case.number] for case in known}
            rows = list(self._mails(tx, numbers, now))
            for number in numbers:
                rows += self._facts(tx, number, numbers[number], now)
            rows += self._sent(sent, numbers, refs, now)
        return rows

    def _mails(self, tx: Any, numbers: dict[int, int], now: datetime) -> Iterator[Row]:
        for disposition in READ:
            for listed in mails.listed(tx, disposition):
                if listed.entry in self._entries:
                    continue
                self._entries.add(listed.entry)
                yield {
                    "at": now.isoformat(),
                    "what": "mail",
                    "mail": self._mail_ids.get(listed.digest),
                    "disposition": disposition,
                    "case": numbers.get(listed.case) if listed.case else None,
                    "why": listed.why,
                    "received": listed.received.isoformat(),
                }

    def _facts(self, tx: Any, number: int, shown: int, now: datetime) -> Iterator[Row]:
        done = self._journal.get(number, 0)
        for row in cases.journal(tx, number):
            if row.seq <= done:
                continue
            self._journal[number] = row.seq
            for kind, stage, by, note in row.events:
                yield {
                    "at": now.isoformat(),
                    "what": "fact",
                    "kind": kind,
                    "case": shown,
                    "stage": stage,
                    "by": by,
                    "note": note,
                }

    def _sent(
        self, sent: Sequence[Queued], numbers: dict[int, int], refs: dict[str, int], now: datetime
    ) -> Iterator[Row]:
        for queued in sent:
            if queued.id in self._letters:
                continue
            self._letters.add(queued.id)
            case = numbers.get(queued.case or 0) or refs.get(queued.letter.ref)
            yield letter_row(queued, case, now)

    def cases(self) -> list[Row]:
        """One row a case, as it stands."""
        with self._app.db.read() as tx:
            return [
                {
                    "what": "case",
                    "case": n,
                    "ref": case.ref,
                    "policy": case.policy,
                    "state": case.state.value,
                    "stage": case.stage,
                    "due": case.due.isoformat() if case.due else None,
                    "closed_as": case.closed_as.value if case.closed_as else None,
                    "flags": list(case.flags),
                }
                for n, case in enumerate(cases.all_cases(tx), 1)
            ]


def letter_row(queued: Queued, case: int | None, now: datetime) -> Row:
    """A sent letter as it left: its text is read back from its bytes."""
    head, parts = _taken_apart(queued.raw or b"")
    text = next((part for part in parts if part.get_content_type() == "text/plain" and not _is_attached(part)), None)
    return {
        "at": now.isoformat(),
        "what": "letter",
        "kind": queued.letter.kind.value,
        "case": case,
        "stage": queued.letter.stage,
        "to": [c.email for c in queued.letter.to],
        "cc": [c.email for c in queued.letter.cc],
        "subject": str(head["Subject"]),
        "text": _text_of(text) if text else "",
        "attachments": [
            {"name": part.get_filename() or "", "type": part.get_content_type()} for part in parts if _is_attached(part)
        ],
        "message_id": queued.letter.message_id,
    }


def _taken_apart(raw: bytes) -> tuple[Message, list[Message]]:
    """The letter's head, its subject in words, and its parts. Our own letters say plainly what each part is, so that
    the parts' headers need no decoding, which took longer than all else here."""
    head = BytesHeaderParser(policy=default).parsebytes(raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")
    return head, list(_parts(message_from_bytes(raw, policy=compat32)))


def _parts(message: Message) -> Iterator[Message]:
    """The leaves; a mail that is attached is one."""
    if message.get_content_maintype() != "multipart":
        yield message
        return
    for part in message.get_payload():
        if isinstance(part, Message):
            yield from _parts(part)


def _is_attached(part: Message) -> bool:
    return part.get_content_disposition() == "attachment"


def _text_of(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode(part.get_content_charset("ascii"), "replace") if isinstance(content, bytes) else ""


# --- expectations -----------------------------------------------------------------------------------------------------

_SPECIAL = {"before", "after", "contains", "lacks", "subject_contains", "at_most"}


def faults(expect: tuple[Row, ...], never: tuple[Row, ...], rows: list[Row]) -> list[str]:
    """Every expectation that does not hold, in words."""
    found = []
    for wanted in expect:
        count = sum(1 for row in rows if matches(wanted, row))
        most = wanted.get("at_most")
        if most is not None and count > most:
            found.append(f"expected at most {most} rows and found {count}: {shown(wanted)}")
        elif most is None and count == 0:
            found.append(f"expected and not found: {shown(wanted)}")
    found += [f"must never be and is: {shown(w)}: {r.get('at')}" for w in never for r in rows if matches(w, r)]
    return found


def shown(wanted: Row) -> str:
    return ", ".join(f"{key}: {value}" for key, value in wanted.items())


def what_of(wanted: Row) -> str:
    return next((key for key in ("letter", "fact", "mail") if key in wanted), "case")


def matches(wanted: Row, row: Row) -> bool:
    """Whether the row has every key as wanted: instants to the minute, lists as subsets."""
    what = what_of(wanted)
    if row["what"] != what:
        return False
    for key, value in wanted.items():
        if key in _SPECIAL:
            if not _special(key, value, row):
                return False
        elif key == what and what in ("letter", "fact", "mail"):
            if value != "*" and row["mail" if what == "mail" else "kind"] != value:
                return False
        elif not _same(value, row.get(key)):
            return False
    return True


def _special(key: str, value: Any, row: Row) -> bool:
    match key:
        case "before":
            return _instant(row.get("at")) < _instant(value)
        case "after":
            return _instant(row.get("at")) > _instant(value)
        case "contains":
            return all(_plain(part) in _plain(row.get("text", "")) for part in _list(value))
        case "lacks":
            return not any(_plain(part) in _plain(row.get("text", "")) for part in _list(value))
        case "subject_contains":
            return all(part in row.get("subject", "") for part in _list(value))
        case _:
            return True


def _same(wanted: Any, got: Any) -> bool:
    if isinstance(wanted, datetime):
        return got is not None and abs(_instant(wanted) - _instant(got)) < timedelta(minutes=1)
    if isinstance(wanted, list):
        return isinstance(got, list) and all(any(_same(one, other) for other in got) for one in wanted)
    return bool(wanted == got)


def _list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _plain(text: str) -> str:
    """Text as a person compares it: line breaks of wrapping do not count."""
    return " ".join(str(text).split())


def _instant(value: Any) -> datetime:
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(second=0, microsecond=0)
