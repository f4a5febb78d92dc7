"""A signature proves its words once: what was written before, came late, came before or answers another's letter is
asked about."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.case.dated import at_face_value, can_answer, elsewhere, outdated
from bot.model import (
    Arrival,
    Case,
    Flag,
    How,
    LetterKind,
    Mail,
    MailKind,
    Proof,
    Question,
    QuestionKind,
    State,
    Unproven,
    Word,
)
from bot.store.outbox import Queued
from tests.unit.case_samples import BOT, CREWE, FAY, HELEN, MO, START, TEN, UNIT, hours, mail, opened, rules
from tests.unit.engine_samples import WORDS, House, eml, texts

MINUTE, LATER = timedelta(minutes=1), START + hours(3)


def ask(about: QuestionKind, command: str = "") -> Question:
    """A question of ours to Helen."""
    return Question("1/question/x", about, HELEN, "", command=command)


def misdated(one: Mail, how: How = How.LETTER) -> Arrival:
    """It has a case, and its Date alone speaks against its proof."""
    return Arrival(one, how, outdated="it bears no date", is_misdated=True)


# --- the rule ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("more", "is_old"),
    [
        ({}, False),
        ({"date": START - timedelta(minutes=5)}, False),
        ({"date": START - timedelta(minutes=6)}, True),
        ({"date": None}, True),
        ({"received": START + timedelta(hours=23)}, False),
        ({"received": START + timedelta(hours=25)}, True),
        ({"proof": Proof.NONE, "date": None}, False),
        ({"kind": MailKind.AUTO_REPLY, "date": None}, False),
    ],
)
def test_a_signature_speaks_of_its_own_day(more: dict[str, Any], is_old: bool) -> None:
    """Not from before what it answers, five minutes allowed for, nor a day under way; where nothing is proven there is
    nothing to lose."""
    assert bool(outdated(mail(HELEN, "RESOLVED", **more), START, is_seen=False)) is is_old


def test_what_came_before_proves_nothing_again() -> None:
    """The same words of the same minute, whatever its Date says beside what it answers."""
    assert outdated(mail(HELEN, "RESOLVED"), None, is_seen=True)


def test_who_has_placed_it_has_seen_what_it_belongs_to() -> None:
    """Then its Date is not held against the case, only against its arrival."""
    one = mail(HELEN, "RESOLVED", date=START - hours(5))
    assert (bool(outdated(one, START, is_seen=False)), outdated(one, None, is_seen=False)) == (True, "")


def test_a_word_to_a_letter_of_the_other_side_is_not_proven() -> None:
    """The raiser answers no letter that only the challenged side has; their manager may answer the raiser's."""
    case = opened().case
    said = {who: mail(who, "RESOLVED") for who in (HELEN, MO)}
    assert elsewhere(case, said[HELEN], (FAY, CREWE), rules())
    assert elsewhere(case, said[HELEN], (HELEN,), rules()) == elsewhere(case, said[MO], (HELEN,), rules()) == ""


def test_a_word_means_no_later_question() -> None:
    """Without a letter that it cites, only what had been asked when it was written."""
    assert can_answer(mail(HELEN, "SEND"), START) and not can_answer(mail(HELEN, "SEND"), START + hours(2))


def test_a_word_that_waited_for_a_yes_means_what_had_been_asked_when_it_came() -> None:
    """Not when the YES says that it was written."""
    slow = mail(HELEN, "YES", date=START - hours(48))
    assert can_answer(slow, START, START + hours(1)) and not can_answer(slow, START + hours(2), START + hours(1))


# --- the whole way ----------------------------------------------------------------------------------------------------


def opened_in(house: House) -> Queued:
    """A case that Helen has opened; our letter to her."""
    house.put(eml(name="first"))
    house.take_in(START)
    house.send(START + MINUTE)
    return house.letters(LetterKind.ACKNOWLEDGEMENT)[-1]


def comes(
    house: House, text: str, cites: str, *, written: datetime, arrives: datetime = LATER, name: str = "x",
    title: str = "RE: x", who: str = HELEN,
) -> Case:  # fmt: skip
    """A validly signed mail of that Date reaches us then."""
    house.put(eml(who, title, text, at=written, to=(BOT,), cc=(), answers=cites, name=name), arrives, BOT)
    house.take_in(arrives)
    return house.case()


