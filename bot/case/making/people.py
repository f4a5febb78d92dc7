"""Who acts at a stage: the holders of its role; where those would be who acted before, the policy's alternates.

A school's head may be line manager and lead in one: then the policy names somebody else for the lead's step, by the
agency's sector. Both sides are asked the same way. Nobody is left out for want of an alternate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from bot.model import Case, Contact, Flag, Side, Unproven
from bot.model.letters import person
from bot.model.letters.parts import Besides, MeetingLine, Person
from bot.rules.answering import coverage
from bot.rules.authority import sides
from bot.rules.book import Rules
from bot.rules.policy.blocks import Clauses
from bot.rules.policy.policy import Stage


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts for this case, as the directory stands on a day."""

    case: Case
    rules: Rules
    on: date

    def holders(self, roles: Iterable[str], agency: str, team: str) -> tuple[Contact, ...]:
        """The contacts of the first of these roles that anybody holds; the area's own at partnership level."""
        directory, area = self.rules.directory, self.case.area
        for role in roles:
            found = directory.holders(role, area, agency, team, self.on) if agency else ()
            found = found or directory.holders(role, area, "", "", self.on)
            if found:
                return found
        return ()

    def acting(self, stage: Stage, side: str) -> tuple[Contact, ...]:
        """The contacts of one side at `stage`; () where nobody holds the role."""
        agency, team = self._agency_and_team(side)
        if side == Side.RAISING and not agency:
            return ()
        held = self.holders(_roles(stage, side), agency, team)
        others = tuple(c for c in held if not self._acted(c, stage, side))
        if not stage.alternates or not agency or len(others) == len(held):
            return held
        return others or self._alternates(stage, held, agency, team) or held

    def deciders(self, stage: Stage) -> tuple[Contact, ...]:
        """Who may end the matter at `stage`; () where the policy gives that to nobody, or nobody holds the role."""
        challenged, raising = self._agency_and_team(Side.RESPONDING), self._agency_and_team(Side.RAISING)
        return coverage.deciders(stage, self.rules.directory, self.case.area, challenged, raising, self.on)

    def lacks_alternate(self, stage: Stage) -> bool:
        """Whether somebody acts twice for want of an alternate in the directory."""
        sides = (Side.RAISING, Side.RESPONDING) if stage.alternates else ()
        return any(self._acted(c, stage, side) for side in sides for c in self.acting(stage, side))

    def acts_again(self, stage: Stage) -> bool:
        """Whether everybody who would answer at this stage answered, or was to, before."""
        found = self.acting(stage, Side.RESPONDING)
        return bool(found) and all(self._acted(contact, stage, Side.RESPONDING) for contact in found)

    def _agency_and_team(self, side: str) -> tuple[str, str]:
        case = self.case
        return (case.raiser.agency, case.raiser.team) if side == Side.RAISING else (case.responder_agency, case.team)

    def _acted(self, contact: Contact, stage: Stage, side: str) -> bool:
        """Whether this is the person who acted for that side before, or whose role it was to."""
        earlier = self.rules.policy.before(stage.id)
        ids = {one.id for one in earlier}
        people = [c for at, where, c in self.case.people if at in ids and where == side]
        for one in earlier:
            roles = [role for role in _roles(one, side) if role != contact.role]
            people += [c for role in roles for c in self.holders((role,), *self._agency_and_team(side))]
        return any(self.rules.directory.same_person(contact.email, other.email) for other in people)

    def _alternates(self, stage: Stage, held: tuple[Contact, ...], agency: str, team: str) -> tuple[Contact, ...]:
        sectors = {c.sector for c in held if c.sector}
        found = next((a for a in stage.alternates if sectors & set(a.sector)), None)
        return self.holders(found.role, agency, team) if found else ()


def reader_of(cast: Cast, email: str, responder: Contact | None) -> Contact | None:
    """Who reads what this address writes about an open case: whoever raised it, or who is to answer. None for one who
    stands on neither side or on both, and where nobody has said yet whose the challenge is."""
    case = cast.case
    stand = sides(case, email, cast.rules)
    if not case.is_open or (Side.RAISING in stand) is (Side.RESPONDING in stand):
        return None
    if Side.RAISING in stand:
        return None if case.unproven else responder
    return None if case.unproven is Unproven.STRANGER or (case.unproven and case.has(Flag.BROUGHT_IN)) else case.raiser


