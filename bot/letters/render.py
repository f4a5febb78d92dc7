"""Letter + templates, office and attachments handed in -> finished MIME bytes.

Every letter is one text template, mail_templates/<kind>-<variant>.txt.j2; the HTML part is made from its finished
text. A template is the operator's and may fail in any way: then a built-in plain letter goes, which still says what
to do, by when, whom to ring and which case, and the caller alerts. It reads no file, no clock and no case: a Letter's
values were fixed when it was decided. Names that templates know stand in model/letters/, filters in wording.py.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from jinja2 import BaseLoader, DictLoader, StrictUndefined, TemplateError, TemplateSyntaxError, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bot.letters import marked, wording
from bot.letters.marked import Block
from bot.letters.mime import Attached, Sender, Thread, body, code, headers, is_ours, message_id
from bot.letters.wording import Shown, fallback, shown_fields
from bot.model import Contact, Letter, LetterKind, aware
from bot.model.errors import Problem
from bot.model.letters import WORDINGS, Alert, Record
from bot.rules.book import PEOPLE
from bot.rules.workdays import Calendar

__all__ = ["Office", "Rendered", "Templates", "check", "code", "is_ours", "message_id", "render"]

_BASE = "base.html.j2"
Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Office:
    """Who writes, by which calendar, with what attached: (name, type, content) each, already read by the caller."""

    bot: Contact
    calendar: Calendar
    attachments: tuple[Attached, ...] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished letter. `fault` says which template failed and how, without values; "" when none did."""

    raw: bytes
    recipients: tuple[str, ...]
    subject: str
    text: str
    used_fallback: bool = False
    fault: str = ""


class Templates:
    """The texts of mail_templates/, compiled on first use. `texts`: file name to content, as the caller read it."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.names = frozenset(texts)
        loader = DictLoader(dict(texts))
        self._text = _environment(loader, html=False)
        self._html = _environment(loader, html=True)

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> Templates:
        """The same texts are compiled once in a process."""
        return _compiled(tuple(sorted(texts.items())))

    def marked(self, name: str, values: Values) -> str:
        """The text of a letter with its marks. Raises whatever a template can raise."""
        return self._text.get_template(name).render(values)

    def page(self, title: str, blocks: Sequence[Block]) -> str:
        """The HTML part. Raises whatever a template can raise."""
        return self._html.get_template(_BASE).render(title=title, blocks=blocks)


@lru_cache(maxsize=8)
def _compiled(texts: tuple[tuple[str, str], ...]) -> Templates:
    return Templates(dict(texts))


class _Sandbox(ImmutableSandboxedEnvironment):
    """Asks once of each attribute of each type whether a template may read it: the answer hangs on nothing else."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._may: dict[tuple[type, str], bool] = {}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        key = (type(obj), attr)
        if key not in self._may:
            self._may[key] = super().is_safe_attribute(obj, attr, value)
        return self._may[key]


def _environment(loader: BaseLoader, *, html: bool) -> ImmutableSandboxedEnvironment:
    made = _Sandbox(loader=loader, undefined=StrictUndefined, autoescape=html, trim_blocks=True, lstrip_blocks=True)
    made.filters |= {
        "name": wording.name,
        "person": wording.person,
        "contact": wording.contact,
        "reach": wording.reach,
        "people": wording.people,
        "sentence": wording.sentence,
        "quoted": marked.quoted,
        "say": _dated(wording.instant),
        "short": _dated(wording.short),
        "day": _dated(wording.day),
    }
    made.globals |= {
        "fit": wording.fit,
        "heading": marked.heading,
        "box": marked.box,
        "foot": marked.foot,
        "steps": marked.steps,
        "link": marked.link,
        "options": marked.options,
    }
    return made


def _dated(write: Callable[[str | None, Calendar], str]) -> Callable[[Context, str | None], str]:
    """A filter that writes an instant by the calendar of the letter it stands in."""

    @pass_context
    def written(context: Context, iso: str | None) -> str:
        return write(iso, context["calendar"])

    return written


# --- a letter ---------------------------------------------------------------------------------------------------------


def template_of(letter: Letter) -> str:
    return f"{letter.values.name}.txt.j2"


def subject_of(letter: Letter) -> str:
    """`RE: <fixed words> – <window> [CE-2027-0007]`; no RE: on a letter that answers nothing, no ref without a case.

    An alert has words of its own and answers nobody: the operator was in no conversation.
    """
    ref = wording.clean(letter.ref)
    words = f"Alert: {letter.values.subject}" if isinstance(letter.values, Alert.Plain | Alert.Incident) else ""
    answers = letter.in_reply_to and letter.kind is not LetterKind.ALERT
    parts = ("RE:" if answers else "", wording.clean(words or letter.subject), f"[{ref}]" if ref else "")
    return " ".join(p for p in parts if p)


