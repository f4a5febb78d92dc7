"""The stage a mail opens at: where its subject says, where its addressee sits, else the policy's first.

What lies before a stage that was named was held before the bot: it is written down and said, and nobody is asked for
it. A plain challenge begins after what the policy passes over.
"""

from datetime import datetime, timedelta

from bot.case.course.clock import flagged, stage_due, wind
from bot.case.making.draft import Draft
from bot.case.making.people import landing
from bot.mail.patterns.topics import topic
from bot.mail.words.actions import call
from bot.model import (
    WAITING,
    Arrival,
    Contact,
    Due,
    EventKind,
    Flag,
    LetterKind,
    Mail,
    Opening,
    Proof,
    Unit,
    Wording,
)
from bot.model.flags import OF_CHILD
from bot.model.letters import Acknowledgement, Information, person
from bot.model.letters.parts import FormRow
from bot.rules import workdays
from bot.rules.book import Rules
from bot.rules.past_day import past_day
from bot.rules.policy.policy import Stage


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
        d.flag(Flag.HELD_BEFORE)
    for stage in earlier:
        d.event(EventKind.HELD_BEFORE, note=f"{stage.name}: held before the bot", stage=stage.id)


def pass_over(d: Draft, opening: Opening) -> None:
    """A plain challenge begins after the stages that the policy passes over; one that names its stage begins there."""
    asked = opening.mail.trigger.window
    d.need(urgent=asked is not None and asked.unit is Unit.HOURS)
    if opening.stage or names_a_stage(opening, d.rules):
        return
    stage, passed = landing(d.cast, d.stage)
    if stage is not None and passed:
        d.start_at(stage.id)
        for one in passed:
            d.event(EventKind.SKIPPED, note=f"{one.name}: the policy passes it over", stage=one.id)


def earlier_stages(d: Draft) -> tuple[Stage, ...]:
    """What was held before the bot."""
    first = d.case.runs[0].stage if d.case.runs else d.case.stage
    return d.rules.policy.before(first) if d.case.has(Flag.HELD_BEFORE) else ()


