"""The business unit's daily letter: open clocks, mails a person must place, when each mailbox was read.

At 09:00 on working days while anything is open or waiting, else on Mondays; its absence is the alarm. Also what is told
once: older challenges found when an inbox is read for the first time, and that cases were watched in shadow mode. It
decides no case.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import Connection

from bot.engine.contacts import nightly, proposed, quarter
from bot.engine.registers import by_risk, to_be_done
from bot.engine.turn import Turn
from bot.mail.bytes.headers import MAX_BLOCK
from bot.mail.read import writer
from bot.mail.words.orders import lettered
from bot.model import Case, Contact, Correction, CorrectionKind, Disposition, Flag, Letter
from bot.model.failpoints import failpoint
from bot.model.letters import Digest, Information
from bot.model.letters.parts import InFlight, OpenCase, ToBeDone, Waiting, Watched, Withheld
from bot.rules import workdays
from bot.rules.book import Mode
from bot.rules.directory import Directory
from bot.store import cases, letters, mailboxes, mails, meta, outbox, schema
from bot.store.db import Database
from bot.store.mails import Listed
from bot.store.outbox import Queued
from bot.store.proof import heads

IN_FLIGHT = "already in flight"

#: Days whose letter is known to have been written: a clock that was set back asks for none of them again, and the rows
#: of letters that told of a forgotten case are gone.
REMEMBERED = 10


class Digests:
    """Posts what is due. `areas`: area code -> names of its watched mailboxes."""

    def __init__(self, db: Database, turn: Turn, areas: dict[str, tuple[str, ...]], bot: str) -> None:
        self.db = db
        self.turn = turn
        self.areas = areas
        self.bot = bot

    def post(self, now: datetime) -> None:
        """Queues today's digests if their hour has come and they are not queued yet."""
        calendar = self.turn.books.settings.calendar
        local = now.astimezone(calendar.zone)
        if not calendar.is_working(local.date()) or local.time() < workdays.MORNING:
            return
        day = local.date().isoformat()
        with self.db.read() as tx:
            told = (meta.get(tx, "digest") or "").split()
            if day in told:
                return
        since = workdays.at_local(date.fromisoformat(told[-1]), workdays.MORNING, calendar) if told else None
        with self.db.begin() as tx:
            kept_back = letters.withheld(tx, since, workdays.at_local(local.date(), workdays.MORNING, calendar))
            unsent = len(outbox.open_letters(tx))  # counted once: the letter to one area is not news for the next
            for area in self.areas:
                self._post(tx, area, day, now, kept_back, unsent, is_monday=local.weekday() == 0)
            meta.put(tx, "digest", " ".join([*told, day][-REMEMBERED:]))
            failpoint("digest.posting")
        failpoint("digest.posted")

    def next_at(self, now: datetime) -> datetime:
        """When the next digest may go: this morning still, else the next working one."""
        calendar = self.turn.books.settings.calendar
        today = workdays.at_local(now.astimezone(calendar.zone).date(), workdays.MORNING, calendar)
        if now < today and calendar.is_working(today.date()):
            return today
        return workdays.next_morning(now, self.turn.books.settings.calendar)

    def _post(
        self,
        tx: Connection,
        area: str,
        day: str,
        now: datetime,
        kept_back: Sequence[Queued],
        unsent: int,
        *,
        is_monday: bool,
    ) -> None:
        settings = self.turn.books.settings
        open_cases = [case for case in cases.open_cases(tx) if case.area == area]
        withheld = tuple(
            _withheld(one, settings.directory)
            for one in kept_back
            if one.case and cases.load(tx, one.case).case.area == area
        )
        names = self.areas[area]
        waiting = [*mails.listed(tx, Disposition.PEN), *mails.listed(tx, Disposition.ASIDE)]
        shown = [one for one in (self._shown(tx, row, area) for row in waiting) if one is not None]
        pen = [one for one in shown if one[0].disposition == Disposition.PEN]
        aside = [one for one in shown if one[0].disposition == Disposition.ASIDE]
        unit = self.turn.books.settings.directory.unit(area)
        actions = self._actions(tx, area, now)
        standing, today = tuple(proposed.standing(self.turn.books, area)), date.fromisoformat(day)
        unreached = nightly.unreached(tx, settings, area, today)
        unsaid = tuple(quarter.unsaid(tx, self.turn, area, now))
        left = proposed.without_effect(tx, settings.directory, area, today)
        waits = open_cases or pen or aside or unsent or withheld or actions or standing or unreached or unsaid
        if not unit or not (waits or is_monday):
            return
        listed = mailboxes.last_listed(tx)
        rows = by_risk(open_cases, settings, now)
        head_at = (now.astimezone(UTC) - heads.SETTLED).replace(second=0, microsecond=0)
        named = {entry: letter for letter, entry in lettered([row.entry for row, _ in (*pen, *aside)]).items()}
        values = Digest.Daily(
            open=tuple(rows),
            pen=tuple(_waiting(row, sender, named) for row, sender in pen),
            set_aside=tuple(_waiting(row, sender, named) for row, sender in aside),
            letters_open=unsent,
            withheld=withheld,
            mailboxes=tuple(Watched(name, listed.get(name), None) for name in (*names, self.bot)),
            head=heads.noted(tx, head_at, now),
            head_at=f"{head_at:%Y-%m-%dT%H:%MZ}",
            actions=actions,
            proposed=standing,
            unreached=unreached,
            shared=nightly.shared(settings, area, today) if is_monday else (),
            unsaid=unsaid,
            without_effect=tuple(left) if is_monday else (),
        )
        letter = Letter(
            values if is_monday else self._shortened(tx, values, area, today),
            f"digest/{area}/{day}",
            unit,
            decided=now,
            subject=_subject(rows, len(pen) + len(aside), sum(one.is_over for one in actions)),
        )
        self.turn.post(tx, letter, now)

    def _shortened(
        self, tx: Connection, whole: Digest.Daily, area: str, today: date
    ) -> Digest.Daily | Digest.Unchanged:
        """One line where the last whole letter said all of it, and nothing of it presses."""
        listed = replace(whole, mailboxes=(), head="", head_at="", shared=(), without_effect=())
        said = hashlib.sha256(repr(listed).encode()).hexdigest()
        since, _, before = (meta.get(tx, f"{schema.LISTED}{area}") or "").partition(" ")
        if said != before or whole.presses:
            meta.put(tx, f"{schema.LISTED}{area}", f"{today.isoformat()} {said}")
            return whole
        return Digest.Unchanged(
            since=workdays.at_local(date.fromisoformat(since), workdays.MORNING, self.turn.books.settings.calendar),
            open=len(whole.open),
            next=min((one.due for one in whole.open if one.due), default=None),
            mailboxes=whole.mailboxes,
            head=whole.head,
            head_at=whole.head_at,
        )

    def _actions(self, tx: Connection, area: str, now: datetime) -> tuple[ToBeDone, ...]:
        """Agreed and not yet done: first what is over its day or was said not to be done, then by the day."""
        calendar = self.turn.books.settings.calendar
        closed = [case for case in cases.bearing(tx, Flag.ACTIONS_OPEN) if case.area == area and not case.is_open]
        rows = [row for case in closed for row in to_be_done(case, now, calendar)]
        return tuple(sorted(rows, key=lambda row: (not row.is_over, row.day is None, row.day or now)))

    def _shown(self, tx: Connection, row: Listed, area: str) -> tuple[Listed, str] | None:
        """A waiting mail and whom it says it is from, as that area's business unit sees it; None if it does not. Of a
        mail in the bot's own mailbox that may be any area's, no unit is told whom it is from."""
        if row.mailbox not in (*self.areas[area], self.bot):
            return None
        sender = writer(mails.head(tx, row.digest, MAX_BLOCK))
        if row.mailbox != self.bot or len(self.areas) == 1:
            return row, sender
        directory = self.turn.books.settings.directory
        known = {one for one in self.areas if directory.agency_of(sender, one)}
        found = areas_of(row.guesses, known, self.areas)
        if found and area not in found:
            return None
        return row, sender if found else ""

    def ask_shadowed(self, now: datetime) -> None:
        """Cases that were watched in a mailbox whose letters may go by now: the business unit is asked about each."""
        with self.db.read() as tx:
            asked = [case for case in cases.open_cases(tx, Flag.SHADOWED) if self._wants_asking(case)]
        if not asked:
            return
        with self.db.begin() as tx:
            for case in asked:
                self.turn.take(
                    tx, case.number, Correction(CorrectionKind.LIVE, "clock", "letters may go from now on"), now
                )
            failpoint("digest.asking")
        failpoint("digest.asked")

    def _wants_asking(self, case: Case) -> bool:
        return not case.has(Flag.SHADOW_ASKED) and self.turn.mode(case.inbox) != Mode.SHADOW

    def tell_in_flight(self, now: datetime) -> None:
        """Older challenges found at first sight are listed once, to operator and business unit; nobody else hears."""
        with self.db.read() as tx:
            told = int(meta.get(tx, "in_flight") or 0)
            found = [
                row for row in mails.listed(tx, Disposition.PEN) if row.entry > told and row.why.startswith(IN_FLIGHT)
            ]
        if not found:
            return
        with self.db.begin() as tx:
            for area, names in self.areas.items():
                rows = [
                    row for row in found if row.mailbox in names or (row.mailbox == self.bot and len(self.areas) == 1)
                ]
                if rows:
                    self._list(tx, area, rows, now)
            meta.put(tx, "in_flight", str(max(row.entry for row in found)))
            failpoint("digest.listing")
        failpoint("digest.listed")

    def _list(self, tx: Connection, area: str, rows: Sequence[Listed], now: datetime) -> None:
        operator = Contact(self.turn.books.settings.config.operator, "Operator")
        items = tuple(InFlight(r.mailbox, r.received, r.entry) for r in rows)
        letter = Letter(
            Information.InFlight(items=items),
            f"in_flight/{area}/{rows[-1].entry}",
            (operator, *self.turn.books.settings.directory.unit(area)),
            decided=now,
            subject="Older challenges were found: already in flight?",
        )
        self.turn.post(tx, letter, now)


