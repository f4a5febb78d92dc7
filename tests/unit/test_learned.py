"""Themes and what changed: asked in the letters of the end, said by people, and counted as they said it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.case.table import Decision
from bot.mail.words.commands import command
from bot.model import Case, Letter, LetterKind, State, Word
from bot.model.letters import Answer, Record
from bot.records.report.periods import Quarter
from bot.records.report.source import Source
from bot.records.report.tables import tables
from bot.rules.policy.follow_up import IMPACTS, THEMES
from bot.rules.workdays import calendar
from tests.unit.case_samples import FAY, HELEN, MO, START, UNIT, arrived, letter, mail, opened, rules, served

L = LetterKind


def end() -> Decision:
    """Resolved at once, and the outcome written an hour later."""
    case = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + timedelta(hours=1))).case
    return arrived(case, mail(FAY, "OUTCOME: the plan is open again", at=START + timedelta(hours=2)))


def says(case: Case, who: str, text: str) -> Decision:
    return arrived(case, mail(who, text, at=START + timedelta(hours=3)))


def done(decision: Decision) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the answer says was done, and what not."""
    values = letter(decision, L.ANSWER).values
    assert isinstance(values, Answer.Done)
    return values.done, values.undone


def of(case: Case, task: str) -> list[tuple[str, str]]:
    return [(side, word) for t in case.tasks if t.id == task for side, word, _ in t.said]


def record(one: Letter) -> tuple[str, ...]:
    assert isinstance(one.values, Record.Minimal | Record.Full)
    return one.values.themes


def test_the_records_letter_asks_the_unit_what_it_was_about() -> None:
    """With the policy's list, once: where the unit has said it, and before the end, nobody is asked."""
    decision = end()
    assert record(letter(decision, L.RECORD)) == THEMES
    themed = says(decision.case, UNIT, "THEME: threshold").case
    assert record(letter(says(themed, UNIT, "RECORD"), L.RECORD)) == ()
    assert record(letter(says(served(opened()), UNIT, "RECORD"), L.RECORD)) == ()


def test_themes_are_kept_as_the_list_has_them_and_the_last_word_counts() -> None:
    """Several at once; that something is not of the list is said, and it is neither kept nor said again."""
    case = says(end().case, UNIT, "THEME: Drift or delay, weather; information sharing.")
    assert done(case) == (
        ("What it was about is kept with the case: drift or delay, information sharing",),
        (f"What else stood behind the word is no theme. Please write THEME and one or more of: {', '.join(THEMES)}.",),
    )
    again = says(case.case, UNIT, "theme: roles").case
    assert of(again, "theme") == [("unit", "roles")]
    assert of(says(again, HELEN, "REOPEN").case, "theme") == [("unit", "roles")]


def test_what_stands_behind_the_word_reaches_no_report() -> None:
    """A name that somebody wrote there stands in no letter, no task, no event and no figure."""
    for text in ("THEME: roles, Jamie Smith", "THEME: Jamie Smith", "IMPACT changed; Jamie Smith"):
        decision = says(end().case, UNIT, text)
        assert "Jamie" not in repr((decision.letters, decision.case, decision.events))


def test_a_theme_outlives_the_end_that_came_after_it() -> None:
    """Whatever the end: it was said that it is kept."""
    said = says(served(opened()), UNIT, "THEME: roles").case
    withdrawn = arrived(said, mail(HELEN, "WITHDRAW", at=START + timedelta(hours=4))).case
    assert (withdrawn.state, of(withdrawn, "theme")) == (State.CLOSED, [("unit", "roles")])


@pytest.mark.parametrize("text", ["THEME", "THEME: weather"])
def test_a_theme_that_is_none_changes_nothing(text: str) -> None:
    """Its writer hears the list."""
    decision = says(end().case, UNIT, text)
    assert of(decision.case, "theme") == []
    assert any("drift or delay" in str(one.values) for one in decision.letters)


def test_a_policy_may_have_a_list_of_its_own() -> None:
    """Words of its own, and no others."""
    own = rules()
    policy = own.policy.model_copy(
        update={"follow_up": own.policy.follow_up.model_copy(update={"themes": ("Transport",)})}
    )
    book = replace(own, policy=policy)
    decision = arrived(end().case, mail(UNIT, "THEME transport, roles", at=START + timedelta(hours=3)), book)
    assert of(decision.case, "theme") == [("unit", "Transport")]


