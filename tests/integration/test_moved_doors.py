"""Mailboxes behind different doors, and one that moves from door to door while its cases are open.

The inboxes are a real Dovecot's and Maildirs; a moved mail has other bytes, another key and the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.engine.reading.receiving import Boxes
from bot.model import State
from bot.settings.settings import Door
from bot.store import mailboxes
from tests.integration.office import DAY, SECOND, Office, raw_mail
from tests.servers.dovecot import Dovecot
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import BOT, CREWE, FAY, HELEN, MANAGER, START, UNIT

HOUR, DAYS = timedelta(hours=1), timedelta(days=1)
OLD = START - 20 * DAYS
LATER = START + 2 * HOUR


class Moving:
    """Crewe's and the bot's inboxes on a Dovecot, later in Maildirs, and what lies in them."""

    def __init__(self, folder: Path, server: Dovecot) -> None:
        self.server = server
        self.users = {CREWE: server.new_user(), BOT: server.new_user()}
        self.held: dict[str, list[tuple[bytes, datetime]]] = {CREWE: [], BOT: []}
        doors = {address: server.door(user) for address, user in self.users.items()}
        self.office = Office(folder, doors=doors)

    def put(self, raw: bytes, at: datetime, address: str = CREWE) -> None:
        self.server.deliver(self.users[address], raw, received=at)
        self.held[address].append((raw, at))

    def move(self) -> None:
        """Everything moves to Maildirs; the new server writes every mail a little differently."""
        self.office.close()
        for address, there in self.held.items():
            for raw, at in there:
                self.office.put(b"X-Moved: yes\n" + raw.replace(b"\r\n", b"\n"), at, address)
        self.to({address: Door(kind="maildir", path=str(self.office.folder / "in" / address)) for address in self.held})

    def to(self, doors: dict[str, Door]) -> None:
        config = self.office.settings.config
        boxes = tuple(b.model_copy(update={"receive": doors[b.address]}) for b in config.mailboxes)
        bot = config.bot.model_copy(update={"receive": doors[BOT]})
        changed = config.model_copy(update={"bot": bot, "mailboxes": boxes})
        self.office.settings = replace(self.office.settings, config=changed)
        self.office.open()

    def floor(self) -> datetime:
        with self.office.app.db.read() as tx:
            floor = mailboxes.watched(tx, "CE Crewe Assessment Team").floor
        assert floor is not None
        return floor


@pytest.fixture
def moving(tmp_path: Path, dovecot: Dovecot) -> Iterator[Moving]:
    made = Moving(tmp_path, dovecot)
    yield made
    made.office.close()
    assert made.office.faults() == []


def filled(moving: Moving) -> Moving:
    """A case that was answered, an older challenge, mail that waits for a person, and mail of no concern."""
    office = moving.office
    moving.put(raw_mail(number="old", text="An older disagreement, in flight already."), OLD)
    moving.put(raw_mail(number="lunch", subject="Lunch on Friday"), START - HOUR)
    office.once(START - HOUR)
    moving.put(raw_mail(), START)
    office.once(START)
    answer = raw_mail(
        FAY,
        "We have reopened the assessment and will visit the child today.\n",
        number="a1",
        answers="m1@health.example",
        to=HELEN,
        cc=CREWE,
    )
    moving.put(answer, START + HOUR)
    waiting = raw_mail(MANAGER, "As I said.\n", number="w1", subject=f"RE: {DAY}", answers="nobody@knows.example")
    moving.put(waiting, START + HOUR)
    moving.put(raw_mail(UNIT, "Is anybody there?\n", number="u1", subject="Hello", to=BOT, cc=""), START + HOUR, BOT)
    office.once(START + HOUR)
    assert len(office.cases()) == 1
    assert len(office.listed("holding_pen")) == 3
    return moving


def standing(office: Office) -> tuple[object, ...]:
    """Everything that reading a mail twice could change."""
    pen = sorted((row.mailbox, row.why, row.received) for row in office.listed("holding_pen"))
    return (office.cases(), [q.letter.key for q in office.letters()], pen)


def test_a_moved_inbox_is_not_read_twice(moving: Moving) -> None:
    """From IMAP to a Maildir with other bytes: no second case, letter or question, and nothing waits twice."""
    filled(moving)
    before = standing(moving.office)
    moving.move()
    moving.office.once(LATER)
    assert standing(moving.office) == before
    again = [row for row in moving.office.listed("ignored") if row.why.startswith("read before")]
    assert len(again) == len(moving.held[CREWE]) + len(moving.held[BOT])


def test_a_server_that_forgets_times_of_arrival(moving: Moving) -> None:
    """Where every mail has arrived in the minute of the move, none of them is taken for a new one."""
    filled(moving)
    before = standing(moving.office)
    for address, there in moving.held.items():
        moving.held[address] = [(raw, LATER - timedelta(minutes=5)) for raw, _ in there]
    moving.move()
    moving.office.once(LATER)
    assert standing(moving.office) == before


def test_mail_of_the_days_between_is_new(moving: Moving) -> None:
    """A challenge that came while the daemon was down for the move opens its case, however long that took."""
    filled(moving)
    between = raw_mail(number="m2", subject=DAY.replace("24 hours", "10 working days"), text="Another child. " * 5)
    moving.put(between, START + 2 * DAYS)
    moving.move()
    moving.office.once(START + 9 * DAYS)
    (second,) = (case for case in moving.office.cases() if case.opening_id == "m2@health.example")
    assert second.opened == START + 2 * DAYS


def test_the_floor_rises_with_the_move(moving: Moving) -> None:
    """What lay in the inbox long before the last listing opens nothing behind the new door, known or not; the floor
    is never lower than before."""
    filled(moving)
    moving.office.once(START + 30 * DAYS)
    floor = moving.floor()
    moving.held[CREWE].append((raw_mail(number="never-seen", text="From an archive. " * 5), START + 10 * DAYS))
    moving.move()
    moving.office.once(START + 31 * DAYS)
    assert len(moving.office.cases()) == 1
    assert moving.floor() == START + 27 * DAYS > floor
    whys = [row.why for row in moving.office.listed("holding_pen")]
    assert len([why for why in whys if why.startswith("already in flight")]) == 2


def test_the_same_id_after_the_move_is_another_mail(moving: Moving) -> None:
    """Once the new door has been listed to its end, a mail that repeats an id of the past is read like any other."""
    filled(moving)
    moving.move()
    moving.office.once(LATER)
    again = raw_mail(MANAGER, "Again.\n", number="w1", subject=f"RE: {DAY}", answers="nobody@knows.example")
    moving.office.put(again, LATER + HOUR)
    moving.office.once(LATER + HOUR)
    assert len(moving.office.listed("holding_pen")) == 4


def test_another_server_of_the_same_kind_is_read_from_its_start(moving: Moving, dovecot: Dovecot) -> None:
    """A UIDVALIDITY that happens to be the same says nothing: behind another host and user no new mail is passed by."""
    filled(moving)
    before = standing(moving.office)
    moving.office.close()
    there = {address: dovecot.new_user() for address in moving.users}
    for address, user in there.items():
        for raw, at in moving.held[address][-2:]:  # the rest was cleared away: new mail gets low numbers
            dovecot.deliver(user, raw, received=at)
        with dovecot.human(moving.users[address]) as client:
            validity = client.folder_status("INBOX", ["UIDVALIDITY"])[b"UIDVALIDITY"]
        dovecot.held(user)
        dovecot.set_uidvalidity(user, "INBOX", validity)
    moving.to({address: dovecot.door(user) for address, user in there.items()})
    moving.office.once(LATER)
    assert standing(moving.office) == before
    dovecot.deliver(there[CREWE], raw_mail(number="m3", text="A third child. " * 5), received=LATER + HOUR)
    moving.office.once(LATER + HOUR)
    assert len(moving.office.cases()) == 2


def test_a_move_survives_a_restart_in_its_middle(moving: Moving) -> None:
    """Killed between receiving and reading behind the new door, it still knows what it had read before."""
    filled(moving)
    before = standing(moving.office)
    moving.move()
    for name in moving.office.app.mailboxes:
        moving.office.app.receive(name, LATER)
    moving.office.close()
    moving.office.open()
    moving.office.once(LATER + HOUR)
    assert standing(moving.office) == before


def test_from_exchange_to_microsoft_365(tmp_path: Path, ews: EwsServer, graph_server: GraphServer) -> None:
    """The team's and the bot's inbox move from EWS to Graph: letters go on by the new door, the case is answered there,
    and nothing is read or said twice."""
    for server in (ews, graph_server):
        server.add(CREWE)
        server.add(BOT)
    here = {address: ews.door(address) for address in (CREWE, BOT)}
    office = Office(tmp_path, doors=here | {"send": here[BOT]})
    office.once(START - HOUR)
    held = [(raw_mail(), START), (raw_mail(number="lunch", subject="Lunch on Friday"), START)]
    for raw, at in held:
        ews.store.put(ews.store.known(CREWE, "inbox"), raw, at)
    office.once(START)
    before = standing(office)
    office.close()
    for raw, at in held:
        graph_server.mailboxes[CREWE].add(b"X-Migrated: yes\r\n" + raw, received=at)
    config = office.settings.config
    there = {address: graph_server.door(address) for address in (CREWE, BOT)}
    boxes = tuple(b.model_copy(update={"receive": there[b.address]}) for b in config.mailboxes)
    bot = config.bot.model_copy(update={"receive": there[BOT], "send": there[BOT]})
    office.settings = replace(office.settings, config=config.model_copy(update={"bot": bot, "mailboxes": boxes}))
    office.open()
    office.once(LATER)
    assert standing(office) == before
    assert graph_server.sent == []
    answer = raw_mail(
        FAY,
        "We have reopened the assessment and will visit the child today.\n",
        number="a1",
        answers="m1@health.example",
        to=HELEN,
        cc=CREWE,
    )
    graph_server.mailboxes[CREWE].add(answer, received=LATER + HOUR)
    office.once(LATER + HOUR)
    assert office.case().state is State.AWAITING_CONFIRMATION
    assert {letter.recipients[0] for letter in graph_server.sent} == {HELEN, FAY}  # who answered has a receipt
    office.close()
    assert office.faults() == []


def test_four_doors_at_once(
    tmp_path: Path, dovecot: Dovecot, ews: EwsServer, graph_server: GraphServer, smtp_server: SmtpServer
) -> None:
    """Four team inboxes behind a Maildir, IMAP, EWS and Graph, letters by SMTP: each challenge opens its own case, and
    each gets its acknowledgement."""
    boxes = [CREWE, SECOND, "third@csc.example", "fourth@csc.example"]
    user = dovecot.new_user()
    ews.add(boxes[2])
    graph_server.add(boxes[3])
    doors = {SECOND: dovecot.door(user), boxes[2]: ews.door(boxes[2]), boxes[3]: graph_server.door(boxes[3])}
    office = Office(tmp_path, doors=doors | {"send": smtp_server.door()}, watched=boxes)
    (tmp_path / "in").mkdir()
    assert office.once(START - HOUR) == []
    raws = [raw_mail(number=f"m{n}", cc=box, text=f"Child {n} of four. " * 4) for n, box in enumerate(boxes)]
    office.put(raws[0], START, CREWE)
    dovecot.deliver(user, raws[1], received=START)
    ews.store.put(ews.store.known(boxes[2], "inbox"), raws[2], START)
    graph_server.mailboxes[boxes[3]].add(raws[3], received=START)
    assert office.once(START) == []
    assert sorted(case.inbox for case in office.cases()) == sorted(boxes)
    assert len(office.letters("acknowledgement")) == 4
    assert sum(HELEN in mail.recipients for mail in smtp_server.mails) == 4
    office.close()
    assert office.faults() == []


def test_two_mailboxes_on_two_doors(tmp_path: Path, dovecot: Dovecot) -> None:
    """One daemon, one team's inbox on IMAP, the other a Maildir: a challenge in each opens its own case."""
    user = dovecot.new_user()
    office = Office(tmp_path, doors={CREWE: dovecot.door(user)}, watched=(CREWE, SECOND))
    office.once(START - HOUR)
    dovecot.deliver(user, raw_mail(), received=START)
    office.put(raw_mail(number="m2", cc=SECOND, text="Quite another child. " * 4), START, SECOND)
    office.once(START)
    assert [case.inbox for case in office.cases()] in ([CREWE, SECOND], [SECOND, CREWE])
    office.close()


def test_every_mailbox_says_which_door_it_is(tmp_path: Path, dovecot: Dovecot) -> None:
    """What is kept of a door tells it from another and holds no secret."""
    user = dovecot.new_user()
    office = Office(tmp_path, doors={CREWE: dovecot.door(user)})
    boxes: Boxes = office.app.intake.boxes
    assert boxes.doors["CE Crewe Assessment Team"] == f"imap 127.0.0.1 {dovecot.tls_port} {user}"
    assert boxes.doors["bot"] == f"maildir {tmp_path / 'in' / BOT}"
    office.close()
