"""The EWS test server, seen by exchangelib's own calls: what server and adapter misunderstand alike would show here.

No line of the bot takes part. Everything said is held against Microsoft's schema as well.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import exchangelib
import pytest
import requests
from exchangelib import BASIC, DELEGATE, IMPERSONATION, NTLM, Account, Configuration, Credentials, FailFast, Message
from exchangelib.errors import (
    ErrorAccessDenied,
    ErrorImpersonateUserDenied,
    ErrorInvalidSyncStateData,
    ErrorItemNotFound,
    ErrorMailboxStoreUnavailable,
    ErrorNonExistentMailbox,
    ErrorServerBusy,
    ErrorTimeoutExpired,
    MalformedResponseError,
    SOAPError,
    TransportError,
    UnauthorizedError,
)
from exchangelib.protocol import BaseProtocol, FaultTolerance
from exchangelib.transport import CBA
from exchangelib.version import EXCHANGE_2019, Version

from tests.need import missing
from tests.servers import ews_schema
from tests.servers.ews import EwsServer
from tests.servers.ews_xml import t

CREWE, CLOCK, SERVICE = "crewe@csc.example", "clock@cescp.example", "COUNCIL\\svc"
RAW = b"From: clock@cescp.example\r\nTo: crewe@csc.example\r\nMessage-ID: <m1@cescp.example>\r\n\r\nHello.\r\n"

Connect = Callable[..., Account]


def letter(number: int) -> bytes:
    return b"Message-ID: <n%d@health.example>\r\nSubject: %d\r\n\r\n\xff\r\n" % (number, number)


@pytest.fixture
def server(open_ews: Callable[..., EwsServer]) -> EwsServer:
    made = open_ews(auth=("basic", "ntlm", "certificate"))
    made.add(CLOCK, user=SERVICE)
    made.add(CREWE)
    made.users[SERVICE].delegate.add(CREWE)
    return made


@pytest.fixture
def connect(server: EwsServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate.ca))

    def to(address: str = CREWE, **how: Any) -> Account:
        config = Configuration(
            service_endpoint=server.endpoint,
            credentials=how.get("credentials", Credentials(SERVICE, "let me in")),
            auth_type=how.get("auth", BASIC),
            version=how.get("version", Version(EXCHANGE_2019)),
            retry_policy=how.get("policy", FailFast()),
        )
        return Account(address, config=config, autodiscover=False, access_type=how.get("access", DELEGATE))

    yield to
    exchangelib.close_connections()


def put(server: EwsServer, *numbers: int) -> None:
    for number in numbers:
        server.store.put(server.store.at(CREWE, "INBOX"), letter(number))


# --- the schema -------------------------------------------------------------------------------------------------------


def test_the_schema_is_there() -> None:
    """What this server says is what Exchange would say only as long as the schema is held against it."""
    if ews_schema.folder() is None:
        missing("Microsoft's EWS schema", f"set {ews_schema.VARIABLE} to a folder with messages.xsd and types.xsd")


def test_the_schema_is_held_against_both_sides(server: EwsServer) -> None:
    """A request against it is refused as Exchange refuses it, and either side's slip fails the test it happened in."""
    if ews_schema.folder() is None:
        missing("Microsoft's EWS schema", f"set {ews_schema.VARIABLE} to a folder with messages.xsd and types.xsd")
    body = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><GetItem xmlns='
        '"http://schemas.microsoft.com/exchange/services/2006/messages"><Nonsense/></GetItem></s:Body></s:Envelope>'
    )
    told = requests.post(
        server.endpoint, body, auth=(SERVICE, "let me in"), verify=str(server.certificate.ca), timeout=10
    )
    assert (told.status_code, "ErrorSchemaValidation" in told.text) == (500, True)
    assert len(server.faults) == 1
    server.say(ews_envelope())
    assert len(server.faults) == 2
    server.faults.clear()


def ews_envelope() -> Any:
    """An answer that Exchange would never give."""
    from tests.servers.ews_xml import envelope, m

    return envelope(m("GetItemResponse", t("Nonsense")))


# --- reading ----------------------------------------------------------------------------------------------------------


def test_synchronisation(server: EwsServer, connect: Connect) -> None:
    """Everything once, in pages; then only what has changed, as creation, change of flag or deletion."""
    put(server, 1, 2, 3, 4, 5)
    inbox = connect().inbox
    first = list(inbox.sync_items(only_fields=["message_id", "datetime_received", "size"], max_changes_returned=2))
    assert sorted(item.message_id for _, item in first) == [f"<n{n}@health.example>" for n in range(1, 6)]
    assert server.count()["SyncFolderItems"] == 3
    put(server, 6)
    items = list(server.store.at(CREWE, "INBOX").items.values())
    server.store.change(items[0], read=True)
    server.store.take(items[1])
    kinds = sorted(kind for kind, _ in inbox.sync_items(only_fields=["message_id"]))
    assert kinds == ["create", "delete", "read_flag_change"]
    assert list(inbox.sync_items(only_fields=["message_id"])) == []


