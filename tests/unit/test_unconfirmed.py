"""An answer that nobody confirms, and a mail that may be one: whose silence moves what, when, and who is told what."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from bot.model import (
    Absence,
    AlarmKind,
    Case,
    Decision,
    LetterKind,
    Mail,
    MailKind,
    Meaning,
    Proof,
    QuestionKind,
    State,
)
from bot.model.letters import Escalation, Information, Question, Response
from bot.rules.book import Rules
from tests.letters import about
from tests.unit.case_samples import (
    BOT,
    CREWE,
    DAY,
    DEV,
    FAY,
    HELEN,
    MO,
    RUTH,
    START,
    TEN,
    TOM,
    alarms,
    arrived,
    fired,
    first_stage,
    hours,
    kinds,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    shipped,
    to,
)

ANSWER = "We visited today and the plan is changed."
DUE = START + hours(24)


def at_london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=shipped().calendar.zone)


def answered(first: Mail | None = None, after: float = 1, book: Rules | None = None) -> Case:
    case = served(opened(first, book), book)
    return arrived(case, mail(FAY, ANSWER, at=case.opened + hours(after), to=(HELEN, CREWE)), book).case


def doubt(case: Case, after: float = 1, who: str = FAY, words: str = "I have spoken with them about it.") -> Decision:
    may = mail(who, words, at=START + hours(after), to=(BOT,))
    return arrived(case, replace(may, meaning=Meaning.DOUBTFUL))


def opened_at(when: str, title: str = DAY) -> Mail:
    return mail(title=title, to=(FAY,), cc=(CREWE,), at=at_london(when))


# --- answered and not confirmed ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("after", "asked"), [(1, DUE), (20, DUE), (21, DUE + hours(1)), (23.5, DUE + hours(3.5))])
def test_others_are_asked_at_the_stage_s_due_time(after: float, asked: datetime) -> None:
    """On an hours window at it, or four hours after the answer if that is later."""
    assert alarms(answered(after=after), "unconfirmed") == [asked]


def test_an_answer_ends_the_reminders_alone() -> None:
    """No reminder and no lapse is left, the stage's due time stands, and the case waits for what comes first."""
    case = answered()
    assert {d.kind for d in case.deadlines} == {AlarmKind.ASK, AlarmKind.UNCONFIRMED}
    assert case.run is not None
    assert (case.run.due, case.run.answered_by) == (DUE, FAY)
    assert case.due == min(d.at for d in case.deadlines)


def test_managers_and_leads_are_asked_and_then_the_next_stage_is_entered() -> None:
    """The raiser's manager and both leads, whether the child can wait; a day later the lead has it, marked, with when
    and by whom it was answered."""
    asked = fired(answered(), "unconfirmed")
    question = letter(asked, LetterKind.QUESTION, "unconfirmed")
    assert to(question) == {MO, RUTH, DEV}
    assert isinstance(question.values, Question.Unconfirmed)
    assert question.values.enters == DUE + hours(24)
    assert (asked.case.state, kinds(asked)) == (State.AWAITING_CONFIRMATION, ["unconfirmed", "asked_managers"])
    entered = fired(asked.case, "unconfirmed")
    told = letter(entered, LetterKind.ESCALATION, "unconfirmed")
    assert isinstance(told.values, Escalation.Unconfirmed)
    assert (told.values.who.email, told.values.answered) == (FAY, START + hours(1))
    assert {DEV, RUTH} <= to(told)
    assert (entered.case.state, entered.case.stage) == (State.AWAITING_RESPONSE, "step-2")
    assert "lapsed" not in kinds(entered)


