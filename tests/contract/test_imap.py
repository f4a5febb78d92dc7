"""The mailbox contract on IMAP, against a real Dovecot, and what only IMAP has: validities, special use, logins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from bot.daemon.watch.lines import news_within
from bot.doors.opened import open_mailbox
from bot.doors.ports import Mailbox
from bot.model.errors import DoorClosed, LoginRefused
from tests.contract.mailbox_contract import ARRIVED, MailboxContract, drain, ids, letter, patiently
from tests.servers.dovecot import Dovecot
from tests.servers.proxy import Proxy
from tests.servers.tokens import TokenServer

pytestmark = pytest.mark.dovecot


class ImapRoom:
    """A user of the session's Dovecot. `known`: what else its doors hold."""

    def __init__(self, server: Dovecot, **known: Any) -> None:
        self.server = server
        self.user = server.new_user()
        self.known = known
        self._open: list[Mailbox] = []
        self._proxies: list[Proxy] = []

    def open(self, **changes: Any) -> Mailbox:
        self._open.append(open_mailbox("crewe", self.server.door(self.user, **(self.known | changes))))
        return self._open[-1]

    @property
    def port(self) -> int:
        return self.server.tls_port

    def open_by(self, port: int, **changes: Any) -> Mailbox:
        return self.open(port=port, **changes)

    def open_slow(self, seconds: int) -> Mailbox:
        """In plain text, so that a proxy can make the answer to the first login Exchange's request for patience."""
        words = b"%s BAD Request is throttled. Suggested Backoff Time: %d milliseconds\r\n"
        is_told = False

        def edit(data: bytes) -> bytes:
            nonlocal is_told
            found = None if is_told else re.search(rb"(\w+) OK[^\r]*Logged in\r\n", data)
            is_told = is_told or found is not None
            return data if found is None else data.replace(found[0], words % (found[1], 1000 * seconds))

        proxy = Proxy("127.0.0.1", self.server.port)
        proxy.edit(edit)
        self._proxies.append(proxy)
        return self.open(port=proxy.port, tls="none")

    def restart(self) -> None:
        self.server.restart()

    def refuse(self) -> None:
        self.server.refuse(self.user)
        self.server.kick(self.user)

    def admit(self) -> None:
        self.server.admit(self.user)

    def deliver(self, raw: bytes, folder: str = "INBOX", received: datetime | None = None) -> None:
        self.server.deliver(self.user, raw, folder, received)

    def make_folder(self, folder: str) -> None:
        self.server.make_folder(self.user, folder)

    def held(self, folder: str = "INBOX") -> list[Any]:
        return [(item.uid, item.flags - {"\\Recent"}) for item in self.server.held(self.user, folder)]

    def read(self, needle: bytes) -> None:
        with self.server.human(self.user) as client:
            client.fetch(self._uids(client, needle), ["BODY[]"])

    def move(self, needle: bytes, target: str) -> None:
        with self.server.human(self.user) as client:
            client.move(self._uids(client, needle), target)

    def delete(self, needle: bytes) -> None:
        with self.server.human(self.user) as client:
            client.delete_messages(self._uids(client, needle))
            client.expunge()

    def shut(self) -> None:
        self.server.stop()

    def unshut(self) -> None:
        self.server.start()

    def back_up(self) -> None:
        self.server.back_up(self.user)

    def put_back(self) -> None:
        self.server.put_back(self.user)

    def close(self) -> None:
        for mailbox in self._open:
            mailbox.close()
        for proxy in self._proxies:
            proxy.close()

    @staticmethod
    def _uids(client: Any, needle: bytes) -> list[int]:
        uids: list[int] = client.search(["TEXT", needle])
        assert uids, f"nothing here holds {needle!r}"
        return uids


@pytest.fixture
def room(dovecot: Dovecot) -> Iterator[ImapRoom]:
    made = ImapRoom(dovecot)
    yield made
    made.close()


class TestImap(MailboxContract):
    """The contract itself."""

    door = "IMAP"


class TokenRoom(ImapRoom):
    """A room whose door opens by a token; the authority knows the app, and the server believes the authority."""

    def __init__(self, server: Dovecot, authority: TokenServer) -> None:
        super().__init__(server, oauth=authority.oauth())
        self.authority = authority
        server.believe(authority.service, self.user)

    def refuse(self) -> None:
        """The app loses its right to the mailbox: its tokens are as good as ever, and the server takes none."""
        self.server.disbelieve(self.user)
        self.server.kick(self.user)

    def admit(self) -> None:
        self.server.believe(self.authority.service, self.user)


