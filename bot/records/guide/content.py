"""What the page to hand out says: for whoever challenges, for whoever answers, and for the business unit.

Every name, time and number is the policy's, every word to reply with the command table's; what a policy does not ask
for is not on its page. It knows no layout, no person but the mailbox that answers, and no case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bot.letters.wording import clean
from bot.model import Contact, Window, Word
from bot.rules import book
from bot.rules.authority import Side
from bot.rules.policy import prose
from bot.rules.policy.policy import Policy, Stage

Reply = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Part:
    """For one kind of reader: what to do, and what to reply with. `side`: whose words they are."""

    title: str
    side: Side
    steps: tuple[str, ...]
    words: tuple[Reply, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """`risk`: whom to ring, a paragraph for each area; `stages`: name, who answers, within what time."""

    title: str
    partnership: str
    risk: tuple[str, ...]
    stages: tuple[tuple[str, str, str], ...]
    parts: tuple[Part, ...]
    foot: str


def guide(policy: Policy, areas: Sequence[str], bot: Contact) -> Guide:
    """The page of a policy for these areas, for all that it has numbers of where it has none of theirs. `bot`: the
    mailbox that letters come from."""
    own = [area for area in areas if area in policy.emergency] or list(policy.emergency)
    return Guide(
        title=clean(policy.title),
        partnership=clean(policy.partnership),
        risk=tuple(dict.fromkeys(book.box(policy.emergency[area], policy.about) for area in own)),
        stages=tuple((stage.name, _who(stage), _time(policy, stage)) for stage in policy.course()),
        parts=(_raising(policy), _responding(policy), _unit(policy)),
        foot=(
            f"Made from the policy, version {policy.version}. Letters come from {clean(bot.name)}, {bot.email}: a"
            " machine, which reads mail only. Reply in your own words, or with one of the words above alone on the"
            f" first line. Never put the name of {book.PEOPLE[policy.about]['a']} in a subject."
        ),
    )


# --- the stages -------------------------------------------------------------------------------------------------------


def _who(stage: Stage) -> str:
    who = prose.roles(stage.responding_role)
    if stage.decider is not None and stage.decider.role not in stage.responding_role:
        who = f"{who}; the {prose.role(stage.decider.role)} decides"
    return who[:1].upper() + who[1:]


def _time(policy: Policy, stage: Stage) -> str:
    """ "24 hours or 10 working days, as asked"; a time that the policy itself does not give is marked."""
    if isinstance(stage.respond_within, Window):
        said = f"{stage.respond_within}{', a local target' if stage.source == 'local' else ''}"
    else:
        said = f"{_or([str(tier.window) for tier in policy.intake.tiers])}, as asked for"
    track = next((one for one in policy.tracks if one.at(stage.id) is not None), None)
    return f"{said}; {prose.role(track.flag)}: {track.at(stage.id)}" if track else said


def _or(several: Sequence[str]) -> str:
    return " or ".join(part for part in (", ".join(several[:-1]), several[-1]) if part)


# --- for whom ---------------------------------------------------------------------------------------------------------


def _raising(policy: Policy) -> Part:
    return Part(
        "If you challenge a decision",
        Side.RAISING,
        tuple(_challenging(policy)),
        (
            (Word.RESOLVED, "you are content: the outcome is awaited, then it closes"),
            (Word.NOT_RESOLVED, "the next stage is called in"),
            (Word.ESCALATE, "call in the next stage now"),
            (Word.URGENT, "it cannot wait as long as was asked"),
            (Word.WITHDRAW, "you take it back; the reason on the next line"),
        ),
    )


def _challenging(policy: Policy) -> Iterator[str]:
    first, whoever = policy.first, book.PEOPLE[policy.about]["a"]
    yield f"Is {whoever} at risk now? Ring the numbers above. This mail is no referral."
    if policy.raise_within:
        since = first.counts_from or "disagreement"
        yield f"Raise it within {policy.raise_within} of the {since}."
    yield (
        f"Write to the {prose.roles(first.responding_role)} of the other side, with a copy to their team's inbox."
        f" Subject: {policy.intake.subjects[0]}{_with_time(policy)}."
    )
    if policy.intake.tiers:
        needs = [f"for {t.window}, give the {_needs(t.needs)}" for t in policy.intake.tiers if t.needs]
        missing = policy.intake.tier_when_missing
        none = f"Without a time it is {missing}" if missing else ""
        yield f"{'. '.join(part[:1].upper() + part[1:] for part in (*needs, none) if part)}."
    if policy.intake.asks:
        yield f"Say in it {prose.questions(policy.intake.asks)}."
    yield "When there is an answer you are asked: is it resolved? Only your side's word, or a decision, ends it."


def _with_time(policy: Policy) -> str:
    """ " – 24 hours", the first time that may be asked for."""
    return f" – {policy.intake.tiers[0].window}" if policy.intake.tiers else ""


def _needs(codes: Sequence[str]) -> str:
    said = {"rationale": "reason why", "call_time": "time of your call"}
    return " and the ".join(said[code] for code in codes)


def _responding(policy: Policy) -> Part:
    return Part(
        "If you are challenged, or called in",
        Side.RESPONDING,
        tuple(_answering(policy)),
        (
            (Word.RECEIVED, "you have it; write by when after it"),
            (Word.OUTCOME, "the outcome; actions below it as “- what, who, by when”"),
            (Word.NOT_MINE, "it is for somebody else; say whom"),
            (Word.PHONE, "you spoke; when and with whom after it"),
            (Word.MEETING, "you will meet; the day after it"),
        ),
    )


def _answering(policy: Policy) -> Iterator[str]:
    yield "Reply to the letter by its day, in your own words. A promise to answer stops no clock."
    yield "Without an answer, or if it does not resolve the matter, the next stage is called in."
    yield f"Once it is resolved, write the outcome within {_outcome(policy)}."
    if policy.follow_up.outcome_says:
        yield f"Say in it {' and '.join(policy.follow_up.outcome_says)}."
    if policy.follow_up.child_file:
        yield f"Both sides put challenge and outcome on {book.own_record(policy)}, and reply {Word.ON_FILE}."
    for prompt in policy.follow_up.prompts:
        if prompt.to == "parties":
            yield f"Afterwards please {prompt.words}."


def _outcome(policy: Policy) -> str:
    """The times that the stages allow, each once."""
    within = dict.fromkeys(str(stage.confirm_within or book.CONFIRM) for stage in policy.course())
    is_local = any(stage.confirm_within is None for stage in policy.course())
    return f"{_or(list(within))}{' (a local target)' if is_local and len(within) == 1 else ''}"


def _unit(policy: Policy) -> Part:
    return Part(
        "For the business unit",
        Side.UNIT,
        tuple(_looking_after(policy)),
        (
            (Word.HELP, "every word you can send"),
            (Word.OPEN, "which challenges are open"),
            (Word.NUDGE, "who is to reply is reminded, in your name"),
            (Word.HOLD, "its letters wait while you look; its clock runs on"),
            (Word.NEW, "a challenge made by telephone"),
            (Word.REPORT, "the figures of a quarter or a year"),
        ),
    )


def _looking_after(policy: Policy) -> Iterator[str]:
    yield "The daily letter lists what is over its time, what is due, and mails that only a person can place."
    at_stages = " and whenever a stage begins" if policy.filing.when == "stage" else ""
    yield f"A record of each case is sent to be filed when it closes{at_stages}."
    if policy.follow_up.register_from:
        yield f"The register holds what has come to {policy.stage(policy.follow_up.register_from).name}."
    for stage in policy.course():
        if stage.level == "partnership":
            yield f"{stage.name}: bring in whoever is to act."
        if stage.decider is not None:
            yield f"There the {prose.role(stage.decider.role)} ends the matter with {Word.DECIDED}."
    for prompt in policy.follow_up.prompts:
        if prompt.to != "parties":
            within = f" within {prompt.within}" if prompt.within else ""
            yield f"Afterwards please {prompt.words}{within}."