@pytest.mark.parametrize(
    ("opens", "enters"),
    [
        ("2027-01-12T10:05", "2027-01-14T10:05"),
        ("2027-01-12T17:59", "2027-01-14T17:59"),
        ("2027-01-12T18:00", "2027-01-15T09:00"),
        ("2027-01-12T23:00", "2027-01-15T09:00"),
        ("2027-01-13T07:59", "2027-01-15T09:00"),
        ("2027-01-13T08:00", "2027-01-15T08:00"),
        ("2027-01-15T19:00", "2027-01-18T09:00"),
    ],
)
def test_what_is_asked_at_night_counts_from_the_morning(opens: str, enters: str) -> None:
    """24 elapsed hours after the question; asked between 18:00 and 08:00, from 09:00 on, weekends too."""
    asked = fired(answered(opened_at(opens)), "unconfirmed")
    assert alarms(asked.case, "unconfirmed") == [at_london(enters)]


def test_on_a_window_of_days_two_working_days_are_left() -> None:
    """Asked at the day end of the window, entered at the day end of the second working day after it."""
    case = answered(mail(title=TEN, to=(FAY,), cc=(CREWE,)))
    assert alarms(case, "unconfirmed") == [at_london("2027-01-26T17:00")]
    assert alarms(fired(case, "unconfirmed").case, "unconfirmed") == [at_london("2027-01-28T17:00")]


def test_more_time_moves_the_question_and_in_days_counts_days() -> None:
    """EXTEND of the raiser's side after an answer: nobody else is asked before its end, and two working days follow."""
    given = arrived(answered(), mail(HELEN, "EXTEND 2 working days", at=START + hours(3)))
    assert given.case.state is State.AWAITING_CONFIRMATION
    assert alarms(given.case, "unconfirmed") == [at_london("2027-01-14T17:00")]
    asked = fired(given.case, "unconfirmed").case
    assert alarms(asked, "unconfirmed") == [at_london("2027-01-18T17:00")]
    again = arrived(asked, mail(MO, "EXTEND until Friday 29 January 5pm", at=at_london("2027-01-15T10:00"))).case
    assert alarms(again, "unconfirmed") == [at_london("2027-01-29T17:00")]


@pytest.mark.parametrize("who", [HELEN, MO, RUTH])
def test_resolved_of_whoever_was_asked_stops_it(who: str) -> None:
    """The raiser, their manager and their lead: nothing of it is left."""
    asked = fired(answered(), "unconfirmed").case
    after = arrived(asked, mail(who, "RESOLVED", at=DUE + hours(1))).case
    assert (after.state, alarms(after, "unconfirmed")) == (State.AWAITING_OUTCOME, [])


def test_the_lead_of_the_other_side_resolves_nothing() -> None:
    """They were asked too, and the challenge is not theirs to end."""
    asked = fired(answered(), "unconfirmed").case
    after = arrived(asked, mail(DEV, "RESOLVED", at=DUE + hours(1))).case
    assert after.state is State.AWAITING_CONFIRMATION
    assert alarms(after, "unconfirmed") == alarms(asked, "unconfirmed")


def test_a_policy_may_only_ask() -> None:
    """`unconfirmed: ask`: managers and leads are asked, no stage is entered, and it waits for the next digest."""
    book = rules(stages=first_stage(rules().policy, unconfirmed="ask"))
    asked = fired(answered(book=book), "unconfirmed", book)
    question = letter(asked, LetterKind.QUESTION, "unconfirmed")
    assert isinstance(question.values, Question.Unconfirmed)
    assert question.values.enters is None
    assert alarms(asked.case, "unconfirmed") == []
    assert asked.case.due is not None


def test_where_no_stage_follows_it_is_told_as_a_lapse() -> None:
    """At the due time and every five working days, with who answered when; the case stays where it is."""
    case = replace(answered(), stage="step-3")
    case = replace(case, runs=(replace(case.runs[-1], stage="step-3"),))
    told = fired(case, "unconfirmed")
    wording = letter(told, LetterKind.INFORMATION, "telling").values
    assert isinstance(wording, Information.Telling)
    assert (wording.who and wording.who.email, wording.answered) == (FAY, START + hours(1))
    assert (told.case.state, alarms(told.case, "unconfirmed")) == (State.AWAITING_CONFIRMATION, [])
    assert len(alarms(told.case, "telling")) == 1


