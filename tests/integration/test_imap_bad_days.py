"""IMAP on bad days: a server that dies, cuts, stalls, lies or is somebody else. No mail is lost, nothing is trusted.

A real Dovecot stands behind a proxy that spoils what passes. It checks the mailbox alone; who waits and tries again is
its caller's affair.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from bot.daemon.watch.lines import news_within
from bot.doors.imap_smtp.connection import IDLE_SECONDS, REFUSED_SECONDS
from bot.doors.imap_smtp.imap import LOOK_SECONDS
from bot.doors.opened import open_mailbox
from bot.doors.ports import Look, Mailbox, RawMail
from bot.model.errors import DoorClosed, Throttled
from tests.contract.mailbox_contract import drain, ids, letter
from tests.servers.certificates import make_certificate
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy
from tests.until import until

pytestmark = pytest.mark.dovecot


class Line:
    """A user's mailbox, read through a proxy in plain text."""

    def __init__(self, server: Dovecot, proxy: Proxy) -> None:
        self.server, self.proxy, self.user = server, proxy, server.new_user()
        self._open: list[Mailbox] = []

    def open(self, **changes: Any) -> Mailbox:
        known: dict[str, Any] = {"port": self.proxy.port, "tls": "none"}
        self._open.append(open_mailbox("crewe", self.server.door(self.user, **(known | changes))))
        return self._open[-1]

    def deliver(self, *names: str) -> None:
        for name in names:
            self.server.deliver(self.user, letter(name))

    def close(self) -> None:
        for mailbox in self._open:
            mailbox.close()


@pytest.fixture
def line(dovecot: Dovecot) -> Iterator[Line]:
    with Proxy(dovecot.host, dovecot.port) as proxy:
        made = Line(dovecot, proxy)
        yield made
        made.close()


def stubborn(mailbox: Mailbox, cursor: str = "") -> list[RawMail]:
    """All mail after `cursor`, trying again as a caller would."""
    for _ in range(20):
        try:
            return drain(mailbox, cursor)[0]
        except DoorClosed:
            continue
    pytest.fail("still closed after twenty tries")


class Waiting:
    """A wait of a minute in a thread of its own; `ended` says how it ended and when."""

    def __init__(self, mailbox: Mailbox) -> None:
        self.ended: list[bool | DoorClosed] = []
        self._thread = threading.Thread(target=self._run, args=(mailbox,), daemon=True)
        self._thread.start()

    def _run(self, mailbox: Mailbox) -> None:
        try:
            self.ended.append(news_within(mailbox, 60))
        except DoorClosed as error:
            self.ended.append(error)


def idling(line: Line) -> tuple[Mailbox, str, Waiting]:
    """A mailbox in the middle of IDLE, and its cursor."""
    consents = threading.Event()

    def watch(data: bytes) -> bytes:
        if data.startswith(b"+ "):
            consents.set()
        return data

    line.proxy.edit(watch)
    mailbox = line.open()
    _, cursor, _ = drain(mailbox)
    waiting = Waiting(mailbox)
    assert consents.wait(10)
    return mailbox, cursor, waiting


def test_server_dies_while_idling(line: Line) -> None:
    """A server that dies in IDLE is noticed at once, not taken for silence, and read again when it is back."""
    mailbox, cursor, waiting = idling(line)
    line.server.stop()
    died = time.monotonic()
    until(lambda: waiting.ended, 10)
    noticed = time.monotonic() - died
    line.server.start()
    line.deliver("one")
    assert isinstance(waiting.ended[0], DoorClosed)
    assert noticed < 1
    assert ids(stubborn(mailbox, cursor)) == ["one"]


def test_line_cut_while_idling(line: Line) -> None:
    """A line cut in IDLE is a closed door at once."""
    _, _, waiting = idling(line)
    line.proxy.kill()
    until(lambda: waiting.ended, 2)
    assert isinstance(waiting.ended[0], DoorClosed)


