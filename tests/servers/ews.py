"""An Exchange Web Services server for tests: stateful, over real HTTPS, on a loopback port it chooses.

Its mailboxes are in ews_store.py, what each operation does in ews_operations.py; here are sockets, logins (Basic, real
NTLM, bearer tokens, client certificates), who may act as whom, streams, and bad days. All it hears and says is held
against Microsoft's schema where CHALLENGE_BOT_EWS_SCHEMA names one. It knows one format of ids and no calendar.
"""

from __future__ import annotations

import base64
import contextlib
import os
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from pydantic import SecretStr

from bot.settings.settings import Door
from tests.servers import ews_schema
from tests.servers.certificates import Certificate, make_certificate
from tests.servers.ews_operations import OPERATIONS, Caller, Letter, Office, Subscription
from tests.servers.ews_store import Event, Item
from tests.servers.ews_xml import (
    NAMES,
    Refused,
    SoapFault,
    envelope,
    error,
    fault,
    folder_id,
    instant,
    m,
    response,
    success,
    t,
    tag,
    text,
)

HOST = "127.0.0.1"
ACTED_AS = "t:ExchangeImpersonation/t:ConnectingSID/t:PrimarySmtpAddress"
HTML = b"<html><body><h1>Sign in</h1><form action='/owa/auth.owa'></form></body></html>"
DROP, DROP_AFTER, HANG, TRUNCATE, PAGE = "drop", "drop after", "hang", "truncate", "html"
BUSY_AFTER = "503 after"


@dataclass
class User:
    """Who logs in: whose mailbox is their own, which others they may open or act as."""

    password: str
    address: str
    delegate: set[str] = field(default_factory=set)
    impersonates: set[str] = field(default_factory=set)
    reviews: set[tuple[str, str]] = field(default_factory=set)  # (mailbox, a folder's known name)


@dataclass
class Deed:
    """A bad day of one operation ("" for any): what is done instead, and how often yet."""

    operation: str
    what: str
    left: int | None
    milliseconds: int = 0


