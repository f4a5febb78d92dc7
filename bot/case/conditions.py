"""Whether a condition of the policy holds for a case: agencies, sectors, the child's status, area, the raiser's role.

Every clause that is given must hold, of a list one member. It asks the case and the directory and changes nothing.
"""

from __future__ import annotations

from bot.case.alternates import Cast
from bot.rules.policy import Stage
from bot.rules.policy_blocks import Clauses


def holds(cast: Cast, asked: Clauses, role: str = "", stage: Stage | None = None) -> bool:
    """`role`: whose holder is meant by `holder`; `stage`: the one that somebody would answer again."""
    case = cast.case
    agencies = parties(cast, asked.side)
    return (
        (not asked.holder or any(_has_own(cast, role, agency) for agency in agencies))
        and (not asked.agency or bool(set(asked.agency) & set(agencies)))
        and (not asked.sector or bool(set(asked.sector) & _sectors(cast, agencies)))
        and (not asked.child or bool(set(asked.child) & set(case.flags)))
        and (not asked.area or case.area in asked.area)
        and (not asked.raiser or bool(set(asked.raiser) & _roles(cast)))
        and (asked.urgent is None or asked.urgent == (case.urgent or "urgent" in case.flags))
        and (not asked.same_person or (stage is not None and cast.acts_again(stage)))
    )


def landing(cast: Cast, stage: Stage | None) -> tuple[Stage | None, tuple[Stage, ...]]:
    """Where a case that goes to `stage` lands, and the stages that the policy passes over on the way."""
    passed: list[Stage] = []
    while stage is not None and stage not in passed:
        here = stage
        skip = next((s for s in here.skip_to if holds(cast, s.condition, stage=here)), None)
        if skip is None:
            break
        passed.append(here)
        stage = cast.rules.policy.stage(skip.to)
    return stage, tuple(passed)


def parties(cast: Cast, side: str = "either") -> tuple[str, ...]:
    """The agencies of that side, the challenged one first."""
    sides = {"raising": (cast.case.raiser.agency,), "responding": (cast.case.responder_agency,)}
    both = (cast.case.responder_agency, cast.case.raiser.agency)
    return tuple(dict.fromkeys(agency for agency in sides.get(side, both) if agency))


def _has_own(cast: Cast, role: str, agency: str) -> bool:
    team = cast.case.team if agency == cast.case.responder_agency else cast.case.raiser.team
    found = cast.rules.directory.holders(role, cast.case.area, agency, team, cast.on)
    return any(contact.agency == agency for contact in found)


def _sectors(cast: Cast, agencies: tuple[str, ...]) -> set[str]:
    rows = cast.rules.directory.rows
    return {r.sector for r in rows if r.agency in agencies and r.area == cast.case.area and r.sector}


def _roles(cast: Cast) -> set[str]:
    raiser = cast.case.raiser
    return {raiser.role, *(c.role for c in cast.rules.directory.roles_of(raiser.email, cast.case.area))}
