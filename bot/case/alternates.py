"""Who acts at a stage: the holders of its role; where those would be who acted before, the policy's alternates.

A school's head may be line manager and lead in one: then the policy names somebody else for the lead's step, by the
agency's sector. Both sides are asked the same way. Nobody is left out for want of an alternate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.model import Contact
from bot.rules.policy import Stage

if TYPE_CHECKING:
    from bot.case.draft import Draft

MISSING = "alternate_missing"


def acting(d: Draft, stage: Stage, side: str) -> tuple[Contact, ...]:
    """The contacts of one side ("raising", "responding") at `stage`; () where nobody holds the role."""
    case = d.case
    is_raising = side == "raising"
    roles = stage.raising_role if is_raising else stage.responding_role
    agency, team = (case.raiser.agency, case.raiser.team) if is_raising else (case.responder_agency, case.team)
    held = d.holders(roles, agency, team) if agency or not is_raising else ()
    if not stage.alternates or not agency:
        return held
    others = tuple(c for c in held if not _acted(d, c, stage, side, agency, team))
    if others or not held:
        return others
    return _alternates(d, stage, held, agency, team) or held


def note_missing(d: Draft, stage: Stage) -> None:
    """Flags the case where somebody acts twice for want of an alternate in the directory."""
    sides = (
        ("raising", d.case.raiser.agency, d.case.raiser.team),
        ("responding", d.case.responder_agency, d.case.team),
    )
    for side, agency, team in sides if stage.alternates else ():
        if any(_acted(d, c, stage, side, agency, team) for c in acting(d, stage, side)):
            d.flag(MISSING)


def stood_in(d: Draft, left: Stage) -> tuple[Contact, ...]:
    """Alternates of the stage just left: they are copied on the letter of the next."""
    roles = {role for alternate in left.alternates for role in alternate.role}
    return tuple(c for stage, _, c in d.case.people if stage == left.id and c.role in roles)


def _acted(d: Draft, contact: Contact, stage: Stage, side: str, agency: str, team: str) -> bool:
    """Whether this is the person who acted for that side before, or whose role it was to."""
    earlier = d.rules.policy.before(stage.id)
    ids = {s.id for s in earlier}
    people = [c for at, where, c in d.case.people if at in ids and where == side]
    for one in earlier:
        roles = one.raising_role if side == "raising" else one.responding_role
        people += [c for role in roles if role != contact.role for c in d.holders((role,), agency, team)]
    return any(d.rules.directory.same_person(contact.email, other.email) for other in people)


def _alternates(d: Draft, stage: Stage, held: tuple[Contact, ...], agency: str, team: str) -> tuple[Contact, ...]:
    sectors = {c.sector for c in held if c.sector}
    found = next((a for a in stage.alternates if sectors & set(a.sector)), None)
    if found is None:
        return ()
    return d.holders(found.role, agency, team)