class EwsServer:
    """`auth`: the ways in that it offers, of basic, ntlm, oauth and certificate."""

    def __init__(
        self, folder: Path, auth: tuple[str, ...] = ("basic",), certificate: Certificate | None = None
    ) -> None:
        self.certificate = certificate or make_certificate(folder / "tls")
        self.client_certificate = make_certificate(folder / "client", host="bot.council.example")
        self.auth = auth
        self.office = Office()
        self.users: dict[str, User] = {}
        self.tokens: dict[str, str] = {}  # a token -> the user whose it is
        self.deeds: list[Deed] = []
        self.faults: list[str] = []  # of the schema
        self.asked: list[str] = []  # the operations, in order
        self.headers: list[dict[str, str]] = []  # of each request
        self.paths: list[str] = []
        self.streams = 0
        self.port = 0
        self.most_at_once = 0  # connections
        self._credentials = folder / "ntlm-users"
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._going = threading.Event()
        self._http: ThreadingHTTPServer | None = None

    # --- being told --------------------------------------------------------------------------------------------------

    @property
    def store(self) -> Any:
        return self.office.store

    @property
    def letters(self) -> list[Letter]:
        return self.office.letters

    def add(self, address: str, user: str = "", password: str = "let me in") -> User:
        """A mailbox; and somebody who logs in as `user`, or as the address."""
        self.store.add(address)
        made = self.users[user or address] = User(password, address)
        return made

    def answer(self, what: str, operation: str = "", *, times: int | None = None, milliseconds: int = 0) -> None:
        """From now on: an HTTP status, "503 after" (done, and 503 said), "html", "drop" (not done), "drop after" (done,
        and nothing said), "hang", "truncate", "busy", or the code of an error; with "after " before it, done all the
        same."""
        self.deeds.append(Deed(operation, what, times, milliseconds))

    def behave(self) -> None:
        self.deeds.clear()

    def door(self, address: str, user: str = "", **changes: Any) -> Door:
        """A door that leads here, to that mailbox, by Basic unless told otherwise."""
        who = self.users[user or address]
        known: dict[str, Any] = {
            "kind": "ews", "endpoint": self.endpoint, "mailbox": address, "user": user or address,
            "password": SecretStr(who.password), "ca_file": str(self.certificate.ca), "timeout": 10,
        }  # fmt: skip
        return Door(**(known | changes))

    @property
    def endpoint(self) -> str:
        return f"https://{HOST}:{self.port}/EWS/Exchange.asmx"

    def count(self) -> Counter[str]:
        return Counter(self.asked)

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> EwsServer:
        """Listens; after a `stop` on the same port again."""
        context = self.certificate.server_context()
        if "certificate" in self.auth:
            context.verify_mode = 1  # asked for, and done without where none comes
            context.load_verify_locations(self.client_certificate.ca)
        self._going.set()
        self._http = _Listener((HOST, self.port), _handler(self))
        self._http.context = context
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Ends it with all its connections."""
        self._going.clear()
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None
        self.hang_up()
        with self.store.changed:
            self.store.changed.notify_all()

    def restart(self) -> None:
        self.stop()
        self.start()

    def hang_up(self) -> None:
        """Closes every connection, as a server does that is restarted."""
        with self._lock:
            lines, self._open = list(self._open), set()
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    # --- used by connections -----------------------------------------------------------------------------------------

    @property
    def is_going(self) -> bool:
        return self._going.is_set()

    def opened(self, line: socket.socket) -> None:
        with self._lock:
            self._open.add(line)
            self.most_at_once = max(self.most_at_once, len(self._open))

    def closed(self, line: socket.socket) -> None:
        with self._lock:
            self._open.discard(line)

    def deed(self, operation: str) -> Deed | None:
        with self._lock:
            for one in self.deeds:
                if one.operation in ("", operation) and one.left != 0:
                    if one.left is not None:
                        one.left -= 1
                    return one
        return None

    def caller(self, user: str, header: etree._Element | None) -> Caller:
        """Who acts. Raises SoapFault."""
        who = self.users[user]
        acted = "" if header is None else text(header, ACTED_AS).lower()
        if not acted:
            return Caller(who.address, frozenset(who.delegate), frozenset(who.reviews))
        if acted not in self.store.mailboxes:
            raise SoapFault("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.")
        if acted not in who.impersonates:
            raise SoapFault("ErrorImpersonateUserDenied", "The account does not have permission to impersonate.")
        return Caller(acted)

    def ntlm(self) -> Any:
        """A new handshake, over the users there are now."""
        import spnego  # for the few tests that need it: it is slow to load

        names = [(name.rpartition("\\"), user.password) for name, user in self.users.items()]
        known = [f"{domain}:{name}:{password}" for (domain, _, name), password in names]
        self._credentials.write_text("\n".join(known), "utf-8")
        os.environ["NTLM_USER_FILE"] = str(self._credentials)
        return spnego.server(protocol="ntlm", options=spnego.NegotiateOptions.use_ntlm)

    def heard(self, asked: etree._Element, deed: Deed | None) -> etree._Element:
        """What is asked for. Raises SoapFault where it is against the schema, or the server has no time."""
        if wrong := ews_schema.faults(asked):
            self.faults += wrong
            raise SoapFault("ErrorSchemaValidation", "The request failed schema validation: " + wrong[0])
        if deed is not None and deed.what == "busy":
            raise SoapFault("ErrorServerBusy", "The server cannot service this request now.", deed.milliseconds)
        found: etree._Element = asked.find("s:Body", NAMES)[0]
        return found

    def say(self, element: etree._Element) -> bytes:
        self.faults += ews_schema.faults(element)
        return etree.tostring(element, xml_declaration=True, encoding="utf-8")


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50
    context: Any

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the connection's own thread: a client that dislikes our certificate holds up nobody.
        request.settimeout(60)
        with contextlib.suppress(OSError), self.context.wrap_socket(request, server_side=True) as line:
            super().finish_request(line, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is none of our affair."""


def _handler(server: EwsServer) -> Any:
    return type("Bound", (_Connection,), {"ews": server})


