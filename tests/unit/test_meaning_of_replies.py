"""What a reply means: lists decide what is certain, the model makes doubts of answers, and its file is trained."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.mail.read import Reading
from bot.mail.read import read as read_mail
from bot.mail.understood import described
from bot.mail.words import model, shape
from bot.mail.words.meaning import Reply, promised, read
from bot.mail.words.risk import is_confidence, is_risk
from bot.model import Attachment, Mail, Meaning
from tests import train
from tests.some import some

NOW = datetime(2027, 1, 12, 12, tzinfo=UTC)
LETTER = Attachment("letter.docx", "application/msword", 10, "0" * 64)

HOLDING = (
    "Thank you, I will respond within the ten working days.", "I commit to respond within the agreed timescales.",
    "I can confirm that I will respond within ten working days.",
    "I am happy to commit to a response within the timescale set out in the policy.",
    "Received, and I will let you have a full response within the ten working days.",
    "You will have my response within 10 working days.", "Noted. I will respond in line with the policy timescale.",
    "I have read your challenge and will come back to you within the ten days allowed.",
    "I note the response time and will meet it.",
    "Thank you for your email, which I have received. I commit to responding within the agreed timescale.",
    "Which child is this about?", "Can you send me the child's details please?", "👍🏻", "✅", "+1", "Thanks 🙏", "",
)  # fmt: skip
DOUBTFUL = (
    "I've asked Sam to have a look.", "I've asked Sam to look.", "Let me check with the team.",
    "I will raise this with the social worker this afternoon.", "I'm in court today, Tom will pick this up.",
    "I will speak to the family tomorrow and see where we are with things.", "No.",
    "Thank you for your email. This inbox is checked twice daily Monday to Friday.",
    "Wir haben das Kind heute besucht und alles ist in Ordnung.",
    "We visited today and the plan stays open, but he has a new bruise on his arm.",
)  # fmt: skip
ANSWER = (
    "We have looked at this again and will hold a strategy meeting on Friday.", "Threshold not met.", "Case closed",
    "We are not reopening the case.", "The child was seen at school today and the plan will continue for three months.",
)  # fmt: skip


@pytest.mark.parametrize("text", HOLDING)
def test_what_speaks_of_the_reply_alone_holds(text: str) -> None:
    """Promises, commitments, questions, thanks and signs are holding, certain by a list."""
    assert read(Reply(text)).meaning is Meaning.HOLDING


@pytest.mark.parametrize("text", DOUBTFUL)
def test_what_may_be_either_is_doubtful(text: str) -> None:
    """Intentions, another language, too few words and words of risk are asked about."""
    assert read(Reply(text, is_risk=is_risk(text))).meaning is Meaning.DOUBTFUL


@pytest.mark.parametrize("text", ANSWER)
def test_what_was_decided_is_an_answer(text: str) -> None:
    """What was done or will be done for the child stays an answer."""
    assert read(Reply(text)).meaning is Meaning.ANSWER


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Dear Orla\n\nTwo workers will call on the family on Thursday.\n\nTess", Meaning.ANSWER),
        ("We agreed that we open an assessment.", Meaning.ANSWER),
        ("Two workers will call you on Thursday.", Meaning.DOUBTFUL),
        ("We agreed that we look at it again.", Meaning.DOUBTFUL),
        ("Two workers will call on the family on Thursday if I can find them.", Meaning.DOUBTFUL),
    ],
)
def test_one_short_sentence_that_decides_is_certain(text: str, meaning: Meaning) -> None:
    """A named visit and an agreed step answer, between greeting and name too; a call to the reader does not."""
    assert read(Reply(text, (), "Tess Arden")).meaning is meaning


def test_what_was_found_beside_the_words_counts() -> None:
    """A reaction holds; words kept for want of a cut, inline answers and a document without words are doubtful."""
    text = ANSWER[0]
    assert read(Reply(text, is_reaction=True)).meaning is Meaning.HOLDING
    assert read(Reply(text, is_unsure=True)).meaning is Meaning.DOUBTFUL
    assert read(Reply("See my comments below.", is_inline=True)).meaning is Meaning.DOUBTFUL
    assert read(Reply("", (LETTER,))).meaning is Meaning.DOUBTFUL
    assert read(Reply("Thanks", (LETTER,))).meaning is Meaning.DOUBTFUL


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("I will reply by Thursday 11 February.", "by Thursday 11 February"),
        ("You will have my reply by noon tomorrow", "by noon tomorrow"),
        ("I will respond within the ten working days.", "within the ten working days"),
        ("I commit to respond within the agreed timescale", "within the agreed timescale"),
        ("Will call you soon", ""),
    ],
)
def test_the_time_of_a_promise_is_kept(text: str, until: str) -> None:
    """The words that say until when stand in the mail as they were written."""
    assert promised(text) == until
    assert read(Reply(text)).promised == until


@pytest.mark.parametrize(
    ("text", "risk"),
    [
        ("He told me that he has taken tablets and does not want to be here. Who do I ring?", True),
        ("She has taken her tablets at school, as agreed.", False),
        ("He has a new injury to his hand.", True),
        ("She self-harmed last night.", True),
        ("There are no injuries, but she disclosed more today.", True),
        ("Dad was released from custody today", True),
        ("No injuries were seen.", False),
        ("Last year he broke his arm.", False),
        ("I was at the hospital for a meeting.", False),
        ("If a child is in immediate danger call 999.", False),
        ("You were right about the bruise.", False),
        ("School have put a one to one in place and he won't be left alone with the older boys.", False),
        ("We consider the injuries consistent with the account given.", False),
        ("He was reported missing at 22:10 and located at 02:30.", False),
        ("Every class teacher has been given the seizure plan.", False),
        ("You were right about the bruise and there is another on his back.", True),
        ("You raise the bruise. He was left alone again last night.", True),
        ("I take the point about the bruise, it is worse today.", True),
        ("He went missing.", True),
        ("He is not safe alone at home.", True),
        ("The plan is in place. He was left alone.", True),
    ],
)
def test_new_risk_is_told_from_what_is_denied_or_long_ago(text: str, risk: bool) -> None:
    """Denied, conditional, old, told again or dealt with is no new risk; none of these hides one that is new."""
    assert is_risk(text) is risk


@pytest.mark.parametrize(
    ("text", "confides"),
    [
        ("Between us, I worry about the manager.", True),
        ("I have told the LADO.", True),
        ("The conduct of your social worker at the visit was poor.", True),
        ("I have confidence in the plan.", False),
        ("This email and any attachments are confidential.", False),
    ],
)
def test_confidences_and_conduct_are_noticed(text: str, confides: bool) -> None:
    """What is meant for one reader, or about a person's conduct; the words under every mail are not."""
    assert is_confidence(text) is confides


