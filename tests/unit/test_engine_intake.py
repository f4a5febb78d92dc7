"""Mail in, from the Maildir to the ledger and from the ledger to what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.daemon.app import reading_of
from bot.doors.ports import RawMail
from bot.engine.reading.intake import STRIKES
from bot.engine.reading.reader.sandbox import InProcess, Job, SandboxDied
from bot.model import LetterKind, Mail
from bot.model.errors import DoorClosed
from bot.store import mailboxes, mails
from bot.store.mails import Listed, Waiting
from tests.unit.case_samples import BOT, CREWE, DAY, FAY, HELEN, MO, START, STRANGER
from tests.unit.engine_samples import CHESTER, CREWE_BOX, WORDS, House, eml, running, to

DAYS, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
SIGHT = 3 * DAYS


class Fragile(InProcess):
    """A reader that ends with mails that say so; what a real child dies of is test_sandbox's.

    `kills`: at every attempt. `files`: only while attachments are opened.
    """

    def read(self, raw: bytes, received: datetime, *, opens_files: bool = True) -> Mail:
        if b"X-Test: kills" in raw or (opens_files and b"X-Test: files" in raw):
            raise SandboxDied("the reading process died")
        return super().read(raw, received, opens_files=opens_files)

    def read_each(self, jobs: Sequence[Job]) -> Iterator[Mail | SandboxDied]:
        for raw, received in jobs:
            try:
                yield self.read(raw, received)
            except SandboxDied as died:
                yield died


def waiting(house: House) -> list[Waiting]:
    with house.db.read() as tx:
        return mails.waiting(tx, 100, START)


def only(house: House, disposition: str) -> Listed:
    (row,) = house.listed(disposition)
    return row


# --- receiving --------------------------------------------------------------------------------------------------------


def test_each_mail_is_received_once(house: House) -> None:
    """A pass gives what is new, over all folders and batches, and the next pass nothing."""
    for n in range(130):
        house.put(eml(title="Lunch", name=f"m{n}"))
    assert house.receive(START) == 130
    assert house.receive(START + MINUTE) == 0
    assert len(waiting(house)) == 100
    assert house.app.intake.read(START) == 100
    assert house.app.intake.read(START) == 30


def test_a_whole_pass_is_noted_and_ends_a_gap(house: House) -> None:
    """Records state since when a mailbox could not be read, and until when."""
    with house.db.begin() as tx:
        mailboxes.gap_opened(tx, CREWE_BOX, START, "the server was away")
    house.receive(START + HOUR)
    with house.db.read() as tx:
        assert mailboxes.gaps(tx, START, START + HOUR) == [(CREWE_BOX, START, START + HOUR, "the server was away")]
        assert mailboxes.last_listed(tx)[CREWE_BOX] == START + HOUR


def test_a_mailbox_that_cannot_be_read_is_a_gap(house: House) -> None:
    """It is said, it is remembered since when, and the mailbox does not count as listed."""
    (house.folder / CREWE).write_text("no Maildir")
    with pytest.raises(DoorClosed):
        house.app.receive(CREWE_BOX, START)
    with house.db.read() as tx:
        ((name, since, until, _),) = mailboxes.gaps(tx, START, START)
        assert (name, since, until) == (CREWE_BOX, START, None)
        assert CREWE_BOX not in mailboxes.last_listed(tx)


@pytest.mark.parametrize(("age", "opens"), [(SIGHT, True), (SIGHT + MINUTE, False)])
def test_what_lay_there_before_the_first_sight_opens_nothing(house: House, age: timedelta, opens: bool) -> None:
    """Three days back is new; a challenge of before that waits for a person as already in flight."""
    house.put(eml(at=START - age), START - age)
    house.take_in(START)
    assert len(house.cases()) == opens
    assert [row.why.split(":")[0] for row in house.listed("holding_pen")] == ([] if opens else ["already in flight"])


def test_what_came_while_we_were_away_is_new(house: House) -> None:
    """The floor of the first sight stays where it is: after a fortnight's standstill a challenge opens its case."""
    house.receive(START)
    house.put(eml(at=START + DAYS), START + DAYS)
    house.take_in(START + 14 * DAYS)
    assert len(house.cases()) == 1


def test_a_folder_seen_later_has_a_first_sight_of_its_own(house: House) -> None:
    """Old mail in a folder that is new to us opens nothing, new mail in it does."""
    house.put(eml(title="Lunch"))
    house.take_in(START)
    junk, at = f"{CREWE}/.Junk", START + 20 * DAYS
    house.put(eml(at=at - SIGHT - MINUTE), at - SIGHT - MINUTE, junk)
    house.put(eml(at=at, text=f"{WORDS} It is urgent."), at, junk)
    house.take_in(at)
    assert only(house, "holding_pen").why.startswith("already in flight")
    assert len(house.cases()) == 1


# --- reading ----------------------------------------------------------------------------------------------------------