def earlier_people(d: Draft) -> tuple[Contact, ...]:
    """Both sides' contacts of the stages held before the bot, as the directory gives them to their own agencies."""
    case, directory = d.case, d.rules.directory
    teams = ((case.raiser.agency, case.raiser.team), (case.responder_agency, case.team))
    roles = [r for s in earlier_stages(d) for r in (*s.raising_role, *s.responding_role) if r != "practitioner"]
    return tuple(
        contact
        for role in dict.fromkeys(roles)
        for agency, team in teams
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


# What the raiser is asked for about the challenge: the call before it, the reason for the time, what the policy adds.
# Read from their own words where these leave no doubt, else asked in the acknowledgement; nothing waits for an
# answer. Which of it a policy asks for is its own (intake: tiers.needs and asks).

#: Flags of a subject that the raiser is asked about.
ASKED = (
    Flag.WINDOW_ASSUMED,
    Flag.NONSTANDARD_WINDOW,
    Flag.TWO_TIMES,
    Flag.TIME_IN_THE_PAST,
    Flag.BARE_DAYS,
    Flag.TEAM_UNKNOWN,
    Flag.UNREADABLE,
)
#: A reason is known by its name, or where it stands beside the time itself.
_REASON = topic("orders").pattern("rationale")
_FEWEST = 4  # words that may be a reason


def needed(d: Draft) -> tuple[str, ...]:
    """What the policy asks for with a challenge of this time."""
    asked = (d.case.window.n, d.case.window.unit) if d.case.window else None
    tier = next((t for t in d.rules.policy.intake.tiers if (t.window.n, t.window.unit) == asked), None)
    return tier.needs if tier else ()


def note(d: Draft, mail: Mail) -> tuple[str, ...]:
    """Writes down what the opening mail says, and returns the questions that are left, as the templates name them."""
    needs = needed(d)
    if "call_time" in needs:
        _heard(d, mail, d.case.raiser)
    has_reason = bool(_REASON.search(mail.new_text[:20_000]))
    if "rationale" in needs and not has_reason:
        d.flag(Flag.RATIONALE_MISSING)
    open_ = {"call_time": d.case.called is None, "rationale": not has_reason}
    flags = ["which_team" if f.flag is Flag.TEAM_UNKNOWN else str(f) for f in d.case.flags if f.flag in ASKED]
    known = ["child_status"] if any(map(d.case.has, OF_CHILD)) else []
    extra: list[str] = [code for code in d.rules.policy.intake.asks if code not in known]
    extra += ["event_day"] if d.stage.counts_from and d.case.counted_from is None else []
    return (*flags, *(code for code in needs if open_.get(code, True)), *flagged(d), *extra)


def told(d: Draft, fact: Arrival, by: Contact) -> bool:
    """A proven mail of the raiser's side in words may answer what was asked. True where its call time must be asked
    again: it names a call and no time that can be placed."""
    mail, needs = fact.mail, needed(d)
    if mail.proof is not Proof.PROVEN or not mail.is_readable or not d.case.is_open:
        return False
    is_answer = fact.answered == LetterKind.ACKNOWLEDGEMENT.value
    _day_told(d, mail, by, is_answer=is_answer)
    names_call = "call_time" in needs and d.case.called is None and _heard(d, mail, by)
    fewest = _FEWEST * (3 if names_call else 1)
    if is_answer and d.case.has(Flag.RATIONALE_MISSING) and len(mail.new_text.split()) >= fewest:
        d.unflag(Flag.RATIONALE_MISSING)
        d.event(EventKind.RATIONALE, by=by.email)
    return is_answer and names_call and d.case.called is None


def _heard(d: Draft, mail: Mail, by: Contact) -> bool:
    """Whether the mail names a call that was made; its time and whether a message was left are written down."""
    read = call(mail.new_text, mail.date or mail.received, d.case.opened)
    d.hear_call(read.at, read.message)
    if read.at is not None:
        d.event(EventKind.CALLED, by=by.email, note=workdays.say(read.at, d.rules.calendar))
    return read.is_named


# A challenge that the business unit hands in for somebody else: the least time it leaves, and what its raiser is told.
# Who hands in what, and for whom, is found by whoever reads the unit's mail (engine/reading/brought.py).


def not_too_soon(d: Draft, received: datetime) -> None:
    """A challenge that came late, handed in or by the Date of its mail, leaves those who are challenged an hour of an
    hours window, else two working hours."""
    run = d.case.run
    is_hours = run is not None and run.window is not None and run.window.unit is Unit.HOURS
    least = received + timedelta(hours=1) if is_hours else workdays.working_hours(received, 2, d.rules.calendar)
    if d.case.due is not None and d.case.due < least:
        d.flag(Flag.LATE_START)
        wind(d, Due(least, "its time was nearly over when it came"), d.now)


def receipt(d: Draft, mail: Mail, asks: tuple[str, ...], rows: tuple[FormRow, ...], same_as: str) -> Wording:
    """What the raiser is told of their challenge: recorded, to be confirmed, or handed in for them. `same_as`: the ref
    of a case that they are asked about, "" for none."""
    held = tuple(s.name for s in earlier_stages(d))
    within = str(d.rules.policy.raise_within or "")
    leaves_out = tuple(f"{e.what}: {e.where}" if e.where else e.what for e in d.rules.policy.exclusions)
    if d.case.unproven and d.case.has(Flag.BROUGHT_IN) and mail.sender is not None:
        by = d.rules.directory.person(mail.sender.email) or Contact(mail.sender.email)
        return Acknowledgement.Brought(
            by=person(by), asks=asks, held_before=held, raise_within=within, exclusions=leaves_out, forms=rows
        )
    wording = Acknowledgement.Provisional if d.case.unproven else Acknowledgement.Opened
    return wording(asks=asks, held_before=held, raise_within=within, exclusions=leaves_out, forms=rows, same_as=same_as)


# A stage whose time counts from another day than receipt, a conference's. The raiser's own words give it, in the
# challenge or afterwards; else the acknowledgement asks. Until it is known the time counts from receipt: missing data
# blocks no clock. A day that comes later only shortens, and leaves enough of a working day to act in.


def day_heard(d: Draft, mail: Mail, *, is_answer: bool = False) -> bool:
    """Whether the mail names the day that this stage counts from; it is written down once. `is_answer`: it answers our
    question, so that a day alone will do."""
    event = d.stage.counts_from
    if not event or d.case.counted_from is not None:
        return False
    sent = mail.date or mail.received
    day = past_day(mail.new_text, event, sent) or (past_day(mail.new_text, "", sent) if is_answer else None)
    if day is not None:
        d.count_stage_from(workdays.at_local(day, workdays.MORNING, d.rules.calendar))
    return day is not None


def _day_told(d: Draft, mail: Mail, by: Contact, *, is_answer: bool) -> None:
    """A proven mail of the raiser's side may give the day afterwards: the clock counts from it where that is sooner."""
    run, before = d.case.run, d.case.due
    if d.case.state not in WAITING or run is None or run.began is None or before is None:
        return
    if not day_heard(d, mail, is_answer=is_answer):
        return
    d.event(EventKind.COUNTED_FROM, by=by.email)
    due = stage_due(d, d.stage, d.now, run.window, run.by)
    if due.at < before:
        wind(d, due, d.now)
        told_both = Information.Changed(before=before, after=due.at, word="")
        for to in ([d.case.raiser], d.responders):
            d.write(told_both, to, mail=mail)