def asked(house: House) -> list[str]:
    return [to.email for q in house.letters(LetterKind.QUESTION, "confirm_word") for to in q.letter.to]


def code_of(house: House) -> str:
    (text,) = [t for t in texts(house.send(LATER + MINUTE)) if "Did you write RESOLVED" in t]
    said = text[text.index("with YES") :]
    return next(word for word in said.replace(".", " ").split() if word.isdecimal() and len(word) == 6)


@pytest.mark.parametrize("written", [START - timedelta(days=70), START - hours(2), None])
def test_an_old_mail_closes_nothing(house: House, written: datetime | None) -> None:
    """Its writer's own address is asked, and the code of that letter counts, however slow their clock is."""
    cited = opened_in(house).letter.message_id
    arrives = LATER if written else START + timedelta(days=2)
    case = comes(house, "RESOLVED", cited, written=written or arrives - hours(26), arrives=arrives)
    assert (case.is_open, asked(house)) == (True, [HELEN])


def test_a_slow_clock_is_no_wall(house: House) -> None:
    """The six digits of the question cannot be old."""
    cited = opened_in(house).letter.message_id
    comes(house, "RESOLVED", cited, written=START - hours(2))
    question = house.letters(LetterKind.QUESTION, "confirm_word")[0].letter.message_id
    assert comes(house, "YES", question, written=START, name="bare").state is State.AWAITING_RESPONSE
    code, soon = code_of(house), LATER + 5 * MINUTE
    case = comes(house, f"YES {code}", question, written=START, arrives=soon, name="code")
    assert case.state is State.AWAITING_OUTCOME


def test_what_was_said_in_one_case_says_nothing_in_another(house: House) -> None:
    """The same signed words under another id, citing the letter of another challenge within the hour."""
    first = opened_in(house).letter.message_id
    house.put(eml(title=TEN, text=f"{WORDS} It is the older child.", name="second", at=START + MINUTE), START + MINUTE)
    house.take_in(START + MINUTE)
    house.send(START + 2 * MINUTE)
    second = house.letters(LetterKind.ACKNOWLEDGEMENT)[-1].letter.message_id
    at = START + hours(1)
    assert comes(house, "RESOLVED", first, written=at, arrives=at).state is State.AWAITING_OUTCOME
    comes(house, "RESOLVED", second, written=at, arrives=at + MINUTE, name="y")
    assert (house.case(2).state, asked(house)) == (State.AWAITING_RESPONSE, [HELEN])


def test_what_was_said_before_says_nothing_again(house: House) -> None:
    """More time is given once, however often the mail that gave it comes."""
    cited = opened_in(house).letter.message_id
    at = START + hours(1)
    due = comes(house, "EXTEND 30 hours", cited, written=at, arrives=at).due
    again = comes(house, "EXTEND 30 hours", cited, written=at, arrives=at + hours(2), name="y")
    assert (again.due, len(again.mails), asked(house)) == (due, 3, [])


def test_an_old_answer_is_put_to_the_raiser(house: House) -> None:
    """Words that the challenged manager signed before there was such a challenge end no reminder."""
    opened_in(house)
    title = f"RE: x [{house.case().ref}]"
    case = comes(house, "We visited and the plan was changed.", "", written=START - hours(3), title=title, who=FAY)
    assert case.state is State.AWAITING_RESPONSE
    assert [to.email for q in house.letters(LetterKind.QUESTION, "whose_answer") for to in q.letter.to][:1] == [HELEN]
    sent = texts(house.send(LATER + MINUTE))
    assert not any("plan was changed" in text for text in sent)
    (told,) = [one for one in house.letters(LetterKind.INFORMATION, "taken") if one.letter.to[0].email == FAY]
    assert any("may be an old one" in text for text in sent), told.letter.values


def test_words_that_only_add_act_by_any_clock(house: House) -> None:
    """They are proven, and a late or early one harms no child: the shorter time runs, the next stage is called in."""
    house.put(eml(title=TEN, name="first"))
    house.take_in(START)
    house.send(START + MINUTE)
    cited = house.letters(LetterKind.ACKNOWLEDGEMENT)[-1].letter.message_id
    assert comes(house, "URGENT", cited, written=START - hours(3)).due == LATER + hours(24)
    case = comes(house, "ESCALATE", cited, written=START - hours(48), name="up")
    assert (case.stage, asked(house)) == ("step-2", [])