def test_mails_are_read_in_the_order_in_which_they_reached_the_server(house: House) -> None:
    """A reply in our own mailbox, which is listed first, is read after the challenge that it answers."""
    house.put(eml(name="first"), START)
    reply = eml(FAY, f"RE: {DAY}", "I am looking into it.", to=(BOT,), cc=(), answers="first@health.example")
    house.put(reply, START + MINUTE, BOT)
    house.take_in(START + HOUR)
    assert [row.case for row in house.listed("case")] == [1, 1]
    assert house.listed("holding_pen") == []


def test_a_challenge_opens_a_case_in_the_inbox_it_came_by(house: House) -> None:
    """Its ledger row names the case, and its bytes stay."""
    house.put(eml())
    house.take_in(START)
    row = only(house, "case")
    case = house.case(1)
    assert (case.area, case.inbox, case.raiser.email, row.case) == ("CE", CREWE, HELEN, 1)
    with house.db.read() as tx:
        assert mails.raw(tx, row.digest) == eml()


def test_what_is_none_of_our_business_leaves_a_row_and_nothing_else(house: House) -> None:
    """Neither its bytes nor a word of it stay; the reason does."""
    house.put(eml(title="Lunch"))
    house.take_in(START)
    row = only(house, "ignored")
    assert row.why == "none of our business"
    with house.db.read() as tx, pytest.raises(KeyError):
        mails.raw(tx, row.digest)


def test_what_is_none_of_our_business_is_passed_by_before_the_challenge_behind_it(house: House) -> None:
    """They share a commit, and neither is lost when a challenge follows in the same batch, or none."""
    for n, title in enumerate(("Lunch", "Leave", DAY, "Rota")):
        house.put(eml(title=title, name=f"m{n}"), START + n * MINUTE)
    house.take_in(START + HOUR)
    assert (len(house.listed("ignored")), len(house.listed("case")), waiting(house)) == (3, 1, [])


def test_the_same_mail_in_two_inboxes_is_one_challenge(house: House) -> None:
    """The copy joins the case and asks nobody anything."""
    house.put(eml(cc=(CREWE, BOT)))
    house.put(eml(cc=(CREWE, BOT)), START + MINUTE, BOT)
    house.take_in(START + HOUR)
    assert len(house.cases()) == 1
    assert [(row.case, row.why) for row in house.listed("case")] == [
        (1, "it opened the case"),
        (1, "the same mail again"),
    ]
    assert len(house.case().mails) == 1


def test_a_message_id_that_another_mail_has_already_is_noted(house: House) -> None:
    """Both are challenges; that one of them bears a borrowed id is a flag of the second."""
    house.put(eml(name="same"))
    house.put(eml(name="same", text="Nobody has told us when the meeting about the twins is."), START + MINUTE)
    house.take_in(START + HOUR)
    assert ["duplicate_message_id" in case.flags for case in house.cases()] == [False, True]


def test_what_may_answer_a_challenge_waits_and_its_raiser_is_asked(house: House) -> None:
    """It cites nothing, so it joins nothing; the raiser can say whether it is the answer."""
    house.put(eml())
    house.put(eml(FAY, "The baby", "We shall visit.", to=(HELEN,), cc=(CREWE,)), START + MINUTE)
    house.take_in(START + HOUR)
    assert only(house, "holding_pen").guesses == house.case().ref
    (question,) = house.letters(LetterKind.QUESTION)
    assert to(question.letter) == (HELEN, MO)  # on a window of hours their manager reads it too
    assert len(house.case().mails) == 1


# --- mails that cannot be read ----------------------------------------------------------------------------------------


def fragile(house: House) -> None:
    house.app.intake.reader = house.app.intake.penned.reader = Fragile(reading_of(house.settings))


def test_a_mail_that_ends_the_reader_is_set_aside_after_three_strikes(house: House) -> None:
    """Its headers speak for it, the operator is told once, and the mails behind it flow."""
    fragile(house)
    house.put(eml(title="Lunch", name="bad", X_Test="kills"))
    house.put(eml(), START + MINUTE)
    house.receive(START)
    for strike in range(1, STRIKES + 1):
        house.app.intake.read(START)
        assert [one.attempts for one in waiting(house)] == [strike]
        assert len(house.cases()) == 1
    house.app.intake.read(START)
    row = only(house, "set_aside")
    assert row.why == "could not be read: it ended the reader three times"
    (alert,) = house.letters(LetterKind.ALERT)
    assert to(alert.letter) == (house.settings.config.operator,)
    assert waiting(house) == []


def test_a_mail_whose_attachment_ends_the_reader_is_read_without_it(house: House) -> None:
    """At its second attempt no file is opened: a challenge is worth more than its attachments."""
    fragile(house)
    house.put(eml(X_Test="files"))
    house.receive(START)
    house.app.intake.read(START)
    assert house.cases() == []
    house.app.intake.read(START)
    assert len(house.cases()) == 1


