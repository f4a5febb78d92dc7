"""Replies that somebody wrote without sight of the lists and of the sentences that the model was trained on."""

import pytest
from ruamel.yaml import YAML

from bot.mail.words import model
from bot.mail.words.meaning import Reply, read
from bot.mail.words.model import sentences
from bot.mail.words.risk import is_risk
from bot.model import Meaning
from tests import train

UNSEEN = train.FOLDER.parent / "unseen"
PARTS = ["", "2", "3", "4", "5", "6", "7", "8", "9"]


def _texts(name: str) -> list[str]:
    texts: list[str] = YAML(typ="safe", pure=True).load((UNSEEN / name).read_text("utf-8"))
    return texts


def _is_answer(text: str) -> bool:
    return read(Reply(text, is_risk=is_risk(text))).meaning is Meaning.ANSWER


@pytest.mark.parametrize("part", PARTS)
def test_no_promise_is_an_answer_and_most_answers_are(part: str) -> None:
    """No promise is an answer, at least 90 of 100 answers are. The wordings were written without sight of lists and
    training sentences; both were mended with sight of them since, so that it is a floor and no measurement."""
    promises, answers = _texts(f"promises{part}.yaml"), _texts(f"answers{part}.yaml")
    assert (len(promises), len(answers)) == (100, 100)
    assert [text for text in promises if _is_answer(text)] == []
    assert sum(map(_is_answer, answers)) >= 90


def test_a_terse_mail_that_names_no_case_is_no_answer() -> None:
    """A few words that name no child, plan or decision are doubted; a plain decision is an answer."""
    for text in (
        "Ward round now. Then you.",
        "Clinic first, then yours.",
        "Lunch. Then you.",
        "Right then, on it now.",
    ):
        assert not _is_answer(text), text
    assert all(map(_is_answer, ("Reversed. Child moves today.", "We decline to reopen.", "Nope, sticking with it x")))


def test_a_longer_letter_besides_takes_nothing_from_an_answer() -> None:
    """What is said of a letter or a call to come, in front of a "but" or of a decision, does not make it a doubt."""
    answer = "The children will stay with their grandmother and the plan continues."
    assert all(_is_answer(before + answer) for before in ("A detailed letter will follow. ", "Jo will ring you but "))
    assert not any(map(_is_answer, ("A detailed letter will follow.", "Jo will ring you but she is in court today.")))


def test_a_promise_beside_it_asks_for_more_of_an_answer() -> None:
    """What would just answer is asked about where the mail promises a reply besides; a clear answer is none the less
    one."""
    just, clear = "The visit was done on Monday.", "The panel refused the placement and he stays at home."
    for more in ("I will reply to you by noon.", "The manager it is who will be writing to you."):
        scored = [model.score(f"{said} {more}", model.shipped()) for said in (just, clear)]
        assert [one.score > model.shipped().threshold for one in scored] == [True, True], more
        assert [one.is_answer for one in scored] == [False, True], more


def test_new_risk_is_seen_and_what_sounds_like_it_is_not() -> None:
    """Every kind of new risk is seen; a denial, what is old, supposed or another's, a training and a name are none.
    Lists were mended with sight of these since, so that it is a floor and no measurement."""
    assert [text for text in _texts("risks.yaml") if not is_risk(text)] == []
    assert [text for text in _texts("no_risks.yaml") if is_risk(text)] == []


@pytest.mark.timeout(60)
def test_none_of_them_was_trained_on() -> None:
    """No sentence of more than five words stands in the training mails."""
    trained = {_folded(one) for mail in train.mails() for one in mail.sentences}
    names = [f"{kind}{part}.yaml" for kind in ("promises", "answers") for part in PARTS]
    unseen = [one for name in names for text in _texts(name) for one in sentences(text)]
    assert [one for one in unseen if len(one.split()) > 5 and _folded(one) in trained] == []


def _folded(sentence: str) -> str:
    return sentence.replace("’", "'").strip(" .!?").casefold()