def test_the_same_added_word_acts_once(house: House) -> None:
    """In the case that it was said in, and in no other, whatever its Date."""
    cited = opened_in(house).letter.message_id
    house.put(eml(title=TEN, text=f"{WORDS} It is the older child.", name="second", at=START + MINUTE), START + MINUTE)
    house.take_in(START + MINUTE)
    house.send(START + 2 * MINUTE)
    second = house.letters(LetterKind.ACKNOWLEDGEMENT)[-1].letter.message_id
    assert comes(house, "ESCALATE", cited, written=START - hours(48)).stage == "step-2"
    comes(house, "ESCALATE", second, written=START - hours(48), name="y")
    assert house.case(2).stage == house.case(2).runs[0].stage
    assert HELEN in asked(house)


@pytest.mark.parametrize(
    ("word", "question", "is_held"),
    [
        ("ESCALATE", None, False),
        ("NOT RESOLVED", None, False),
        ("URGENT", None, False),
        ("NO", None, False),
        ("HOLD", None, False),
        ("YES", ask(QuestionKind.WORD, "ESCALATE"), False),
        ("YES", ask(QuestionKind.SEND, "SEND"), False),
        ("YES", ask(QuestionKind.PROVISIONAL), False),
        ("YES", ask(QuestionKind.WORD, "RESOLVED"), True),
        ("YES", ask(QuestionKind.RESOLVED), True),
        ("YES", None, True),
        ("RESOLVED", None, True),
        ("IT IS", None, True),
        ("OUTCOME", None, True),
    ],
)
def test_a_date_is_held_against_what_relaxes(word: str, question: Question | None, is_held: bool) -> None:
    """YES relaxes as what it is asked about does."""
    fact = misdated(mail(HELEN, word, proof=Proof.UNPROVEN, proof_why="it bears no date; dkim"))
    given = fact.mail.command
    assert given is not None
    found = at_face_value(fact, given.word, question, may_answer=False)
    assert (found == fact) is is_held
    assert is_held or (found.mail.proof, found.mail.proof_why, found.outdated) == (Proof.PROVEN, "dkim", "")


def test_what_came_before_is_held_against_every_word() -> None:
    """A wrong clock is no replay, and a replay no wrong clock."""
    fact = replace(misdated(mail(HELEN, "ESCALATE", proof=Proof.UNPROVEN)), is_misdated=False)
    assert at_face_value(fact, Word.ESCALATE, None, may_answer=False) == fact


# --- an answer in words -----------------------------------------------------------------------------------------------

SAID = "We visited the family today and the assessment is open again."


@pytest.mark.parametrize("written", [START - timedelta(days=2), START - hours(2), None])
def test_an_answer_counts_by_any_clock(house: House, written: datetime | None) -> None:
    """It cites a letter of ours or the challenge, and ends reminders only: the raiser is asked whether it resolves."""
    opened_in(house)
    cited = house.letters(LetterKind.NOTICE)[-1].letter.message_id
    late = START + hours(30) if written is None else LATER
    case = comes(house, SAID, cited, written=written or START + hours(1), arrives=late, who=FAY)
    assert case.state is State.AWAITING_CONFIRMATION


@pytest.mark.parametrize(
    ("more", "how", "is_theirs", "counts"),
    [
        ({}, How.LETTER, True, True),
        ({}, How.MAIL, True, True),
        ({}, How.REF, True, False),
        ({}, How.LETTER, False, False),
        ({"date": None}, How.MAIL, True, True),
        ({"date": None, "new_text": "We visited."}, How.MAIL, True, False),
    ],
)
def test_an_odd_date_on_words(more: dict[str, Any], how: How, is_theirs: bool, counts: bool) -> None:
    """Who holds an old mail of theirs can guess a ref, and cites neither our letter nor the challenge; one without a
    Date and with few words would not be known again."""
    fact = misdated(mail(FAY, SAID, proof=Proof.UNPROVEN, **more), how)
    assert (at_face_value(fact, None, None, may_answer=is_theirs) != fact) is counts