def test_kicked_while_idling(line: Line) -> None:
    """A server that says goodbye in IDLE is believed, and read again."""
    mailbox, cursor, waiting = idling(line)
    line.server.kick(line.user)
    until(lambda: waiting.ended, 5)
    line.deliver("one")
    assert ids(stubborn(mailbox, cursor)) == ["one"]


def test_close_of_a_dead_line(line: Line) -> None:
    """A stop takes less than a second even when the line swallows everything."""
    mailbox = line.open()
    drain(mailbox)
    assert mailbox.look().line is not None
    line.proxy.blackhole()
    began = time.monotonic()
    mailbox.close()
    assert time.monotonic() - began < 1


def test_new_mail_ends_idle(line: Line) -> None:
    """A flag set by a person does not end a wait; a mail does."""
    line.deliver("one")
    _, _, waiting = idling(line)
    with line.server.human(line.user) as client:
        client.add_flags(client.search(), ["\\Seen"])
    line.server.append(line.user, letter("two"))
    until(lambda: waiting.ended, 10)
    assert waiting.ended == [True]


def test_idle_that_never_reports(line: Line) -> None:
    """A server that consents to IDLE and never tells of new mail delays it to the end of the wait, and no longer."""
    mailbox = line.open()
    _, cursor, _ = drain(mailbox)
    consents = threading.Event()

    def is_notice(data: bytes) -> bool:
        return data.startswith(b"* ") and b" EXISTS\r\n" in data and b" OK " not in data

    def come(data: bytes) -> bytes:
        if data.startswith(b"+ ") and not consents.is_set():
            consents.set()
            line.server.append(line.user, letter("one"))
        return b"" if is_notice(data) else data

    line.proxy.edit(come)
    assert news_within(mailbox, 2) is True
    assert consents.is_set()
    assert ids(drain(mailbox, cursor)[0]) == ["one"]


def test_notice_beside_the_consent(line: Line) -> None:
    """A notice that comes in one packet with the server's consent to IDLE ends the wait, too."""
    kept = bytearray()

    def join(data: bytes) -> bytes:
        if data.startswith(b"+ "):
            kept.extend(data)
            return b""
        joined = bytes(kept) + data
        kept.clear()
        return joined

    line.proxy.edit(join)
    mailbox = line.open()
    drain(mailbox)
    waiting = Waiting(mailbox)
    until(lambda: kept)
    line.server.append(line.user, letter("one"))
    until(lambda: waiting.ended, 10)
    assert waiting.ended == [True]


def test_silence(line: Line) -> None:
    """A line that swallows everything is a closed door after the door's timeout, and no later."""
    line.deliver("one")
    mailbox = line.open(timeout=1)
    mailbox.fetch("", 10)
    line.proxy.blackhole()
    began = time.monotonic()
    with pytest.raises(DoorClosed, match="crewe"):
        mailbox.fetch("", 10)
    assert time.monotonic() - began < 3
    line.proxy.blackhole(on=False)
    assert ids(stubborn(mailbox)) == ["one"]


@pytest.mark.timeout(150)
def test_a_line_that_falls_silent_while_idling(line: Line) -> None:
    """A line on which nothing comes through any more looks like one on which nothing happens; it is a closed door
    within 90 seconds, with the door's own time limit, and what came meanwhile is given by the next one."""
    mailbox, cursor, waiting = idling(line)
    line.proxy.blackhole()
    line.deliver("one")
    until(lambda: waiting.ended, 90)
    assert isinstance(waiting.ended[0], DoorClosed)
    line.proxy.blackhole(on=False)
    assert ids(stubborn(mailbox, cursor)) == ["one"]


def test_a_silent_line_holds_up_nobody(line: Line) -> None:
    """When its time is over the server is asked to end IDLE, and nobody waits at the line for the answer: it is a
    closed door at a look after the time that the answer may take, however many lines fall silent at once."""
    mailbox = line.open(timeout=1)
    drain(mailbox)
    assert mailbox.look().seconds == IDLE_SECONDS
    line.proxy.blackhole()
    began = time.monotonic()
    asked = mailbox.look()
    assert time.monotonic() - began < 0.5
    assert (asked.has_news, asked.line is None) == (False, False)
    until(lambda: time.monotonic() - began > asked.seconds)
    with pytest.raises(DoorClosed, match="crewe"):
        mailbox.look()
    assert time.monotonic() - began < 3


