"""Who may say what: every command by every kind of person with every proof, held to a table written out here."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.model import Address, Case, Command, Contact, Mail, Proof, Question, QuestionKind, Served, State
from bot.rules.authority import WORDS, Side, Verdict, may, sides
from bot.rules.book import Rules
from bot.rules.directory_file import from_rows
from bot.rules.policy.file import load
from bot.rules.workdays import Calendar

POLICY = """\
id: p
title: P
version: "1"
partnership: P
source: P
executive_lead: director
emergency: {XX: {front_door: {name: F, phone: "1"}, out_of_hours: {name: N, phone: "2"}}}
intake: {subjects: [Challenge]}
stages:
  - {id: one, name: One, raising_role: [practitioner, line_manager], responding_role: line_manager,
     respond_within: 5 working days, next: two}
  - {id: two, name: Two, raising_role: designated_safeguarding_lead, responding_role: designated_safeguarding_lead,
     respond_within: 5 working days, next: three}
  - {id: three, name: Three, level: partnership, raising_role: designated_safeguarding_lead, decider: chair,
     responding_role: business_manager, respond_within: 5 working days}
"""


def row(role: str, who: str, place: str = "", **more: str) -> dict[str, str]:
    """`place`: agency or agency/team."""
    agency, _, team = place.partition("/")
    return {"area": "XX", "agency": agency, "team": team, "role": role, "email": f"{who}@x.example", **more}


DIRECTORY = from_rows(
    [
        row("practitioner", "raiser", "H/Ward", deputy_email="raiser.deputy@x.example", aliases="raiser2@x.example"),
        row("practitioner", "colleague", "H/Ward"),
        row("line_manager", "raiser.manager", "H/Ward", deputy_email="manager.deputy@x.example"),
        row("designated_safeguarding_lead", "raiser.lead", "H"),
        row("director", "raiser.director", "H"),
        row("line_manager", "manager", "C/Crewe", deputy_email="deputy@x.example", aliases="alias@x.example"),
        row("practitioner", "worker", "C/Crewe"),
        row("line_manager", "other.manager", "C/Nantwich"),
        row("designated_safeguarding_lead", "lead", "C"),
        row("director", "director", "C"),
        row("chair", "chair", deputy_email="chair.deputy@x.example"),
        row("business_unit", "unit"),
        row("business_manager", "business", deputy_email="business.deputy@x.example"),
        row("director", "elsewhere.director", "Z"),
        row("practitioner", "lone", "Y/Small"),
        row("line_manager", "areas.manager"),
    ]
)[0]


def rules() -> Rules:
    policy, problems = load(POLICY, "p.yaml")
    assert policy is not None, problems
    return Rules(policy, DIRECTORY, Calendar({}), Contact("bot@x.example"), Contact("operator@x.example"), str)


RULES = rules()


def contact(who: str) -> Contact:
    found = DIRECTORY.person(f"{who}@x.example")
    assert found is not None
    return found


def case_at(stage: str = "one", **more: object) -> Case:
    case = Case(
        number=1, ref="XX-2027-0001", policy="p", policy_version="1", area="XX", state=State.AWAITING_RESPONSE,
        stage=stage, opened=datetime(2027, 1, 12, 10, tzinfo=UTC), raiser=contact("raiser"), team="Crewe",
        responder_agency="C", inbox="crewe@x.example", served=(Served(contact("manager")),),
        people=(("one", "responding", contact("manager")), ("one", "copy", contact("colleague"))),
    )  # fmt: skip
    return replace(case, **more)  # type: ignore[arg-type]


def said(word: str, who: str, proof: Proof = Proof.PROVEN) -> Mail:
    now = datetime(2027, 1, 12, 11, tzinfo=UTC)
    return Mail("digest", now, sender=Address(f"{who}@x.example"), command=Command(word), proof=proof)


# --- who stands where -------------------------------------------------------------------------------------------------

STANDS = [
    ("one", "raiser", "raising"),
    ("one", "raiser2", "raising"),
    ("one", "RAISER", "raising"),
    ("one", "raiser.deputy", "raising"),
    ("one", "raiser.manager", "raising"),
    ("one", "manager.deputy", "raising"),
    ("one", "raiser.lead", "none"),
    ("two", "raiser.lead", "raising"),
    ("two", "raiser.manager", "raising"),
    ("one", "colleague", "none"),  # holds the raising role practitioner, and does not speak for another
    ("one", "raiser.director", "executive"),
    ("one", "manager", "responding"),
    ("one", "alias", "responding"),
    ("one", "deputy", "responding"),
    ("one", "worker", "responding"),  # listed for the challenged team
    ("one", "crewe", "responding"),  # the team's inbox
    ("two", "manager", "responding"),
    ("one", "other.manager", "none"),
    ("one", "lead", "none"),
    ("two", "lead", "responding"),
    ("one", "director", "executive"),
    ("one", "elsewhere.director", "none"),
    ("one", "chair", "none"),
    ("three", "chair", "decider"),
    ("three", "chair.deputy", "decider"),
    ("one", "unit", "unit"),
    ("one", "business.deputy", "unit"),
    ("three", "business", "responding unit"),
    ("one", "stranger", "none"),
    ("one", "operator", "none"),
    ("one", "bot", "none"),
]


@pytest.mark.parametrize(("stage", "who", "expected"), STANDS)
def test_each_person_stands_on_their_side_and_no_other(stage: str, who: str, expected: str) -> None:
    """Sides come from the case's people, the directory and the running stage."""
    assert sides(case_at(stage), f"{who}@x.example", RULES) == set(map(Side, expected.split()))