def test_a_listing_goes_on_where_it_stood(server: EwsServer, connect: Connect) -> None:
    """What is deleted and what comes between two pages costs no other message its place."""
    put(server, *range(10))
    inbox = connect().inbox
    seen = []
    for n, (kind, item) in enumerate(inbox.sync_items(only_fields=["message_id"], max_changes_returned=3)):
        seen += [item.message_id] if kind == "create" else []
        if n == 2:
            newest = list(server.store.at(CREWE, "INBOX").items.values())[-1]
            server.store.take(newest)
            put(server, 10)
    rest = [item.message_id for kind, item in inbox.sync_items(only_fields=["message_id"]) if kind == "create"]
    assert {f"<n{n}@health.example>" for n in (*range(9), 10)} <= {*seen, *rest}


def test_mime(server: EwsServer, connect: Connect) -> None:
    """A message comes back byte for byte, and one that is gone as an error in its place."""
    put(server, 1, 2)
    account = connect()
    one, two = server.store.at(CREWE, "INBOX").items.values()
    server.store.take(two)
    told = list(account.fetch([(one.id, None), (two.id, None)], only_fields=["mime_content"]))
    assert told[0].mime_content == letter(1)
    assert isinstance(told[1], ErrorItemNotFound)


def test_bad_state(server: EwsServer, connect: Connect) -> None:
    """A sync state that was never given, or before the mailbox was rebuilt, is refused as such."""
    put(server, 1)
    inbox = connect().inbox
    assert len(list(inbox.sync_items(only_fields=["size"]))) == 1
    server.store.renumber(CREWE)
    for state in (inbox.item_sync_state, "nonsense"):
        with pytest.raises(ErrorInvalidSyncStateData):
            list(inbox.sync_items(sync_state=state, only_fields=["size"]))


