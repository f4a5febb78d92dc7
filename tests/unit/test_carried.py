"""What a list or a mailbox carries on is its writer's: an answer is one, a word is asked about, none is silent."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.case.placement import weighed
from bot.mail.read import Reading, read
from bot.mail.subject import Phrase
from bot.model import Decision, LetterKind, Mail, MailKind, Proof, QuestionKind, State
from tests.unit.case_samples import (
    DAY,
    FAY,
    HELEN,
    START,
    STRANGER,
    arrived,
    hours,
    letters,
    mail,
    opened,
    served,
    shipped,
    to,
)

NOW = datetime(2027, 1, 15, 17, 0, tzinfo=UTC)
READING = Reading(phrases=(Phrase("Professional Safeguarding Challenge"),))
SEEN = "We visited today and the baby was seen."
FORWARDED = "Auto-Submitted: auto-forwarded"


def through_a_list(who: str, text: str, **more: object) -> Mail:
    return mail(who, text, at=START + hours(2), is_list=True, **more)


def answered() -> Decision:
    return arrived(served(opened()), mail(FAY, SEEN, at=START + hours(1)))


def test_an_answer_through_a_list_is_an_answer() -> None:
    """The raiser is asked and its writer told, as without the list."""
    decision = arrived(served(opened()), through_a_list(FAY, SEEN))
    assert decision.case.state is State.AWAITING_CONFIRMATION
    assert {HELEN, FAY} <= {who for one in decision.letters for who in to(one)}


def test_an_answer_through_a_list_that_nothing_proves_is_asked_about() -> None:
    """As any other that nothing proves."""
    decision = arrived(served(opened()), through_a_list(FAY, SEEN, proof=Proof.UNPROVEN))
    assert decision.case.state is State.AWAITING_RESPONSE
    assert {HELEN} <= {who for one in letters(decision, LetterKind.QUESTION, "whose_answer") for who in to(one)}


def test_a_word_through_a_list_asks_for_its_code() -> None:
    """A list gives no command; its sender's own address is asked, and the code of that letter acts."""
    decision = arrived(answered().case, through_a_list(HELEN, "RESOLVED"))
    assert decision.case.state is State.AWAITING_CONFIRMATION
    (asked,) = (q for q in decision.case.questions if q.about is QuestionKind.WORD)
    coded = through_a_list(HELEN, f"YES {asked.code}")
    acted = arrived(decision.case, coded, answered_key=asked.key, answered_to=(HELEN,))
    assert (asked.asked, acted.case.state) == (HELEN, State.AWAITING_OUTCOME)


def test_a_strangers_mail_through_a_list_is_kept_and_answered_to_nobody() -> None:
    """Neither is a machine's."""
    for carried in (through_a_list(STRANGER, SEEN), through_a_list(FAY, SEEN, kind=MailKind.OTHER_AUTOMATED)):
        decision = arrived(served(opened()), carried)
        assert (decision.letters, decision.case.state) == ((), State.AWAITING_RESPONSE)


def written(title: str, *fields: str) -> Mail:
    head = "\n".join((f"From: {FAY}", f"Subject: {title}", "Message-ID: <a@csc.example>", *fields))
    return read(f"{head}\n\n{SEEN}\n".encode(), READING, NOW)


@pytest.mark.parametrize("title", ["RE: the baby", DAY])
def test_a_mailbox_that_hands_on_proves_no_machine(title: str) -> None:
    """It is a look: whoever the directory lists and the border proves is a person all the same."""
    found = written(title, FORWARDED)
    assert (found.kind, found.is_machine_by_looks) == (MailKind.OTHER_AUTOMATED, True)
    assert weighed(replace(found, proof=Proof.PROVEN), shipped().directory).kind is MailKind.HUMAN
    assert written(title, FORWARDED, "In-Reply-To: <letter@county.example>").kind is MailKind.HUMAN


def test_what_a_machine_wrote_stays_its_own_when_it_is_handed_on() -> None:
    """An absence note, and a program's own header."""
    assert written("Automatic reply: the baby", FORWARDED).kind is MailKind.AUTO_REPLY
    assert not written("The baby", FORWARDED, "X-Cron-Env: <HOME=/>").is_machine_by_looks