def test_cut_anywhere(line: Line) -> None:
    """Wherever the server's answer breaks off, nothing is lost, doubled or given in part."""
    line.deliver("one", "two", "three")
    for _ in range(2):  # the first listing is longer by what only the first is told
        mailbox = line.open()
        line.proxy.cut_after(None)
        whole = drain(mailbox)[0]
        total = line.proxy.sent
        mailbox.close()
    assert total > 1000
    # The very last line ends in the seconds it took, which vary in length.
    for count in [*range(1, total - 20, 37), total - 20]:
        line.proxy.cut_once_after(count)
        mailbox = line.open(timeout=5)
        with pytest.raises(DoorClosed):
            mailbox.fetch("", 10)
        assert drain(mailbox)[0] == whole
        mailbox.close()


def test_no_idle(line: Line) -> None:
    """A server without IDLE is asked now and then instead, and no line is waited for."""
    line.proxy.edit(lambda data: data.replace(b" IDLE", b""))
    mailbox = line.open()
    drain(mailbox)
    assert news_within(mailbox, 0.2) is False
    assert mailbox.look() == Look(seconds=LOOK_SECONDS)
    line.server.append(line.user, letter("one"))
    assert news_within(mailbox, 0) is True


def test_idle_that_is_refused(line: Line) -> None:
    """A server that offers IDLE and refuses it is asked now and then, and not logged in to in a circle."""
    line.proxy.edit_asked(lambda data: data.replace(b" IDLE\r\n", b" NEVER\r\n"))
    mailbox = line.open()
    drain(mailbox)
    assert mailbox.look() == Look()
    for _ in range(3):
        assert mailbox.look().has_news
        drain(mailbox)
        assert mailbox.look() == Look(seconds=REFUSED_SECONDS)
    line.proxy.edit_asked(bytes)
    drain(mailbox)
    assert mailbox.look().seconds == IDLE_SECONDS


def test_starttls_stripped(line: Line) -> None:
    """Where STARTTLS has been taken out on the way, no password is sent."""
    line.proxy.edit(lambda data: data.replace(b"STARTTLS", b"STARTTXX"))
    with pytest.raises(DoorClosed, match="STARTTLS"):
        line.open(tls="starttls").fetch("", 10)
    assert not line.proxy.has_seen(b"LOGIN", b"AUTHENTICATE")


def test_starttls_refused(line: Line) -> None:
    """Where the server declines STARTTLS, no password is sent."""
    line.proxy.edit(lambda data: re.sub(rb"OK Begin TLS[^\r]*", b"NO not today", data))
    with pytest.raises(DoorClosed):
        line.open(tls="starttls").fetch("", 10)
    assert not line.proxy.has_seen(b"LOGIN ", b"AUTHENTICATE")


@pytest.mark.parametrize("tls", ["implicit", "starttls"])
@pytest.mark.parametrize("wrong", ["authority", "host", "none of ours"])
def test_wrong_certificate(line: Line, tmp_path: Path, tls: str, wrong: str) -> None:
    """A server that cannot prove who it is gets no password."""
    changes: dict[str, Any] = {"tls": tls, "port": line.server.tls_port if tls == "implicit" else line.server.port}
    if wrong == "authority":
        changes["ca_file"] = str(make_certificate(tmp_path).ca)
    elif wrong == "host":
        changes["host"] = "localhost"
    else:
        changes["ca_file"] = ""
    with pytest.raises(DoorClosed, match=r"no safe connection to .*: check tls and ca_file"):
        line.open(**changes).fetch("", 10)


def test_missing_authority_file(line: Line) -> None:
    """A ca_file that is not there closes the door rather than trusting the world."""
    with pytest.raises(DoorClosed, match="ca_file"):
        line.open(tls="starttls", ca_file="/missing/ca.pem").fetch("", 10)


