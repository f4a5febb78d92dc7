"""What one side writes to this service alone: who reads its words, and who is told to ring instead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.case.making.draft import weightiest
from bot.case.table import decide
from bot.model import AlarmKind, Arrival, Decision, How, LetterKind, MailKind, Meaning, Proof, State
from bot.model.letters import Information, Question, Relay
from bot.rules.book import Rules
from bot.rules.policy.blocks import Conduct, Reach
from tests.unit.case_samples import (
    ANIL,
    BOT,
    CREWE,
    DAY,
    DEV,
    FAY,
    HELEN,
    MO,
    START,
    STRANGER,
    TEN,
    TOM,
    UNIT,
    alarms,
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

ANSWER = "We have reopened the assessment, and Sara Lund visits the family tomorrow at ten."


def not_secure(*emails: str) -> Rules:
    """The shipped rules, where these people's addresses are not secure."""
    book = rules()
    rows = tuple(replace(row, secure=row.secure and row.email not in emails) for row in book.directory.rows)
    return replace(book, directory=replace(book.directory, rows=rows))


@pytest.mark.parametrize(
    ("without", "words_to", "told_to"),
    [((), {HELEN, MO}, set()), ((FAY,), set(), {HELEN, MO}), ((HELEN,), {MO}, {HELEN}), ((MO,), {HELEN}, {MO})],
)
def test_an_answer_is_quoted_between_secure_addresses_alone(
    without: tuple[str, ...], words_to: set[str], told_to: set[str]
) -> None:
    """Who may not read the words has the same letter without them, and is told whom to ring; each has one."""
    book = not_secure(*without)
    case = served(opened(book=book), book)
    found = arrived(case, mail(FAY, ANSWER, at=START + hours(1), to=(BOT,)), book)
    relays = letters(found, LetterKind.RELAY)
    said = {one.values.text: to(one) for one in relays if isinstance(one.values, Relay.Reply)}
    assert said == {text: them for text, them in ((ANSWER, words_to), ("", told_to)) if them}
    assert all(one.standing and one.standing.ring.email == FAY for one in relays)


@pytest.mark.parametrize("meaning", [Meaning.HOLDING, Meaning.DOUBTFUL])
@pytest.mark.parametrize("without", [FAY, HELEN])
def test_no_other_words_are_quoted_to_or_from_an_address_that_is_not_secure(meaning: Meaning, without: str) -> None:
    """A holding reply and one that may answer are told of without their words."""
    book = not_secure(without)
    words = mail(FAY, "Amy lives with her aunt now.", at=START + hours(1), to=(BOT,))
    found = arrived(served(opened(book=book), book), replace(words, meaning=meaning), book)
    assert found.letters
    assert "aunt" not in repr([one.values for one in found.letters])


def test_by_when_somebody_will_answer_is_told_without_their_words() -> None:
    """RECEIVED with a time: the time is said where its words may not be."""
    book = not_secure(HELEN)
    word = mail(FAY, "RECEIVED by 3pm", at=START + hours(1), to=(BOT,))
    told = letter(arrived(served(opened(book=book), book), word, book), LetterKind.INFORMATION, "received").values
    assert isinstance(told, Information.Received)
    assert (told.words, told.by) == ("", START.replace(hour=15, minute=0))


# --- words of new risk ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "told"), [(HELEN, {MO, ANIL}), (FAY, {MO, ANIL})], ids=["the raiser", "the responder, a manager"]
)
def test_words_of_new_risk_send_their_writer_to_the_telephone(who: str, told: set[str]) -> None:
    """Both emergency numbers first, and URGENT; the line managers of both sides hear who wrote, and not what; no clock
    moves."""
    case = served(opened(mail(title=TEN, to=(FAY,), cc=(CREWE,))))
    words = mail(who, "He went missing last night.", at=START + hours(1), to=(BOT,))
    found = arrived(case, replace(words, is_risk=True, meaning=Meaning.DOUBTFUL), goes_to=(FAY, HELEN))
    asked, others = letter(found, LetterKind.QUESTION, "risk"), letter(found, LetterKind.INFORMATION, "risk")
    assert isinstance(asked.values, Question.Risk)
    assert (to(asked), [word for word, _ in asked.values.choices], to(others)) == ({who}, ["URGENT"], told)
    emergency = rules().policy.emergency["CE"]
    for one in (asked, others):
        assert one.standing is not None
        assert emergency.front_door.phone in one.standing.emergency.say
        assert emergency.out_of_hours.phone in one.standing.emergency.say
    assert "missing" not in repr(others)
    kept = (AlarmKind.LAPSE, AlarmKind.CHASER)
    assert [alarms(found.case, kind) for kind in kept] == [alarms(case, kind) for kind in kept]
    assert (found.case.state, found.case.due) == (case.state, case.due)