class _Connection(BaseHTTPRequestHandler):
    """One client's connection; NTLM proves a connection, the other ways each request."""

    ews: EwsServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    proven = ""

    def setup(self) -> None:
        super().setup()
        self.ews.opened(self.connection)

    def finish(self) -> None:
        self.ews.closed(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, *_: Any) -> None:
        """Nothing is logged."""

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        operation = _named(raw)
        deed = self.ews.deed(operation)
        if deed is not None and deed.what == "401":
            self._unproven()
            return
        user = self._user()
        if user is None:
            return
        self.ews.asked.append(operation)
        self.ews.headers.append(dict(self.headers))
        self.ews.paths.append(self.path)
        if deed is not None and self._misbehaves(deed):
            return
        answer, status = self._answer(raw, user, deed)
        if deed is not None and deed.what == DROP_AFTER:
            self._drop()
        elif deed is not None and deed.what == BUSY_AFTER:
            self._send(503, b"Service Unavailable", kind="text/html")
        elif answer is not None:
            self._send(status, answer, cut=deed is not None and deed.what == TRUNCATE)

    def do_GET(self) -> None:
        self._send(200, HTML, kind="text/html")

    # --- logins ------------------------------------------------------------------------------------------------------

    def _user(self) -> str | None:
        """Who this is; None: an answer has been given that asks for it."""
        scheme, _, told = self.headers.get("Authorization", "").partition(" ")
        ways = self.ews.auth
        if "certificate" in ways and self.connection.getpeercert():
            return next(iter(self.ews.users))
        if scheme == "NTLM" and "ntlm" in ways:
            return self._ntlm(base64.b64decode(told))
        if scheme == "Basic" and "basic" in ways:
            name, _, password = base64.b64decode(told).decode("utf-8").partition(":")
            if name in self.ews.users and self.ews.users[name].password == password:
                return name
        if scheme == "Bearer" and "oauth" in ways and told in self.ews.tokens:
            return self.ews.tokens[told]
        if self.proven and not scheme:
            return self.proven
        self._unproven()
        return None

    def _ntlm(self, token: bytes) -> str | None:
        if not hasattr(self, "_context"):
            self._context = self.ews.ntlm()
        try:
            reply = self._context.step(token)
        except Exception:  # of whatever kind: the token is no good
            del self._context
            self._unproven()
            return None
        if not self._context.complete:
            self._unproven(f"NTLM {base64.b64encode(reply or b'').decode()}")
            return None
        name = str(self._context.client_principal).rpartition("\\")[2]
        del self._context
        self.proven = next(user for user in self.ews.users if user.rpartition("\\")[2] == name)
        return self.proven

    def _unproven(self, challenge: str = "") -> None:
        offers = {"basic": 'Basic realm="exchange"', "ntlm": "NTLM", "oauth": "Bearer"}
        told = [challenge] if challenge else [offers[way] for way in self.ews.auth if way in offers]
        self._send(401, b"", headers=[("WWW-Authenticate", one) for one in told])

    # --- answers -----------------------------------------------------------------------------------------------------

    def _misbehaves(self, deed: Deed) -> bool:
        if deed.what.isdigit():
            self._send(int(deed.what), b"Service Unavailable", kind="text/html")
        elif deed.what == PAGE:
            self._send(200, HTML, kind="text/html")
        elif deed.what == DROP:
            self._drop()
        elif deed.what == HANG:
            with self.ews.store.changed:
                self.ews.store.changed.wait_for(lambda: not self.ews.is_going or deed not in self.ews.deeds, 60)
            self._drop()
        else:
            return False
        return True

    def _answer(self, raw: bytes, user: str, deed: Deed | None) -> tuple[bytes | None, int]:
        try:
            asked = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
            request = self.ews.heard(asked, deed)
            caller = self.ews.caller(user, asked.find("s:Header", NAMES))
            if tag(request) == "GetStreamingEvents":
                self._stream(request)
                return None, 200
            return self.ews.say(envelope(self._done(request, caller, deed))), 200
        except SoapFault as refused:
            return self.ews.say(fault(refused)), 500

    def _done(self, request: etree._Element, caller: Caller, deed: Deed | None) -> etree._Element:
        operation = tag(request)
        code = deed.what if deed is not None else ""
        if operation not in OPERATIONS:
            raise SoapFault("ErrorInvalidRequest", f"{operation} is not served here.")
        if not code.startswith("Error"):
            done = OPERATIONS[operation](self.ews.office, caller, request)
            if not code.startswith("after "):
                return done
        return response(operation, [error(operation, Refused(code.removeprefix("after ")))])

    def _send(
        self, status: int, body: bytes, kind: str = "text/xml; charset=utf-8", *, headers: Any = (), cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        if cut:
            self._drop()

    def _drop(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    # --- streams -----------------------------------------------------------------------------------------------------

    def _stream(self, request: etree._Element) -> None:
        """Notifications as they come, each in an envelope of its own, for as many minutes as asked."""
        until = time.monotonic() + 60 * int(text(request, "m:ConnectionTimeout"))
        names = [str(one.text) for one in request.iterfind("m:SubscriptionIds/t:SubscriptionId", NAMES)]
        known = self.ews.office.subscriptions
        if unknown := [name for name in names if name not in known]:
            told = error("GetStreamingEvents", Refused("ErrorSubscriptionNotFound", "No such subscription."))
            told.append(m("ErrorSubscriptionIds", *(m("SubscriptionId", name) for name in unknown)))
            self._send(200, self.ews.say(envelope(response("GetStreamingEvents", [told]))))
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.ews.streams += 1
        try:
            self._chunk(m("ConnectionStatus", "OK"))
            while self.ews.is_going and time.monotonic() < until:
                for name, events in self._news(names, until):
                    self._chunk(m("Notifications", self._notification(name, events)))
            self._chunk(m("ConnectionStatus", "Closed"))
            self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True
        finally:
            self.ews.streams -= 1

    def _news(self, names: list[str], until: float) -> list[tuple[str, list[Event]]]:
        store, known = self.ews.store, self.ews.office.subscriptions
        with store.changed:
            store.changed.wait_for(
                lambda: not self.ews.is_going or any(_is_news(store.events, known[n]) for n in names if n in known),
                min(0.5, max(until - time.monotonic(), 0)),
            )
            found = [(name, _taken(store.events, known[name])) for name in names if name in known]
        return [(name, events) for name, events in found if events]

    def _notification(self, name: str, events: list[Event]) -> etree._Element:
        told = []
        for event in events:
            folder = self.ews.store.folders[event.folder]
            what = [
                t("Watermark", "AQAAAA=="), t("TimeStamp", instant(datetime.now().astimezone())),
                t("ItemId", Id=event.item, ChangeKey="AQAAAA=="), folder_id(folder, "ParentFolderId"),
            ]  # fmt: skip
            if event.kind in ("Moved", "Copied"):
                what += [t("OldItemId", Id=event.item, ChangeKey="AQAAAA=="), folder_id(folder, "OldParentFolderId")]
            told.append(t(f"{event.kind}{'' if event.kind == 'NewMailEvent' else 'Event'}", *what))
        return m("Notification", t("SubscriptionId", name), *told)

    def _chunk(self, *inside: etree._Element) -> None:
        message = success("GetStreamingEvents", *inside)
        data = self.ews.say(envelope(response("GetStreamingEvents", [message])))
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


def _is_news(events: list[Event], subscription: Subscription) -> bool:
    return any(_is_wanted(event, subscription) for event in events[subscription.place :])


def _taken(events: list[Event], subscription: Subscription) -> list[Event]:
    found = [event for event in events[subscription.place :] if _is_wanted(event, subscription)]
    subscription.place = len(events)
    return found


def _is_wanted(event: Event, subscription: Subscription) -> bool:
    is_there = subscription.folders is None or event.folder in subscription.folders
    return is_there and event.kind in subscription.kinds


def _named(raw: bytes) -> str:
    """The operation of a request, whatever else may be wrong with it; "" for none."""
    try:
        body = etree.fromstring(raw, etree.XMLParser(huge_tree=True)).find("s:Body", NAMES)
    except etree.XMLSyntaxError:
        return ""
    return tag(body[0]) if body is not None and len(body) else ""


@pytest.fixture
def open_ews(tmp_path: Path) -> Iterator[Callable[..., EwsServer]]:
    """Starts servers; at the end nothing that any of them heard or said may be against the schema."""
    made: list[EwsServer] = []

    def start(**how: Any) -> EwsServer:
        made.append(EwsServer(tmp_path / f"ews-{len(made)}", **how).start())
        return made[-1]

    yield start
    for server in made:
        server.stop()
    assert [fault for server in made for fault in server.faults] == []


@pytest.fixture
def ews(open_ews: Callable[..., EwsServer]) -> EwsServer:
    return open_ews()


def held(item: Item) -> tuple[object, ...]:
    """Everything about an item that a reader could change."""
    return item.id, item.key, item.is_read, item.folder.id, item.raw
