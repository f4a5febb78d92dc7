"""A claimed letter's bytes: the case as it is now, the templates, the record and the original it carries.

Called inside the sender's claim. A letter that starts a clock states the due time it will have if it goes now. It
sends nothing and changes no case.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from bot.case import table
from bot.engine import registers
from bot.engine.turn import Turn
from bot.letters.render import Office, Templates, render, template_of
from bot.mail.bytes.headers import MAX_BLOCK
from bot.mail.read import writer
from bot.model import Case, Contact, JournalRow, Letter
from bot.model.letters import Record as OfRecord
from bot.model.letters import TheForm, TheGuide, TheMail, TheRecord, TheRegister, TheReport
from bot.model.letters.parts import FileEntry
from bot.records import forms
from bot.records.fill import Known, fill
from bot.records.guide import made as guides
from bot.records.guide.content import guide
from bot.records.record import MailRow, Record, record
from bot.rules.book import Rules
from bot.settings.checks import FORMS
from bot.settings.settings import Settings
from bot.store import cases, mailboxes, mails, outbox
from bot.store.cases import Stored

#: Above this many bytes a record goes without its mails: many servers refuse larger letters.
MAX_LETTER = 10_000_000


class Composer:
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
        letter = registers.told(tx, letter, self.turn.books.settings, now)
        attachments += tuple(self._workbooks(tx, letter, now))
        office = Office(self.turn.books.bot, self.settings.calendar, attachments)
        made = render(letter, office, self.templates, now)
        if made.used_fallback:
            self.on_fault(f"mail_templates/{template_of(letter)}", made.fault)
        return letter, made.raw, made.recipients

    def _attached(
        self, tx: Connection, letter: Letter, stored: Stored, now: datetime
    ) -> tuple[Letter, tuple[tuple[str, str, bytes], ...]]:
        found: list[tuple[str, str, bytes]] = []
        for wanted in letter.attach:
            match wanted:
                case TheMail(digest):
                    name = "original" if digest == stored.case.opening_mail else "form"
                    found.append((f"{stored.case.ref}-{name}.eml", "message/rfc822", mails.raw(tx, digest)))
                case TheForm(form):
                    found += self._form(tx, form, letter, stored, now)
                case TheRecord(content):
                    made = self.record(tx, stored, now, full=content == "full")
                    found += fitting(files(made, stored.case))
                    letter = with_manifest(letter, made, *where_kept(made, stored.case))
                case TheRegister() | TheReport() | TheGuide():
                    pass  # of no case: _workbooks
        return letter, tuple(found)

    def _workbooks(self, tx: Connection, letter: Letter, now: datetime) -> Iterator[tuple[str, str, bytes]]:
        """The registers, reports and pages to hand out that the letter carries."""
        for wanted in letter.attach:
            match wanted:
                case TheRegister():
                    yield registers.attached(tx, wanted, self.settings.policies, self.settings.calendar, now)
                case TheReport():
                    yield from registers.reported(tx, wanted, self.turn.books.settings, now)
                case TheGuide(area):
                    yield from self._guides(area, now)
                case TheMail() | TheForm() | TheRecord():
                    pass  # of the case: _attached

    def _guides(self, area: str, now: datetime) -> Iterator[tuple[str, str, bytes]]:
        """The page of each policy by which the area is watched."""
        boxes = (box for box in self.settings.config.mailboxes if box.area == area)
        for name in dict.fromkeys(box.policy for box in boxes):
            page, stem = guide(self.settings.policies[name], (area,), self.turn.books.bot), f"one-page-guide-{name}"
            yield f"{stem}.pdf", "application/pdf", guides.as_pdf(page, now)
            yield from self._in_word(guides.TEMPLATE, stem, partial(guides.as_docx, page))

    def _form(
        self, tx: Connection, name: str, letter: Letter, stored: Stored, now: datetime
    ) -> list[tuple[str, str, bytes]]:
        """A form as Word document and PDF, filled in as the case stands. A template that fails leaves the PDF."""
        rules, case = self.turn.rules_of(stored), stored.case
        form = rules.policy.form(name)
        known = Known(case, rules.policy, cases.of_case(tx, case.number), rules.calendar, now)
        is_secure = all(_is_secure(contact, rules) for contact in (*letter.to, *letter.cc))
        entries, stem = fill(form, known, with_child=is_secure), f"{case.ref}-{form.id}"
        in_word = self._in_word(form.template, stem, lambda template: forms.as_docx(form, entries, case.ref, template))
        as_pdf = forms.as_pdf(form, entries, case.ref, case.area, now)
        return [*in_word, (f"{stem}.pdf", "application/pdf", as_pdf)]

    def _in_word(self, name: str, stem: str, filled: Callable[[bytes], bytes]) -> Iterator[tuple[str, str, bytes]]:
        """The Word document, if its template is there and does not fail."""
        template = self.settings.forms.get(name)
        if template is None:
            return
        try:
            made = filled(template)
        except Exception as error:  # the template is the partnership's and may fail in any way: the letter must go
            self.on_fault(f"{FORMS}/{name}", type(error).__name__)
            return
        yield f"{stem}.docx", forms.WORD, made

    def record(self, tx: Connection, stored: Stored, now: datetime, *, full: bool) -> Record:
        """The record of a case as it stands."""
        case, journal = stored.case, cases.journal(tx, stored.case.number)
        rows = []
        for listed in mails.of_case(tx, case.number):
            raw = mails.raw(tx, listed.digest) if full else None
            rows.append(MailRow(listed.digest, listed.received, _sender(tx, listed.digest, journal), raw))
        gaps = mailboxes.gaps(tx, case.opened, case.closed or now)
        rules = self.turn.rules_of(stored)
        return record(case, journal, rows, gaps, rules.policy, rules.calendar, now, full=full)


def _sender(tx: Connection, digest: str, journal: Sequence[JournalRow]) -> str:
    """Whom a mail says it is from; where its bytes are gone, by whom the journal has it, which may be their token."""
    named = writer(mails.head(tx, digest, MAX_BLOCK))
    if named:
        return named
    told = (row.events for row in journal if isinstance(of := row.values.get("mail"), dict) and of["digest"] == digest)
    return next((by for events in told for _, _, by, _ in events if by and by != "clock"), "")


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


def where_kept(made: Record, case: Case) -> tuple[str, int]:
    """Where the mails of the case lie, in words for the letter; and in how many parts it comes, 0 without its mails."""
    kept = f"with the operator of this service, who can print it: challenge-bot record {case.ref}"
    is_whole = len(fitting(files(made, case))) == len(files(made, case))
    return (kept, 1) if is_whole else (f"too large for one mail, and kept {kept} --full", 0)


def with_manifest(letter: Letter, made: Record, where: str, parts: int) -> Letter:
    """The letter names each file of the record with its SHA-256, and where the mails lie."""
    manifest = tuple(FileEntry(e.name, e.sha256, e.size) for e in made.manifest)
    match letter.values:
        case OfRecord.Full() as full:
            return replace(letter, values=replace(full, manifest=manifest, where=where, parts=parts))
        case OfRecord.Minimal() as minimal:
            return replace(letter, values=replace(minimal, manifest=manifest, where=where))
    return letter
