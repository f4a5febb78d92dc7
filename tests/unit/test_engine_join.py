"""A mail joins its case: bounces reach the letter they are about, and who is away again and again is told of."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.case.placement import Attach
from bot.engine.reading.join import ABSENCES, WITHIN, attach
from bot.engine.reading.place import place
from bot.model import Absence, Bounce, How, LetterKind, Mail, MailKind
from bot.store import outbox
from bot.store.outbox import Queued
from tests.unit.case_samples import CREWE, DAY, DEV, FAY, HELEN, INBOX, START, TOM, UNIT, mail
from tests.unit.engine_samples import WORDS, House, texts, to

DAYS, MINUTE = timedelta(days=1), timedelta(minutes=1)
FAILED = "5.1.1"


def joined(house: House, one: Mail, number: int = 1, key: str = "") -> None:
    with house.db.begin() as tx:
        attach(house.turn, tx, one, number, "our letter", key, one.received)


def opened(house: House, at: datetime = START, n: int = 0) -> int:
    """A case whose letters have reached everybody."""
    number = house.open(mail(HELEN, f"{WORDS} {n}", title=DAY, to=(FAY,), cc=(CREWE,), at=at))
    house.serve(at + MINUTE)
    return number


def notice(house: House, number: int = 1) -> Queued:
    return next(q for q in house.letters(LetterKind.NOTICE) if q.case == number)


def bounce(recipient: str | None, *, hard: bool = True, at: datetime = START + 2 * MINUTE) -> Mail:
    told = Bounce(recipient, FAILED if hard else "4.4.7", hard, (), "550 no such user", "the mailbox is not known")
    return mail("mailer-daemon@csc.example", "", at=at, kind=MailKind.BOUNCE, bounce=told)


def statuses(house: House, letter: Queued) -> dict[str, str]:
    with house.db.read() as tx:
        return {address: status for address, status, _ in outbox.get(tx, letter.id).recipients}


# --- joining ----------------------------------------------------------------------------------------------------------


def test_a_mail_that_joined_is_known_when_it_comes_again(house: House) -> None:
    """Another gateway's copy of a reply is a copy."""
    opened(house)
    reply = mail(FAY, "We shall visit today.", at=START + MINUTE)
    joined(house, reply)
    with house.db.read() as tx:
        again = place(tx, reply, INBOX, house.settings.directory, is_old=False)
    assert again == (Attach(1, How.COPY), False)
    assert house.case().mails[-1] == reply.digest


def test_what_answers_it_belongs_to_the_case_too(house: House) -> None:
    """Its Message-ID is one of the case's from now on."""
    opened(house)
    reply = mail(FAY, "We shall visit today.", at=START + MINUTE)
    joined(house, reply)
    later = mail(TOM, "I have been there.", in_reply_to=(str(reply.message_id),))
    with house.db.read() as tx:
        placement, _ = place(tx, later, INBOX, house.settings.directory, is_old=False)
    assert placement == Attach(1, "the challenge or a mail of the case")


# --- bounces ----------------------------------------------------------------------------------------------------------


def test_a_bounce_names_who_did_not_get_the_letter(house: House) -> None:
    """Their copy has bounced, nobody else's; the next in the row is written to, and the unit mends its directory."""
    opened(house)
    letter = notice(house)
    joined(house, bounce(FAY), key=letter.letter.key)
    after = statuses(house, letter)
    assert after.pop(FAY) == "bounced"
    assert "bounced" not in after.values()
    assert [to(q.letter) for q in house.letters(LetterKind.REDIRECT)] == [(TOM,)]
    (wrong,) = house.letters(LetterKind.INFORMATION, "spoc_wrong")
    assert to(wrong.letter) == (UNIT,)


def test_the_same_bounce_twice_is_told_once(house: House) -> None:
    """Mail systems repeat themselves: nobody hears of it a second time."""
    opened(house)
    letter = notice(house)
    joined(house, bounce(FAY), key=letter.letter.key)
    before = len(house.letters(LetterKind.INFORMATION)), len(house.letters(LetterKind.REDIRECT))
    joined(house, bounce(FAY, at=START + 9 * MINUTE), key=letter.letter.key)
    assert (len(house.letters(LetterKind.INFORMATION)), len(house.letters(LetterKind.REDIRECT))) == before