class TestImapByToken(MailboxContract):
    """The contract once more, with XOAUTH2 in place of a password."""

    door = "IMAP with XOAUTH2"

    @pytest.fixture
    def room(self, by_token: TokenRoom) -> TokenRoom:
        return by_token


def test_validity_changed(room: ImapRoom) -> None:
    """After a change of UIDVALIDITY everything comes again by new keys, which is no first sight."""
    for number in range(5):
        room.deliver(letter(f"n{number}"))
    mailbox = room.open()
    before, cursor, _ = drain(mailbox)
    mailbox.close()
    room.server.set_uidvalidity(room.user, "INBOX", 7)
    room.deliver(letter("new"))
    after, _, batches = drain(room.open(), cursor, limit=2)
    assert ids(after) == [*ids(before), "new"]
    assert not {mail.key for mail in before} & {mail.key for mail in after}
    assert not any(batch.is_first_sight for batch in batches)
    assert [batch.went_back for batch in batches] == [("INBOX",), (), ()]


def test_validity_changed_back(room: ImapRoom) -> None:
    """A UIDVALIDITY that was there before brings no key that was given before: what stands under it now may be
    another mail."""
    room.deliver(letter("one"))
    room.server.held(room.user)
    keys, cursor = set[str](), ""
    for validity in (7, 8, 7):
        room.server.set_uidvalidity(room.user, "INBOX", validity)
        (mail,), cursor, _ = drain(room.open(), cursor)
        keys.add(mail.key)
    assert len(keys) == 3


def test_put_back_to_the_last_number(room: ImapRoom) -> None:
    """As many mails came since the backup was put back as were lost with it: the numbers are the same, and each new
    mail is given all the same."""
    room.deliver(letter("one"))
    room.back_up()
    for name in ("two", "three"):
        room.deliver(letter(name), received=ARRIVED)
    _, cursor, _ = drain(room.open())
    room.put_back()
    for name in ("four", "five"):
        room.deliver(letter(name), received=ARRIVED + timedelta(days=1))
    mails, _, batches = drain(room.open(), cursor)
    assert (ids(mails), batches[0].went_back) == (["one", "four", "five"], ("INBOX",))


def test_nothing_was_read_yet(room: ImapRoom) -> None:
    """An empty folder that is numbered anew has gone nowhere."""
    _, cursor, _ = drain(room.open())
    room.server.make_anew(room.user)
    room.deliver(letter("one"))
    mails, _, batches = drain(room.open(), cursor)
    assert (ids(mails), batches[0].went_back) == (["one"], ())


def test_validity_changed_at_first_sight(room: ImapRoom) -> None:
    """A change of UIDVALIDITY in the middle of the first pass leaves it the first pass."""
    for number in range(4):
        room.deliver(letter(f"n{number}"))
    mailbox = room.open()
    cursor = mailbox.fetch("", 2).cursor
    mailbox.close()
    room.server.set_uidvalidity(room.user, "INBOX", 7)
    assert [batch.is_first_sight for batch in drain(room.open(), cursor, limit=2)[2]] == [True, True]


def test_key(room: ImapRoom) -> None:
    """A key is made of folder, UIDVALIDITY and UID, and is unique across folders."""
    room.make_folder("Junk")
    for folder in ("INBOX", "Junk"):
        room.deliver(letter(folder), folder)
    keys = [mail.key for mail in drain(room.open())[0]]
    assert [(key.split(";")[0], key.split(";")[2]) for key in keys] == [("INBOX", "1"), ("Junk", "1")]


def test_gaps_between_uids(room: ImapRoom) -> None:
    """UIDs hundreds of thousands apart are all found, though no search asks for more than fifty thousand."""
    for number in range(4):
        room.deliver(letter(f"n{number}"))
    room.server.held(room.user)
    room.server.set_uidvalidity(room.user, "INBOX", 7, step=90_000)
    mails, cursor, _ = drain(room.open(), limit=3)
    assert [mail.key for mail in mails] == [f"INBOX;7;{uid}" for uid in (1, 90_001, 180_001, 270_001)]
    assert drain(room.open(), cursor)[0] == []


def test_folder_beyond_ascii(room: ImapRoom) -> None:
    """A configured folder may have any name that a person gives it."""
    room.make_folder("Fälle & Akten/2027")
    room.deliver(letter("one"), "Fälle & Akten/2027")
    mails, _, _ = drain(room.open(folders=("Fälle & Akten/2027",)))
    assert [(mail.folder, *ids([mail])) for mail in mails] == [("Fälle & Akten/2027", "one")]