def test_an_answer_of_an_earlier_release_is_followed_up() -> None:
    """It names nobody who answered and waits for no question to others: from its next question on it does."""
    case = answered()
    old = replace(case, runs=(replace(case.runs[-1], answered_by=""),))
    old = replace(old, deadlines=tuple(d for d in old.deadlines if d.kind is not AlarmKind.UNCONFIRMED))
    after = fired(old, "ask").case
    assert alarms(after, "unconfirmed") == [DUE]
    assert after.run is not None
    assert after.run.answered_by == FAY


def test_an_away_note_of_the_raiser_asks_who_stands_in_at_once() -> None:
    """Once for each answer; before an answer it asks nobody."""
    away = mail(HELEN, "I am away.", at=START + hours(2), kind=MailKind.AUTO_REPLY, absence=Absence("Monday"))
    first = arrived(answered(), away)
    asked = letter(first, LetterKind.RESPONSE, "manager")
    assert to(asked) == {MO}
    assert isinstance(asked.values, Response.Manager)
    assert asked.values.away
    again = mail(HELEN, "I am away.", at=START + hours(3), kind=MailKind.AUTO_REPLY, absence=Absence("Monday"))
    assert letters(arrived(first.case, again), LetterKind.RESPONSE) == []
    assert letters(arrived(served(opened()), away), LetterKind.RESPONSE) == []


# --- what the letters say ---------------------------------------------------------------------------------------------


def test_the_raiser_is_asked_again_about_who_really_answered() -> None:
    """The lead answers at step 2: the next questions name the lead, the next true date, and that the raiser wrote."""
    later = fired(served(opened()), "lapse")
    case = served(later)
    came = DUE + hours(2)
    case = arrived(case, mail(TOM, ANSWER, at=came, to=(HELEN,))).case
    case = arrived(case, mail(HELEN, "Thank you both, that is a relief.", at=came + hours(1))).case
    again = letter(fired(case, "ask"), LetterKind.RESPONSE, "again").values
    assert isinstance(again, Response.Again)
    assert (again.who.email, again.when, again.wrote) == (TOM, came, came + hours(1))
    assert again.again == at_london("2027-01-15T09:00")


def test_who_was_told_to_act_hears_that_it_is_answered() -> None:
    """The first contact writes after the lapse: both leads and the writer hear what became of it."""
    case = served(fired(served(opened()), "lapse"))
    late = arrived(case, mail(FAY, ANSWER, at=DUE + hours(1), to=(HELEN,)))
    told = letters(late, LetterKind.INFORMATION, "answered")
    assert [to(one) for one in told] == [{FAY}, {DEV, RUTH}]


# --- a mail that may be an answer -------------------------------------------------------------------------------------


def test_a_doubtful_mail_asks_the_raiser_while_the_clock_runs() -> None:
    """Fact, question to the raiser and on an hours window their manager, a word to its writer; nothing else moves."""
    case = served(opened())
    found = doubt(case)
    assert kinds(found) == ["doubtful"]
    assert to(letter(found, LetterKind.QUESTION, "whose_answer")) == {HELEN, MO}
    assert to(letter(found, LetterKind.INFORMATION, "taken")) == {FAY}
    assert (found.case.state, found.case.due, found.case.deadlines) == (case.state, case.due, case.deadlines)


@pytest.mark.parametrize("word", ["IT IS", "YES"])
def test_it_is_makes_it_an_answer_from_when_it_came(word: str) -> None:
    """The word alone, or YES to the letter."""
    found = doubt(served(opened()))
    key = letter(found, LetterKind.QUESTION, "whose_answer").key
    said = mail(HELEN, word, at=START + hours(5))
    more = {"answered_key": key} if word == "YES" else {}
    after = arrived(found.case, said, **more)
    assert kinds(after) == ["responded"]
    assert after.case.run is not None
    assert (after.case.run.responded, after.case.run.answered_by) == (START + hours(1), FAY)
    assert after.case.state is State.AWAITING_CONFIRMATION