@pytest.mark.parametrize(
    ("who", "text", "said"),
    [
        (HELEN, "IMPACT changed", [("raising", "changed")]),
        (MO, "impact: Partly.", [("raising", "partly")]),
        (UNIT, "IMPACT unchanged", [("unit", "unchanged")]),
        (FAY, "IMPACT changed", []),  # who was challenged does not say what it changed
        (HELEN, "IMPACT", []),
    ],
)
def test_what_changed_is_the_raising_sides_to_say(who: str, text: str, said: list[tuple[str, str]]) -> None:
    """Or the business unit's; whoever says it is answered."""
    decision = says(end().case, who, text)
    assert of(decision.case, "impact") == said
    assert decision.letters and decision.case.state is State.CLOSED


def test_before_the_end_nothing_has_changed() -> None:
    """The word says so, and the clock runs."""
    case = served(opened())
    decision = says(case, HELEN, "IMPACT changed")
    assert (of(decision.case, "impact"), decision.case.due) == ([], case.due)
    assert "when the challenge has ended" in str([one.values for one in decision.letters])


@pytest.mark.parametrize(
    "text",
    [
        "IMPACT: the child missed two weeks of school",
        "Impact on him was great",
        "Impact: changed circumstances mean that he is at risk",
        "Impact changed little for him",
        "Theme one is drift",
    ],
)
def test_a_heading_of_an_answer_is_no_word(text: str) -> None:
    """People write IMPACT over a paragraph of their reply: what follows decides."""
    assert command(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "IMPACT\nThe plan is open again, and he is seen tomorrow.",
        "Impact: changed.\nThe plan is open again, and he is seen tomorrow.",
        "Theme:\nThe plan is open again, and he is seen tomorrow.",
        "Theme: drift. The plan is open again, and he is seen tomorrow.",
    ],
)
def test_an_answer_under_a_heading_is_an_answer(text: str) -> None:
    """The clock stops and the raiser is asked; below RESOLVED it is the outcome."""
    decision = arrived(served(opened()), mail(FAY, text, at=START + timedelta(hours=1)))
    assert decision.case.state is State.AWAITING_CONFIRMATION
    assert [one.kind for one in decision.letters] == [L.RELAY, L.INFORMATION]
    resolved = arrived(served(opened()), mail(HELEN, "RESOLVED", at=START + timedelta(hours=1))).case
    outcome = arrived(resolved, mail(FAY, text, at=START + timedelta(hours=2)))
    assert outcome.case.state is State.CLOSED and outcome.case.outcome


@pytest.mark.parametrize("word", IMPACTS)
def test_each_word_for_what_changed_is_known(word: str) -> None:
    """The mail is read by the words that are counted."""
    found = command(f"impact {word}, thank you")
    assert found is not None and found.word is Word.IMPACT


def test_the_report_counts_what_people_said() -> None:
    """Each theme of each challenge; the raising side's word before the unit's; of the rest that nobody said."""
    first = says(says(end().case, UNIT, "THEME: roles, threshold").case, UNIT, "IMPACT unchanged").case
    first = says(first, HELEN, "IMPACT partly").case
    second = replace(says(end().case, UNIT, "THEME: roles").case, number=2, ref="CE-2027-0002")
    book = rules()
    now = datetime(2027, 4, 1, tzinfo=UTC)
    source = Source([first, second], {book.policy.id: book.policy}, [], calendar(), now, {}, "", None)
    found = {sheet.title: sheet.rows for sheet in tables(source, Quarter(2027, 1))}
    assert found["Themes"] == (("roles", 2), ("threshold", 1), ("nobody said", 0))
    counts = {"changed": 0, "partly": 1, "unchanged": 0}
    assert found["What changed"] == (
        *((f"{word}: {means}", counts[word]) for word, means in IMPACTS.items()),
        ("nobody said", 1),
    )


def test_a_board_for_adults_is_asked_of_no_child() -> None:
    """Of the usual list; a list of its own stands as it is."""
    own = rules().policy
    adults = own.model_copy(update={"about": "adult"})
    assert set(own.themes) - set(adults.themes) == {"child protection conference", "child protection plan"}
    listed = adults.follow_up.model_copy(update={"themes": ("child protection plan",)})
    assert adults.model_copy(update={"follow_up": listed}).themes == ("child protection plan",)