def readers_of(
    cast: Cast, to: Sequence[Contact], cc: Sequence[Contact], responder: Contact | None
) -> tuple[Person, ...]:
    """Who reads what is written in reply to a letter; none where that is not so of every addressee."""
    named = [reader_of(cast, one.email, responder) for one in (*to, *cc)]
    return () if None in named[: len(to)] else tuple(dict.fromkeys(person(one) for one in named if one is not None))


def besides(cast: Cast, stage: Stage, responder: Contact | None) -> Besides:
    """What the policy asks of the stage beside its answer, as letters say it. Who answers convenes its meeting, unless
    the policy names another."""
    asked, consult, entry = stage.meeting, stage.consult, cast.rules.policy.follow_up.child_file
    case = cast.case
    teams = ((case.responder_agency, case.team), (case.raiser.agency, case.raiser.team))
    held = (c for agency, team in teams if consult and agency for c in cast.holders(consult.role, agency, team))
    line = None
    if asked is not None:
        keeper = next(iter(cast.holders(asked.record, case.responder_agency, case.team)), None)
        found = next(iter(cast.holders(asked.convener, case.responder_agency, case.team)), responder)
        line = MeetingLine(asked.who, asked.asked == "convene", person(found), person(keeper) if keeper else None)
    known = tuple(dict.fromkeys(person(c) for c in held if c.agency))
    return Besides(entry.at if entry else (), line, consult.who if consult else "", known)


def stood_in(case: Case, left: Stage) -> tuple[Contact, ...]:
    """Alternates of the stage just left: they are copied on the letter of the next."""
    roles = {role for alternate in left.alternates for role in alternate.role}
    return tuple(c for stage, _, c in case.people if stage == left.id and c.role in roles)


def to_ring(readers: Iterable[Contact], named: Iterable[Contact | None]) -> Contact | None:
    """Whom the readers of a letter may ring: the first of those named who is none of the readers; else the first."""
    own = {contact.email for contact in readers} | {""}
    known = [contact for contact in named if contact is not None]
    return next((contact for contact in known if contact.email not in own), next(iter(known), None))


def _roles(stage: Stage, side: str) -> tuple[str, ...]:
    return stage.raising_role if side == Side.RAISING else stage.responding_role


# Whether a condition of the policy holds for a case: agencies, sectors, the child's status, area, the raiser's role.
# Every clause that is given must hold, of a list one member. It asks the case and the directory and changes nothing.


def holds(cast: Cast, clauses: Clauses, role: str = "", stage: Stage | None = None) -> bool:
    """`role`: whose holder is meant by `holder`; `stage`: the one that somebody would answer again."""
    case = cast.case
    agencies = parties(cast, clauses.side)
    return (
        (not clauses.holder or any(_has_own(cast, role, agency) for agency in agencies))
        and (not clauses.agency or bool(set(clauses.agency) & set(agencies)))
        and (not clauses.sector or bool(set(clauses.sector) & _sectors(cast, agencies)))
        and (not clauses.child or any(map(case.has, clauses.child)))
        and (not clauses.area or case.area in clauses.area)
        and (not clauses.raiser or bool(set(clauses.raiser) & _raisers_roles(cast)))
        and (clauses.urgent is None or clauses.urgent == (case.urgent or case.has(Flag.URGENT)))
        and (not clauses.same_person or (stage is not None and cast.acts_again(stage)))
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
    sides: dict[str, tuple[str, ...]] = {
        Side.RAISING: (cast.case.raiser.agency,),
        Side.RESPONDING: (cast.case.responder_agency,),
    }
    both = (cast.case.responder_agency, cast.case.raiser.agency)
    return tuple(dict.fromkeys(agency for agency in sides.get(side, both) if agency))


def _has_own(cast: Cast, role: str, agency: str) -> bool:
    team = cast.case.team if agency == cast.case.responder_agency else cast.case.raiser.team
    found = cast.rules.directory.holders(role, cast.case.area, agency, team, cast.on)
    return any(contact.agency == agency for contact in found)


def _sectors(cast: Cast, agencies: tuple[str, ...]) -> set[str]:
    rows = cast.rules.directory.rows
    return {r.sector for r in rows if r.agency in agencies and r.area == cast.case.area and r.sector}


def _raisers_roles(cast: Cast) -> set[str]:
    raiser = cast.case.raiser
    return {raiser.role, *(c.role for c in cast.rules.directory.roles_of(raiser.email, cast.case.area))}
