"""Words for which no letter named a reader: their writer is asked, SEND or NO; and what writers hear of their mail."""

import dataclasses

import pytest

from bot.model import Address, Case, Decision, LetterKind, Mail, Meaning, Proof, State
from bot.model.letters import Answer, Information, Question, Relay
from tests.unit.case_samples import (
    ANIL,
    BOT,
    CREWE,
    DEV,
    FAY,
    HELEN,
    RUTH,
    START,
    TOM,
    arrived,
    hours,
    letter,
    letters,
    mail,
    opened,
    rules,
    served,
    to,
)
from tests.unit.test_relays import not_secure
from tests.unit.test_workflow import at_state

WORDS = "The school nurse can join a visit on Thursday afternoon."
ANSWER = "We have reopened the assessment, and Sara Lund visits the family tomorrow at ten."
AT = START + hours(6)
ASKED = (LetterKind.QUESTION, "send")
JO = "jo.bell@csc.example"  # of a known domain, and nobody the directory names


def wrote(case: Case, who: str = HELEN, text: str = WORDS, n: float = 0, **more: object) -> Decision:
    """To us alone, by the ref."""
    words = mail(who, text, at=AT + hours(n), to=(BOT,))
    return arrived(case, dataclasses.replace(words, meaning=Meaning.DOUBTFUL, **more))  # type: ignore[arg-type]


def said(before: Decision, who: str, word: str, n: float = 1, proof: Proof = Proof.PROVEN) -> Decision:
    """In reply to the question whether the words are to be sent."""
    key = letter(before, *ASKED).key
    return arrived(before.case, mail(who, word, at=AT + hours(n), to=(BOT,), proof=proof), answered_key=key)


@pytest.mark.parametrize(
    ("state", "who", "reader"),
    [
        (State.AWAITING_RESPONSE, HELEN, FAY),
        (State.AWAITING_RESPONSE, RUTH, FAY),
        (State.AWAITING_CONFIRMATION, DEV, HELEN),
        (State.AWAITING_OUTCOME, ANIL, HELEN),
        (State.CLOSED, FAY, HELEN),
        (State.CLOSED, TOM, HELEN),
    ],
)
@pytest.mark.parametrize("word", ["SEND", "Send, please.", "YES"])
def test_send_relays_the_words_whole_and_once(state: State, who: str, reader: str, word: str) -> None:
    """To the other side of a party, or of a colleague; its writer hears that, and a second SEND finds nothing."""
    case = at_state(state)
    asked = wrote(case, who)
    assert (to(letter(asked, *ASKED)), letters(asked, LetterKind.RELAY)) == ({who}, [])
    sent = said(asked, who, word)
    values = letter(sent, LetterKind.RELAY, "onward").values
    assert isinstance(values, Relay.Onward)
    assert (to(letter(sent, LetterKind.RELAY)), values.text) == ({reader}, WORDS)
    assert to(letter(sent, LetterKind.ANSWER, "done")) == {who}
    assert (sent.case.state, sent.case.due) == (case.state, case.due)
    again = arrived(sent.case, mail(who, "SEND", at=AT + hours(2), to=(BOT,)))
    assert letters(again, LetterKind.RELAY) == []
    assert [to(one) for one in again.letters] == [{who}]


def test_no_leaves_the_words_with_the_case() -> None:
    """The question has ended: SEND afterwards sends nothing."""
    refused = said(wrote(served(opened())), HELEN, "NO")
    assert refused.case.questions == ()
    assert to(letter(refused, LetterKind.INFORMATION, "nothing_changed")) == {HELEN}
    assert letters(arrived(refused.case, mail(HELEN, "SEND", at=AT + hours(2), to=(BOT,))), LetterKind.RELAY) == []


@pytest.mark.parametrize("who", [FAY, DEV, RUTH])
def test_nobody_else_sends_them(who: str) -> None:
    """SEND is of whoever wrote the words."""
    asked = wrote(served(opened()))
    assert letters(said(asked, who, "SEND"), LetterKind.RELAY) == []


