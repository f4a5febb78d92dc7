"""Who ends a case: who owes the outcome in writing, who is asked later for each side, and whom the decider appoints.

What the partnership has ended the challenged agency confirms, not the partnership. It closes nothing.
"""

from dataclasses import replace

from bot.case.making.draft import Draft
from bot.model import Contact, EventKind, Flag, Mail, Question, QuestionKind, Side
from bot.model.letters import Information, person
from bot.model.letters import Question as Ask
from bot.rules import named
from bot.rules.directory import Row


def owes_outcome(d: Draft) -> tuple[tuple[Contact, ...], tuple[Contact, ...]]:
    """Who writes the outcome, and who is copied: what the partnership has ended the challenged agency confirms."""
    case, policy = d.case, d.rules.policy
    if d.stage.level != "partnership":
        return d.responders, ()
    agency_stages = [r.stage for r in case.runs if policy.stage(r.stage).level == "agency"]
    last = agency_stages[-1] if agency_stages else ""
    found = tuple(c for stage, side, c in case.people if stage == last and side == Side.RESPONDING)
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
    sides = [(Side.RAISING, d.case.raiser)]
    if owing is not None and owing.email != d.case.raiser.email:
        sides.append((Side.RESPONDING, owing))
    return tuple(sides)


def lead_of(d: Draft, who: Contact) -> tuple[Contact, ...]:
    """Who stands over somebody: of a party the next stage's contacts of that side, else their manager."""
    case, after = d.case, d.following
    side = Side.RAISING if who.agency == case.raiser.agency else Side.RESPONDING
    is_party = bool(who.agency) and who.agency in (case.raiser.agency, case.responder_agency)
    found = d.cast.acting(after, side) if after and is_party else ()
    own = tuple(c for c in found if c.agency == who.agency and c.email != who.email)
    manager = d.manager_of(who)
    return own or ((manager,) if manager else ())


# APPOINT: the decider names who decides in their place, and from then on that person's DECIDED counts too. Only
# somebody whom the directory knows can be appointed by mail, by name or address: of anybody else no word could be
# proven. Somebody of either side's agency decides only once the decider has said that they are impartial. What was said
# is kept in the journal all the same, and the one who said it is told.


def appointed(d: Draft, note: str, by: Contact, mail: Mail) -> None:
    """The named person may decide at this stage, or the decider is asked about them."""
    found = known(d, note)
    if found is None:
        _ask_whom(d, note, by, mail)
    elif found.agency and found.agency in (d.case.raiser.agency, d.case.responder_agency):
        _ask_impartial(d, found, by, mail)
    else:
        appoint(d, found, by, mail)


def appoint(d: Draft, found: Contact, by: Contact, mail: Mail) -> None:
    """They may decide at this stage, and both sides are told."""
    d.event(EventKind.APPOINTED, by=by.email, note=found.email)
    d.joined(Side.DECIDER, found)
    values = Information.Appointed(who=person(found), decider=person(by))
    d.write(replace(values, mine=True), [found], mail=mail, human=by)
    told = [c for c in (d.case.raiser, *d.responders, by) if c.email != found.email]
    d.write(values, told, mail=mail, human=by)


def _ask_whom(d: Draft, note: str, by: Contact, mail: Mail) -> None:
    """Nobody of that name is known, or more than one: who may be meant is offered."""
    d.event(EventKind.APPOINTED, by=by.email, note="not in the directory")
    d.flag(Flag.APPOINTED_IS_UNKNOWN)
    rows = _rows(d)
    offered = named.named(note, rows) or named.near(note, rows)
    choices = [(f"APPOINT {row.email}", ", ".join(filter(None, (row.name, row.agency)))) for row in offered]
    anybody = ("APPOINT name@agency.example", "with the name or address of somebody who stands in the directory")
    d.write(Ask.Meaning(choices=tuple(choices) or (anybody,)), [by], mail=mail, human=by)


def _ask_impartial(d: Draft, found: Contact, by: Contact, mail: Mail) -> None:
    """They decide nothing yet, and read so. Where the business unit named them, the decider themselves is asked."""
    d.event(EventKind.ATTACHED, by=by.email, note=f"APPOINT {found.email}: of a party, asked about")
    d.flag(Flag.APPOINTED_IS_A_PARTY)
    is_unit = any(d.rules.directory.same_person(by.email, one.email) for one in d.unit)
    asked = next(iter(d.cast.deciders(d.stage)), by) if is_unit else by
    side = Side.RAISING if found.agency == d.case.raiser.agency else Side.RESPONDING
    letter = d.write(Ask.Impartial(who=person(found), side=side), [asked], mail=mail, human=found)
    if letter:
        d.ask(Question(letter.key, QuestionKind.IMPARTIAL, asked.email, mail.digest, whose=found.email))
    d.write(Information.Appointed(who=person(found), decider=person(by), asked=True), [found], mail=mail, human=asked)


def known(d: Draft, note: str) -> Contact | None:
    """Whom the directory knows by the name or address in these words; None for nobody, or for more than one."""
    found = named.named(note, _rows(d))
    return d.rules.directory.person(found[0].email) if len(found) == 1 else None


def _rows(d: Draft) -> list[Row]:
    return [r for r in d.rules.directory.rows if r.area == d.case.area and r.is_valid(d.now.date())]
