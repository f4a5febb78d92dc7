"""The forms of a case: asked for when a stage says so, missed until they are in, taken in when they come back.

A form travels with a letter that goes anyway; at most one reminder of its own follows, and nothing ever waits for it.
What a letter says of a form is a row of `forms` in its values. It reads no document (mail/forms/forms.py) and prints
none (records/forms.py); a case keeps ids and times, and the words of a form stay with its mail.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from bot.case.making import awaited
from bot.case.making.draft import Draft
from bot.case.making.notices import notify
from bot.model import AlarmKind, Contact, EventKind, Flag, FormRead, FormState, Mail, Proof, Side
from bot.model.letters import Chaser, Enclosed, Question, Record, TheForm, TheMail, person
from bot.model.letters.parts import FormRow
from bot.rules import workdays
from bot.rules.policy.forms import Form, StageForm
from bot.rules.policy.policy import Stage

REMIND_AFTER = 2  # working days
#: A mail larger than this is not sent on: many servers refuse it.
MAX_MAIL = 10_000_000
#: Levels from the weakest; a later stage may ask for the same form more strongly.
LEVELS = ("no", "should", "must")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a letter says of forms, and what it carries."""

    rows: tuple[FormRow, ...] = ()
    attach: tuple[Enclosed, ...] = ()


def row(form: Form, state: str, level: str = "should", blank: Iterable[str] = ()) -> FormRow:
    labels = tuple(f.label.rstrip(":. ") for f in form.fields if f.id in tuple(blank))
    return FormRow(form.title, state, level, labels)


# --- asking -----------------------------------------------------------------------------------------------------------


def ask(d: Draft, side: str, left: Stage | None = None) -> Wanted:
    """What the running stage asks of that side on entry, and the stage that was left on exit; () for a stranger."""
    if d.is_stranger:
        return Wanted()
    wanted = [one for one in d.stage.forms if one.when == "enter" and one.by == side]
    wanted += [one for one in (left.forms if left else ()) if one.when == "exit" and one.by == side]
    rows = [found for one in wanted if (found := _ask_for(d, one)) is not None]
    names = dict.fromkeys(one.form for one in wanted if _state(d, one.form) and _is_out(d, one.form))
    return Wanted(tuple(rows), tuple(TheForm(name) for name in names))


def _ask_for(d: Draft, one: StageForm) -> FormRow | None:
    """Puts the form down as asked for. None: it is in."""
    form, known = d.rules.policy.form(one.form), _state(d, one.form)
    if known is not None and known.got is not None:
        return None
    level = max(one.required, known.level if known else "no", key=LEVELS.index)
    if known is None:
        d.keep_form(FormState(one.form, d.case.stage, level, one.by, d.now))
    else:
        d.keep_form(replace(known, level=level))
    d.event(EventKind.FORM_ASKED, note=one.form)
    if level == "no":
        return row(form, "asked", level)
    if known is None or not known.mail:
        d.flag(Flag.FORM_MISSING, of=one.form)
    if known is None or not known.is_reminded:
        at = workdays.next_morning(d.now, d.rules.calendar, n=REMIND_AFTER)
        d.alarm(AlarmKind.FORM, at, "a form that was asked for is asked for once more", len(d.case.forms))
    return row(form, "asked" if known is None else "half" if known.mail else "missing", level)


def _state(d: Draft, name: str) -> FormState | None:
    return next((s for s in d.case.forms if s.form == name), None)


def _is_out(d: Draft, name: str) -> bool:
    known = _state(d, name)
    return known is not None and known.got is None


# --- reminding --------------------------------------------------------------------------------------------------------


def missing(d: Draft, side: str) -> tuple[FormRow, ...]:
    """What rides in a reminder to that side."""
    return tuple(
        row(d.rules.policy.form(s.form), "half" if s.mail else "missing", s.level)
        for s in d.case.forms
        if s.is_missing and s.by == side
    )


def reminded(d: Draft, side: str) -> None:
    """A letter that went anyway has said it: no other follows."""
    for state in d.case.forms:
        if state.by == side:
            d.keep_form(replace(state, is_reminded=True))
    if not any(s.is_missing and not s.is_reminded for s in d.case.forms):
        d.quiet(AlarmKind.FORM)


def on_reminder(d: Draft) -> None:
    """Two working days after: once more, by a letter of its own, unless a reminder of the stage goes this minute."""
    chasers = awaited.due_now(d, AlarmKind.CHASER)
    if d.late is not None or d.is_stranger or any(row.nth for row in chasers):
        return
    for side in (Side.RAISING, Side.RESPONDING):
        if side is Side.RESPONDING or not (chasers or _rides(d)):
            _remind(d, side)


def _remind(d: Draft, side: Side, but: str = "") -> Wanted:
    """What is asked for once more of that side, by a letter of its own to all of it but this address."""
    rows = tuple(r for r in missing(d, side) if any(_is_due(s, r, d) for s in d.case.forms))
    attach = tuple(TheForm(s.form) for s in d.case.forms if s.is_missing and s.by == side)
    if rows:
        to = [c for c in people(d, side) if c.email != but]
        d.write(Chaser.Form(forms=rows, who=person(to[0]) if to else None), to, attach=attach)
        reminded(d, side)
    return Wanted(rows, attach) if rows else Wanted()


