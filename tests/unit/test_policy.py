"""Policy files: what a good one gives, and each fault named with its line and what to do."""

from __future__ import annotations

from datetime import date

import pytest

from bot.model import Unit, Window
from bot.model.errors import Problem
from bot.rules.directory_file import from_rows
from bot.rules.policy.file import load
from bot.rules.policy.policy import Policy

GOOD = """\
id: sample
title: A Policy
version: 2026.10
partnership: Sample Partnership
source: The document
review_by: 2028-01-31
used_at_opening: 2 working days
emergency:
  XX:
    front_door: {name: Front Door, phone: 01270505100, hours: {mon: "08:30-17:00"}}
    out_of_hours: {name: Duty Team, phone: 0300 123 5022}
roles:
  team leader: line_manager
intake:
  subjects: [Professional Challenge]
  tiers:
    - {window: 24 hours, needs: [rationale]}
    - window: 10 working days
  tier_when_missing: 24 hours
stages:
  - id: one
    name: "Step 1: Line Managers"
    raising_role: [practitioner, team leader]
    responding_role: line_manager
    respond_within: requested
    ceiling: 7 working days
    chase: [1 working day after opening]
    notify:
      - {role: iro, when: enter}
    next: two
  - id: two
    name: "Step 2: Leads"
    raising_role: designated_safeguarding_lead
    responding_role: designated_safeguarding_lead
    respond_within: 6 working days
    source: local
    ceiling: 13 working days
"""

# what is replaced, by what, the line that must be named (by a piece of it, or its number), and what must be said
FAULTS = [
    ("ceiling: 7", "ceilng: 7", "ceilng", "stages.one has an unknown key ceilng; did you mean ceiling?"),
    ("title: A", "titel: A", "titel", "unknown key titel; did you mean title?"),
    ("title: A Policy\n", "", 1, "the file has no title: add it"),
    ("phone: 0300", "fone: 0300", "fone", "emergency.XX.out_of_hours has an unknown key fone; did you mean"),
    ("needs: [", "need: [", "need:", "intake.tiers.1 has an unknown key need; did you mean needs?"),
    ("role: iro,", "rôle: iro,", "rôle", "stages.one.notify.1 has no role"),
    ("line_manager\n    resp", "line_manger\n    resp", "line_manger", "unknown role line_manger; did you mean"),
    ("role: iro", "role: irish officer", "irish", "unknown role irish officer"),
    ("team leader]", "team leeder]", "leeder", "unknown role team leeder; did you mean team leader?"),
    ("    responding_role: line_manager\n", "", "- id: one", "stages.one has no responding_role: name the role"),
    ("responding_role: line_manager", "responding_role: []", "[]", "stages.one.responding_role must not be empty"),
    ("responding_role: line_manager", "responding_role:", "responding_role:\n", "responding_role is empty"),
    ("    raising_role: designated_safeguarding_lead\n", "", "- id: two", "stages.two has no raising_role: name"),
    ("    respond_within: 6 working days\n", "", "- id: two", "stages.two has no respond_within: write it with"),
    ("within: 6 working days", "within: 6", "within: 6", 'stages.two.respond_within: "6" is not a window'),
    ("within: 6 working days", "within: 6 wekks", "6 wekks", '"6 wekks" is not a window: write a whole number'),
    ("within: 6 working days", "within: 0 working days", "within: 0 ", '"0 working days" leaves no time at all'),
    ("within: 6 working days", "within: immediately", "immediately", "say in hours what it means here"),
    ("responding_role: line_manager", "responding_role: Independent Chair", 24, "did you mean chair? Say which it is"),
    ("responding_role: line_manager", "responding_role: Panel", "Panel", "unknown role Panel. Say which it is under"),
    ("stages:\n", "stages: []\nx:\n", "stages: []", "stages must not be empty: list the steps of the policy"),
    ("title: A Policy", "title: A Policy\ntitles: [Chair]", "titles", "titles.1: Chair is a role already: leave it"),
    ("title: A Policy", "title: A Policy\nabout: adults", "about:", "not 'adults'; did you mean adult?"),
    ("within: 6 working days", "within:", "within:\n", "write a window with its unit"),
    ("source: local", "source:", "source:\n", "stages.two.source must be 'policy' or 'local', not None"),
    ("source: local", "source: locel", "locel", "not 'locel'; did you mean local?"),
    ("ceiling: 7 working", "ceiling: 7 calendar", "7 calendar", "a ceiling is counted in working days"),
    ("opening: 2 working days", "opening: 48 hours", "48 hours", "used_at_opening is counted in working days"),
    ("ceiling: 13", "ceiling: 7", 37, "two ends by working day 7, not after stages.one (7)"),
    ("ceiling: 13", "ceiling: 5", 37, "ceilings must increase"),
    ("next: two", "next: tow", "next: tow", "stages.one: next names no stage: tow; did you mean two?"),
    ("    next: two\n", "", "- id: two", "stages.two is never reached: name it as `next` of the stage before"),
    ("ceiling: 13 working days\n", "next: one\n", "next: one", "stages.one -> stages.two -> stages.one goes"),
    ("next: two", "next: one", "next: one", "stages.one -> stages.one goes round in a circle: leave out"),
    ("id: two", "id: one", 31, "two stages are called one: give each its own id"),
    ("missing: 24 hours", "missing: 48 hours", "48 hours", "not among the tiers (24 hours and 10 working days)"),
    ("missing: 24 hours", "missing: soon", "soon", '"soon" is not a window'),
    ("review_by: 2028-01-31", "review_by: 31/1/2028", "31/1/2028", "write a date such as 2027-01-31"),
    ("phone: 0300 123 5022", "phone: ''", "phone: ''", "emergency.XX.out_of_hours.phone: must not be empty"),
    ("08:30-17:00", "8.30am to 5pm", "8.30am", "write hours such as 08:30-17:00"),
    ("mon:", "monday:", "monday", "must be 'mon'"),
    ("after opening", "afterwards", "afterwards", "write `half way`, `<time> before` or `<time> after"),
    ("title: A Policy", "title: A Policy\nopens_at: tow", "opens_at", "opens_at names no stage: tow; did you mean"),
    ("when: enter", "when: entry", "entry", "notify.1.when must be 'enter', 'exit', 'lapse' or 'close'"),
    ("title: A Policy", "title: A\ntitle: B", "title: B", "title is given twice, first on line 2"),
    ("[Professional Challenge]", "[]", "subjects: []", "intake.subjects must not be empty"),
    ("stages:", "stages: none\nold:", "stages: none", "stages must be a list"),
    ("[Professional Challenge]", "[Professional", 16, "not readable as YAML"),
    ("title: A Policy", "title: 'A Policy", 2, "not readable as YAML"),
    ("title: A Policy", "\ttitle: A Policy", 2, "not readable as YAML: found character"),
    ("title: A Policy", "title: A: Policy", 2, "not readable as YAML: mapping values are not allowed"),
]  # fmt: skip