@pytest.mark.parametrize("word", ["IT IS NOT", "NO"])
def test_it_is_not_leaves_the_clock_and_tells_the_writer(word: str) -> None:
    found = doubt(served(opened()))
    key = letter(found, LetterKind.QUESTION, "whose_answer").key
    after = arrived(found.case, mail(HELEN, word, at=START + hours(5)), answered_key=key if word == "NO" else "")
    told = letter(after, LetterKind.INFORMATION, "taken")
    assert isinstance(told.values, Information.Taken)
    assert (to(told), told.values.as_) == ({FAY}, "nothing")
    assert (after.case.state, after.case.due, after.case.questions) == (found.case.state, found.case.due, ())


@pytest.mark.parametrize(("who", "proof"), [(HELEN, Proof.UNPROVEN), (FAY, Proof.PROVEN), (DEV, Proof.PROVEN)])
def test_it_is_acts_for_the_raiser_s_side_and_proven_alone(who: str, proof: Proof) -> None:
    """It takes time from the child: an unproven one is asked about, another's refused."""
    found = doubt(served(opened()))
    after = arrived(found.case, mail(who, "IT IS", at=START + hours(5), proof=proof))
    assert after.case.state is State.AWAITING_RESPONSE
    assert "responded" not in kinds(after)


def test_later_mails_join_the_question() -> None:
    """Within four hours no new question; then all are named, and IT IS means the last of them."""
    first = doubt(served(opened()))
    second = doubt(first.case, 2, TOM, "As Fay says, it is in hand.")
    assert letters(second, LetterKind.QUESTION) == []
    assert alarms(second.case, "doubtful") == [START + hours(5)]
    again = letter(fired(second.case, "doubtful"), LetterKind.QUESTION, "whose_answer").values
    assert isinstance(again, Question.WhoseAnswer)
    assert (again.who.email, [one.when for one in again.earlier]) == (TOM, [START + hours(1)])
    third = doubt(second.case, 6)
    assert len(letters(third, LetterKind.QUESTION, "whose_answer")) == 1
    assert alarms(third.case, "doubtful") == []
    after = arrived(second.case, mail(HELEN, "IT IS", at=START + hours(3))).case
    assert after.run is not None
    assert (after.run.responded, after.run.answered_by) == (START + hours(2), TOM)


def test_a_reply_to_the_question_means_the_mail_it_names() -> None:
    """A mail that joined since is not what the raiser was asked about in that letter."""
    first = doubt(served(opened()))
    key = letter(first, LetterKind.QUESTION, "whose_answer").key
    second = doubt(first.case, 2, TOM)
    after = arrived(second.case, mail(HELEN, "YES", at=START + hours(3)), answered_key=key).case
    assert after.run is not None
    assert (after.run.responded, after.run.answered_by) == (START + hours(1), FAY)


def test_what_the_challenged_side_says_among_itself_is_not_shown() -> None:
    """Written to a colleague: the raiser is asked, and reads none of it."""
    aside = mail(FAY, "This is yours, I think.", at=START + hours(1), to=(DEV,), cc=(CREWE,))
    found = arrived(served(opened()), replace(aside, meaning=Meaning.DOUBTFUL))
    assert len(letters(found, LetterKind.QUESTION, "whose_answer")) == 1
    assert "yours, I think" not in repr(found.letters)


def test_the_last_reminder_puts_the_question_again() -> None:
    """It rides in the letter that is due, and YES to that letter is IT IS."""
    case = doubt(served(opened())).case
    last = fired(fired(case, "chaser").case, "chaser")
    reminder = letter(last, LetterKind.CHASER, "raiser")
    assert {q.key for q in last.case.questions} == {reminder.key}
    said = arrived(last.case, mail(HELEN, "YES", at=START + hours(21)), answered_key=reminder.key)
    assert said.case.state is State.AWAITING_CONFIRMATION


