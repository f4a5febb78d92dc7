"""A policy in plain English: its course stage by stage, and what becomes due when.

Made from the typed policy alone, for whoever wrote the file to read it back. The worked example is the course of a
challenge that nobody ever answers; it resolves no person, and a condition is told and not decided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.model import Due, Unit, Window
from bot.rules import workdays
from bot.rules.book import conduct, own_record
from bot.rules.policy.blocks import CalendarBlock, Clauses, Clock, Meeting, Notify
from bot.rules.policy.follow_up import Prompt
from bot.rules.policy.policy import Policy, Stage
from bot.rules.workdays import Calendar

_WHEN = {
    "enter": "when the stage begins",
    "exit": "when it is left unresolved",
    "lapse": "when its time has passed",
    "close": "when the case closes",
}
_SIDES = {"raising": "the raising side", "responding": "the challenged side"}
_ROLES = {"iro": "IRO", "scie_team": "SCiE team", "director_quality_review": "director for quality and review"}


def role(name: str) -> str:
    """ "designated safeguarding lead"."""
    return _ROLES.get(name, name.replace("_", " "))


def roles(names: tuple[str, ...]) -> str:
    """ "business manager, else business unit"."""
    return ", else ".join(role(name) for name in names)


# --- what it says -----------------------------------------------------------------------------------------------------


def opening(policy: Policy) -> Iterator[str]:
    """What opens a case, and where."""
    yield f"A mail whose subject holds one of these opens a case: {', '.join(policy.intake.subjects)}."
    if policy.intake.tiers:
        needs = (f"{t.window}{' (the raiser is asked for its ' + questions(t.needs) + ')' if t.needs else ''}"
                 for t in policy.intake.tiers)  # fmt: skip
        missing = policy.intake.tier_when_missing or "the shortest"
        yield f"The subject may ask for a time: {', '.join(needs)}. Where it names none: {missing}."
    yield f"A plain subject begins at {policy.first.name}."
    if policy.intake.asks:
        yield f"Asked of every case: {questions(policy.intake.asks)}."
    if policy.calendar:
        yield _calendar(policy.calendar)
    if policy.raise_within:
        since = policy.first.counts_from or "disagreement"
        yield f"It is to be raised within {policy.raise_within} of the {since}; nothing is refused for it."
    for track in policy.tracks:
        names = " and ".join(policy.stage(s).name for s in track.stages) or "every stage"
        other = "".join(f"; {policy.stage(s).name}: {w}" for s, w in track.windows.items())
        top = f", and {track.ceiling} for all of it" if track.ceiling else ""
        yield f"A case marked {track.flag.replace('_', ' ')} has {track.window} at {names}{other}{top}."
    if policy.total:
        yield f"All its stages together take no longer than {policy.total}."
    for shared in policy.ceilings:
        names = ", ".join(policy.stage(s).name for s in shared.stages)
        yield f"Together these take no longer than {shared.within}: {names}."
    for exclusion in policy.exclusions:
        yield f"Not for: {exclusion.what}{f' ({exclusion.where})' if exclusion.where else ''}."
    if policy.conduct:
        yield f"Who writes in confidence, or of how a person acts, is told: {conduct(policy, '')}"
    if note := policy.parent_note:
        counts = "shorter time counts" if policy.conflict == "shorter" else "time of this policy counts all the same"
        yield f"Both sides are told when the {note.after} of {note.policy} have passed. The {counts}."


def _calendar(block: CalendarBlock) -> str:
    part, *added = block.holidays.title().replace("-And-", " and ").replace("-", " "), *map(str, block.bank_holidays)
    more = f", and nobody works on {', '.join(map(str, block.shut))}" if block.shut else ""
    less = f"; {', '.join(map(str, block.remove))} are worked" if block.remove else ""
    return f"Working days are Monday to Friday less the bank holidays of {', '.join((part, *added))}{more}{less}."


def questions(codes: tuple[str, ...]) -> str:
    words = {"child_status": "whether the child has a plan or is looked after", "call_time": "time of the call",
             "concern_date": "when the disagreement arose", "problem": "what the problem is",
             "aim": "what would settle it", "record_writer": "who writes the record"}  # fmt: skip
    said = [words.get(code, code) for code in codes]
    return " and ".join(part for part in (", ".join(said[:-1]), said[-1]) if part)


def stage_lines(policy: Policy, stage: Stage) -> Iterator[str]:
    """One stage, a sentence a line."""
    local = ", a local target" if stage.source == "local" else ""
    time = "the time the subject asks for" if stage.respond_within == "requested" else str(stage.respond_within)
    acts = "brings in the partners" if stage.level == "partnership" else "answers"
    raising, responding = _big(roles(stage.raising_role)), roles(stage.responding_role)
    yield f"{raising} of the raising side; {responding} {acts} within {time}{local}."
    if stage.counts_from:
        yield f"Its time counts from the day of the {stage.counts_from}; from receipt until the raiser has said which."
    if stage.ceiling:
        used = policy.used_at_opening
        less = f", less the {used} used before it was raised" if used and used.n else ""
        yield f"It ends at the latest {stage.ceiling} after the challenge was received{less}."
    if stage.opens_on or stage.opens_to:
        yield _opens(stage)
    if stage.chase:
        yield f"Reminders beside the usual ones: {', '.join(stage.chase)}."
    for clock in stage.clocks:
        yield _clock(clock)
    if stage.representation:
        yield f"Both sides are asked to write down their view within {stage.representation.within}."
    if stage.meeting:
        yield _meeting(stage.meeting)
    if stage.consult:
        yield f"Its letter says that {stage.consult.who} may be brought in ({roles(stage.consult.role)})."
    if stage.decider:
        sides = {"raising": " of the raising side", "responding": " of the challenged agency"}
        whose = sides.get(stage.decider.side, "")
        yield f"The {role(stage.decider.role)}{whose} ends the matter here with DECIDED: ({stage.decision_word})."
    if stage.confirm_within:
        yield f"Once it is resolved, the outcome is due in writing within {stage.confirm_within}."
    if stage.unconfirmed == "ask":
        yield "An answer that nobody confirms is asked about at its due time, and calls in no stage."
    for asked_form in stage.forms:
        form = policy.form(asked_form.form)
        to = "when it begins" if asked_form.when == "enter" else "when it is left"
        yield f"The form {form.title} is asked of {_SIDES[asked_form.by]} {to} ({asked_form.required})."
    for alternate in stage.alternates:
        where = " or ".join(map(role, alternate.sector))
        yield f"Where the same person would act again in {where}: {roles(alternate.role)}."
    if stage.redirect:
        yield "Where whoever is to answer is away, it goes to the deputy, else to their line manager."
    for rule in stage.notify:
        yield _copy(rule)
    if stage.copies:
        yield f"Copied on its letter: {', '.join(map(role, stage.copies))}."
    if stage.record or policy.filing.when == "stage":
        content = stage.record.content if stage.record else policy.filing.content
        yield f"A {content} record is filed when it begins."
    for skip in stage.skip_to:
        yield f"Passed over{condition(skip.condition)}: the case goes to {policy.stage(skip.to).name} instead."
    after = policy.after(stage.id)
    onward = f"Unanswered or unresolved it goes to {after.name}." if after else ""
    yield onward or "No stage follows: those who can act are told."


def ending(policy: Policy) -> Iterator[str]:
    """What is filed and asked when a case has ended."""
    says = policy.follow_up
    at_stages = ", and whenever a stage begins" if policy.filing.when == "stage" else ""
    yield f"A {policy.filing.content} record of each case is filed when it closes{at_stages}."
    if says.register_from:
        yield f"The register holds a case once it has come to {policy.stage(says.register_from).name}."
    for sentence in says.outcome_says:
        yield f"The outcome in writing must also say: {sentence}."
    if says.child_file and says.child_file.at:
        asked = {"opening": "when it opens", "stage": "at each further stage"}
        when = " and ".join(asked[at] for at in says.child_file.at)
        yield f"Both sides are asked {when} to enter it on {own_record(policy)}."
    if says.child_file:
        record, again = own_record(policy), says.child_file.chase
        yield f"Both sides are asked whether it is on {record}, and once more after {again}."
    for prompt in says.prompts:
        yield _prompt(policy, prompt)


def _prompt(policy: Policy, prompt: Prompt) -> str:
    whom = "the business unit" if prompt.to == "unit" else "both sides"
    since = " of the meeting" if prompt.counts_from == "meeting" else ""
    by = f" within {prompt.within}{since}" if prompt.within else ""
    names = " or ".join(policy.stage(stage).name for stage in prompt.stages)
    ends = "it was decided" if prompt.when == "decided" else "it ended"
    where = f", where {ends}{f' at {names}' if names else ''}" if names or prompt.when == "decided" else ""
    return f"Asked of {whom}{by}{where}: {prompt.words}."


def _opens(stage: Stage) -> str:
    mail = f"a mail to the {' or the '.join(map(role, stage.opens_to))}"
    if not stage.opens_on:
        return f"{_big(mail)} opens a case here."
    also = f", and so does {mail}" if stage.opens_to else ""
    return f"A subject that names {' or '.join(stage.opens_on)} opens a case here{also}."


def _big(text: str) -> str:
    return text[:1].upper() + text[1:]


def _clock(clock: Clock) -> str:
    start = {"enter": "of its beginning", "response": "of the answer", "resolved": "of the word that it is resolved"}
    local = ", a local target" if clock.source == "local" else ""
    then = f", and the {roles(clock.then)} told" if clock.then else ""
    return (
        f"Within {clock.window} {start[clock.starts]}{local}, {_SIDES[clock.side]} is to {clock.says};"
        f" else it is reminded{then}."
    )


def _meeting(meeting: Meeting) -> str:
    whom = roles(meeting.convener) or "whoever is to answer"
    does = "is asked to convene" if meeting.asked == "convene" else "is asked to consider"
    kept = f" The {roles(meeting.record)} keeps its record, and is asked for it." if meeting.record else ""
    return f"{_big(whom)} {does} a meeting of {meeting.who}.{kept}"


def _copy(rule: Notify) -> str:
    first = ", before anybody else hears" if rule.first else ""
    whole = ", with the original where that is safe" if rule.content == "full" else ""
    return f"The {role(rule.role)} is told {_WHEN[rule.when]}{condition(rule.condition)}{first}{whole}."


def condition(clauses: Clauses) -> str:
    """ ", if ..." with every clause; "" for none."""
    side = {"either": "a party", "raising": "the raiser's agency", "responding": "the challenged agency"}[clauses.side]
    said = [
        "the agency that holds the role is a party" if clauses.holder else "",
        f"{side} is {_or(clauses.agency)}" if clauses.agency else "",
        f"{side} is of {_or(clauses.sector)}" if clauses.sector else "",
        f"the child is marked {_or(clauses.child)}" if clauses.child else "",
        f"the area is {_or(clauses.area)}" if clauses.area else "",
        f"the raiser is {_or(clauses.raiser)}" if clauses.raiser else "",
        "" if clauses.urgent is None else f"it is {'' if clauses.urgent else 'not '}urgent",
        "whoever would answer has answered before" if clauses.same_person else "",
    ]
    given = [words for words in said if words]
    return f", if {' and '.join(given)}" if given else ""


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(role(name) for name in names)


# --- what becomes due -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Worked:
    """A stage of the example: when it begins, when it ends and why, and its other clocks' ends."""

    stage: Stage
    begins: datetime
    due: Due
    clocks: tuple[tuple[Clock, Due], ...] = ()