def test_retries_stand_behind_fresh_mail(house: House) -> None:
    """Mails that ended the reader, a batch and more of them, are read again one at a time while nothing else waits."""
    fragile(house)
    for n in range(130):
        house.put(eml(title="Lunch", name=f"bad{n}", X_Test="kills"))
    house.receive(START)
    assert [house.app.intake.read(START) for _ in range(3)] == [100, 30, 1]
    house.put(eml(), START + HOUR)
    house.receive(START)
    assert house.app.intake.read(START) == 1
    assert len(house.cases()) == 1
    assert [house.app.intake.read(START) for _ in range(2)] == [1, 1]
    assert house.listed("set_aside") == []
    for _ in range(260):
        house.app.intake.read(START)
    assert len(house.listed("set_aside")) == 130


def test_a_mail_that_ended_the_reader_three_times_is_not_begun_again(house: House) -> None:
    """Its strikes outlast a restart: it is set aside unread."""
    house.put(eml(title="Lunch"))
    house.receive(START)
    (one,) = waiting(house)
    with house.db.begin() as tx:
        for _ in range(STRIKES):
            mails.attempt(tx, one.entry, START)
    house.app.intake.read(START)
    assert only(house, "set_aside").why == "could not be read: it ended the reader three times"


def test_a_challenge_whose_body_cannot_be_read_opens_its_case(house: House) -> None:
    """Its subject is enough, however it ended the reader."""
    fragile(house)
    house.put(eml(X_Test="kills"))
    house.receive(START)
    for _ in range(STRIKES + 1):
        house.app.intake.read(START)
    assert len(house.cases()) == 1


def given(house: House, *found: RawMail) -> None:
    with house.db.begin() as tx:
        mails.receive(tx, CREWE_BOX, found, "cursor", START, None)


@pytest.mark.parametrize(
    ("size", "truncated", "why"),
    [
        (40_000_000, False, None),
        (40_000_001, False, "could not be read: it is too large to be read"),
        (1000, True, "could not be read: it is too large to be read"),
    ],
)
def test_a_mail_that_is_too_large_speaks_by_its_headers(
    house: House, size: int, truncated: bool, why: str | None
) -> None:
    """More than forty megabytes, or cut off by its server, is not parsed and not lost."""
    given(house, RawMail("1", "INBOX", eml(title="Lunch"), START, truncated, size))
    house.app.intake.read(START)
    assert [row.why for row in house.listed("set_aside")] == ([why] if why else [])


def test_mails_that_do_not_fit_into_memory_together_are_read_one_after_the_other(house: House) -> None:
    """Two of thirty megabytes make two batches; one that is larger than all memory for them is still taken up."""
    raws = [eml(title="Lunch", name=f"m{n}") for n in range(3)]
    sizes = (30_000_000, 30_000_000, 50_000_000)
    given(house, *(RawMail(str(n), "INBOX", raw, START, False, sizes[n]) for n, raw in enumerate(raws)))
    assert [house.app.intake.read(START) for _ in range(4)] == [1, 1, 1, 0]


# --- which inbox ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("addressed", "area"),
    [((FAY,), "CE"), ((CREWE,), "CE"), (("gail.frost@cwcsc.example",), "CW"), ((CHESTER,), "CW")],
)
def test_a_challenge_to_our_own_mailbox_belongs_to_the_team_that_it_addresses(
    house: House, addressed: tuple[str, ...], area: str
) -> None:
    """By the team's inbox or by anybody of the team, beside us."""
    house.put(eml(to=(BOT,), cc=addressed), START, BOT)
    house.take_in(START)
    assert [case.area for case in house.cases()] == [area]


def test_a_challenge_to_our_own_mailbox_alone_waits_where_there_are_two_areas(house: House) -> None:
    """Nobody can say whose it is."""
    house.put(eml(to=(BOT,), cc=(MO,)), START, BOT)
    house.take_in(START)
    assert only(house, "holding_pen").why == "a challenge to our own mailbox that names no team we watch"


def test_a_challenge_to_our_own_mailbox_alone_opens_a_case_where_there_is_one_area(tmp_path: Path) -> None:
    """There is but one policy that it can come under."""
    for house in running(tmp_path, watched=(CREWE,)):
        house.put(eml(to=(BOT,), cc=(MO,)), START, BOT)
        house.take_in(START)
        assert [(case.area, case.policy) for case in house.cases()] == [("CE", "cheshire-east")]


def test_a_stranger_is_never_told_what_another_mail_said(house: House) -> None:
    """A stranger who writes to the team and to the raiser waits for a person, and nobody is asked about it."""
    house.put(eml())
    house.put(eml(STRANGER, "The baby", "I heard of it.", to=(HELEN,), cc=(CREWE,)), START + MINUTE)
    house.take_in(START + HOUR)
    assert only(house, "holding_pen").guesses == house.case().ref
    assert house.letters(LetterKind.QUESTION) == []