def test_password_sent_back(line: Line) -> None:
    """A server that answers with the password does not get it into what we say."""
    line.proxy.edit(lambda data: data.replace(b"Authentication failed.", b"hunter2hunter2 is wrong"))
    with pytest.raises(DoorClosed, match="refused the login") as told:
        line.open(password=SecretStr("hunter2hunter2")).fetch("", 10)
    assert "hunter2" not in str(told.value)


def test_throttled(line: Line) -> None:
    """A server that asks for patience is given it, for as long as it says."""
    slow = rb"\1 BAD Request is throttled. Suggested Backoff Time: 2500 milliseconds\r\n"
    line.proxy.edit(lambda data: re.sub(rb"(\w+) OK[^\r]*Logged in\r\n", slow, data))
    with pytest.raises(Throttled) as told:
        line.open().fetch("", 10)
    assert told.value.seconds == 2.5


@pytest.mark.parametrize("when", [b"* SEARCH", b"INTERNALDATE", b"BODY[] {"])
def test_expunged_in_mid_fetch(line: Line, when: bytes) -> None:
    """A mail that a person deletes for good while it is listed, asked about or given holds up none of the others, is
    not taken for one that the server withholds, and is never given in part."""
    raws = [letter(name, "x" * 200_000) for name in ("one", "two", "three")]
    for raw in raws:
        line.server.deliver(line.user, raw)
    line.server.held(line.user)  # the two programs' numbers are the same
    gone: list[int] = []

    def expunge(data: bytes) -> bytes:
        if when in data and not gone:
            gone.append(2)
            with line.server.human(line.user) as client:
                client.delete_messages(gone)
                client.expunge()
        return data

    line.proxy.edit(expunge)
    mailbox = line.open()
    mails, cursor, _ = drain(mailbox)
    assert gone
    assert [mail.raw for mail in mails] in ([raws[0], raws[2]], raws)
    assert not any(mail.is_truncated for mail in mails)
    line.deliver("four")
    assert ids(drain(mailbox, cursor)[0]) == ["four"]


def test_wrong_size(line: Line) -> None:
    """A server whose sizes are too large is asked once more, and what it gives is taken."""
    line.deliver("one", "two")
    line.proxy.edit(lambda data: re.sub(rb"RFC822.SIZE (\d+)", rb"RFC822.SIZE 9\1", data))
    mails, cursor, _ = drain(line.open())
    assert [(mail.raw, mail.is_truncated) for mail in mails] == [(letter("one"), False), (letter("two"), False)]
    assert drain(line.open(), cursor)[0] == []


def test_truncated(line: Line) -> None:
    """A mail that comes shorter than the server said is asked for once more."""
    line.deliver("one")
    cuts: list[bytes] = []

    def cut(data: bytes) -> bytes:
        if cuts or b"BODY[] {" not in data:
            return data
        cuts.append(data)
        return re.sub(rb"BODY\[\] \{\d+\}\r\n(.{20}).*\r\n\)", rb"BODY[] {20}\r\n\1)", data, flags=re.DOTALL)

    line.proxy.edit(cut)
    assert [mail.raw for mail in drain(line.open())[0]] == [letter("one")]
    assert cuts


def test_withheld(line: Line) -> None:
    """A mail that the server lists and never gives is passed on without its bytes after three tries, for a person to
    see; the others come whole."""
    line.deliver("one", "two", "three")
    line.proxy.edit(lambda data: re.sub(rb"UID 2 BODY\[\]", rb"UID 2 BODX[]", data))
    mailbox = line.open()
    for _ in range(2):
        with pytest.raises(DoorClosed, match=r"lists message INBOX;[0-9]+;2 but does not give it"):
            mailbox.fetch("", 10)
    mails = mailbox.fetch("", 10).mails
    assert [mail.raw for mail in mails] == [letter("one"), b"", letter("three")]
    assert [mail.is_truncated for mail in mails] == [False, True, False]


