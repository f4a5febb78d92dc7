"""One policy file read: text -> Policy, and every fault at once, each with its line and what to do.

policy.py says what a block may hold; what blocks must be to one another is asked of the file's raw values, so that a
wrong key elsewhere hides nothing: course.py, and the windows and warnings here. It resolves no person:
whether anybody holds a role is asked in settings.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bot.model import Unit, Window
from bot.model.errors import Problem
from bot.rules.policy import follow_up
from bot.rules.policy import forms as policy_forms
from bot.rules.policy.course import course, named, tracks
from bot.rules.policy.grammar import meant
from bot.rules.policy.overlay import apart, overlaid
from bot.rules.policy.policy import Policy
from bot.rules.policy.typed import validate
from bot.rules.policy.yaml_file import Document, blocks, nearest, read
from bot.rules.written import is_at_once, is_span

#: Numbers that the regulator keeps for fiction: nobody answers them.
FICTIONAL = ("01632960", "01214960", "01614960", "01134960", "02079460", "08081570", "07700900", "03069990")


def load(
    text: str,
    file: str,
    today: date | None = None,
    others: Mapping[str, tuple[str, str]] | None = None,
    *,
    kept: bool = False,
) -> tuple[Policy | None, tuple[Problem, ...]]:
    """The policy in `text`, None when anything but warnings was found. `today` is compared with its review date.

    `others`: the policies it may stand on, by id: (text, file). A text that was kept with a case brings its own.
    `kept`: it was accepted once, and open cases stand on it: what has become a fault since is none.
    """
    text, others = apart(text, others or {})
    document, problems = read(text, file)
    if document is None:
        return None, problems
    document, faults = overlaid(document, others)
    problems += faults
    context = {
        "roles": mapping(document, "roles"),
        "titles": titles(document),
        "aliases": mapping(document, "unit_aliases"),
        "kept": kept,
    }
    policy, faults = validate(Policy, document, context)
    if kept and policy is not None:
        return policy, ()
    found = tuple(
        sorted(
            {
                *problems,
                *faults,
                *course(document),
                *windows(document),
                *tracks(document),
                *named(document),
                *_whom(document),
                *_conduct(document),
                *policy_forms.faults(document),
                *follow_up.faults(document),
                *_warnings(document, today),
            }
        )
    )
    return (None if any(not p.is_warning for p in found) else policy), found


def _warnings(document: Document, today: date | None) -> Iterator[Problem]:
    review = document.at(("review_by",))
    if today is not None and isinstance(review, str):
        try:
            is_past = date.fromisoformat(review) < today
        except ValueError:
            is_past = False  # its own fault is reported with its key
        if is_past:
            text = f"this policy was to be reviewed by {review}: ask the partnership whether it still stands"
            yield document.problem(("review_by",), text, is_warning=True)
    if not document.at(("source",)) and any(s.get("source") != "local" for s in blocks(document.at(("stages",)))):
        text = "`source` names no document, yet windows are the policy's own: say where they stand, or `source: local`"
        yield document.problem((), text, is_warning=True)
    yield from _fictional(document)


def _fictional(document: Document) -> Iterator[Problem]:
    areas = document.at(("emergency",))
    for area in areas if isinstance(areas, dict) else ():
        for door in ("front_door", "out_of_hours"):
            yield from _is_fictional(document, ("emergency", area, door, "phone"))


def _is_fictional(document: Document, path: tuple[str, ...]) -> Iterator[Problem]:
    number = "".join(c for c in str(document.at(path) or "") if c.isdigit())
    if number.startswith(FICTIONAL):
        text = f"{document.name(path)} is a number kept for fiction: put the real one before going live"
        yield document.problem(path, text, is_warning=True)


def _conduct(document: Document) -> Iterator[Problem]:
    """Whom to turn to stands under an area of the policy, and is no fictional number."""
    areas, contacts = document.at(("emergency",)), document.at(("conduct", "contacts"))
    known = [area for area in areas if isinstance(area, str)] if isinstance(areas, dict) else []
    for area in contacts if isinstance(contacts, dict) else ():
        path = ("conduct", "contacts", area)
        if area not in known:
            near = nearest(str(area), known)
            yield document.problem(path, f"conduct.contacts names no area of this policy: {area}{near}")
        yield from _is_fictional(document, (*path, "phone"))


def _whom(document: Document) -> Iterator[Problem]:
    """A policy about adults asks nothing that only a child has."""
    asks = document.at(("intake", "asks"))
    if document.at(("about",)) == "adult" and "child_status" in (asks if isinstance(asks, list) else [asks]):
        text = "intake.asks names child_status, and the policy is about adults: take it out, or write another `about`"
        yield document.problem(("intake", "asks"), text)


# The windows of a policy, held against one another: tiers, ceilings, and what several stages share. It looks at the
# file's raw values, so that a wrong key elsewhere hides none of these faults. A window that cannot be read is its own
# block's fault and is passed over here. It knows no calendar.


def titles(document: Document) -> tuple[str, ...]:
    """The policy's own roles as written; () where they cannot be read, which is that key's fault."""
    found = document.at(("titles",))
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return tuple(title for title in listed if isinstance(title, str))


def mapping(document: Document, key: str) -> dict[str, str]:
    """A block of texts, {} where there is none or it is something else."""
    found = document.at((key,))
    return {k: v for k, v in found.items() if isinstance(v, str)} if isinstance(found, dict) else {}


def _window(document: Document, value: Any) -> Window | None:
    """The window, None where there is none to read: its own fault is reported with its block."""
    try:
        return meant(value, mapping(document, "unit_aliases")) if isinstance(value, str) else None
    except ValueError:
        return None


def windows(document: Document) -> Iterator[Problem]:
    stages = blocks(document.at(("stages",)))
    yield from _ceilings(document, stages)
    yield from _vague(document, stages)
    yield from _past_total(document, stages)
    offered = [_window(document, tier.get("window")) for tier in blocks(document.at(("intake", "tiers")))]
    assumed = _window(document, document.at(("intake", "tier_when_missing")))
    if assumed is not None and assumed not in offered:
        among = " and ".join(str(w) for w in offered if w) or "none are given"
        text = f"tier_when_missing is {assumed}, which is not among the tiers ({among}): name one of them"
        yield document.problem(("intake", "tier_when_missing"), text)
    for n, stage in enumerate(stages):
        name = document.name(("stages", n))
        if stage.get("respond_within") == "requested" and not offered:
            text = f"{name} waits as long as the subject asks, but intake gives no tiers: add them or give a window"
            yield document.problem(("stages", n, "respond_within"), text)
        if stage.get("respond_within") == "requested" and stage.get("source") == "local":
            text = f"{name} takes its window from the subject: leave out `source: local`"
            yield document.problem(("stages", n, "source"), text)
    used = _window(document, document.at(("used_at_opening",)))
    if used is not None and used.unit is not Unit.WORKING_DAYS:
        yield document.problem(
            ("used_at_opening",), "used_at_opening is counted in working days, such as 2 working days"
        )


#: Working days in a unit, for sums: what is not counted in working days is five sevenths of them.
_IN_DAYS = {Unit.HOURS: 1 / 24, Unit.WORKING_DAYS: 1, Unit.CALENDAR_DAYS: 5 / 7, Unit.MONTHS: 22}


def _past_total(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """The stage at which the windows, one after another, come past the document's own total."""
    total = _window(document, document.at(("total",)))
    if total is None:
        return
    ids = {stage.get("id"): n for n, stage in enumerate(stages)}
    here = ids.get(document.at(("opens_at",)), 0 if stages else None)
    spent, seen = 0.0, set[int]()
    began: dict[int, float] = {}
    while here is not None and here not in seen:
        seen.add(here)
        spent = _ended(document, stages[here], spent, began)
        if spent > total.n * _IN_DAYS[total.unit]:
            name = document.name(("stages", here))
            text = f"the stages up to {name} take {round(spent)} working days, and `total` is {total}: shorten one"
            yield document.problem(("stages", here, "respond_within"), text)
            return
        here = ids.get(stages[here].get("next"))