def named(text: str, where: str | int) -> int:
    """The number of the line that holds `where`."""
    return where if isinstance(where, int) else text[: text.index(where)].count("\n") + 1


def good(text: str = GOOD, today: date | None = None) -> Policy:
    policy, problems = load(text, "sample.yaml", today)
    assert policy is not None, problems
    return policy


def test_a_good_file_gives_the_policy_and_no_problem() -> None:
    """Nothing is said about a file with nothing wrong."""
    policy, problems = load(GOOD, "sample.yaml", date(2027, 1, 1))
    assert problems == ()
    assert policy is not None
    assert policy.course() == policy.stages


def test_a_stage_has_the_window_and_the_ceiling_that_its_file_gives() -> None:
    """Read from the file, a ceiling stands as it is written, and a window with whose time it is."""
    one, two = good().stages
    assert (one.respond_within, one.ceiling) == ("requested", Window(7, Unit.WORKING_DAYS))
    assert (two.respond_within, two.ceiling) == (Window(6, Unit.WORKING_DAYS, "local"), Window(13, Unit.WORKING_DAYS))


@pytest.mark.parametrize(("old", "new", "where", "said"), FAULTS)
def test_each_fault_is_named_with_its_line(old: str, new: str, where: str | int, said: str) -> None:
    """A broken file gives no policy, and the sentence stands at the line that is to be mended."""
    assert GOOD.count(old) >= 1
    text = GOOD.replace(old, new, 1)
    policy, problems = load(text, "sample.yaml")
    assert policy is None
    found = [p for p in problems if said in p.text]
    assert found, [str(p) for p in problems]
    assert named(text, where) in {p.line for p in found}, [str(p) for p in found]


def test_every_fault_is_found_at_once() -> None:
    """Five faults of different kinds in one file are five sentences, in order of line."""
    text = GOOD
    for old, new in (("id: sample", "idd: sample"), ("24 hours\nst", "2 days\nst"), ("role: iro", "role: x"),
                     ("next: two", "next: tow"), ("13 working", "6 working")):  # fmt: skip
        assert old in text
        text = text.replace(old, new, 1)
    _, problems = load(text, "sample.yaml")
    assert [p.line for p in problems] == sorted(p.line for p in problems)
    for said in ("unknown key idd", "not among the tiers", "unknown role x", "next names no stage", "must increase"):
        assert any(said in p.text for p in problems), said