def test_a_bounce_that_names_nobody_is_that_of_the_only_addressee(house: House) -> None:
    """One letter to one person can have failed for that person alone."""
    opened(house)
    joined(house, mail(HELEN, "STATUS", at=START + MINUTE))
    (letter,) = house.letters(LetterKind.ANSWER)
    assert len(letter.recipients) == 1
    joined(house, bounce(None), key=letter.letter.key)
    assert statuses(house, letter) == {HELEN: "bounced"}


@pytest.mark.parametrize("named", [None, "somebody@csc.example"])
def test_a_bounce_of_a_letter_to_several_that_names_none_of_them_is_nobodys(house: House, named: str | None) -> None:
    """Nothing is guessed: the letters stay as they are, and so does the case's row of people."""
    opened(house)
    letter = notice(house)
    assert len(letter.recipients) > 1
    before = statuses(house, letter)
    joined(house, bounce(named), key=letter.letter.key)
    assert statuses(house, letter) == before
    assert house.letters(LetterKind.REDIRECT) == []


def test_a_delay_is_no_bounce(house: House) -> None:
    """It may still arrive: the copy stays, the case waits a while before it writes to the next."""
    opened(house)
    letter = notice(house)
    before = statuses(house, letter)
    joined(house, bounce(FAY, hard=False), key=letter.letter.key)
    assert statuses(house, letter) == before
    assert [one.address for one in house.case().delayed] == [FAY]
    assert house.letters(LetterKind.REDIRECT) == []


def test_a_bounce_of_no_letter_of_the_case_marks_nothing(house: House) -> None:
    """It is kept with the case, and nobody is taken for lost."""
    opened(house)
    joined(house, bounce(FAY), key="")
    assert statuses(house, notice(house))[FAY] != "bounced"
    assert house.letters(LetterKind.REDIRECT) == []


# --- absences ---------------------------------------------------------------------------------------------------------


def away(house: House, number: int, at: datetime, sender: str = FAY) -> None:
    absent = mail(sender, "I am away.", at=at, kind=MailKind.AUTO_REPLY, absence=Absence(), proof=mail().proof)
    joined(house, absent, number, notice(house, number).letter.key)


def told(house: House) -> int:
    return len(house.letters(LetterKind.INFORMATION, "unreachable"))


def test_the_third_absence_within_a_month_is_told_to_the_business_unit_once(house: House) -> None:
    """With who it is and how often; a fourth adds nothing."""
    for n in range(ABSENCES + 1):
        at = START + n * DAYS
        away(house, opened(house, at, n), at + 2 * MINUTE)
        assert told(house) == (n + 1 >= ABSENCES)
    (letter,) = house.letters(LetterKind.INFORMATION, "unreachable")
    assert to(letter.letter) == (UNIT,)
    (text,) = texts(house.send(START + 4 * DAYS), "A contact of the directory cannot be reached")
    assert "Fay Marsh" in text
    assert "3 times within 30 days" in text


def test_an_absence_of_a_month_ago_is_forgotten(house: House) -> None:
    """Holidays come every year: only what lies within thirty days counts together."""
    for n, at in enumerate((START, START + DAYS, START + WITHIN)):
        away(house, opened(house, at, n), at)
    assert told(house) == 0
    at = START + WITHIN + MINUTE
    away(house, opened(house, at, 4), at)
    assert told(house) == 1


def test_absences_of_one_case_and_stage_count_once(house: House) -> None:
    """A machine answers every letter: that is one absence."""
    opened(house)
    for n in range(ABSENCES):
        away(house, 1, START + (2 + n) * MINUTE)
    assert told(house) == 0


def test_an_absence_of_somebody_who_is_asked_nothing_does_not_count(house: House) -> None:
    """Only those who must answer a challenge have to be reached."""
    for n in range(ABSENCES):
        at = START + n * DAYS
        away(house, opened(house, at, n), at + 2 * MINUTE, sender=DEV)
    assert told(house) == 0


def test_absences_of_two_people_are_not_added_up(house: House) -> None:
    """Each has a count of their own, whichever of their addresses answers."""
    for n, sender in enumerate((FAY, "f.marsh@csc.example")):
        at = START + n * DAYS
        away(house, opened(house, at, n), at + 2 * MINUTE, sender=sender)
        away(house, n + 1, at + 3 * MINUTE, sender=TOM)
    assert told(house) == 0
    at = START + 3 * DAYS
    away(house, opened(house, at, 9), at + 2 * MINUTE)
    assert told(house) == 1
