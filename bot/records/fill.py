"""What of a case stands in a form, and where each word comes from; blank where nobody said it.

A form that came back speaks first, then what the policy names as a field's source. What identifies a child is taken
from a form that came back and nowhere else, and only where the caller allows it. It prints nothing (forms.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.model import Case, Contact, FieldRead, FormRead, MailForms, Side
from bot.records import plain
from bot.rules.policy.forms import Form, FormField
from bot.rules.policy.policy import Policy
from bot.rules.workdays import Calendar, say


@dataclass(frozen=True, slots=True)
class Entry:
    """A field's value and its source in words; both "" where nobody said it."""

    value: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What a form may be filled from. `mails`: what was read in the mails of the case, in order of arrival."""

    case: Case
    policy: Policy
    mails: Sequence[MailForms]
    calendar: Calendar
    now: datetime


def fill(form: Form, known: Known, *, with_child: bool) -> dict[str, Entry]:
    """An entry for each field by its id. The part that the partnership's office completes stays blank."""
    return {field.id: _entry(form, field, known, with_child=with_child) for field in form.fields}


def _entry(form: Form, field: FormField, known: Known, *, with_child: bool) -> Entry:
    if field.completed_by == "office" or (field.child and not with_child):
        return Entry()
    back = _came_back(known, form.id, field.id, only_whole=field.child)
    if back.value or field.child:
        return back
    return next((e for source in field.prefill if (e := _from(source, known)).value), Entry())


def _came_back(known: Known, form: str, field: str, *, only_whole: bool) -> Entry:
    """What the latest form that came back says there; what we had filled in ourselves is asked of the case again."""
    for mail in reversed(known.mails):
        for one in mail.forms:
            said = one.get(field) if _counts(one, form, known, only_whole=only_whole) else None
            if said is not None and not said.is_ours:
                return Entry(said.value, _where(mail, one, said, known.calendar))
    return Entry()


def _counts(one: FormRead, form: str, known: Known, *, only_whole: bool) -> bool:
    is_one_child = one.children == 1 or not only_whole  # of two children's names nobody can say which is meant
    return one.form == form and known.policy.id in one.policies and (one.is_whole or not only_whole) and is_one_child


def _where(mail: MailForms, one: FormRead, said: FieldRead, calendar: Calendar) -> str:
    what = "form attached to the mail" if one.source else "mail"
    return f"{what} of {say(mail.received, calendar)}, {said.where}"


def _from(source: str, known: Known) -> Entry:
    """One source of the policy's vocabulary (policy_forms.SOURCES)."""
    case, word, rest = known.case, *source.partition(".")[::2]
    opened = f"mail of {say(case.opened, known.calendar)}, its sender"
    match word:
        case "raiser":
            return _sourced(_raiser(case.raiser, rest), opened)
        case "opened":
            return _sourced(_date(case.opened, known.calendar), opened)
        case "today":
            return _sourced(_date(known.now, known.calendar), "the day this was made")
        case Side.RAISING | Side.RESPONDING:
            people = [c for stage, side, c in case.people if (stage, side) == (rest, word)]
            return _sourced(_people(people), f"case {case.ref}, {_stage(known, rest)}")
        case "ended":
            ends = [run.ended for run in case.runs if run.stage == rest and run.ended is not None]
            text = f"case {case.ref}, end of {_stage(known, rest)}"
            return _sourced(_date(ends[-1], known.calendar) if ends else "", text)
        case "role":
            people = [c for _, _, c in case.people if c.role == rest]
            return _sourced(_people(people), f"case {case.ref}, the directory")
        case "involved":
            people = [c for _, _, c in case.people if c.email != case.raiser.email]
            return _sourced(_people(people), f"case {case.ref}, who was written to")
    return _came_back(known, word, rest, only_whole=False)


def _sourced(value: str, source: str) -> Entry:
    return Entry(value, source) if value else Entry()


def _raiser(raiser: Contact, what: str) -> str:
    name = raiser.name or raiser.email
    role_agency = ", ".join(p for p in (plain.role(raiser.role), raiser.agency) if p)
    match what:
        case "name":
            return name
        case "name_email":
            return f"{name}, {raiser.email}" if raiser.name else raiser.email
        case "role_agency":
            return role_agency
    return ", ".join(p for p in (name, role_agency) if p)


def _people(people: Iterable[Contact]) -> str:
    """One a line: name, role and agency, each person once."""
    return "\n".join(dict.fromkeys(_raiser(c, "") for c in people))


def _stage(known: Known, stage_id: str) -> str:
    return next((s.name for s in known.policy.stages if s.id == stage_id), stage_id)


def _date(at: datetime, calendar: Calendar) -> str:
    local = at.astimezone(calendar.zone)
    return f"{local.day} {local:%B %Y}"