def test_nobody_stands_on_a_side_without_an_address() -> None:
    """A mail without a single From has no side."""
    assert sides(case_at(), "", RULES) == {Side.NONE}
    mail = replace(said("RESOLVED", "raiser"), sender=None)
    assert may(case_at(), mail, RULES) == Verdict(False, "not_your_word", Side.NONE)


def test_who_joined_the_running_stage_is_on_that_side() -> None:
    """Whom a stage brought in by another road than the directory's roles stands there, at that stage only."""
    people = (("two", "raising", contact("other.manager")), ("two", "copy", contact("colleague")))
    assert sides(case_at("two", people=people), "other.manager@x.example", RULES) == {Side.RAISING}
    assert sides(case_at("one", people=people), "other.manager@x.example", RULES) == {Side.NONE}
    assert sides(case_at("two", people=people), "colleague@x.example", RULES) == {Side.NONE}


def test_a_watched_inbox_of_the_team_responds() -> None:
    """Every inbox that is watched for the challenged team stands on its side, and no other team's."""
    watched = replace(RULES, inboxes=(("Crewe", "crewe2@x.example"), ("Nantwich", "nantwich@x.example")))
    assert sides(case_at(), "crewe2@x.example", watched) == {Side.RESPONDING}
    assert sides(case_at(), "nantwich@x.example", watched) == {Side.NONE}


def test_the_raisers_manager_is_of_their_own_agency() -> None:
    """Where the raiser's agency names no manager, an area's contact of that role does not become theirs."""
    case = case_at(raiser=contact("lone"))
    assert sides(case, "areas.manager@x.example", RULES) == {Side.NONE}


def test_an_unknown_team_makes_nobody_a_responder() -> None:
    """While team and agency are not known, people of the area do not answer for them."""
    case = case_at(team="", responder_agency="", served=(), people=())
    assert sides(case, "chair@x.example", RULES) == {Side.NONE}


def test_the_bots_own_inbox_has_no_side() -> None:
    """A case that came in by the bot's mailbox does not let the bot's own letters answer it."""
    case = case_at(inbox="bot@x.example")
    assert sides(case, "Bot@x.example", RULES) == {Side.NONE}