def test_words_of_risk_that_stand_beside_urgent_ask_for_it_no_more() -> None:
    """URGENT acts; its writer is sent to the telephone all the same."""
    case = served(opened(mail(title=TEN, to=(FAY,), cc=(CREWE,))))
    word = mail(HELEN, "URGENT\nHe went missing last night.", at=START + hours(1), to=(BOT,))
    found = arrived(case, replace(word, is_risk=True))
    assert letter(found, LetterKind.QUESTION, "risk").values == Question.Risk(choices=())
    assert found.case.urgent


@pytest.mark.parametrize("proof", [Proof.FAILED, Proof.PROVEN])
def test_nobody_is_told_of_risk_in_words_of_a_stranger_or_of_a_forger(proof: Proof) -> None:
    """Whoever stands on neither side, and a mail whose proof failed."""
    sender = STRANGER if proof is Proof.PROVEN else HELEN
    words = mail(sender, "He went missing last night.", at=START + hours(1), to=(BOT,), proof=proof)
    found = arrived(served(opened()), replace(words, is_risk=True))
    assert [one for one in found.letters if one.variant == "risk"] == []


def test_risk_that_is_said_among_the_challenged_side_goes_to_their_own_managers() -> None:
    """The raising side has no word of it."""
    words = mail(FAY, "He went missing last night.", at=START + hours(1), to=(TOM,), cc=(CREWE,))
    found = arrived(served(opened()), replace(words, is_risk=True))
    assert to(letter(found, LetterKind.INFORMATION, "risk")) == {ANIL}


def test_words_of_new_risk_reach_a_manager_who_is_called_in_by_the_same_mail() -> None:
    """NOT RESOLVED with them calls in the next stage: who is on its letter hears of the risk as well."""
    book = rules()
    rows = tuple(replace(row, email=ANIL) if row.email == DEV else row for row in book.directory.rows)
    book = replace(book, directory=replace(book.directory, rows=rows))
    case = served(opened(mail(title=DAY, to=(FAY,), cc=(CREWE,)), book), book)
    answered = arrived(case, mail(FAY, ANSWER, at=START + hours(1)), book).case
    words = mail(HELEN, "NOT RESOLVED, he came to school with a bruise", at=START + hours(2), to=(BOT,))
    found = arrived(answered, replace(words, is_risk=True), book)
    assert ANIL in {email for one in letters(found, LetterKind.ESCALATION) for email in to(one)}
    assert ANIL in to(letter(found, LetterKind.INFORMATION, "risk"))


# --- from the raiser's side -------------------------------------------------------------------------------------------


def wrote(
    text: str = "The baby has been seen by nobody. When will you visit?", book: Rules | None = None, **more: Any
) -> Decision:
    """Helen answers the letter that says that her challenge is recorded."""
    proof = more.pop("proof", Proof.PROVEN)
    to_whom = more.pop("to", (BOT,))
    words = replace(mail(HELEN, text, at=START + hours(1), to=to_whom, proof=proof), **more)
    return arrived(served(opened(book=book), book), words, book, answered="acknowledgement", goes_to=(FAY,))


@pytest.mark.parametrize(("without", "quoted"), [((), True), ((FAY,), False), ((HELEN,), False)])
def test_what_the_raiser_writes_to_us_alone_goes_to_who_is_to_answer(without: tuple[str, ...], quoted: bool) -> None:
    """Once; quoted between secure addresses, else it says to ring the raiser; the clock stays."""
    found = wrote(book=not_secure(*without))
    (one,) = letters(found, LetterKind.RELAY)
    assert isinstance(one.values, Relay.Onward)
    assert (to(one), bool(one.values.text)) == ({FAY}, quoted)
    assert one.standing is not None
    assert one.standing.ring.email == HELEN
    assert ("nobody" in repr(one)) is quoted