@pytest.mark.parametrize("proof", [Proof.NONE, Proof.UNPROVEN, Proof.FAILED])
@pytest.mark.parametrize("word", ["SEND", "YES"])
def test_an_unproven_send_shows_nothing_to_anybody(proof: Proof, word: str) -> None:
    """It needs proof, though it cites our letter."""
    assert letters(said(wrote(served(opened())), HELEN, word, proof=proof), LetterKind.RELAY) == []


def test_what_is_written_before_send_goes_with_it() -> None:
    """One question a day, and one letter with all that was asked about."""
    first = wrote(served(opened()))
    second = wrote(first.case, text="He is at home in the mornings.", n=0.5)
    assert second.letters == ()
    answered = arrived(second.case, mail(HELEN, "SEND", at=AT + hours(1), to=(BOT,)))
    values = letter(answered, LetterKind.RELAY).values
    assert isinstance(values, Relay.Onward)
    assert values.text == f"{WORDS}\n\nHe is at home in the mornings."


def test_later_words_join_no_letter_that_does_not_say_so() -> None:
    """SEND rode in a letter of new risk: the next mail is asked about by itself, and SEND to the first sends that."""
    risky, later = "The baby has a new bruise on his arm.", "The school nurse can come on Friday."
    first = wrote(served(opened()), HELEN, risky, is_risk=True)
    risk = letter(first, LetterKind.QUESTION, "risk")
    assert "SEND" in dict(risk.values.choices)  # type: ignore[attr-defined]
    second = wrote(first.case, HELEN, later, n=0.5)
    assert to(letter(second, *ASKED)) == {HELEN}
    sent = arrived(second.case, mail(HELEN, "SEND", at=AT + hours(1), to=(BOT,)), answered_key=risk.key)
    assert letter(sent, LetterKind.RELAY, "onward").values.text == risky  # type: ignore[attr-defined]
    after = arrived(
        sent.case, mail(HELEN, "SEND", at=AT + hours(2), to=(BOT,)), answered_key=letter(second, *ASKED).key
    )
    assert letter(after, LetterKind.RELAY, "onward").values.text == later  # type: ignore[attr-defined]


def test_words_go_to_nobody_but_who_was_named() -> None:
    """The next stage has begun since, and somebody else would read them: nothing is sent, and their writer hears it."""
    asked = wrote(at_state(State.AWAITING_RESPONSE))
    onward = served(arrived(asked.case, mail(HELEN, "ESCALATE", at=AT + hours(1), to=(BOT,))))
    key = letter(asked, *ASKED).key
    late = arrived(onward, mail(HELEN, "SEND", at=AT + hours(2), to=(BOT,)), answered_key=key)
    assert letters(late, LetterKind.RELAY) == []
    assert [to(one) for one in late.letters] == [{HELEN}]


def test_each_letter_speaks_of_its_own_words() -> None:
    """NO to one leaves the other open; SEND that cites neither sends nothing."""
    first = wrote(at_state(State.AWAITING_RESPONSE))
    second = wrote(first.case, text="A third visit is planned by the nurse.", n=24)
    keys = [letter(one, *ASKED).key for one in (first, second)]
    unsaid = arrived(second.case, mail(HELEN, "SEND", at=AT + hours(25), to=(BOT,)))
    assert (letters(unsaid, LetterKind.RELAY), [to(one) for one in unsaid.letters]) == ([], [{HELEN}])
    less = arrived(second.case, mail(HELEN, "NO", at=AT + hours(25), to=(BOT,)), answered_key=keys[1])
    sent = arrived(less.case, mail(HELEN, "SEND", at=AT + hours(26), to=(BOT,)), answered_key=keys[0])
    values = letter(sent, LetterKind.RELAY, "onward").values
    assert isinstance(values, Relay.Onward)
    assert values.text == WORDS


def test_words_go_only_between_secure_addresses() -> None:
    """Else their reader is told to ring, and the writer hears that."""
    book = not_secure(FAY)
    asked = arrived(served(opened(book=book), book), mail(HELEN, WORDS, at=AT, to=(BOT,)), book)
    sent = arrived(asked.case, mail(HELEN, "SEND", at=AT + hours(1), to=(BOT,)), book)
    assert "nurse" not in repr(sent.letters)
    assert to(letter(sent, LetterKind.RELAY)) == {FAY}


