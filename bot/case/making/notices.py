"""The policy's copies for people who are not the addressees: when, to whose holder of the role, and in which order; and
who may read the words of a mail.

What the policy calls "before" is kept by naming, in each later letter, the letters that must be served, or known
undeliverable, first: the sender holds it until then. Where nobody holds a role the business unit has its copy, and the
case is flagged. It writes to nobody of what a stranger sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from bot.case.making import claims
from bot.case.making.agreed import THEME
from bot.case.making.draft import Draft
from bot.case.making.people import holds, reader_of
from bot.model import WAITING, Arrival, ClosedAs, Contact, EventKind, Flag, How, Letter, Mail, Proof, Side
from bot.model.letters import Information, Record, Relay, TheMail, TheRecord, person
from bot.model.letters.parts import PromptLine
from bot.rules.policy import prose
from bot.rules.policy.blocks import Notify
from bot.rules.policy.policy import Stage


def notify(d: Draft, stage: Stage, when: str, *, only_conditional: bool = False) -> tuple[str, ...]:
    """Copies at enter, exit, lapse or close, one to each person whatever roles they hold. Returns the keys of those
    that the stage's own letter waits for."""
    before: tuple[str, ...] = ()
    had: dict[str, str] = {}  # address -> key
    is_answered = when == "lapse" and d.case.run is not None and d.case.run.responded is not None
    event = "unconfirmed" if is_answered else when
    for rule in () if d.is_stranger else stage.notify:
        if rule.when != when or (only_conditional and not rule.condition.has_clauses) or not applies(d, rule):
            continue
        found_for = holders(d, rule)
        if not found_for:
            d.flag(Flag.NOBODY_TO_TELL, of=rule.role)
        for everybody in found_for or ((d.unit,) if d.unit else ()):
            found = tuple(c for c in everybody if c.email not in had)
            if rule.first:
                before = (*before, *(had[c.email] for c in everybody if had.get(c.email, "") not in (*before, "")))
            if not found:
                continue
            whole = original(d, found) if rule.content == "full" and found_for else ()
            meant = "" if found_for else prose.role(rule.role)
            told = Information.Notify(
                event=event,
                original=d.original(),
                attached=bool(whole),
                meant=meant,
                holding=claims.what_we_have(d) if event == "lapse" else (),
                unread=event == "lapse" and claims.is_partly_unread(d),
                raising=d.case.raiser.agency in {one.agency for one in found if one.agency},
            )
            letter = d.write(told, found, after=before if rule.first else (), attach=whole)
            d.joined(Side.COPY, *found)
            if letter is not None:
                had |= dict.fromkeys((c.email for c in found), letter.key)
                before = (*before, letter.key) if rule.first else before
    return before


def original(d: Draft, readers: Iterable[Contact]) -> tuple[TheMail, ...]:
    """The original mail as an attachment, where all who would read it have secure addresses; else nothing, flagged.
    One that nobody has confirmed goes to nobody."""
    if not d.case.opening_mail or d.case.unproven:
        return ()
    if not all(contact.is_secure for contact in readers):
        d.flag(Flag.MINIMAL_NOT_SECURE)
        return ()
    return (TheMail(d.case.opening_mail),)


def may_read(d: Draft, writer: Contact, reader: Contact) -> bool:
    """Whether the writer's words may be quoted to the reader: both addresses are secure, as the directory has them."""
    known = (d.rules.directory.person(one.email) or one for one in (writer, reader))
    return all(contact.is_secure for contact in known)


def may_be_shown(mail: Mail) -> bool:
    """Words that were kept for want of a sure cut are their writer's alone, and those in confidence nobody else's."""
    return mail.proof is Proof.PROVEN and not mail.is_unsure and not mail.is_confidence


def may_be_quoted(d: Draft, mail: Mail, by: Contact, *readers: Contact) -> bool:
    """Their words stand in a letter only where both addresses are secure; else it says to ring their writer."""
    return may_be_shown(mail) and d.may_read and all(may_read(d, by, reader) for reader in readers)


# --- words for the other side: once, to the reader that was named -----------------------------------------------------


def reader(d: Draft, by: Contact) -> Contact | None:
    """Who reads what a person of either side writes; None for others."""
    return reader_of(d.cast, by.email, d.first_responder)


def has_reached(d: Draft, mail: Mail, to: Contact) -> bool:
    """Whether it went to its reader as well, or to where the challenged side reads it."""
    addressed = {a.email for a in (*mail.to, *mail.cc)}
    if to.email == d.case.raiser.email:
        return any(d.rules.directory.same_person(to.email, one) for one in addressed)
    is_theirs = any(d.rules.directory.same_person(c.email, one) for c in (to, *d.responders) for one in addressed)
    return is_theirs or d.case.inbox in addressed


def has_words(mail: Mail) -> bool:
    """Whether it says something that another may be shown."""
    says = bool(mail.new_text.strip()) and not mail.is_reaction and not mail.trigger.is_forward
    return mail.is_readable and says and may_be_shown(mail)


