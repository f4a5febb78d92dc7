"""A claimed letter's bytes: the case as it is now, the templates, the record and the original it carries.

Called inside the sender's claim. A letter that starts a clock states the due time it will have if it goes now. It
sends nothing and changes no case.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from bot.case import table
from bot.engine import registers
from bot.engine.turn import Turn
from bot.letters.render import Office, Templates, render
from bot.model import Case, Contact, Letter
from bot.records import forms
from bot.records.fill import Known, fill
from bot.records.record import MailRow, Record, record
from bot.rules.book import Rules
from bot.settings.checks import FORMS
from bot.settings.settings import Settings
from bot.store import cases, mailboxes, mails, outbox
from bot.store.cases import Stored

#: Above this many bytes a record goes without its mails: many servers refuse larger letters.
MAX_LETTER = 10_000_000


class Finish:
    """Renders letters. `on_fault` hears of templates that failed; the letter went out in the built-in plain form."""

    def __init__(
        self, settings: Settings, turn: Turn, templates: Templates, on_fault: Callable[[str, str], None]
    ) -> None:
        self.settings = settings
        self.turn = turn
        self.templates = templates
        self.on_fault = on_fault

    def __call__(self, tx: Connection, queued: outbox.Queued, now: datetime) -> tuple[Letter, bytes, tuple[str, ...]]:
        letter, stored = queued.letter, None
        attachments: tuple[tuple[str, str, bytes], ...] = ()
        if queued.case is not None:
            stored = cases.load(tx, queued.case)
            letter = table.restated(letter, stored.case, self.turn.rules_of(stored), now)
            letter, attachments = self._attached(tx, letter, stored, now)
        letter = registers.told(tx, letter, self.settings, now)
        attachments += tuple(self._workbook(tx, what, which, now) for what, which in _workbooks(letter))
        office = Office(self.turn.books.bot, self.settings.calendar, attachments)
        made = render(letter, office, self.templates, now)
        if made.used_fallback:
            self.on_fault(f"mail_templates/{letter.kind.value}-{letter.variant}.txt.j2", made.fault)
        return letter, made.raw, made.recipients

    def _attached(
        self, tx: Connection, letter: Letter, stored: Stored, now: datetime
    ) -> tuple[Letter, tuple[tuple[str, str, bytes], ...]]:
        found: list[tuple[str, str, bytes]] = []
        for wanted in letter.attach:
            what, _, which = wanted.partition(":")
            if what == "mail":
                name = "original" if which == stored.case.opening_mail else "form"
                found.append((f"{stored.case.ref}-{name}.eml", "message/rfc822", mails.raw(tx, which)))
            elif what == "form":
                found += self._form(tx, which, letter, stored, now)
            elif what == "record":
                made = self.record(tx, stored, now, full=which == "full")
                found += fitting(files(made, stored.case))
                letter = with_manifest(letter, made, *place_of(made, stored.case))
        return letter, tuple(found)

    def _workbook(self, tx: Connection, what: str, which: str, now: datetime) -> tuple[str, str, bytes]:
        area, _, quarter = which.partition("/")
        if what == "report":
            return registers.reported(tx, area, quarter, self.settings, now)
        return registers.attached(tx, area, self.settings.policies, self.settings.calendar, now)

    def _form(
        self, tx: Connection, name: str, letter: Letter, stored: Stored, now: datetime
    ) -> list[tuple[str, str, bytes]]:
        """A form as Word document and PDF, filled in as the case stands. A template that fails leaves the PDF."""
        rules, case = self.turn.rules_of(stored), stored.case
        form = rules.policy.form(name)
        known = Known(case, rules.policy, cases.of_case(tx, case.number), self.settings.calendar, now)
        is_secure = all(_is_secure(contact, rules) for contact in (*letter.to, *letter.cc))
        entries, stem = fill(form, known, with_child=is_secure), f"{case.ref}-{form.id}"
        made = [(f"{stem}.pdf", "application/pdf", forms.as_pdf(form, entries, case.ref, case.area, now))]
        template = self.settings.forms.get(form.template)
        if template is None:
            return made
        try:
            made.insert(0, (f"{stem}.docx", forms.WORD, forms.as_docx(form, entries, case.ref, template)))
        except Exception as error:  # the template is the partnership's and may fail in any way: the letter must go
            self.on_fault(f"{FORMS}/{form.template}", type(error).__name__)
        return made

    def record(self, tx: Connection, stored: Stored, now: datetime, *, full: bool) -> Record:
        """The record of a case as it stands."""
        case = stored.case
        rows = []
        for listed in mails.of_case(tx, case.number):
            raw = mails.raw(tx, listed.digest) if full else None
            rows.append(MailRow(listed.digest, listed.received, "", raw))
        gaps = mailboxes.gaps(tx, case.opened, case.closed or now)
        journal = cases.journal(tx, case.number)
        policy = self.turn.rules_of(stored).policy
        return record(case, journal, rows, gaps, policy, self.settings.calendar, now, full=full)


def _workbooks(letter: Letter) -> list[tuple[str, str]]:
    """The registers and reports that the letter carries: what, and of which area and quarter."""
    named = (wanted.partition(":") for wanted in letter.attach)
    return [(what, which) for what, _, which in named if what in ("register", "report")]


def _is_secure(contact: Contact, rules: Rules) -> bool:
    """Whether the directory marks that address as secure."""
    known = rules.directory.person(contact.email)
    return contact.is_secure or (known is not None and known.is_secure)


def files(made: Record, case: Case) -> list[tuple[str, str, bytes]]:
    """The record's files under names that hold the ref and nothing else."""
    return [
        (f"{case.ref}-record.pdf", "application/pdf", made.pdf),
        (f"{case.ref}-journal.json", "application/json", made.journal_json),
        *((f"{case.ref}-mails-{n}.zip", "application/zip", part) for n, part in enumerate(made.zip_parts, 1)),
    ]


def fitting(found: list[tuple[str, str, bytes]]) -> list[tuple[str, str, bytes]]:
    """What one letter can carry; a record too big for mail stays with us, and its letter says where."""
    return found if sum(len(content) for _, _, content in found) <= MAX_LETTER else found[:2]


def place_of(made: Record, case: Case) -> tuple[str, int]:
    """Where the mails of the case lie, in words for the letter; and in how many parts it comes, 0 without its mails."""
    kept = f"with the operator of this service, who can print it: challenge-bot record {case.ref}"
    is_whole = len(fitting(files(made, case))) == len(files(made, case))
    return (kept, 1) if is_whole else (f"too large for one mail, and kept {kept} --full", 0)


def with_manifest(letter: Letter, made: Record, where: str, parts: int) -> Letter:
    """The letter names each file of the record with its SHA-256, and where the mails lie."""
    manifest = [{"name": e.name, "sha256": e.sha256, "size": e.size} for e in made.manifest]
    return replace(letter, about={**letter.about, "manifest": manifest, "where": where, "part": 1, "parts": parts})
