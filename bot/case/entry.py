"""The stage a mail opens at: where its subject says, where its addressee sits, else the policy's first.

What lies before a stage that was named was held before the bot: it is written down and said, and nobody is asked for
it. A plain challenge begins after what the policy passes over.
"""

from __future__ import annotations

from bot.case.conditions import landing
from bot.case.draft import Draft
from bot.model import Contact, Mail, Opening, Unit
from bot.rules.book import Rules
from bot.rules.policy import Stage

HELD_BEFORE = "held_before_the_bot"


def entry_stage(opening: Opening, rules: Rules) -> Stage:
    """Where `adopt` says; else the later of what the subject names ("Stage 2") and where an addressee sits; else
    the first."""
    if opening.stage:
        return rules.policy.stage(opening.stage)
    return _named(opening.mail, opening.inbox.area, rules) or rules.policy.first


def names_a_stage(opening: Opening, rules: Rules) -> bool:
    """Whether the mail itself says at which stage it comes."""
    return _named(opening.mail, opening.inbox.area, rules) is not None


def held_before(opening: Opening, rules: Rules) -> tuple[Stage, ...]:
    """The stages before the one it opens at; none for a plain subject, which opens the first."""
    stage = entry_stage(opening, rules)
    is_plain = stage.id == rules.policy.first.id and not names_a_stage(opening, rules)
    return () if is_plain else rules.policy.before(stage.id)


def note_held_before(d: Draft, opening: Opening) -> None:
    """The flag, and a row in the journal for each earlier stage."""
    earlier = held_before(opening, d.rules)
    if earlier:
        d.flag(HELD_BEFORE)
    for stage in earlier:
        d.event("held_before", note=f"{stage.name}: held before the bot", stage=stage.id)


def pass_over(d: Draft, opening: Opening) -> None:
    """A plain challenge begins after the stages that the policy passes over; one that names its stage begins there."""
    asked = opening.mail.trigger.window
    d.set(urgent=asked is not None and asked.unit is Unit.HOURS)
    if opening.stage or names_a_stage(opening, d.rules):
        return
    stage, passed = landing(d.cast, d.stage)
    if stage is not None and passed:
        d.set(stage=stage.id)
        for one in passed:
            d.event("skipped", note=f"{one.name}: the policy passes it over", stage=one.id)


def earlier_stages(d: Draft) -> tuple[Stage, ...]:
    """What was held before the bot."""
    first = d.case.runs[0].stage if d.case.runs else d.case.stage
    return d.rules.policy.before(first) if HELD_BEFORE in d.case.flags else ()


def earlier_people(d: Draft) -> tuple[Contact, ...]:
    """Both sides' contacts of the stages held before the bot, as the directory gives them to their own agencies."""
    case, directory = d.case, d.rules.directory
    places = ((case.raiser.agency, case.raiser.team), (case.responder_agency, case.team))
    roles = [r for s in earlier_stages(d) for r in (*s.raising_role, *s.responding_role) if r != "practitioner"]
    return tuple(
        contact
        for role in dict.fromkeys(roles)
        for agency, team in places
        if agency
        for contact in directory.holders(role, case.area, agency, team)
        if contact.agency == agency
    )


def _named(mail: Mail, area: str, rules: Rules) -> Stage | None:
    """The latest stage that the subject names or whose contacts the mail is addressed to."""
    subject = f" {mail.subject.lower()} "
    roles = {c.role for a in mail.to for c in rules.directory.roles_of(a.email, area)}
    found = [
        stage
        for stage in rules.policy.stages
        if any(word.lower() in subject for word in stage.opens_on) or roles & set(stage.opens_to)
    ]
    by_subject = [s for s in found if not roles & set(s.opens_to)]
    by_address = [s for s in found if roles & set(s.opens_to)]
    return next(reversed(by_address), None) or next(iter(by_subject), None) or _by_form(mail, rules)


def _by_form(mail: Mail, rules: Rules) -> Stage | None:
    """The stage that a completed form of this policy belongs to, as the policy says."""
    ids = [form.form for form in mail.forms if form.is_completed and rules.policy.id in form.policies]
    opens = [rules.policy.form(name).opens_at for name in ids]
    return next((rules.policy.stage(stage) for stage in opens if stage), None)
