"""Who speaks for each side at the end of a case: who owes the outcome in writing, and who is asked later.

What the partnership has ended the challenged agency confirms, not the partnership. It writes no letter.
"""

from bot.case.making.draft import Draft
from bot.model import Contact, EventKind, Flag, Mail
from bot.model.letters import Information, Question, person


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


def answered_by(d: Draft) -> Contact | None:
    """Who gave the answer that the running stage ended with, as the case or the directory knows them."""
    email = d.case.runs[-1].answered_by
    known = next((c for _, _, c in d.case.people if c.email == email), None)
    return known or d.rules.directory.person(email)


def both_sides(d: Draft) -> tuple[tuple[str, Contact], ...]:
    """(side, who is asked) after the end: the raiser, and who owed the outcome; one person only once."""
    owing = next(iter(owes_outcome(d)[0]), None) or d.first_responder
    sides = [("raising", d.case.raiser)]
    if owing is not None and owing.email != d.case.raiser.email:
        sides.append(("responding", owing))
    return tuple(sides)


# APPOINT: the decider names who decides in their place, and from then on that person's DECIDED: counts too. Only
# somebody whom the directory knows can be appointed by mail, by name or address: of anybody else no word could be
# proven. What was said is kept in the journal all the same, and the one who said it is told.

SIDE = "decider"


def appointed(d: Draft, note: str, by: Contact, mail: Mail) -> None:
    """The named person may decide at this stage, and both are told."""
    found = known(d, note)
    d.event(EventKind.APPOINTED, by=by.email, note=found.email if found else "not in the directory")
    if found is None:
        d.flag(Flag.APPOINTED_IS_UNKNOWN)
        choice = ("APPOINT name@agency.example", "with the name or address of somebody who stands in the directory")
        d.write(Question.Meaning(choices=(choice,)), [by], mail=mail, human=by)
        return
    d.joined(SIDE, found)
    values = Information.Appointed(who=person(found), decider=person(by))
    d.write(values, [found], mail=mail, human=by)
    told = [c for c in (d.case.raiser, *d.responders, by) if c.email != found.email]
    d.write(values, told, mail=mail, human=by)


def known(d: Draft, note: str) -> Contact | None:
    """Whom the directory knows by the name or address in these words; None for nobody, or for more than one."""
    words = " ".join(note.replace("<", " ").replace(">", " ").casefold().split())
    rows = [r for r in d.rules.directory.rows if r.area == d.case.area and r.is_valid(d.now.date())]
    named = {r.email for r in rows if any(a in words.split() for a in r.addresses) or _is_name(r.name, words)}
    return d.rules.directory.person(named.pop()) if len(named) == 1 else None


def _is_name(name: str, words: str) -> bool:
    return bool(name) and f" {' '.join(name.casefold().split())} " in f" {words.rstrip('.,;')} ".replace(",", " ")