# --- the matrix -------------------------------------------------------------------------------------------------------

#: Sides that may say the word when proven, at a stage with a final decider.
RAISER, RESPONDER, UNIT, DECIDER = "raising", "responding", "unit", "decider"
MAY = {
    "RESOLVED": {RAISER}, "WITHDRAW": {RAISER}, "EXTEND": {RAISER}, "NOT URGENT": {RAISER}, "ANSWERED": {RAISER},
    "IT IS": {RAISER}, "IT IS NOT": {RAISER},
    "NOT RESOLVED": {RAISER}, "ESCALATE": {RAISER}, "URGENT": {RAISER}, "REOPEN": {RAISER},
    "SAME": {RAISER}, "DIFFERENT": {RAISER},
    "ACCEPT": {RESPONDER}, "DECLINE": {RESPONDER}, "NOT MINE": {RESPONDER}, "RECEIVED": {RESPONDER},
    "OUTCOME": {RESPONDER}, "PHONE": {RAISER, RESPONDER}, "MEETING": {RAISER, RESPONDER},
    "ON FILE": {RAISER, RESPONDER}, "UNDO": {RAISER, RESPONDER}, "STATUS": {RAISER, RESPONDER, UNIT, DECIDER},
    "WHY": {RAISER, RESPONDER, UNIT, DECIDER}, "CLOSE": {RAISER},
    "CHILD PROTECTION": {RAISER, RESPONDER, UNIT, DECIDER, "executive"}, "NOT CHILD PROTECTION": {"executive"},
    "CORRECT": {RAISER, RESPONDER, UNIT}, "YES": {RAISER, RESPONDER, UNIT, DECIDER},
    "SEND": {RAISER, RESPONDER},
    "NO": {RAISER, RESPONDER, UNIT, DECIDER}, "DECIDED": {DECIDER, UNIT}, "APPOINT": {DECIDER, UNIT},
    "HOLD": {UNIT}, "RELEASE": {UNIT}, "NOT OURS": {RESPONDER, UNIT}, "ADMIT": {UNIT}, "GO": {UNIT}, "LEAVE": {UNIT},
    "OPEN": {UNIT}, "HELP": {UNIT}, "REGISTER": {UNIT}, "REPORT": {UNIT}, "RECORD": {UNIT}, "SPOC": {UNIT},
    "NEW": {UNIT}, "NUDGE": {UNIT}, "LEARNING": {UNIT}, "THEME": {UNIT}, "IMPACT": {RAISER, UNIT},
}  # fmt: skip

#: Words that only add: they act without proof, though not against it.
ADDS = {
    "IT IS NOT", "DIFFERENT", "UNDO",
    "URGENT", "REOPEN", "DECLINE", "NOT MINE", "PHONE", "MEETING", "STATUS", "WHY",
    "CHILD PROTECTION", "RELEASE", "GO", "OPEN", "HELP", "LEARNING", "THEME", "IMPACT",
}  # fmt: skip

#: At stage three: one person on each side, and on none.
PEOPLE = {
    "raiser": {RAISER}, "raiser.manager": {RAISER}, "raiser.lead": {RAISER}, "manager": {RESPONDER},
    "crewe": {RESPONDER}, "business": {RESPONDER, UNIT}, "unit": {UNIT}, "chair": {DECIDER},
    "raiser.director": {"executive"}, "director": {"executive"}, "colleague": set(), "stranger": set(),
}  # fmt: skip


def test_the_table_knows_every_word_and_no_other() -> None:
    """A word added to the code must be added here, with who may say it."""
    assert set(WORDS) == set(MAY)
    assert set(MAY) >= ADDS


def expected(word: str, who: str, proof: Proof) -> str:
    if word not in MAY:
        return "unknown_word"
    if not MAY[word] & PEOPLE[who]:
        return "not_your_word"
    is_enough = proof is not Proof.FAILED if word in ADDS else proof is Proof.PROVEN
    return "allowed" if is_enough else "not_proven"