@pytest.mark.parametrize("word", [rb"INTERNALDATE", rb"RFC822\.SIZE"])
def test_withheld_head(line: Line, word: bytes) -> None:
    """A message of which the server never tells arrival or size is asked for three times, then given all the same,
    dated by the one before; those behind it flow."""
    line.deliver("one", "two", "three")
    line.proxy.edit(lambda data: re.sub(rb"(FETCH \(UID 2 [^\r]*?)" + word, rb"\1X-" + word.replace(b"\\", b""), data))
    mailbox = line.open()
    for _ in range(2):
        with pytest.raises(DoorClosed, match=r"lists message INBOX;[0-9]+;2 but does not say when it arrived"):
            mailbox.fetch("", 10)
    mails = mailbox.fetch("", 10).mails
    assert [mail.raw for mail in mails] == [letter("one"), letter("two"), letter("three")]


def test_nothing_at_all_of_a_message(line: Line) -> None:
    """Neither head nor body: it is passed on without its bytes, for a person to see, with the arrival of the one
    before; those behind it flow."""
    line.deliver("one", "two", "three")
    line.proxy.edit(lambda data: re.sub(rb"\* 2 FETCH \(UID 2 ", rb"* 2 FETCH (UID 9 ", data))
    mailbox, failures = line.open(), 0
    while failures < 10:
        try:
            mails = mailbox.fetch("", 10).mails
            break
        except DoorClosed:
            failures += 1
    assert [(mail.raw, mail.is_truncated) for mail in mails] == [
        (letter("one"), False), (b"", True), (letter("three"), False),
    ]  # fmt: skip
    assert mails[1].received == mails[0].received


@pytest.mark.parametrize(
    ("answer", "nonsense", "words"),
    [
        (b"* SEARCH", b"* SEARCH helen", "its answer made no sense"),
        (b'INTERNALDATE "', b'INTERNALDATE "helen', "does not say when it arrived"),
    ],
)
def test_nonsense(line: Line, answer: bytes, nonsense: bytes, words: str) -> None:
    """An answer that makes no sense closes the door; a piece of mail in it is not repeated to anybody."""
    line.deliver("one")
    line.proxy.edit(lambda data: data.replace(answer, nonsense))
    with pytest.raises(DoorClosed, match=words) as told:
        line.open().fetch("", 10)
    assert "helen" not in str(told.value)


@pytest.mark.parametrize("seed", range(3))
def test_people_at_work(line: Line, seed: int) -> None:
    """While people read, move and delete, and the line breaks now and then, no mail that stays is missed."""
    people, keys, cursor, names = random.Random(seed), list[str](), "", iter(range(1000))
    line.server.make_folder(line.user, "Done")
    mailbox = line.open(folders=("Done",))
    for _ in range(60):
        deed = people.choice(["deliver", "deliver", "read", "move", "delete", "fetch", "fetch", "break"])
        if deed == "deliver":
            line.deliver(f"n{next(names)}")
        elif deed == "break":
            line.proxy.kill()
        elif deed == "fetch":
            try:
                batch = mailbox.fetch(cursor, people.randint(1, 4))
            except DoorClosed:
                continue
            keys += [mail.key for mail in batch.mails]
            cursor = batch.cursor
        else:
            _disturb(line, people, deed)
    keys += [mail.key for mail in stubborn(mailbox, cursor)]
    left = {(folder, held.uid) for folder in ("INBOX", "Done") for held in line.server.held(line.user, folder)}
    given = {(key.split(";")[0], int(key.split(";")[2])) for key in keys}
    assert left <= given
    assert len(keys) == len(set(keys))


def _disturb(line: Line, people: random.Random, deed: str) -> None:
    with line.server.human(line.user) as client:
        uids = client.search()
        if not uids:
            return
        uid = people.choice(uids)
        if deed == "read":
            client.fetch([uid], ["BODY[]"])
        elif deed == "move":
            client.move([uid], "Done")
        else:
            client.delete_messages([uid])
            client.expunge()