@pytest.mark.parametrize("state", [State.AWAITING_RESPONSE, State.AWAITING_CONFIRMATION, State.CLOSED])
@pytest.mark.parametrize("who", [HELEN, FAY, RUTH])
def test_words_in_confidence_are_never_asked_about_and_their_writer_has_the_route(state: State, who: str) -> None:
    """They are kept nowhere to be sent."""
    found = wrote(at_state(state), who, is_confidence=True)
    assert [one for one in found.letters if isinstance(one.values, Question.Send | Relay.Onward | Relay.Reply)] == []
    assert [q for q in found.case.questions if q.words] == []
    told = [one for one in found.letters if to(one) == {who}]
    assert len(told) == 1
    assert told[0].standing is not None
    assert told[0].standing.conduct


def test_a_mailbox_is_not_asked() -> None:
    """The team's inbox is answered only to a word."""
    found = wrote(at_state(State.CLOSED), CREWE)
    assert [one for one in found.letters if to(one) == {CREWE}] == []


def test_prose_that_answers_an_answer_has_none_and_is_named_later() -> None:
    """It stands under what we have, in the next letter that has such a line."""
    words = mail(DEV, "Thank you.", at=AT, to=(BOT,))
    case = at_state(State.AWAITING_CONFIRMATION)
    found = arrived(case, words, answered="answer")
    assert found.letters == ()
    assert [(one.who, one.what) for one in found.case.heard][-1] == ("Dev Patel", "kept")


# --- what writers hear ------------------------------------------------------------------------------------------------


def test_what_reached_the_named_reader_is_told_to_its_writer() -> None:
    """In the minute of the mail, with both emergency numbers first."""
    words = mail(HELEN, WORDS, at=AT, to=(BOT,))
    found = arrived(served(opened()), words, answered="chaser", goes_to=(FAY,))
    told = letter(found, LetterKind.ANSWER, "done")
    assert isinstance(told.values, Answer.Done)
    assert "Fay Marsh" in told.values.done[0]
    assert told.standing is not None
    emergency = rules().policy.emergency["CE"]
    assert all(n in told.standing.emergency.say for n in (emergency.front_door.phone, emergency.out_of_hours.phone))


@pytest.mark.parametrize("state", [State.AWAITING_CONFIRMATION, State.AWAITING_OUTCOME])
def test_the_raisers_reply_to_a_relay_goes_on_after_an_answer_too(state: State) -> None:
    """And the question whether it is resolved says that it went."""
    found = arrived(at_state(state), mail(HELEN, WORDS, at=AT, to=(BOT,)), answered="relay", goes_to=(FAY,))
    assert to(letter(found, LetterKind.RELAY, "onward")) == {FAY}
    asked = letter(found, LetterKind.QUESTION, "meaning").values
    assert isinstance(asked, Question.Meaning)
    assert asked.sent is not None
    assert asked.sent.email == FAY


def test_a_named_reader_who_no_longer_acts_is_not_the_one_who_does() -> None:
    """Their writer is asked: the letter named somebody else."""
    found = arrived(served(opened()), mail(HELEN, WORDS, at=AT, to=(BOT,)), goes_to=(DEV,))
    assert letters(found, LetterKind.RELAY) == []
    assert to(letter(found, *ASKED)) == {HELEN}


def by_hand(text: str, meaning: Meaning) -> Mail:
    """In the manager's name, by somebody of her agency."""
    words = mail(FAY, text, at=AT, to=(BOT,))
    return dataclasses.replace(words, on_behalf=Address(JO), meaning=meaning)


def test_who_wrote_in_a_managers_name_hears_what_she_hears() -> None:
    """Of an answer, of one that may be, and of a promise; and of the raiser's NO."""
    case = served(opened())
    answered = arrived(case, by_hand(ANSWER, Meaning.ANSWER))
    assert {FAY, JO} in [to(one) for one in letters(answered, LetterKind.INFORMATION, "answered")]
    doubtful = arrived(case, by_hand("I will speak to the family.", Meaning.DOUBTFUL))
    assert to(letter(doubtful, LetterKind.INFORMATION, "taken")) == {FAY, JO}
    refused = arrived(doubtful.case, mail(HELEN, "IT IS NOT", at=AT + hours(1), to=(BOT,)))
    assert {e for one in letters(refused, LetterKind.INFORMATION, "taken") for e in to(one)} == {FAY, JO}
    promised = arrived(case, by_hand("I will look into it.", Meaning.HOLDING))
    assert to(letter(promised, LetterKind.INFORMATION, "taken")) == {FAY, JO}