def render(letter: Letter, office: Office, templates: Templates, now: datetime | None = None) -> Rendered:
    """The letter as bytes; equal for equal arguments. `now` dates it, `decided` by default.

    Raises ValueError for a letter that cannot be addressed: no addressee, an address or Message-ID that no header
    can hold, no date. A template's fault raises nothing.
    """
    if not letter.to:
        raise ValueError("a letter without an addressee")
    decided = now or letter.decided
    if decided is None:
        raise ValueError("a letter without a date: neither `now` nor `decided` is given")
    at = aware(decided)
    subject = subject_of(letter)
    values = values_of(letter, office)
    text, html, fault = _parts(letter, office, templates, values, subject)
    thread = _thread(letter, at)
    due = letter.standing.due if letter.standing else None
    says, is_pressing = wording.kind_shown(letter.kind, text), wording.is_pressing(letter.kind, due, at)
    sender = Sender(office.bot, letter.kind, says, is_pressing)
    head = headers(sender, letter.to, letter.cc, subject, thread, at)
    raw = head.encode("ascii") + body(text, html, office.attachments, thread.message_id)
    recipients = tuple(dict.fromkeys(c.email for c in (*letter.to, *letter.cc)))
    return Rendered(raw, recipients, subject, text, bool(fault), fault)


def _thread(letter: Letter, at: datetime) -> Thread:
    if letter.kind is LetterKind.ALERT:
        return Thread(letter.message_id.strip("<> "))
    return Thread(
        letter.message_id.strip("<> "),
        topic=wording.clean(letter.subject),
        in_reply_to=letter.in_reply_to,
        references=letter.references,
        index=letter.thread_index,
        root=wording.clean(letter.ref),
        began=aware(letter.standing.opened) if letter.standing else at,
    )


def values_of(letter: Letter, office: Office) -> dict[str, object]:
    """What a template sees: how the case stands, the letter's own values before that, and a few that follow."""
    values: dict[str, Shown] = {"forms": [], **(shown_fields(letter.standing) if letter.standing else {})}
    values |= shown_fields(letter.values)
    subject = wording.clean(letter.subject)
    if isinstance(letter.values, Record.Minimal | Record.Full) and not letter.values.manifest:
        values["manifest"] = [_entry(a) for a in office.attachments]
    them = PEOPLE[letter.standing.about if letter.standing else "child"]
    return {
        **values,
        "own_record": values.get("own_record") or f"{them['whose']} own record",
        "calendar": office.calendar,
        "them": them,
        "bot_name": wording.clean(office.bot.name or office.bot.email),
        "stage": letter.stage,
        "asked_window": subject.partition(" – ")[2] or values.get("window", ""),
    }


def _entry(attached: Attached) -> dict[str, Shown]:
    name, _, content = attached
    return {"name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


def _parts(letter: Letter, office: Office, templates: Templates, values: Values, subject: str) -> tuple[str, str, str]:
    """(text, html, fault). Any exception is a template's fault: it is the operator's file, and the letter must go."""
    words, fault = _marked(letter, office, templates, values)
    html, failed = _page(words, office, templates, subject)
    return marked.plain(words), html, fault or failed


def _marked(letter: Letter, office: Office, templates: Templates, values: Values) -> tuple[str, str]:
    """(marked text, fault)."""
    try:
        return templates.marked(template_of(letter), values), ""
    except Exception as error:
        return fallback(letter.kind, values, office.calendar), f"{template_of(letter)}: {_fault(error)}"


def _page(words: str, office: Office, templates: Templates, subject: str) -> tuple[str, str]:
    """(html, fault)."""
    answer = subject if subject.startswith("RE:") else f"RE: {subject}"
    try:
        return templates.page(subject, marked.blocks(words, office.bot.email, answer)), ""
    except Exception as error:
        return "", f"{_BASE}: {_fault(error)}"


def _fault(error: Exception) -> str:
    """What failed, without values: an exception of a filter may quote a name."""
    line = f", line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
    detail = f": {error.message}" if isinstance(error, TemplateError) and error.message else ""
    return f"{type(error).__name__}{line}{detail}"


# --- the check --------------------------------------------------------------------------------------------------------


def check(templates: Templates, letters: Iterable[Letter], calendar: Calendar | None = None) -> list[Problem]:
    """Every fault of the templates, found by rendering `letters` (samples of each); [] when all is well."""
    found = [
        Problem(
            f"mail_templates/{name}.txt.j2",
            0,
            "is missing: letters of this kind would go in the short form",
        )
        for name in WORDINGS
        if f"{name}.txt.j2" not in templates.names
    ]
    office = Office(Contact("clock@check.example", "The clock"), calendar or Calendar({}))
    pages: set[tuple[object, ...]] = set()
    for letter in letters:
        found += _check_one(letter, office, templates, pages)
    return sorted(set(found))


def _check_one(letter: Letter, office: Office, templates: Templates, pages: set[tuple[object, ...]]) -> list[Problem]:
    """The text is made each time, the page, which sees no value, once for each make-up of a sample: see `pages`."""
    name, subject = template_of(letter), subject_of(letter)
    if name not in templates.names:
        return []
    words, fault = _marked(letter, office, templates, values_of(letter, office))
    made_up = (letter.occasion, marked.make_up(words))
    if not fault and made_up not in pages:
        pages.add(made_up)
        fault = _page(words, office, templates, subject)[1]
    if fault:
        return [Problem(f"mail_templates/{fault.partition(':')[0]}", 0, fault.partition(": ")[2])]
    faults, text = [], marked.plain(words)
    if len(text.split("\n", 1)[0]) > wording.ACTION_LIMIT:
        faults.append(f"the action, its first line, is longer than {wording.ACTION_LIMIT} characters")
    if letter.values.is_of_case and letter.standing is not None:
        faults += [
            f"does not say {what}"
            for what, value in (
                ("the ref", letter.ref),
                ("the emergency line", letter.standing.emergency.say),
            )
            if wording.clean(value) not in text
        ]
    return [Problem(f"mail_templates/{name}", 0, fault) for fault in faults]