def test_no_emergency_text_is_a_fault() -> None:
    """A policy without whom to ring is refused, and so is one whose block is empty."""
    start, end = GOOD.index("emergency:"), GOOD.index("roles:")
    for text in (GOOD[:start] + GOOD[end:], GOOD[:start] + "emergency: {}\n" + GOOD[end:]):
        policy, problems = load(text, "sample.yaml")
        assert policy is None
        assert any("emergency" in p.text for p in problems)


def test_a_requested_window_needs_tiers() -> None:
    """A stage that waits as long as the subject asks is refused where no subject may ask."""
    start, end = GOOD.index("  tiers:"), GOOD.index("stages:")
    policy, problems = load(GOOD[:start] + GOOD[end:], "sample.yaml")
    assert policy is None
    assert [p.text for p in problems] == [
        "stages.one waits as long as the subject asks, but intake gives no tiers: add them or give a window"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no settings"),
        ("- a\n- b\n", "holds no settings"),
        ("id: a\n---\nid: b\n", "not readable as YAML"),
        ("id: \x00\n", "not readable as YAML"),
        ("id: &x [*x]\n", "refers to itself"),
        ("- " * 3000, "nested too deeply"),
        ("a: " + "[" * 30000, "nested too deeply"),
        ("a: " + "{b: " * 3000, "nested too deeply"),
    ],
)
def test_what_is_no_policy_file_is_one_fault(text: str, said: str) -> None:
    """Text of another kind is refused in one sentence, without a traceback."""
    policy, problems = load(text, "sample.yaml")
    assert policy is None
    assert [said in p.text for p in problems] == [True], problems


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("2028-01-31", "2026-12-31", 6, "this policy was to be reviewed by 2026-12-31"),
        ("01270505100", "01632 960101", 10, "emergency.XX.front_door.phone is a number kept for fiction"),
        (
            "within: 6 working days",
            "within: 3-6 working days",
            35,
            "of `3-6 working days` the longer end counts, 6 working",
        ),
        ("source: The document\n", "", 1, "`source` names no document"),
    ],
)
def test_what_may_stand_but_deserves_a_look_is_a_warning(old: str, new: str, line: int, said: str) -> None:
    """A warning is said and the policy is used."""
    policy, problems = load(GOOD.replace(old, new, 1), "sample.yaml", date(2027, 1, 1))
    assert policy is not None
    (problem,) = problems
    assert problem.is_warning
    assert problem.line == line
    assert said in problem.text


def test_immediately_is_a_local_number_of_hours() -> None:
    """The file says how many in its own words for windows, calls it local, and is reminded that nobody else said so."""
    text = GOOD.replace("within: 6 working days", "within: immediately") + "unit_aliases: {immediately: 4 hours}\n"
    policy, problems = load(text, "sample.yaml")
    assert policy is not None
    assert policy.stage("two").respond_within == Window(4, Unit.HOURS, "local")
    assert [(p.is_warning, "`immediately` is counted as 4 hours" in p.text) for p in problems] == [(True, True)]
    policy, problems = load(text.replace("    source: local\n", ""), "sample.yaml")
    assert policy is None
    assert any("add `source: local`" in p.text for p in problems)


def test_a_role_of_the_policys_own_may_stand_wherever_a_role_may() -> None:
    """Written as the document writes it, or as a code; the directory's rows name it the same way."""
    text = GOOD.replace("intake:\n", "titles: [Conference Chair]\nintake:\n", 1)
    text = text.replace("responding_role: line_manager", "responding_role: [Conference Chair, conference_chair]")
    assert good(text).stage("one").responding_role == ("conference_chair", "conference_chair")
    row = {"area": "XX", "role": "conference chair", "email": "chair@council.example"}
    directory, problems = from_rows([row], titles=["Conference Chair"])
    assert (problems, len(directory.holders("conference_chair", "XX"))) == ((), 1)
    assert [p.text for p in from_rows([row])[1]] == ["unknown role conference_chair; did you mean chair?"]