def test_finding(server: EwsServer, connect: Connect) -> None:
    """By Message-ID, and folders by name."""
    put(server, 1, 2)
    account = connect()
    assert account.inbox.filter(message_id="<n2@health.example>").count() == 1
    assert account.inbox.filter(message_id="<n3@health.example>").count() == 0
    made = exchangelib.Folder(parent=account.inbox, name="Done")
    made.save()
    assert (account.inbox // "Done").name == "Done"
    assert {f.name for f in account.msg_folder_root.children} >= {"Inbox", "Drafts", "Sent Items", "Junk Email"}


def test_moving(server: EwsServer, connect: Connect) -> None:
    """A moved or copied item has another id, a changed one the same with another change key."""
    put(server, 1, 2)
    account = connect()
    one, two = account.inbox.all().order_by("subject")
    before = one.id, two.id
    one.move(account.trash)
    two.copy(account.junk)
    assert (account.inbox.all().count(), account.trash.all().count(), account.junk.all().count()) == (1, 1, 1)
    assert {account.trash.all()[0].id, account.junk.all()[0].id}.isdisjoint(before)
    key = two.changekey
    two.is_read = True
    two.save(update_fields=["is_read"])
    assert (two.id == before[1], two.changekey == key) == (True, False)
    two.delete()
    assert account.inbox.all().count() == 0


def test_stream(server: EwsServer, connect: Connect) -> None:
    """A subscriber hears of a new message as it comes, of the folders it named alone."""
    account = connect()
    with account.inbox.streaming_subscription() as name:
        server.store.put(server.store.at(CREWE, "Junk Email"), letter(1))
        threading.Timer(0.1, put, (server, 2)).start()
        (told,) = account.inbox.get_streaming_events(name, connection_timeout=1, max_notifications_returned=1)
    assert [type(event).__name__ for event in told.events] == ["NewMailEvent"]
    assert [event.item_id.id for event in told.events] == list(server.store.at(CREWE, "INBOX").items)


def test_version(connect: Connect, server: EwsServer) -> None:
    """A client that does not know the version is told it, with every answer."""
    assert connect(version=None).version.build.major_version == 15
    assert server.asked == ["ConvertId"]


# --- sending ----------------------------------------------------------------------------------------------------------


def test_sending(server: EwsServer, connect: Connect) -> None:
    """At once, at once with a copy, and as a draft first: unchanged each time, and delivered to who is here."""
    account = connect(CLOCK)
    Message(account=account, mime_content=RAW).send(save_copy=False)
    Message(account=account, folder=account.sent, mime_content=RAW).send_and_save()
    draft = Message(account=account, folder=account.drafts, mime_content=RAW)
    draft.save()
    assert len(server.letters) == 2
    draft.send()
    assert [(one.recipients, one.raw) for one in server.letters] == [((CREWE,), RAW)] * 3
    assert (account.sent.all().count(), account.drafts.all().count()) == (2, 0)
    assert len(server.store.at(CREWE, "INBOX").items) == 3


def test_a_drafts_recipients(server: EwsServer, connect: Connect) -> None:
    """What is set on the draft is whom it goes to and what its headers say; Bcc stands in no letter."""
    account = connect(CLOCK)
    draft = Message(account=account, folder=account.drafts, mime_content=RAW)
    draft.save()
    draft.to_recipients = [exchangelib.Mailbox(email_address="fay@csc.example")]
    draft.bcc_recipients = [exchangelib.Mailbox(email_address=CREWE)]
    draft.save(update_fields=["to_recipients", "bcc_recipients"])
    draft.send()
    (one,) = server.letters
    assert one.recipients == ("fay@csc.example", CREWE)
    assert (b"To: fay@csc.example\r\n" in one.raw + b"\r\n", CREWE.encode() in one.raw) == (True, False)


def test_what_the_server_does_to_a_letter(server: EwsServer, connect: Connect) -> None:
    """Switched on, it strips headers and gives another Message-ID, in the draft already."""
    server.office.strips, server.office.renames = ("X-Ours",), True
    account = connect(CLOCK)
    draft = Message(account=account, folder=account.drafts, mime_content=b"X-Ours: 1\r\n" + RAW)
    draft.save()
    (told,) = account.fetch([(draft.id, None)], only_fields=["message_id", "mime_content"])
    assert told.message_id.endswith("@exchange.council.example>")
    assert b"X-Ours" not in told.mime_content


# --- who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", [BASIC, NTLM])
def test_logins(server: EwsServer, connect: Connect, auth: str) -> None:
    """The right password opens, another does not; NTLM by a real challenge and its answer."""
    assert connect(auth=auth).inbox.name == "Inbox"
    assert ("Basic" in str(server.headers[-1].get("Authorization"))) is (auth == BASIC)
    with pytest.raises(UnauthorizedError):
        _ = connect(auth=auth, credentials=Credentials(SERVICE, "let me out")).inbox


def test_client_certificate(server: EwsServer, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection with a certificate by the right authority needs no password."""

    class WithCertificate(requests.adapters.HTTPAdapter):
        def init_poolmanager(self, *given: Any, **more: Any) -> Any:
            made = server.client_certificate
            super().init_poolmanager(*given, **more, cert_file=str(made.chain), key_file=str(made.key))

    with pytest.raises(UnauthorizedError):
        _ = connect(auth=CBA, credentials=None).inbox
    exchangelib.close_connections()
    monkeypatch.setattr(BaseProtocol, "HTTP_ADAPTER_CLS", WithCertificate)
    assert connect(auth=CBA, credentials=None).inbox.name == "Inbox"


def test_rights(server: EwsServer, connect: Connect) -> None:
    """Other mailboxes open to delegates and impersonators with the right to them, and to nobody else."""
    server.add("fay@csc.example")
    with pytest.raises(ErrorAccessDenied):
        list(connect("fay@csc.example").inbox.sync_items(only_fields=["size"]))
    with pytest.raises(ErrorImpersonateUserDenied):
        _ = connect(CREWE, access=IMPERSONATION).inbox
    server.users[SERVICE].impersonates.add(CREWE)
    assert connect(CREWE, access=IMPERSONATION).inbox.name == "Inbox"
    server.store.remove(CREWE)
    with pytest.raises(ErrorNonExistentMailbox):
        _ = connect(CREWE).inbox


# --- bad days ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("503", ErrorServerBusy),
        ("401", UnauthorizedError),
        ("busy", ErrorServerBusy),
        ("html", (SOAPError, MalformedResponseError)),
        ("drop", (ErrorTimeoutExpired, TransportError)),
        ("truncate", ErrorTimeoutExpired),
        ("ErrorMailboxStoreUnavailable", ErrorMailboxStoreUnavailable),
    ],
)
def test_bad_days(server: EwsServer, connect: Connect, what: str, told: Any) -> None:
    """Each switch does what it says, as often as it was told, and then the server is well again."""
    server.answer(what, times=1, milliseconds=1500 if what == "busy" else 0)
    with pytest.raises(told) as caught:
        _ = connect().inbox
    if what == "busy":
        assert caught.value.back_off == 1.5
    assert connect().inbox.name == "Inbox"


@pytest.mark.parametrize(("policy", "copies"), [(FailFast(), 1), (FaultTolerance(max_wait=60), 2)])
def test_a_lost_answer(
    server: EwsServer, connect: Connect, monkeypatch: pytest.MonkeyPatch, policy: Any, copies: int
) -> None:
    """A letter that went though the server said otherwise goes again where the library is told to be patient."""
    monkeypatch.setattr(BaseProtocol, "RETRY_WAIT", 0.01)
    server.answer("503 after", "CreateItem", times=1)
    message = Message(account=connect(CLOCK, policy=policy), mime_content=RAW)
    if copies == 1:
        with pytest.raises(ErrorServerBusy):
            message.send(save_copy=False)
    else:
        message.send(save_copy=False)
    assert len(server.letters) == copies