def _rides(d: Draft) -> bool:
    """Whether the raiser is asked in this minute whether it is resolved: that letter carries the reminder."""
    asked = (row for row in awaited.due_now(d, AlarmKind.ASK) if row.nth == 1 or (row.nth == 2 and not d.manager))
    return any(asked) and not awaited.due_now(d, AlarmKind.TELLING, AlarmKind.UNCONFIRMED)


def riding(d: Draft) -> Wanted:
    """What a letter to the raiser carries, where the reminder of forms falls in its minute; who else acts for them has
    one of its own."""
    is_later = any(a.kind is AlarmKind.FORM and a not in awaited.due_now(d, AlarmKind.FORM) for a in d.case.deadlines)
    return Wanted() if d.late is not None or is_later else _remind(d, Side.RAISING, but=d.case.raiser.email)


def _is_due(state: FormState, said: FormRow, d: Draft) -> bool:
    return d.rules.policy.form(state.form).title == said.title and not state.is_reminded


def people(d: Draft, side: str) -> tuple[Contact, ...]:
    """Who completes it: the raiser and the raising contacts of the running stage, or the responding ones."""
    if side == Side.RESPONDING:
        return d.responders
    acting = [c for stage, where, c in d.case.people if (stage, where) == (d.case.stage, Side.RAISING)]
    return (d.case.raiser, *acting)


# --- taking in --------------------------------------------------------------------------------------------------------


def taken_in(d: Draft, mail: Mail, by: Contact) -> tuple[FormRow, ...]:
    """What the forms of a mail do to the case; returns what is to be asked about them.

    Without proof of its sender a form only shows: what it says may raise a flag, and it does not count as in.
    """
    policy = d.rules.policy
    asked: list[FormRow] = []
    for form in mail.forms:
        if policy.id not in form.policies:
            if form.is_completed:
                d.event(EventKind.FORM_OF_ANOTHER_POLICY, by=by.email, note=form.form)
                d.flag(Flag.FORM_OF_ANOTHER_POLICY)
                asked.append(FormRow("", "other_policy", ""))
            continue
        _flag_ticked(d, form)
        if form.is_completed:
            asked += _came(d, form, mail, by)
    if mail.unopened and policy.forms:
        d.event(EventKind.FORM_NOT_OPENED, by=by.email, note=" ".join(mail.unopened))
        d.flag(Flag.ATTACHMENT_NOT_OPENED)
        asked += [FormRow("", code, "") for code in mail.unopened]
    return tuple(asked)


def _came(d: Draft, read: FormRead, mail: Mail, by: Contact) -> list[FormRow]:
    form, asked = d.rules.policy.form(read.form), []
    if read.children > 1:
        d.flag(Flag.FORM_TWO_CHILDREN)
        asked.append(row(form, "two_children"))
    if mail.proof is not Proof.PROVEN:
        d.event(EventKind.FORM_UNPROVEN, by=by.email, note=form.id)
        d.flag(Flag.FORM_UNPROVEN)
        return asked
    known = _state(d, form.id) or FormState(form.id, d.case.stage, "no", Side.RAISING, mail.received)
    if read.blank:
        d.event(EventKind.FORM_INCOMPLETE, by=by.email, note=form.id)
        d.flag(Flag.FORM_INCOMPLETE, of=form.id)
        d.keep_form(replace(known, mail=mail.digest))
        return [*asked, row(form, "half", known.level, read.blank)]
    d.event(EventKind.FORM_RECEIVED, by=by.email, note=form.id)
    d.keep_form(replace(known, got=mail.received, mail=mail.digest))
    for flag in (Flag.FORM_MISSING, Flag.FORM_INCOMPLETE):
        d.unflag(flag, of=form.id)
    if not any(s.is_missing for s in d.case.forms):
        d.quiet(AlarmKind.FORM)
    _file(d, form, mail, by)
    return asked


def _flag_ticked(d: Draft, read: FormRead) -> None:
    """A ticked choice may say something of the case that the policy names; the copies that depend on it go at once."""
    form, new = d.rules.policy.form(read.form), []
    for said in read.fields:
        field = form.field(said.field)
        ticked = said.value.split("; ") if field is not None and field.flags and not said.is_ours else []
        new += [field.flags[c] for c in ticked if field is not None and c in field.flags]
    new = [flag for flag in new if not d.case.has(flag)]
    d.flag(*new)
    if new and d.case.runs:
        notify(d, d.stage, "enter", only_conditional=True)


def _file(d: Draft, form: Form, mail: Mail, by: Contact) -> None:
    """To whom the policy sends it: with its mail where every address is secure, else with the word where it lies."""
    to = d.rules.directory.first_of((form.send_to,), d.case.area) or d.unit
    had_it = {a.email for a in (*mail.to, *mail.cc)}
    to = tuple(c for c in to if c.email not in had_it)
    goes = all(c.is_secure for c in to) and mail.size <= MAX_MAIL
    values = Record.Form(form=form.title, who=person(by), when=mail.received, goes=goes)
    if d.write(values, to, attach=(TheMail(mail.digest),) if goes else ()):
        d.event(EventKind.FILED, note=form.id)


def question(d: Draft, rows: tuple[FormRow, ...], mail: Mail, by: Contact) -> None:
    """What is wrong with a form, to whom it came from; a stranger is not written to."""
    if rows and by.agency and d.case.is_open and not d.is_stranger:
        d.write(Question.Form(forms=rows), [by], mail=mail)