@pytest.mark.parametrize(
    ("total", "more", "is_fault"),
    [
        ("16 working days", "", False),  # the longest tier of 10, and 6; the ceilings are 13 less 2 at the latest
        ("11 working days", "", False),
        ("10 working days", "", True),
        ("2 weeks", "", True),
        ("10 working days", "ceilings: [{stages: [one, two], within: 9 working days}]", False),
    ],
)
def test_stages_that_sum_past_the_total_are_a_fault(total: str, more: str, is_fault: bool) -> None:
    """Each window after the other, less what a ceiling cuts off, named at the stage that comes past it."""
    good = GOOD.replace("    ceiling: 13 working days\n", "") if more else GOOD
    policy, problems = load(f"{good}total: {total}\n{more}\n", "sample.yaml")
    assert (policy is None) is is_fault
    assert ["the stages up to stages.two take 11 working days" in p.text for p in problems] == [True] * is_fault
    assert all(p.line == named(GOOD, "within: 6") for p in problems)


def test_no_days_may_have_been_used_at_the_opening() -> None:
    """Nothing used is no stage without time."""
    assert good(GOOD.replace("opening: 2 working days", "opening: 0 working days")).used_at_opening == Window(
        0, Unit.WORKING_DAYS
    )


def test_a_policy_about_adults_asks_nothing_that_only_a_child_has() -> None:
    """Whether a child has a plan is no question for an adults board; a joint one may ask it."""
    for about, faults in (("adult", 1), ("child_or_adult", 0)):
        text = GOOD.replace("intake:\n", f"about: {about}\nintake:\n  asks: child_status\n")
        assert len(load(text, "sample.yaml")[1]) == faults


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("{source: local}", "conduct has no text: say in whole sentences whom to tell of how a person acts"),
        ("{text: Ring them., contacts: {XX: {name: Jo Bell}}}", "Jo Bell has neither phone nor email"),
        ("{text: Ring them., contacts: {XY: {name: Jo, phone: '1'}}}", "names no area of this policy: XY"),
        (
            "{text: Ring them., contacts: {XX: {name: Jo, phone: 01632 960101}}}",
            "conduct.contacts.XX.phone is a number kept",
        ),
        ("{text: Ring them., sorce: local}", "did you mean source?"),
    ],
)
def test_where_words_about_a_person_belong_is_checked(block: str, said: str) -> None:
    """A sentence is there, and whoever is named can be reached in an area of the policy."""
    _, problems = load(f"{GOOD}conduct: {block}\n", "sample.yaml")
    assert [p for p in problems if said in p.text], [str(p) for p in problems]


def test_the_day_of_review_itself_is_no_warning() -> None:
    """A policy is overdue from the day after its review date."""
    assert load(GOOD, "f", date(2028, 1, 31))[1] == ()
    assert len(load(GOOD, "f", date(2028, 2, 1))[1]) == 1


def test_text_stays_as_it_was_written() -> None:
    """A telephone number keeps its leading zero and a version its last one."""
    policy = good()
    assert policy.version == "2026.10"
    assert policy.emergency["XX"].front_door.phone == "01270505100"


def test_a_documents_own_title_maps_to_our_role() -> None:
    """Stages may use the titles that the policy's `roles` block maps."""
    assert good().stage("one").raising_role == ("practitioner", "line_manager")


def test_a_window_carries_where_it_comes_from() -> None:
    """A local window says so wherever it goes."""
    assert good().stage("two").respond_within == Window(6, Unit.WORKING_DAYS, "local")


def test_a_plain_subject_opens_the_first_stage_or_the_named_one() -> None:
    """`opens_at` moves the beginning; the stages before it are still there."""
    policy = good(GOOD.replace("title: A", "opens_at: two\ntitle: A"))
    assert policy.first.id == "two"
    assert [s.id for s in policy.course()] == ["two"]
    assert policy.after("one") == policy.stage("two")
    assert policy.after("two") is None


def test_a_stage_may_be_reached_by_a_subject_alone() -> None:
    """A stage that no other leads to stands where words of a subject, or a plain subject, open it."""
    alone = GOOD.replace("    next: two\n", "")
    assert good(alone.replace("- id: two", "- id: two\n    opens_on: [Step 2]")).stage("two").opens_on == ("Step 2",)
    assert good(alone.replace("title: A", "opens_at: two\ntitle: A")).first.id == "two"


def test_a_stage_that_is_not_there_is_an_error() -> None:
    """Asking for an unknown stage names it."""
    with pytest.raises(KeyError, match="no stage three"):
        good().stage("three")


def test_a_problem_names_file_and_line() -> None:
    """What an operator reads begins with the place to look at."""
    _, problems = load(GOOD.replace("next: two", "next: tow"), "config/policies/sample.yaml")
    assert str(problems[0]).startswith("config/policies/sample.yaml:")
    assert isinstance(problems[0], Problem)