@pytest.mark.parametrize(
    "more",
    [
        {"is_confidence": True},
        {"is_unsure": True},
        {"proof": Proof.NONE},
        {"to": (BOT, FAY)},
        {"to": (BOT, CREWE)},
        {"is_reaction": True},
    ],
    ids=["in confidence", "unsure", "not proven", "reached them", "reached the team", "a reaction"],
)
def test_what_is_not_to_be_shown_or_reached_them_is_not_passed_on(more: dict[str, Any]) -> None:
    """In confidence, of an unsure cut, not proven, seen already, or no words at all."""
    assert letters(wrote(**more), LetterKind.RELAY) == []


def test_a_word_that_acts_is_not_passed_on() -> None:
    """It is done, and what it does is told."""
    assert letters(wrote("EXTEND 2 working days"), LetterKind.RELAY) == []


# --- in confidence, or about a person ---------------------------------------------------------------------------------

CONFIDES = "Between us: his worker was seen drinking at work."
OWN = Conduct(text="Ring the Designated Officer.", contacts={"CE": Reach(name="Jo Bell", phone="01270 1")})


@pytest.mark.parametrize("who", [HELEN, FAY, MO])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "whom your safeguarding lead knows. This line is local, not the policy."),
        ({"conduct": None}, "Your own agency's allegations and whistleblowing policies say whom to tell."),
        ({"conduct": None, "about": "adult"}, "goes to the council's managing allegations procedure."),
        ({"conduct": OWN}, "Ring the Designated Officer. Jo Bell, 01270 1."),
    ],
)
def test_who_writes_in_confidence_is_told_where_it_belongs(changes: dict[str, Any], says: str, who: str) -> None:
    """In one letter to them alone, by the policy; nobody else is told so, or reads a word of it."""
    confided = mail(who, CONFIDES, at=START + hours(3), to=(BOT,), is_confidence=True, meaning=Meaning.HOLDING)
    decision = arrived(opened().case, confided, rules(**changes))
    told = [one for one in decision.letters if one.standing and one.standing.conduct]
    assert [[c.email for c in one.to] for one in told] == [[who]]
    assert says in told[0].standing.conduct
    assert [to(one) for one in decision.letters].count({who}) == 1
    assert all("drinking" not in str(one) for one in decision.letters)


@pytest.mark.parametrize(
    "changes", [{"proof": Proof.FAILED}, {"is_confidence": False}, {"kind": MailKind.AUTO_REPLY}, {"is_list": True}]
)
def test_nobody_is_told_where_it_belongs_who_did_not_confide(changes: dict[str, Any]) -> None:
    """A forged mail, a machine's or a list's, and words about nobody."""
    told = {"is_confidence": True, "meaning": Meaning.HOLDING, **changes}
    decision = arrived(opened().case, mail(FAY, CONFIDES, at=START + hours(3), to=(BOT,), **told))
    assert not any(one.standing.conduct for one in decision.letters if one.standing)


def test_a_challenge_that_confides_opens_and_says_where_that_belongs() -> None:
    """The acknowledgement says it and the notice does not."""
    decision = opened(mail(title="Professional Safeguarding Challenge – 24 hours", is_confidence=True))
    said = {one.kind for one in decision.letters if one.standing and one.standing.conduct}
    assert (LetterKind.NOTICE in said, len(said)) == (False, 1)


def test_a_letter_to_somebody_of_no_side_says_of_nobody_where_words_go() -> None:
    """New risk is told to the raiser's manager and to the responder's, who acts at no stage: what the latter writes in
    reply goes to nobody unasked, so that letter does not say that it does."""
    worried = mail(HELEN, "The baby has a new bruise on her cheek.", at=START + hours(3), to=(BOT,), is_risk=True)
    decision = arrived(served(opened()), replace(worried, meaning=Meaning.DOUBTFUL))
    (told,) = letters(decision, LetterKind.INFORMATION, "risk")
    assert told.standing is not None
    assert (to(told), told.standing.goes_to) == ({MO, ANIL}, ())


