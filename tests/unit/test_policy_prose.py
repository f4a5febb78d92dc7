"""A policy read back: what it says in plain English, its worked example of dates, its picture, the first file."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.cli.shown.picture import mermaid
from bot.model import State
from bot.rules.policy.blocks import Clauses
from bot.rules.policy.file import load
from bot.rules.policy.prose import condition, ending, opening, stage_lines, worked
from bot.rules.workdays import calendar
from tests.operator import command, done, drop, folder, rows
from tests.property.test_policy_courses import POLICIES
from tests.unit.case_samples import fired, mail, opened, rules, served
from tests.unit.test_policy import GOOD

STARTS = [datetime(2027, 1, 11, 9, tzinfo=UTC), datetime(2026, 12, 18, 14, 20, tzinfo=UTC),
          datetime(2027, 3, 27, 18, tzinfo=UTC), datetime(2027, 4, 30, 22, tzinfo=UTC)]  # fmt: skip


@pytest.mark.parametrize("start", STARTS, ids=lambda at: f"{at:%d%b%H%M}")
@pytest.mark.parametrize("policy", POLICIES)
def test_the_worked_example_is_what_happens(policy: str, start: datetime) -> None:
    """The dates shown are those of a real case that nobody answers: over holidays, a weekend and a change of clocks."""
    inbox, raiser, responder, title = POLICIES[policy]
    book = rules(policy)
    case = served(opened(mail(raiser, "We disagree.", at=start, title=title, to=(responder,)), book, inbox), book)
    happened = [(case.stage, case.due)]
    while case.state is State.AWAITING_RESPONSE and not case.tellings:
        case = served(fired(case, "lapse", book), book)
        if not case.tellings:
            happened.append((case.stage, case.due))
    assert [(one.stage.id, one.due.at) for one in worked(book.policy, start, book.calendar)] == happened


def test_a_window_of_words_is_told_and_dated() -> None:
    """Clocks, skips, shared ceilings, tracks and exclusions are sentences too."""
    text = GOOD + (
        "    clocks: [{id: meet, says: meet, side: responding, window: 2 working days, then: iro, source: local}]\n"
        "    notify: [{role: iro, when: lapse, first: true, condition: {sector: school, urgent: true}}]\n"
        "ceilings: [{stages: [one, two], within: 20 working days}]\n"
        "exclusions: [{what: Complaints, where: the complaints procedure}]\n"
        "executive_lead: director\ntracks: [{flag: child_protection, window: 24 hours, stages: [two]}]\n"
    )
    skip = "skip_to: {to: two, condition: {same_person: true}}\n    next: two"
    policy, problems = load(text.replace("next: two", skip), "sample.yaml")
    assert policy is not None, problems
    said = "\n".join((*opening(policy), *(line for s in policy.stages for line in stage_lines(policy, s))))
    for words in (
        "A case marked child protection has 24 hours at Step 2: Leads.",
        "Together these take no longer than 20 working days: Step 1: Line Managers, Step 2: Leads.",
        "Not for: Complaints (the complaints procedure).",
        "Passed over, if whoever would answer has answered before: the case goes to Step 2: Leads instead.",
        "Within 2 working days of its beginning, a local target, the challenged side is to meet; else it is reminded",
        "The IRO is told when its time has passed, if a party is of school and it is urgent, before anybody else hears",
        "It ends at the latest 7 working days after the challenge was received, less the 2 working days used",
        "answers within 6 working days, a local target.",
    ):
        assert words in said, said
    (clock,) = list(worked(policy, STARTS[0], calendar()))[1].clocks
    assert clock[0].id == "meet"


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("cheshire-east", "Both sides are told when the 5 working days of Pan-Cheshire"),
        ("cheshire-east", "The time of this policy counts all the same."),
        ("cheshire-east", "A minimal record of each case is filed when it closes."),
        ("pan-cheshire", "The register holds a case once it has come to Step 3: Delegated Safeguarding Partners."),
        ("pan-cheshire", "Both sides are asked to write down their view within 3 working days."),
        ("pan-cheshire", "Where the same person would act again in school or college: SCiE team."),
        ("pan-cheshire", "The outcome in writing must also say: any outstanding issues."),
        ("sandwell", "The director for quality and review is told when the stage begins"),
        ("sandwell", "the child has a plan or is looked after, what the problem is, what would settle"),
        ("sandwell", "Reminders beside the usual ones: 1 working day after opening."),
        ("sandwell", "of the business unit within 1 month of the meeting, where it was decided at Stage 4: SCSP Chair"),
        ("sandwell", "asked whether it is on the child's own record, and once more after 5 working days."),
        ("sandwell", "Whoever is to answer is asked to consider a meeting of the relevant professionals."),
        (
            "sandwell",
            "Business manager is asked to convene a meeting of both sides, for the Chair to decide. The business",
        ),
        (
            "sandwell",
            "Both sides are asked when it opens and at each further stage to enter it on the child's own record.",
        ),
        (
            "cumberland",
            "Its letter says that a Designated or Named Practitioner may be brought in (designated safeguard",
        ),
        ("salford", "Asked of both sides: consider a debrief"),
        ("cumberland", "A subject that names Stage Three or Stage 3 opens a case here, and so does a mail to"),
    ],
)
def test_everything_that_the_shipped_policies_say_is_read_back(policy: str, words: str) -> None:
    """What is asked at the end, filed, and taken from another policy too."""
    said = rules(policy).policy
    lines = (*opening(said), *(line for s in said.stages for line in stage_lines(said, s)), *ending(said))
    assert words in "\n".join(lines), "\n".join(lines)


@pytest.mark.parametrize(
    ("clauses", "words"),
    [
        ({}, ""),
        ({"holder": "is_party"}, ", if the agency that holds the role is a party"),
        ({"agency": ["A", "B"], "side": "raising"}, ", if the raiser's agency is A or B"),
        ({"child": "looked_after", "area": "SW"}, ", if the child is marked looked after and the area is SW"),
        ({"raiser": "iro", "urgent": False}, ", if the raiser is IRO and it is not urgent"),
    ],
)
def test_conditions_are_words(clauses: dict[str, object], words: str) -> None:
    """Every clause is said."""
    assert condition(Clauses.model_validate(clauses)) == words


def test_each_list_of_a_calendar_is_said() -> None:
    """Bank holidays that a policy adds stand with the others, closure days apart, under their earlier name too."""
    days = "bank_holidays: [2046-01-02], closures: [2027-12-29], add: [2027-12-30], remove: [2027-12-28]"
    policy, _ = load(f"{GOOD}\ncalendar: {{holidays: northern-ireland, {days}}}\n", "sample.yaml")
    assert policy is not None
    assert (
        "less the bank holidays of Northern Ireland, 2046-01-02, and nobody works on 2027-12-29, 2027-12-30; "
        "2027-12-28 are worked." in "\n".join(opening(policy))
    )


def test_the_picture_has_every_stage_and_no_sign_of_its_own() -> None:
    """Names are shown as they are, whatever signs they hold."""
    policy, _ = load(GOOD.replace("Step 2: Leads", 'Step 2; "Leads" <b>|'), "sample.yaml")
    assert policy is None  # a quotation mark ends the YAML text
    policy, _ = load(GOOD.replace('"Step 2: Leads"', "'Step 2; \"Leads\" <b>|'"), "sample.yaml")
    assert policy is not None
    picture = mermaid(policy)
    assert 's2["Step 2#59; #quot;Leads#quot; #lt;b#gt;#124;<br/>6 working days"]' in picture
    assert "s1 -->|unanswered or unresolved| s2" in picture
    assert all(re.fullmatch(r"flowchart TD|    \S.*", line) for line in picture.split("\n"))


# --- the commands -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return folder(tmp_path_factory.mktemp("policy"))


def test_a_policy_is_read_back(sample: Path) -> None:
    """In sentences, as data, as a picture; a day and a minute may be named."""
    said = done(sample, "policy", "show", "pan-cheshire", "--date", "2027-04-12")
    assert "Step 1: Line Manager to Line Manager: due Monday 19 April 2027, 5pm" in said
    assert "Step 3: Delegated Safeguarding Partners: due" in said
    row = rows(sample, "policy", "show", "cumberland", "--date", "2027-01-20T12:00")[4]
    assert (row["clocks"][0]["id"], row["clocks"][0]["side"]) == ("to-the-chair", "raising")
    assert rows(sample, "policy", "show", "cumberland")[0]["due"] is None  # a plain subject begins later
    assert done(sample, "policy", "show", "sandwell", "--mermaid").startswith("flowchart TD")
    wrong = command(sample, "policy", "show", "sandwell", "--date", "tomorrow")
    assert (wrong.returncode, "write a day such as 2027-04-12" in wrong.stderr) == (2, True)


def test_a_first_file_passes_and_is_never_written_over(sample: Path) -> None:
    """It has no fault, reads back, and its fictional numbers are reminded of."""
    path = sample / "config/policies/my-partnership.yaml"
    assert "policy show my-partnership" in done(sample, "policy", "new", "my-partnership")
    checked = command(sample, "check")
    assert (checked.returncode, checked.stderr.count("my-partnership.yaml")) == (0, 2)
    assert "Stage 3: The Partnership: due" in done(sample, "policy", "show", "my-partnership", "--date", "2027-01-11")
    path.write_text("mine", "utf-8")
    again = command(sample, "policy", "new", "my-partnership")
    assert (again.returncode, path.read_text("utf-8")) == (1, "mine")
    assert command(sample, "policy", "new", "My Partnership").returncode == 2
    assert command(sample, "policy", "show", "my-partnership").returncode == 2
    path.unlink()


def test_what_the_first_file_offers_is_taken(tmp_path: Path) -> None:
    """Every line that stands there as a comment can be used as it is."""
    home = folder(tmp_path)
    done(home, "policy", "new", "mine", "--out", home / "mine.yaml")
    text = (home / "mine.yaml").read_text("utf-8")
    used = re.sub(r"(?m)^( *)# (?=( *- \{|[a-z_]+: ?[\[\w{]| *[a-z_]+:(\s|$)))", r"\1", text)
    assert used != text
    policy, problems = load(used, "mine.yaml")
    assert policy is not None, problems
    assert (policy.tracks, policy.exclusions, policy.stages[0].clocks, policy.stages[0].skip_to) > ((), (), (), ())


def test_open_cases_on_an_older_text_are_named_and_safe(tmp_path: Path) -> None:
    """How many, which, and that they go on as they began; none are mentioned while the file is the same."""
    home = folder(tmp_path)
    drop(home)
    done(home, "once")
    assert "open case" not in done(home, "check")
    parent = home / "config/policies/pan-cheshire.yaml"
    parent.write_text(
        parent.read_text("utf-8").replace("respond_within: 6 working days", "respond_within: 7 working days")
    )
    said = done(home, "check")
    ref = rows(home, "cases")[0]["ref"]
    assert (
        "1 open case stands on cheshire-east as it was when they opened, version 2026-01 (the file has changed" in said
    )
    assert ref in said
    assert "That is safe" in said
    own = home / "config/policies/cheshire-east.yaml"
    own.write_text(own.read_text("utf-8").replace('version: "2026-01"', 'version: "2027-02"'))
    assert "the file says 2027-02" in json.dumps(rows(home, "check"))
