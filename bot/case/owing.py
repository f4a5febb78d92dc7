"""Who speaks for each side at the end of a case: who owes the outcome in writing, and who is asked later.

What the partnership has ended the challenged agency confirms, not the partnership. It writes no letter.
"""

from __future__ import annotations

from bot.case.draft import Draft
from bot.model import Contact


def owes_outcome(d: Draft) -> tuple[tuple[Contact, ...], tuple[Contact, ...]]:
    """Who writes the outcome, and who is copied: what the partnership has ended the challenged agency confirms."""
    case, policy = d.case, d.rules.policy
    if d.stage.level != "partnership":
        return d.responders, ()
    agency_stages = [r.stage for r in case.runs if policy.stage(r.stage).level == "agency"]
    last = agency_stages[-1] if agency_stages else ""
    found = tuple(c for stage, side, c in case.people if stage == last and side == "responding")
    if not found and case.responder_agency:
        held = d.holders(d.stage.raising_role, case.responder_agency, case.team)
        found = tuple(c for c in held if c.agency == case.responder_agency)
    return (found, d.responders) if found else (d.responders, ())


def both_sides(d: Draft) -> tuple[tuple[str, Contact], ...]:
    """(side, who is asked) after the end: the raiser, and who owed the outcome; one person only once."""
    owing = next(iter(owes_outcome(d)[0]), None) or d.first_responder
    sides = [("raising", d.case.raiser)]
    if owing is not None and owing.email != d.case.raiser.email:
        sides.append(("responding", owing))
    return tuple(sides)