def _ended(document: Document, stage: dict[str, Any], spent: float, began: dict[int, float]) -> float:
    """The working day on which the stage ends at the latest, after `spent` of them; `began`: shared ceilings so far."""
    window = _window(document, stage.get("respond_within"))
    tiers = document.at(("intake", "tiers"))
    if stage.get("respond_within") == "requested" and isinstance(tiers, list):
        windows = [_window(document, tier.get("window")) for tier in tiers if isinstance(tier, dict)]
        window = max((w for w in windows if w), key=lambda w: w.n * _IN_DAYS[w.unit], default=None)
    ends = [spent + window.n * _IN_DAYS[window.unit] if window else spent]
    own, used = (_window(document, value) for value in (stage.get("ceiling"), document.at(("used_at_opening",))))
    ends += [max(spent, own.n - (used.n if used else 0))] if own else []
    groups = document.at(("ceilings",))
    for n, group in enumerate(groups if isinstance(groups, list) else ()):
        within = _window(document, group.get("within")) if isinstance(group, dict) else None
        if within and stage.get("id") in (group.get("stages") or ()):
            ends.append(max(spent, began.setdefault(n, spent) + within.n * _IN_DAYS[within.unit]))
    return min(ends)


def _vague(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """Times that a document leaves open, and the number that the file gives them: said aloud, and called local."""
    for n, stage in enumerate(stages):
        path, said = ("stages", n, "respond_within"), str(stage.get("respond_within") or "")
        window, name = _window(document, said), document.name(("stages", n))
        if is_at_once(said) and window is not None and stage.get("source") != "local":
            text = f"{name}: {window} for `{said}` is nobody's but yours: add `source: local`, so that letters say so"
            yield document.problem(path, text)
        elif is_at_once(said) and window is not None:
            text = f"{name}: `{said}` is counted as {window}; see that the partnership agrees"
            yield document.problem(path, text, is_warning=True)
        elif is_span(said):
            text = f"{name}: of `{said}` the longer end counts, {window}; `chase` reminds sooner"
            yield document.problem(path, text, is_warning=True)


def _ceilings(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """Ceilings count from the opening, so each must be later than the one before it."""
    highest: tuple[int, str] | None = None
    for n, stage in enumerate(stages):
        limit = _window(document, stage.get("ceiling"))
        if limit is None:
            continue
        name = document.name(("stages", n))
        if highest is not None and limit.n <= highest[0]:
            text = (
                f"{name} ends by working day {limit.n}, not after {highest[1]} ({highest[0]}): ceilings must increase"
            )
            yield document.problem(("stages", n, "ceiling"), text)
        else:
            highest = (limit.n, name)
    yield from _shared(document, stages)


def _shared(document: Document, stages: list[dict[str, Any]]) -> Iterator[Problem]:
    """A stage's own ceiling is not later than the one it shares; a stage shares one at most."""
    seen: dict[str, int] = {}
    for n, group in enumerate(blocks(document.at(("ceilings",)))):
        within, named = _window(document, group.get("within")), group.get("stages")
        for one in named if isinstance(named, list) else ():
            if one in seen and isinstance(one, str):
                text = (
                    f"{one} shares two ceilings, the first on line {document.line(('ceilings', seen[one]))}: keep one"
                )
                yield document.problem(("ceilings", n), text)
            seen[str(one)] = n
        for at, stage in enumerate(stages):
            own = _window(document, stage.get("ceiling"))
            is_member = isinstance(named, list) and stage.get("id") in named
            if is_member and own and within and own.unit is within.unit and own.n > within.n:
                text = f"{document.name(('stages', at))} ends by {own}, after the {within} it shares: shorten it"
                yield document.problem(("stages", at, "ceiling"), text)
