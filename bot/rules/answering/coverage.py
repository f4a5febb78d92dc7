"""Can every stage be answered? A policy held against the directory for one team: gaps, and what deserves a warning.

Design section 5: a stage of a watched team must resolve to at least one contact, from the stage that a plain subject
opens. It knows no mailbox and no clock; whoever asks says for which day.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from bot.model import Contact
from bot.model.errors import Problem
from bot.rules.directory import UNIT, Directory
from bot.rules.policy.policy import Policy, Stage

#: Who is written to at a stage of level partnership when its own responding role is nobody's: the manager, a person,
#: before the inbox.
_PARTNERSHIP = tuple(reversed(UNIT))


def gaps(
    policy: Policy, directory: Directory, area: str, team: str = "", on: date | None = None, file: str = "directory.csv"
) -> Iterator[Problem]:
    """What nobody can answer (faults), and roles that only get copies, or meet the same person twice (warnings).

    Without a team only the stages are asked whose responding role the area itself holds: which team is challenged is
    not known before a mail says so, and that a partnership can be reached at all does not depend on it.
    """
    agency = directory.agency_of_team(team, area) if team else ""
    before: tuple[Contact, ...] = ()
    for stage in policy.course():
        found = responders(stage, directory, area, agency, team, on)
        name = f"{policy.id}, stage {stage.id} ({stage.name})"
        if not found and (team or stage.level == "partnership"):
            yield Problem(file, 0, f"{name}: nobody is {_roles(stage)} for {_where(stage, area, agency)}; add a row")
        if _same(found, before, directory):
            text = f"{name}: is answered by the person who had the stage before; name somebody else for one of them"
            yield Problem(file, 0, text, is_warning=True)
        yield from _copies(stage, directory, area, agency, name, on, file)
        before = found


def printed(policy: Policy, directory: Directory, area: str, file: str = "directory.csv") -> Iterator[Problem]:
    """Contacts that the document prints for a role and the directory knows another address for: warnings."""
    for fact in policy.contacts_printed:
        held = directory.holders(fact.role, area) if fact.role and fact.email and fact.area in ("", area) else ()
        if held and not any(directory.same_person(fact.email, contact.email) for contact in held):
            text = (
                f"{policy.id} prints another address for {fact.role} in area {area} than the directory has"
                f" ({fact.source}: {fact.name}): letters go where the directory says; see that it is right"
            )
            yield Problem(file, 0, text, is_warning=True)


def responders(
    stage: Stage, directory: Directory, area: str, agency: str, team: str, on: date | None = None
) -> tuple[Contact, ...]:
    """Who must answer at this stage: the first of its roles that anybody holds, at partnership level else the unit."""
    if stage.level == "partnership":
        return directory.first_of((*stage.responding_role, *_PARTNERSHIP), area, on=on)
    return directory.first_of(stage.responding_role, area, agency, team, on)


def deciders(
    stage: Stage,
    directory: Directory,
    area: str,
    challenged: tuple[str, str],
    raising: tuple[str, str] = ("", ""),
    on: date | None = None,
    beside: Sequence[str] = (),
) -> tuple[Contact, ...]:
    """Who may end the matter at this stage, and holders of roles `beside` them. `challenged`, `raising`: agency, team.

    Of a side that the policy names its agency's own; else the partnership's or the challenged agency's, the
    partnership's first at a stage of its level.
    """
    decider = stage.decider
    if decider is None:
        return ()
    found: list[Contact] = []
    for role in dict.fromkeys((decider.role, *beside)):
        if decider.side:
            agency, team = raising if decider.side == "raising" else challenged
            held = directory.holders(role, area, agency, team, on)
            found += [contact for contact in held if agency and contact.agency == agency]
        else:
            own = directory.holders(role, area, on=on) if stage.level == "partnership" else ()
            found += own or directory.holders(role, area, *challenged, on)
    return tuple(found)


def _copies(
    stage: Stage, directory: Directory, area: str, agency: str, name: str, on: date | None, file: str
) -> Iterator[Problem]:
    """The decider, and every role that gets copies: only where its own agency must be a party, nobody may be right."""
    if stage.decider and not _can_decide(stage, directory, area, agency, on):
        where = _where(stage, area, agency)
        text = f"{name}: nobody is {stage.decider.role} for {where}, so nobody can decide; add a row"
        yield Problem(file, 0, text, is_warning=True)
    roles = [rule.role for rule in stage.notify if not rule.condition.holder]
    said = [stage.decider.role] if stage.decider else []
    roles = [role for role in (*roles, *stage.copies) if role not in said]
    for role in dict.fromkeys(roles):
        if not directory.holders(role, area, agency, on=on) and not _anywhere(directory, role, area, on):
            text = f"{name}: nobody is {role} in area {area}, so no copy goes there; add a row"
            yield Problem(file, 0, text, is_warning=True)


def _can_decide(stage: Stage, directory: Directory, area: str, agency: str, on: date | None) -> bool:
    """Whether anybody holds the decider's role; in some agency, where which one it is is not known before a mail."""
    is_known = bool(agency) and stage.decider is not None and stage.decider.side != "raising"
    held = deciders(stage, directory, area, (agency, ""), on=on)
    role = stage.decider.role if stage.decider else ""
    return bool(held) or (not is_known and _anywhere(directory, role, area, on))


def _anywhere(directory: Directory, role: str, area: str, on: date | None) -> bool:
    return any(row.role == role and row.area == area and row.is_valid(on) for row in directory.rows)


def _roles(stage: Stage) -> str:
    roles = dict.fromkeys((*stage.responding_role, *(_PARTNERSHIP if stage.level == "partnership" else ())))
    return " or ".join(roles)


def _where(stage: Stage, area: str, agency: str) -> str:
    return f"agency {agency}" if agency and stage.level == "agency" else f"area {area}"


def _same(one: Sequence[Contact], other: Sequence[Contact], directory: Directory) -> bool:
    """Whether everybody who answers now answered before."""
    return bool(one) and all(any(directory.same_person(c.email, o.email) for o in other) for c in one)