def test_an_answer_without_a_date_counts_once(house: House) -> None:
    """Its words tell it apart: under another id it is the same mail."""
    opened_in(house)
    cited = house.letters(LetterKind.NOTICE)[-1].letter.message_id
    for name, arrives in (("x", LATER), ("y", LATER + MINUTE)):
        raw = eml(FAY, "RE: x", SAID, at=LATER, to=(BOT,), cc=(), answers=cited, name=name)
        house.put(re.sub(rb"(?m)^Date:.*\r?\n", b"", raw), arrives, BOT)
        house.take_in(arrives)
        assert house.case().state is State.AWAITING_CONFIRMATION
    assert house.case().has(Flag.SENT_AGAIN)


# --- what belongs to no case ------------------------------------------------------------------------------------------


def ended(house: House) -> None:
    """The first case is closed."""
    house.send(START + MINUTE)
    at = START + hours(1)
    cited = house.letters(LetterKind.ACKNOWLEDGEMENT)[-1].letter.message_id
    comes(house, "WITHDRAW", cited, written=at, arrives=at, name="ends")
    assert not house.case().is_open


def test_a_challenge_that_comes_again_is_asked_about(house: House) -> None:
    """Under a new id, its case being closed: it opens unproven, its clock runs, its raiser is asked."""
    house.put(eml(name="first"))
    house.take_in(START)
    ended(house)
    house.put(eml(name="again"), LATER)
    house.take_in(LATER)
    case = house.case(2)
    assert (case.state, case.unproven, case.raiser.email) == (State.PROVISIONAL, Unproven.KNOWN, HELEN)
    assert case.due is not None
    assert [q.about for q in case.questions] == [QuestionKind.PROVISIONAL]
    house.put(eml(name="once more"), LATER + MINUTE)
    house.take_in(LATER + MINUTE)
    assert len(house.cases()) == 2


@pytest.mark.parametrize("late", [0, 25, 24 * 365])
def test_a_challenge_of_a_wrong_clock_opens_as_any_other(house: House, late: int) -> None:
    """It orders nothing, and counts from its arrival: only one whose words came before is asked about."""
    house.put(eml(), START + hours(late))
    house.take_in(START + hours(late))
    assert (house.case().state, house.case().unproven) == (State.AWAITING_RESPONSE, Unproven.NO)


def test_what_waited_for_us_is_not_late(house: House) -> None:
    """However long we stood still: when its server had it counts, not when we read it."""
    house.put(eml(), START + MINUTE)
    house.take_in(START + timedelta(days=3))
    assert (house.case().state, house.case().unproven) == (State.AWAITING_RESPONSE, Unproven.NO)


HAND_IN = "NEW\nWho: Helen Visser\nWhom: Crewe Assessment Team\nHow urgent: 24 hours\nAbout: nobody has visited them"


def hands_in(house: House, name: str, arrives: datetime, written: datetime = START) -> None:
    house.put(eml(UNIT, "telephone", HAND_IN, at=written, to=(BOT,), cc=(), name=name), arrives, BOT)
    house.take_in(arrives)


def test_a_hand_in_that_comes_again_opens_nothing(house: House) -> None:
    """Under a new id, its case being closed: the unit hears that it could not be proven, and it waits for a person."""
    hands_in(house, "first", START)
    assert len(house.cases()) == 1
    house.send(START + MINUTE)
    cited, title = house.letters(LetterKind.ACKNOWLEDGEMENT)[-1].letter.message_id, f"[{house.case().ref}]"
    at, then = START + hours(1), START + hours(2)
    comes(house, "NO", cited, written=at, arrives=at, name="no")
    comes(house, "NOT OURS", "", written=then, arrives=then, name="not", title=title, who=UNIT)
    assert not house.case().is_open
    hands_in(house, "again", LATER)
    assert (len(house.cases()), len(house.listed("holding_pen"))) == (1, 1)
    assert any("could not be proven" in text for text in texts(house.send(LATER + MINUTE)))


def test_a_hand_in_of_days_ago_opens_nothing(house: House) -> None:
    """Nor one that came more than a day after it was signed."""
    hands_in(house, "late", START + hours(25))
    assert house.cases() == []
    assert len(house.listed("holding_pen")) == 1
