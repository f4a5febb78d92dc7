"""What a list or a mailbox carries on is its writer's: an answer is one, a word is asked about, none is silent."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.case.placement import weighed
from bot.mail.read import Reading, read
from bot.mail.subject import Phrase
from bot.model import Decision, Flag, LetterKind, Mail, MailKind, Proof, QuestionKind, State
from tests.unit.case_samples import (
    BOT,
    DAY,
    FAY,
    HELEN,
    MO,
    START,
    STRANGER,
    arrived,
    fired,
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


def second(text: str, who: str = HELEN, at: float = 3, **cites: Any) -> tuple[Mail, dict[str, Any]]:
    return mail(who, text, at=START + hours(at)), {"same_id": True, **cites}


def test_of_one_id_with_two_contents_the_second_relaxes_nothing() -> None:
    """It is flagged, and its sender asked about the word, with a code."""
    written_again, cites = second("RESOLVED")
    decision = arrived(answered().case, written_again, **cites)
    assert (decision.case.state, decision.case.has(Flag.DUPLICATE_MESSAGE_ID)) == (State.AWAITING_CONFIRMATION, True)
    assert [q.asked for q in decision.case.questions if q.about is QuestionKind.WORD and q.code] == [HELEN]


def test_a_yes_of_an_id_that_another_mail_bears_is_asked_about() -> None:
    """To the letter that asks whether it is resolved."""
    case = answered().case
    (asked,) = (q for q in case.questions if q.about is QuestionKind.RESOLVED)
    written_again, cites = second("YES", answered_key=asked.key, answered_to=(HELEN,))
    decision = arrived(case, written_again, **cites)
    assert decision.case.state is State.AWAITING_CONFIRMATION
    assert any(q.about is QuestionKind.WORD and q.code for q in decision.case.questions)


def test_the_same_word_by_two_ways_is_no_second_one() -> None:
    """A copy with a footer of what has acted already asks nobody; an answer and a word that adds count as ever."""
    resolved = arrived(answered().case, mail(HELEN, "RESOLVED", at=START + hours(2))).case
    copied, cites = second("RESOLVED")
    assert arrived(resolved, copied, **cites).case.questions == resolved.questions
    added, cites = second("ESCALATE")
    assert letters(arrived(answered().case, added, **cites), LetterKind.ESCALATION)
    more, cites = second(SEEN, FAY)
    assert arrived(served(opened()), more, **cites).case.state is State.AWAITING_CONFIRMATION


def test_a_word_whose_proof_failed_is_promised_no_code() -> None:
    """What breaks the proof of the word would break that of the code: its sender is asked to reply by another way, once
    a day, and the next morning their manager is asked, with a code."""
    said = {"proof": Proof.FAILED, "at": START + hours(3)}
    first = arrived(answered().case, mail(HELEN, "RESOLVED", **said))
    (asked,) = (q for q in first.case.questions if q.about is QuestionKind.WORD)
    assert (asked.asked, asked.code) == (HELEN, "")
    again = arrived(first.case, mail(HELEN, "RESOLVED", **said, to=(BOT,)))
    assert [q for q in again.case.questions if q.about is QuestionKind.WORD] == [asked]
    failed = arrived(first.case, mail(HELEN, "YES", **said), answered_key=asked.key, answered_to=(HELEN,))
    assert "on its way breaks the proof" in repr(failed.letters)
    manager = fired(failed.case, "word_manager")
    assert [(q.asked, bool(q.code)) for q in manager.case.questions if q.about is QuestionKind.WORD_AGAIN][-1] == (
        MO,
        True,
    )
    proven = arrived(first.case, mail(HELEN, "YES", at=START + hours(4)), answered_key=asked.key, answered_to=(HELEN,))
    assert proven.case.state is State.AWAITING_OUTCOME