@pytest.mark.parametrize("word", [*MAY, "CLOSE", ""])
def test_every_word_of_everybody_with_every_proof(word: str) -> None:
    """Unknown words act for nobody, words of another side never, and words that relax only when proven."""
    for who in PEOPLE:
        for proof in Proof:
            verdict, why = may(case_at("three"), said(word, who, proof), RULES), expected(word, who, proof)
            assert (verdict.why, verdict.may) == (why, why == "allowed"), (word, who, proof)
            by = MAY[word] & PEOPLE[who] if why in ("allowed", "not_proven") else PEOPLE[who] or {"none"}
            assert verdict.side.value in by, (word, who, proof)


@pytest.mark.parametrize("word", ["DECIDED", "APPOINT"])
@pytest.mark.parametrize("who", ["chair", "unit"])
def test_a_decision_needs_a_stage_with_a_decider(word: str, who: str) -> None:
    """Nobody decides a case that has not come to the final decider, not even the business unit."""
    assert not may(case_at("one"), said(word, who), RULES).may
    assert may(case_at("three"), said(word, who), RULES).may


@pytest.mark.parametrize(
    ("decider", "who"),
    [
        ("director", "director"),
        ("{role: director, side: responding}", "director"),
        ("{role: director, side: raising}", "raiser.director"),
        ("chair", "chair"),
        ("{role: chair, side: responding}", None),
    ],
)
def test_a_decider_is_of_the_partnership_or_the_challenged_agency_or_of_the_side_named(
    decider: str, who: str | None
) -> None:
    """At a stage of two agencies one's own director decides, where the policy gives them that, and no other's."""
    asked = "responding_role: designated_safeguarding_lead,\n"
    policy, problems = load(POLICY.replace(asked, f"{asked}     decider: {decider},\n"), "p.yaml")
    assert policy is not None, problems
    known = replace(RULES, policy=policy)
    named = ("director", "raiser.director", "elsewhere.director", "chair")
    assert [one for one in named if Side.DECIDER in sides(case_at("two"), f"{one}@x.example", known)] == [who][
        : bool(who)
    ]


def test_a_mail_without_a_command_commands_nothing() -> None:
    """Ordinary words are not for this table."""
    mail = replace(said("RESOLVED", "raiser"), command=None)
    assert may(case_at(), mail, RULES) == Verdict(False, "unknown_word", Side.RAISING)


@pytest.mark.parametrize(
    ("word", "about", "may_say"),
    [
        ("ACCEPT", "transfer", True),
        ("DECLINE", "transfer", True),
        ("YES", "whose_answer", True),
        ("NO", "confirm_word", True),
        ("ACCEPT", "confirm_word", False),
        ("RESOLVED", "transfer", False),
        ("OUTCOME", "whose_answer", False),
    ],
)
def test_who_was_asked_may_answer_that_question(word: str, about: str, may_say: bool) -> None:
    """Another team's manager who is asked to take the case may say so, and nothing more."""
    case = case_at(questions=(Question("key", QuestionKind(about), "other.manager@x.example"),))
    assert may(case, said(word, "other.manager"), RULES).may is may_say
    assert not may(case, said(word, "lead"), RULES).may


def test_who_is_challenged_does_not_relax_the_challenge() -> None:
    """One who manages the raiser and answers the challenge cannot close it; they may still hasten it."""
    own = replace(contact("worker"), agency="C", team="Crewe")
    case = case_at(raiser=own)
    assert sides(case, "manager@x.example", RULES) == {Side.RAISING, Side.RESPONDING}
    assert may(case, said("RESOLVED", "manager"), RULES).why == "not_your_word"
    assert may(case, said("URGENT", "manager"), RULES).may
    assert may(case, said("RESOLVED", "worker"), RULES).may