def pass_back(d: Draft, fact: Arrival, by: Contact) -> Contact | None:
    """What the raiser's side writes in reply to a letter that names its reader, and reached only us, goes there.
    Returns to whom; None where it is not passed on."""
    mail, to = fact.mail, reader(d, by)
    is_named = to is not None and any(d.rules.directory.same_person(to.email, one) for one in fact.goes_to)
    if to is None or not is_named or fact.how != How.LETTER or has_reached(d, mail, to) or not has_words(mail):
        return None
    return to if relay(d, by, to, mail.new_text, mail.received, len(mail.attachments), mail) else None


def relay(
    d: Draft, by: Contact, to: Contact, words: str, when: datetime, attachments: int = 0, mail: Mail | None = None
) -> bool:
    """The words go to their reader: quoted whole between secure addresses, else it says to ring their writer. Words
    that may be shown, of a proven mail; False where nobody can be written to."""
    text = words if d.may_read and may_read(d, by, to) else ""
    told = Relay.Onward(
        who=person(by),
        when=when,
        text=text,
        attachments=attachments if text else 0,
        awaited=d.case.state in WAITING and to.email != d.case.raiser.email,
    )
    return d.write(told, [to], mail=mail, human=by) is not None


def once(d: Draft, letter: Letter | None, occasion: str) -> None:
    """The letter just written goes once for that occasion, whatever mail caused it."""
    if letter is not None:
        d.letters[-1] = replace(letter, occasion=occasion)


def applies(d: Draft, rule: Notify) -> bool:
    """Whether a notify rule's condition holds for this case; an empty one always does."""
    return holds(d.cast, rule.condition, rule.role)


def holders(d: Draft, rule: Notify) -> tuple[tuple[Contact, ...], ...]:
    """Whom the rule means, one letter each: the challenged agency's, else the raiser's, else another agency's of the
    area, else the area's own; or, as the rule says, one side's, or both sides', else the area's. () for nobody."""
    case = d.case
    sides: dict[str, tuple[str, ...]] = {Side.RAISING: (case.raiser.agency,), Side.RESPONDING: (case.responder_agency,)}
    asked = sides.get(rule.side, (case.responder_agency, case.raiser.agency))
    own = [found for agency in dict.fromkeys(asked) if agency and (found := _own(d, rule.role, agency))]
    if not own and rule.side == "either" and (others := _of_another(d, rule.role)):
        own = [others]
    area = d.rules.directory.holders(rule.role, case.area, on=d.now.date())
    return tuple(own if rule.side == "both" else own[:1]) or ((area,) if area else ())


def _of_another(d: Draft, role: str) -> tuple[Contact, ...]:
    """The role's holders in the first agency of the area that has any: a reviewing service is one agency's and looks
    after every child of the area."""
    directory, area, on = d.rules.directory, d.case.area, d.now.date()
    rows = (r for r in directory.rows if (r.role, r.area) == (role, area) and r.agency and r.is_valid(on))
    row = next(rows, None)
    return directory.holders(role, area, row.agency, row.team, on) if row else ()


def _own(d: Draft, role: str, agency: str) -> tuple[Contact, ...]:
    return tuple(c for c in _of(d, role, agency) if c.agency == agency)


def _of(d: Draft, role: str, agency: str) -> tuple[Contact, ...]:
    team = d.case.team if agency == d.case.responder_agency else d.case.raiser.team
    return d.rules.directory.holders(role, d.case.area, agency, team, d.now.date())


# The record as a letter: to whom it goes, and how much of it. Filed at closing, and at the stages the policy says.
# What the record holds is made in records/record.py.


def file_stage(d: Draft) -> None:
    """What the policy files when a stage is entered: the stage's own word, else that of the whole policy."""
    stage, filing = d.stage.record, d.rules.policy.filing
    if d.is_stranger:
        return
    if stage is not None:
        file_record(d, stage.content)
    elif filing.when == "stage":
        file_record(d, filing.content)


def file_record(d: Draft, content: str, prompts: Sequence[PromptLine] = ()) -> Letter | None:
    """The record goes to the partnership's inbox, minimal unless the policy says full and the address is secure. Its
    letter also asks what the policy asks of the business unit. None where there is nobody to send it to."""
    unit = d.unit
    if content == "full" and not all(c.is_secure for c in unit):
        content = "minimal"
        d.flag(Flag.RECORD_MINIMAL_NOT_SECURE)
    wording = Record.Full if content == "full" else Record.Minimal
    values = wording(prompts=tuple(prompts), themes=_themes(d))
    letter = d.write(values, unit, attach=(TheRecord(content),))
    if letter:
        d.event(EventKind.FILED, note=content)
    else:
        d.flag(Flag.RECORD_NOT_FILED)
    return letter


def _themes(d: Draft) -> tuple[str, ...]:
    """What the business unit is asked to choose from, once the matter has ended and while it has not said."""
    is_said = any(task.id == THEME for task in d.case.tasks)
    has_ended = d.case.closed_as in (ClosedAs.RESOLVED, ClosedAs.DECIDED)
    if is_said or not has_ended:
        return ()
    return d.rules.policy.themes