@pytest.mark.parametrize(
    ("sentence", "nothing"),
    [
        ("The issues about the plan and the conference are being looked into and we'll respond shortly.", True),
        ("Has the strategy meeting been held?", True),
        ("The points regarding the planned trip have been taken on board.", True),
        ("We're toying with a move to another placement.", True),
        ("I'll send you a longer reply but the answer is no, the case stays closed.", False),
        ("A reply will follow; the plan is ended and the case is closed.", False),
        ("The case is closed.", False),
    ],
)
def test_a_sentence_about_the_reply_answers_nothing(sentence: str, nothing: bool) -> None:
    """However well its words are known, it makes no answer of a mail, unless it turns to the matter itself."""
    assert shape.answers_nothing(shape.words(sentence)) is nothing
    every = model.Weights(1, 100, 0, 0, model.shipped().vocabulary)
    assert model.score(sentence, every).is_answer is not nothing


WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=300)
SENTENCES = st.lists(st.sampled_from((*HOLDING, *DOUBTFUL, *ANSWER)), max_size=4).map(" ".join)


@settings(deadline=None, max_examples=some(150))
@given(text=WORDS | SENTENCES, unsure=st.booleans(), reaction=st.booleans(), inline=st.booleans(), risk=st.booleans())
def test_the_model_only_makes_doubts(text: str, unsure: bool, reaction: bool, inline: bool, risk: bool) -> None:
    """Whatever lists call holding or doubtful stays so with the model; what it changes becomes a doubt."""
    said = Reply(text, (), "", unsure, reaction, inline, risk)
    without, with_it = read(said, with_model=False), read(said)
    assert with_it.meaning in (without.meaning, Meaning.DOUBTFUL)
    if without.meaning is not Meaning.ANSWER:
        assert with_it == without