def test_it_is_after_the_next_stage_began_is_told_there() -> None:
    """It moves nothing: stage, state and due time stay."""
    case = served(fired(doubt(served(opened())).case, "lapse"))
    after = arrived(case, mail(HELEN, "IT IS", at=DUE + hours(1)))
    told = letter(after, LetterKind.INFORMATION, "earlier_answer")
    assert {DEV, RUTH} <= to(told)
    assert (after.case.stage, after.case.state, after.case.due) == (case.stage, case.state, case.due)


@pytest.mark.parametrize("kept", ["is_unsure", "is_confidence"])
def test_words_that_are_not_to_be_shown_are_in_no_letter(kept: str) -> None:
    """Kept for want of a sure cut, or in confidence: the raiser is asked without them."""
    secret = mail(FAY, "Between us, her conduct worries me.", at=START + hours(1), to=(BOT,))
    found = arrived(served(opened()), replace(secret, meaning=Meaning.DOUBTFUL, **{kept: True}))
    assert "worries" not in repr(found.letters)
    assert [(one.who, one.what) for one in found.case.heard] == [("", "unread")]  # that something came, and no more
    assert len(letters(found, LetterKind.QUESTION, "whose_answer")) == 1


@pytest.mark.parametrize("kind", ["is_risk", "is_unsure", "answers_inline"])
def test_new_risk_or_an_unsure_text_is_doubtful_at_most(kind: str) -> None:
    """Whatever else was read in it."""
    found = arrived(served(opened()), replace(mail(FAY, ANSWER, at=START + hours(1)), **{kind: True}))
    assert kinds(found) == ["doubtful"]


def test_what_a_holding_reply_promises_is_kept_and_shown() -> None:
    """As what RECEIVED says is, without its effect: reminders stay, and the next one says until when."""
    case = served(opened())
    words = mail(FAY, "I will answer by 4pm today.", at=START + hours(1), to=(BOT,))
    held = arrived(case, replace(words, meaning=Meaning.HOLDING, promised="by 4pm today"))
    assert kinds(held) == ["holding"]
    assert (held.case.deadlines, held.case.owner) == (case.deadlines, case.owner)
    reminder = letter(fired(held.case, "chaser"), LetterKind.CHASER).values
    (what,) = reminder.holding  # type: ignore[attr-defined]
    assert (what.what, what.by) == ("promised", at_london("2027-01-12T16:00"))


# --- an outcome before the closing word -------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["OUTCOME: joint visit on Thursday.", ANSWER])
def test_an_early_outcome_is_kept_and_asked_about_once(first: str) -> None:
    """It answers, or comes after the answer; when RESOLVED is said its writer is asked whether it stands, and YES
    closes with it."""
    case = arrived(served(opened()), mail(FAY, first, at=START + hours(1), to=(HELEN,))).case
    outcome = mail(FAY, "OUTCOME: joint visit on Thursday.", at=START + hours(2), to=(HELEN,))
    case = arrived(case, outcome).case
    assert case.state is State.AWAITING_CONFIRMATION
    resolved = arrived(case, mail(HELEN, "RESOLVED", at=START + hours(3)))
    stands = letter(resolved, LetterKind.QUESTION, "outcome")
    assert to(stands) == {FAY}
    assert about(stands)["answered"] == outcome.received.isoformat()
    assert [q.about for q in resolved.case.questions].count(QuestionKind.OUTCOME) == 1
    closed = arrived(resolved.case, mail(FAY, "YES", at=START + hours(4)), answered_key=stands.key).case
    assert (closed.state, closed.outcome) == (State.CLOSED, outcome.digest)


def test_no_says_that_the_early_outcome_does_not_stand() -> None:
    """The outcome is still owed in writing."""
    case = arrived(answered(), mail(FAY, "OUTCOME: a visit.", at=START + hours(2), to=(HELEN,))).case
    resolved = arrived(case, mail(HELEN, "RESOLVED", at=START + hours(3)))
    key = letter(resolved, LetterKind.QUESTION, "outcome").key
    after = arrived(resolved.case, mail(FAY, "NO", at=START + hours(4)), answered_key=key).case
    assert (after.state, after.outcome) == (State.AWAITING_OUTCOME, "")