def test_the_route_for_confidences_yields_to_no_weightier_letter() -> None:
    """Whoever confides and is also called in by the same mail reads both letters."""
    confided = mail(FAY, CONFIDES, at=START + hours(3), to=(BOT,), is_confidence=True, meaning=Meaning.HOLDING)
    route = letter(arrived(served(opened()), confided), LetterKind.INFORMATION, "in_confidence")
    notice = letter(opened(), LetterKind.NOTICE)
    assert FAY in to(notice)
    assert [to(one) for one in weightiest([route, notice])] == [{FAY}, to(notice)]


def test_a_mail_that_only_may_be_of_the_case_is_told_no_route_of_it() -> None:
    """What confides is answered by the case it belongs to: of another that it may be of, its writer hears nothing."""
    confided = mail(FAY, CONFIDES, at=START + hours(3), to=(HELEN,), is_confidence=True, meaning=Meaning.DOUBTFUL)
    of_it = arrived(served(opened()), confided)
    assert any(one.standing and one.standing.conduct for one in of_it.letters)
    may_be = decide(served(opened()), Arrival(confided, How.MAY_ANSWER), rules(), confided.received)
    assert not any(one.standing.conduct for one in may_be.letters if one.standing)


def test_a_doubt_after_a_holding_reply_is_told_to_its_writer_too() -> None:
    """The same day: that a promise was heard says nothing of the mail that the raiser is asked about."""
    first = arrived(
        served(opened()), mail(FAY, "I will look.", at=START + hours(1), to=(HELEN,), meaning=Meaning.HOLDING)
    )
    second = arrived(
        served(first), mail(FAY, "The plan may change.", at=START + hours(2), to=(HELEN,), meaning=Meaning.DOUBTFUL)
    )
    heard = [letter(one, LetterKind.INFORMATION, "taken") for one in (first, second)]
    assert [to(one) for one in heard] == [{FAY}, {FAY}]
    assert heard[0].key != heard[1].key  # of two with one key the second goes to nobody
    assert [one.values.as_ for one in heard if isinstance(one.values, Information.Taken)] == ["holding", "asked"]


def test_thanks_of_the_business_unit_are_named_to_nobody_as_having_come() -> None:
    """Of what answers our answers only the challenged side's words are its claim."""
    thanks = mail(UNIT, "Thank you.", at=START + hours(1), to=(BOT,), meaning=Meaning.HOLDING)
    found = arrived(served(opened()), thanks, answered=LetterKind.ANSWER.value)
    assert [one.what for one in found.case.heard] == []


@pytest.mark.parametrize("state", [State.CLOSED, State.AWAITING_OUTCOME])
def test_a_late_no_says_nothing_that_is_not_so(state: State) -> None:
    """No time runs on where no reply is awaited, and where none is recorded nobody hears that another is."""
    doubt = mail(DEV, "The plan may change.", at=START + hours(1), to=(HELEN,), meaning=Meaning.DOUBTFUL)
    asked = arrived(served(opened()), doubt)
    key = letter(asked, LetterKind.QUESTION, "whose_answer").key
    over = replace(asked.case, state=state)
    late = arrived(over, mail(HELEN, "NO", at=START + hours(2), to=(BOT,)), answered_key=key)
    assert letters(late, LetterKind.INFORMATION, "taken") == []
    assert not any("runs on" in str(one.values) for one in late.letters)


def test_an_address_that_was_passed_on_is_whose_it_is_today() -> None:
    """The words of who has a leaver's address by now are theirs, with their number; before that day the leaver's."""
    book = rules()
    fay = next(row for row in book.directory.rows if row.email == FAY and row.role == "line_manager")
    left = replace(fay, valid_to=(START + hours(24)).date())
    gina = replace(fay, name="Gina Holt", phone="01632 960001", valid_from=(START + hours(48)).date())
    rows = tuple(row for row in book.directory.rows if row is not fay)
    book = replace(book, directory=replace(book.directory, rows=(*rows, left, gina)))
    case = served(opened(book=book), book)
    for after, name in ((2, fay.name), (50, "Gina Holt")):
        decision = arrived(case, mail(FAY, ANSWER, at=START + hours(after), to=(BOT,)), book)
        assert letter(decision, LetterKind.RELAY, "reply").values.who.name == name