@pytest.mark.timeout(30)
@pytest.mark.parametrize("piece", ["x", "a ", "We will. ", "visit, ", "👍", "n't's", "\n", "if you say "])
def test_a_long_mail_is_read_in_bounded_time(piece: str) -> None:
    """A megabyte of one thing again and again is read within the limit of a mail."""
    text = piece * (1_000_000 // len(piece))
    assert read(Reply(text)).meaning in Meaning
    assert is_risk(text) in (True, False)
    assert is_confidence(text) in (True, False)


def test_the_journal_gets_numbers_alone() -> None:
    """Why a mail was read so is a version, a score and feature numbers: none of its words."""
    why = read(Reply("Sidney Ploverington will certainly be discussing Tuesday's gathering with everybody.")).why
    assert why.startswith(f"model {train.VERSION}: ")
    assert set(why) <= set("model " + string.digits + "-:[],")


@pytest.mark.timeout(300)
def test_the_weights_are_what_the_sentences_make() -> None:
    """`make train` makes the shipped file again, byte for byte."""
    assert train.WRITTEN.read_text("utf-8") == train.written()


def test_the_weights_are_small_and_whole_and_name_nobody() -> None:
    """At most 14 kB, whole numbers, and no name among the words."""
    text = train.WRITTEN.read_text("utf-8")
    assert len(text.encode()) <= 14_000
    assert all(float(w).is_integer() for row in json.loads(text)["features"].values() for w in row)
    people = train.names([*train.mails(), *train.extra()])
    assert {"fay", "priya", "hartley"} <= people
    used = {word for name in model.loaded(text).vocabulary for word in name.replace("+", " ").split()[1:]}
    assert people & used == set()


def mail(text: str, *, with_model: bool = True) -> Mail:
    """A mail of a person with these words."""
    made = EmailMessage()
    made["From"], made["Subject"], made["Message-ID"] = (
        "Fay Marsh <fay@csc.example>",
        "Re: Challenge",
        "<1@csc.example>",
    )
    made.set_content(text)
    return read_mail(made.as_bytes(), Reading(with_model=with_model), NOW)


def test_a_mail_says_what_it_means() -> None:
    """The reader fills it in, with risk, confidence and the promised time; a setting turns the model off."""
    held = mail("I commit to respond within ten working days.\n")
    assert (held.meaning, held.promised) == (Meaning.HOLDING, "within ten working days")
    unclear = "I will speak to the family tomorrow and see where we are with things.\n"
    assert mail(unclear).meaning is Meaning.DOUBTFUL
    assert mail(unclear, with_model=False).meaning is Meaning.ANSWER
    told = mail("Between us, she has a new injury and we will hold a strategy meeting today.\n")
    assert (told.meaning, told.is_risk, told.is_confidence) == (Meaning.DOUBTFUL, True, True)


def test_understand_shows_the_meaning_and_the_words() -> None:
    """Holding is true of whatever stops no clock; the words the model looked at are shown here and nowhere else."""
    words = "The professionals meeting was brought forward and we will hold it on Friday."
    shown = described(mail(words))
    assert (shown["meaning"], shown["holding"]) == ("answer", False)
    assert shown["meant"]["sentence"] == words
    assert "w hold" in shown["meant"]["features"]
    assert described(mail(DOUBTFUL[0]))["holding"] is True
