"""Replies that somebody wrote without sight of the lists and of the sentences that the model was trained on."""

import pytest
from ruamel.yaml import YAML

from bot.mail.words.meaning import Reply, read
from bot.mail.words.model import sentences
from bot.mail.words.risk import is_risk
from bot.model import Meaning
from tests import train

UNSEEN = train.FOLDER.parent / "unseen"


def _texts(name: str) -> list[str]:
    texts: list[str] = YAML(typ="safe", pure=True).load((UNSEEN / name).read_text("utf-8"))
    return texts


def _is_answer(text: str) -> bool:
    return read(Reply(text, is_risk=is_risk(text))).meaning is Meaning.ANSWER


@pytest.mark.parametrize("part", ["", "2", "3", "4"])
def test_no_promise_is_an_answer_and_most_answers_are(part: str) -> None:
    """No promise is an answer, at least 90 of 100 answers are. The wordings were written without sight of lists and
    training sentences; lists were mended with sight of the first since, so that it is a floor and no measurement."""
    promises, answers = _texts(f"promises{part}.yaml"), _texts(f"answers{part}.yaml")
    assert (len(promises), len(answers)) == (100, 100)
    assert [text for text in promises if _is_answer(text)] == []
    assert sum(map(_is_answer, answers)) >= 90


def test_new_risk_is_seen_and_what_sounds_like_it_is_not() -> None:
    """Every kind of new risk is seen; a denial, what is old, supposed or another's, a training and a name are none.
    Lists were mended with sight of these since, so that it is a floor and no measurement."""
    assert [text for text in _texts("risks.yaml") if not is_risk(text)] == []
    assert [text for text in _texts("no_risks.yaml") if is_risk(text)] == []


@pytest.mark.timeout(60)
def test_none_of_them_was_trained_on() -> None:
    """No sentence of more than five words stands in the training mails."""
    trained = {_folded(one) for mail in train.mails() for one in mail.sentences}
    unseen = [one for name in ("promises.yaml", "answers.yaml") for text in _texts(name) for one in sentences(text)]
    assert [one for one in unseen if len(one.split()) > 5 and _folded(one) in trained] == []


def _folded(sentence: str) -> str:
    return sentence.replace("’", "'").strip(" .!?").casefold()