@pytest.mark.parametrize("who", [DEV, ANIL, JO])
def test_a_colleague_who_answers_for_another_hears_what_became_of_it(who: str) -> None:
    """That the raiser is asked, and what the raiser says."""
    asked = wrote(served(opened()), who, ANSWER)
    told = letter(asked, LetterKind.INFORMATION, "taken")
    assert isinstance(told.values, Information.Taken)
    assert (to(told), told.values.as_) == ({who}, "asked")
    yes = arrived(asked.case, mail(HELEN, "IT IS", at=AT + hours(1), to=(BOT,)))
    assert {e for one in letters(yes, LetterKind.INFORMATION, "answered") for e in to(one)} == {who, FAY}


@pytest.mark.parametrize("word", ["IT IS NOT", "NO"])
def test_no_is_told_to_everybody_who_was_joined_to_the_doubt(word: str) -> None:
    """Also to the one who only claimed that there was an answer."""
    first = wrote(served(opened()), DEV, ANSWER)
    second = wrote(first.case, TOM, "I will speak to the family.", n=0.5)
    third = wrote(second.case, FAY, "ANSWERED", n=1)
    key = third.case.questions[-1].key
    refused = arrived(third.case, mail(HELEN, word, at=AT + hours(2), to=(BOT,)), answered_key=key)
    assert {e for one in letters(refused, LetterKind.INFORMATION, "taken") for e in to(one)} == {DEV, TOM, FAY}


def test_no_after_another_answer_is_told_to_the_writer() -> None:
    """Their mail is not the answer, and another is recorded: they hear both."""
    asked = wrote(served(opened()), DEV, ANSWER)
    key = asked.case.questions[-1].key
    answered = arrived(asked.case, mail(FAY, ANSWER, at=AT + hours(1), to=(HELEN,)))
    assert {FAY, DEV} == {e for one in letters(answered, LetterKind.INFORMATION, "answered") for e in to(one)}
    refused = arrived(answered.case, mail(HELEN, "NO", at=AT + hours(2), to=(BOT,)), answered_key=key)
    told = letter(refused, LetterKind.INFORMATION, "taken").values
    assert isinstance(told, Information.Taken)
    assert told.as_ == "other"


@pytest.mark.parametrize(
    ("state", "text", "readers"),
    [
        (State.AWAITING_CONFIRMATION, "NOT RESOLVED the second point is not answered", {FAY, DEV}),
        (State.AWAITING_RESPONSE, "ESCALATE\nNobody has rung back.", {FAY, DEV}),
        (State.AWAITING_RESPONSE, "ESCALATE to step-2", set()),
        (State.AWAITING_CONFIRMATION, "NOT RESOLVED", set()),
        (State.AWAITING_OUTCOME, "NOT RESOLVED\nThe visit was called off.", {FAY}),
    ],
)
def test_the_words_beside_one_that_calls_in_the_next_stage_go_to_both(
    state: State, text: str, readers: set[str]
) -> None:
    """To whoever had it and to whoever has it now, between secure addresses; their writer hears to whom."""
    decision = arrived(at_state(state), mail(HELEN, text, at=AT, to=(BOT,)))
    relayed = letters(decision, LetterKind.RELAY, "onward")
    assert {one for letter in relayed for one in to(letter)} == readers
    assert all(letter.values.text == text for letter in relayed)
    assert len([one for one in letters(decision, LetterKind.ANSWER) if HELEN in to(one)]) == bool(readers)
    untold = arrived(at_state(state), mail(HELEN, text, at=AT, to=(BOT,)), not_secure(HELEN))
    assert all(letter.values.text == "" for letter in letters(untold, LetterKind.RELAY, "onward"))
