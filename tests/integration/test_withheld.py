"""A mail that its server lists and does not give, and a login that it refuses: nothing behind the one is held up, and
the other is told at once and not knocked at in a circle."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from bot.daemon.alert import due_alerts
from bot.daemon.standing import conditions
from bot.engine.reading import aside
from bot.model.errors import LoginRefused
from bot.model.mails import Disposition
from bot.store import mails
from bot.store.db import asking
from tests.integration.office import Office, raw_mail
from tests.servers.dovecot import Dovecot
from tests.servers.ews import EwsServer
from tests.servers.graph import GraphServer
from tests.servers.proxy import Proxy
from tests.servers.smtp import SmtpServer
from tests.unit.case_samples import CREWE, START

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
GIVEN = "could not be read: its server lists it and does not give it"


def challenge(n: int) -> bytes:
    return raw_mail(number=f"m{n}", text=f"Family {n} was not seen by anybody at all. {str(n) * 30}\n")


def started(folder: Path, **doors: object) -> Office:
    (folder / "in").mkdir()
    office = Office(folder, doors={CREWE: doors["inbox"]})
    assert office.once(START - HOUR) == []
    return office


def withheld(office: Office) -> tuple[list[object], list[str], list[str], list[str]]:
    """What one pass of one short life says and sets aside, the mails that opened a case, and the alerts."""
    said: list[object] = list(office.once(START + HOUR))
    aside = [row.why for row in office.listed("set_aside")]
    opened = [case.opening_id for case in office.cases()]
    told = [q.letter.subject for q in office.letters("alert")]
    office.close()
    return said, aside, opened, told


#: The first is set aside and told once, the second opens its case.
ONE_WITHHELD = ([], [GIVEN], ["m2@health.example"], ["A mail was set aside"])


def test_graph_withholds_a_mail(tmp_path: Path, graph_server: GraphServer) -> None:
    """A service that fails at one mail does so for as long as it is asked."""
    graph_server.add(CREWE)
    office = started(tmp_path, inbox=graph_server.door(CREWE))
    for n in (1, 2):
        graph_server.mailboxes[CREWE].add(challenge(n), received=START + n * MINUTE)
    graph_server.answer("value", 500, "ErrorInternalServerError", times=10)
    assert withheld(office) == ONE_WITHHELD


def test_exchange_withholds_a_mail(tmp_path: Path, ews: EwsServer) -> None:
    """A message that Exchange cannot convert is in the listing and nowhere else."""
    ews.add(CREWE)
    office = started(tmp_path, inbox=ews.door(CREWE))
    inbox = ews.store.at(CREWE, "INBOX")
    for n in (1, 2):
        ews.store.put(inbox, challenge(n), START + n * MINUTE)
    # Each pass asks for both at once, which fails for both, then for the first alone.
    ews.answer("ErrorMimeContentConversionFailed", "GetItem", times=6)
    assert withheld(office) == ONE_WITHHELD


def test_each_mail_that_is_withheld_waits_for_a_person(tmp_path: Path, ews: EwsServer) -> None:
    """Of two that do not come neither is taken for the other, nor a third for one that a person is done with."""
    ews.add(CREWE)
    office = started(tmp_path, inbox=ews.door(CREWE))
    inbox = ews.store.at(CREWE, "INBOX")
    for n in (1, 2):
        ews.store.put(inbox, challenge(n), START + n * MINUTE)
    ews.answer("ErrorMimeContentConversionFailed", "GetItem", times=200)
    office.once(START + HOUR)
    assert [row.why for row in office.listed("set_aside")] == [GIVEN, GIVEN]
    with office.app.db.begin() as tx:
        mails.replace(tx, office.listed("set_aside")[0].entry, Disposition.IGNORED, "seen by hand", START + HOUR)
    ews.store.put(inbox, challenge(3), START + HOUR + MINUTE)
    office.once(START + 2 * HOUR)
    assert [row.why for row in office.listed("set_aside")] == [GIVEN, GIVEN]
    office.close()
    assert office.faults() == []


@pytest.mark.parametrize("is_given", [True, False])
def test_a_withheld_mail_is_asked_for_again(tmp_path: Path, ews: EwsServer, is_given: bool) -> None:
    """`review retry` fetches it anew: it opens its case as if it had come at once, or is set aside again, and nothing
    that was read before is done twice."""
    ews.add(CREWE)
    office = started(tmp_path, inbox=ews.door(CREWE))
    inbox = ews.store.at(CREWE, "INBOX")
    for n in (1, 2):
        ews.store.put(inbox, challenge(n), START + n * MINUTE)
    ews.answer("ErrorMimeContentConversionFailed", "GetItem", times=6)
    office.once(START + HOUR)
    (row,) = office.listed("set_aside")
    if not is_given:
        ews.answer("ErrorMimeContentConversionFailed", "GetItem", times=200)
    with office.app.db.begin() as tx:
        assert aside.again(tx, row, START + 2 * HOUR)
    office.once(START + 2 * HOUR)
    found = [case.opening_id for case in office.cases()]
    assert found == ["m2@health.example", *(["m1@health.example"] if is_given else [])]
    assert {one.why for one in office.listed("set_aside")} == (set() if is_given else {GIVEN})
    assert row.entry not in [one.entry for one in office.listed("set_aside")]
    office.close()
    assert office.faults() == []


@pytest.mark.dovecot
def test_imap_withholds_a_mail(tmp_path: Path, dovecot: Dovecot) -> None:
    """Neither the head of a message nor its body comes, however it is asked for."""
    user = dovecot.new_user()
    with Proxy(dovecot.host, dovecot.port) as proxy:
        office = started(tmp_path, inbox=dovecot.door(user, port=proxy.port, tls="none"))
        for n in (1, 2):
            dovecot.deliver(user, challenge(n), received=START + n * MINUTE)
        proxy.edit(lambda data: re.sub(rb"\* 1 FETCH \(UID 1 ", rb"* 1 FETCH (UID 9 ", data))
        assert withheld(office) == ONE_WITHHELD


@pytest.mark.dovecot
def test_a_refused_login_is_told_once(tmp_path: Path, dovecot: Dovecot) -> None:
    """It stands in the database from the first refusal on, and one alert tells of it however often it is tried."""
    user = dovecot.new_user()
    office = started(tmp_path, inbox=dovecot.door(user))
    dovecot.refuse(user)
    dovecot.kick(user)
    known, tellings = {}, 0
    for minutes in range(0, 60, 5):
        at = START + minutes * MINUTE
        assert office.once(at) != []
        with office.app.db.read() as tx:
            found = conditions(asking(tx))
        assert [one for one in found if "CE Crewe" in one.subject]
        due = due_alerts(known, found, at)
        known, tellings = due.known, tellings + len(due.tell)
    assert [LoginRefused.MARK in one.text for one in found] == [True]
    assert tellings == 1
    dovecot.admit(user)
    office.close()


def test_a_way_out_that_refuses_the_login_is_not_knocked_at_with_every_letter(
    tmp_path: Path, open_smtp: Callable[..., SmtpServer]
) -> None:
    """Thirty letters wait behind one refusal; in a day it is tried some thirty times, and at the end each goes."""
    server = open_smtp(tls="starttls", users={"clock": "opensesame"})
    office = Office(tmp_path, doors={"send": server.door()})
    office.once(START - HOUR)
    for n in range(10):
        office.put(challenge(n), START + n * MINUTE)
    server.answer("AUTH", "535 5.7.8 Authentication unsuccessful")
    for minutes in range(10, 24 * 60, 5):
        office.once(START + minutes * MINUTE)
    assert 20 <= server.commands.count("STARTTLS") <= 40
    server.behave()
    office.course(START + 30 * HOUR)
    assert [q.status for q in office.letters(status="deferred")] == []
    assert len(office.letters("acknowledgement")) == 10
    office.close()