def worked(policy: Policy, received: datetime, calendar: Calendar) -> Iterator[Worked]:
    """The course of a plain challenge received then that nobody answers: each stage begins in the minute the one before
    ends. Tracks and conditions are left aside."""
    start = received
    began: dict[str, datetime] = {}
    for stage in policy.course():
        began[stage.id] = start
        due = _due(policy, stage, start, received, began, calendar)
        own = tuple((c, workdays.due(c.window, start, calendar, "began")) for c in stage.clocks if c.starts == "enter")
        yield Worked(stage, start, due, own)
        start = due.at


def _due(
    policy: Policy, stage: Stage, start: datetime, received: datetime, began: dict[str, datetime], calendar: Calendar
) -> Due:
    word = "received" if start == received else "served"
    limits = [workdays.due(_window(policy, stage), start, calendar, word)]
    tops = [workdays.ceiling(stage.ceiling, policy.used_at_opening, received, calendar)] if stage.ceiling else []
    for shared in policy.ceilings:
        if stage.id in shared.stages:
            first = next(at for name, at in began.items() if name in shared.stages)
            end = workdays.due(shared.within, first, calendar)
            tops.append(Due(end.at, f"the {shared.within} that these stages share: {end.why}"))
    least = workdays.due(Window(1, Unit.WORKING_DAYS), start, calendar).at
    return workdays.earliest(*limits, *(top for top in tops if top.at >= least))


def _window(policy: Policy, stage: Stage) -> Window:
    if isinstance(stage.respond_within, Window):
        return stage.respond_within
    return policy.intake.tier_when_missing or policy.intake.tiers[0].window