def test_junk_made_later(room: ImapRoom) -> None:
    """A Junk folder that comes into being while we are connected is found after the next wait."""
    mailbox = room.open()
    _, cursor, _ = drain(mailbox)
    room.make_folder("Junk")
    room.deliver(letter("one"), "Junk")
    news_within(mailbox, 0)
    assert ids(drain(mailbox, cursor)[0]) == ["one"]


def test_mail_in_junk_ends_a_wait(room: ImapRoom) -> None:
    """A mail that arrived in Junk is seen when a wait begins, though IDLE watches INBOX alone."""
    room.make_folder("Junk")
    mailbox = room.open()
    drain(mailbox)
    room.server.append(room.user, letter("one"), "Junk")
    assert news_within(mailbox, 0) is True


@pytest.mark.parametrize("password", ['a "quoted" \\ one', "Crêpe für zwölf"])
def test_password(room: ImapRoom, password: str) -> None:
    """A password may hold quotes, backslashes and letters outside ASCII."""
    room.server.set_password(room.user, password)
    room.deliver(letter("one"))
    assert ids(drain(room.open(password=SecretStr(password)))[0]) == ["one"]


@pytest.mark.parametrize("tls", ["implicit", "starttls", "none"])
def test_tls(room: ImapRoom, tls: str) -> None:
    """The same mail comes by TLS from the start, by STARTTLS, and in plain text where the door says so."""
    room.deliver(letter("one"))
    port = room.server.tls_port if tls == "implicit" else room.server.port
    assert ids(drain(room.open(tls=tls, port=port))[0]) == ["one"]


def test_refused(room: ImapRoom) -> None:
    """A refused login is told as such, without password or user, and is got over when the server relents."""
    room.deliver(letter("one"))
    mailbox = room.open()
    room.server.refuse(room.user)
    with pytest.raises(DoorClosed, match=r"crewe: 127\.0\.0\.1 refused the login") as told:
        mailbox.fetch("", 10)
    assert room.user not in str(told.value)
    room.server.admit(room.user)
    assert ids(drain(mailbox)[0]) == ["one"]


def test_wrong_password(room: ImapRoom) -> None:
    """A wrong password appears nowhere in what is said about it, chained errors included."""
    with pytest.raises(DoorClosed, match="check user and password") as told:
        room.open(password=SecretStr("hunter2hunter2")).fetch("", 10)
    error: BaseException | None = told.value
    while error is not None:
        assert "hunter2" not in f"{error} {error!r}"
        error = error.__cause__ or error.__context__


@pytest.fixture
def by_token(dovecot: Dovecot, token_server: TokenServer) -> Iterator[TokenRoom]:
    made = TokenRoom(dovecot, token_server)
    yield made
    made.close()


def test_token_revoked(by_token: TokenRoom) -> None:
    """A token that was revoked before its end is given up for another one at once, and nobody hears of it."""
    mailbox = by_token.open()
    by_token.deliver(letter("one"))
    _, cursor, _ = drain(mailbox)
    by_token.authority.service.revoke()
    by_token.server.kick(by_token.user)
    by_token.deliver(letter("two"))
    assert ids(patiently(mailbox, cursor)[0]) == ["two"]
    assert by_token.authority.service.asked == 2


@pytest.mark.parametrize(("lifetime", "asked"), [(3600, 1), (299, 2)])
def test_token_of_this_moment(by_token: TokenRoom, lifetime: int, asked: int) -> None:
    """Each connection is made with a token that is good for some minutes yet: the last one, or a new one."""
    by_token.authority.service.lifetime = lifetime
    mailbox = by_token.open()
    drain(mailbox)
    by_token.server.kick(by_token.user)
    patiently(mailbox)
    assert by_token.authority.service.asked == asked


def test_token_refused_twice(by_token: TokenRoom) -> None:
    """Two tokens are tried and no third; what is said names the permission, and neither token nor user."""
    by_token.refuse()
    with pytest.raises(LoginRefused, match=r"IMAP\.AccessAsApp") as told:
        by_token.open().fetch("", 10)
    assert by_token.authority.service.asked == 2
    assert by_token.user not in str(told.value)
    assert not any(token in str(told.value) for token in by_token.authority.service.grants)


def test_no_token(by_token: TokenRoom) -> None:
    """Where the authority gives none, its reason is told under the mailbox's name, and no connection is made."""
    by_token.authority.service.refuse("AADSTS7000222")
    with pytest.raises(LoginRefused, match=r"^crewe: 127\.0\.0\.1 refused the login of the app: the app's secret has"):
        by_token.open().fetch("", 10)