def _subject(rows: Sequence[OpenCase], to_place: int, not_done: int) -> str:
    """What presses comes first: "Professional challenges: 1 over the time asked, 3 open, 0 to place"."""
    over = sum(row.over is not None for row in rows)
    loose = sum(row.is_loose for row in rows)
    today = sum(row.is_today for row in rows)
    actions = f"action{'s' if not_done != 1 else ''} over"
    pressing = ((over, "over the time asked"), (loose, "not confirmed"), (not_done, actions), (today, "due today"))
    said = (*((n, words) for n, words in pressing if n), (len(rows), "open"), (to_place, "to place"))
    return f"Professional challenges: {', '.join(f'{n} {words}' for n, words in said)}"


def _withheld(one: Queued, directory: Directory) -> Withheld:
    letter = one.letter
    to = tuple(str(directory.as_listed(contact)) for contact in (*letter.to, *letter.cc))
    return Withheld(letter.ref, letter.kind.value, to, one.queued)


def areas_of(guesses: str, known: Collection[str], areas: Collection[str]) -> frozenset[str]:
    """The areas of a mail that came to no team: of the cases it may belong to (their refs begin with it), else those
    that know its sender; none where nobody can say. One area's mail is not shown to another's business unit."""
    cited = {ref.strip().partition("-")[0] for ref in guesses.split(",")} & set(areas)
    return frozenset(cited or known)


def _waiting(row: Listed, sender: str, letters: Mapping[int, str]) -> Waiting:
    """A mail as the unit is asked about it: by whom it says it is, never its subject, which may hold a child's name."""
    return Waiting(
        letter=letters.get(row.entry, ""),
        entry=row.entry,
        mailbox=row.mailbox,
        received=row.received,
        sender=sender,
        why=row.why,
        guesses=row.guesses,
    )
