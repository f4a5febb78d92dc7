"""Microsoft Graph's mail part over real HTTPS on loopback, stateful, with its token authority and its bad days.

What arrives is delivered to the mailboxes here, or to `outbox` where nobody here has the address. Orders: `answer`,
`drop` and `html` by step (graph_routes.step_of; "token" is the authority), before or after the deed; further switches
are attributes. It checks what Microsoft checks: tokens, permissions, ids, four requests at once for a mailbox.
"""

from __future__ import annotations

import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from bot.settings.door import Door, OAuth
from tests.servers.certificates import Certificate, make_certificate
from tests.servers.graph_routes import READ, SEND, WRITE, Reply, Request, Routes, error, mime_of, parts_of, step_of
from tests.servers.graph_store import Item, MailboxStore
from tests.servers.tokens import TokenService

SCOPE = "https://graph.microsoft.com/.default"
AT_ONCE = 4
PAGE = b"<html><body>Your access to this site was blocked by policy. Please sign in.</body></html>"


@dataclass
class Order:
    """What happens to requests of a step in place of the answer (or after the deed), `times` times after `skip`."""

    step: str
    deed: Callable[[], Reply | None]
    after: bool
    times: int
    skip: int


@dataclass(frozen=True)
class Sent:
    """A message that left: who sent it, everybody it named, its bytes as they arrived."""

    mailbox: str
    recipients: tuple[str, ...]
    raw: bytes


@dataclass
class GraphServer:
    """Start it, `add` mailboxes, point a door at it. All state under one lock."""

    certificate: Certificate
    tokens: TokenService = field(default_factory=TokenService)
    port: int = 0
    strips: tuple[str, ...] = ()  # header names, or their beginnings, that a message given as MIME loses
    renames: str = ""  # "draft" or "send": when a message's Message-ID is replaced
    sends_nothing: bool = False  # /send says 200 and does nothing
    holds: bool = False  # what was accepted stays a draft until `let_go`
    gate: threading.Event | None = None  # every request that is let in waits for it, ten seconds at most
    steps: list[str] = field(default_factory=list)
    outbox: list[Sent] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)  # in order, local deliveries too
    peak: Counter[str] = field(default_factory=Counter)  # most requests at once, by mailbox

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.mailboxes: dict[str, MailboxStore] = {}
        self.removed: list[str] = []
        self.granted: dict[str, set[str]] = {}
        self.routes = Routes(self.mailboxes, self.granted, self._send, self._received_draft)
        self._orders: list[Order] = []
        self._held: list[tuple[MailboxStore, Item]] = []
        self._busy: Counter[str] = Counter()
        self._renamed = 0
        self._lines: set[socket.socket] = set()
        self.most_at_once = 0  # connections

    # --- being told --------------------------------------------------------------------------------------------------

    def add(self, address: str, *permissions: str) -> MailboxStore:
        """A mailbox; the app may do all to it unless permissions are named."""
        box = self.mailboxes[address] = MailboxStore(address, self.lock, self.removed.count(address))
        self.granted[address] = set(permissions or (READ, WRITE, SEND))
        return box

    def remove(self, address: str) -> None:
        del self.mailboxes[address]
        self.removed.append(address)

    def answer(
        self,
        step: str,
        status: int,
        code: str = "",
        *,
        after: bool = False,
        times: int = 1,
        skip: int = 0,
        **headers: str,
    ) -> None:
        """Answers requests of this step so; `after`: when what was asked has been done."""
        code = code or {429: "ApplicationThrottled", 503: "serviceNotAvailable"}.get(status, "generalException")
        self._order(step, lambda: error(status, code, **headers), after, times, skip)

    def drop(self, step: str, *, after: bool = False, times: int = 1, skip: int = 0) -> None:
        """Hangs up without a word, before or after the deed."""
        self._order(step, lambda: None, after, times, skip)

    def html(self, step: str, status: int = 200, *, after: bool = False, times: int = 1) -> None:
        self._order(step, lambda: Reply(status, PAGE, "text/html; charset=utf-8"), after, times, 0)

    def garble(self, step: str, body: bytes, *, status: int = 200, times: int = 1) -> None:
        """Answers with this in place of what was asked for."""
        self._order(step, lambda: Reply(status, body), False, times, 0)

    def _order(self, step: str, deed: Callable[[], Reply | None], after: bool, times: int, skip: int) -> None:
        with self.lock:
            self._orders.append(Order(step, deed, after, times, skip))

    def behave(self) -> None:
        """Forgets every order that was not used up."""
        with self.lock:
            self._orders.clear()
            self.tokens.behave()

    def expire(self) -> None:
        """No delta token given so far is known any more."""
        with self.lock:
            self.routes.forget_tokens()

    def let_go(self) -> None:
        """What was held is sent."""
        with self.lock:
            held, self._held = self._held, []
            for box, item in held:
                if item.number in box.items and item.is_draft:
                    self._post(box, item)

    def door(self, mailbox: str, **changes: Any) -> Door:
        """A door that leads to this mailbox here."""
        oauth = OAuth(
            tenant=self.tokens.tenant,
            client_id=self.tokens.client,
            client_secret=SecretStr(self.tokens.secret),
            authority=f"https://127.0.0.1:{self.port}",
        )
        known: dict[str, Any] = {
            "kind": "graph",
            "endpoint": self.endpoint,
            "mailbox": mailbox,
            "oauth": oauth,
            "ca_file": str(self.certificate.ca),
            "timeout": 5,
        }
        return Door(**(known | changes))

    @property
    def endpoint(self) -> str:
        return f"https://127.0.0.1:{self.port}/v1.0"

    # --- life --------------------------------------------------------------------------------------------------------

    def start(self) -> GraphServer:
        """Listens; after a `stop` on the same port again."""
        server = self

        class Handler(_Handler):
            owner = server

        self._http = _Server(("127.0.0.1", self.port), Handler)
        self._http.socket = self.certificate.server_context().wrap_socket(
            self._http.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Nobody listens any more, and every open connection ends."""
        self._http.shutdown()
        self._thread.join(5)
        self._http.server_close()
        self.hang_up()

    def hang_up(self) -> None:
        """Closes every connection that is open now."""
        with self.lock:
            lines, self._lines = self._lines, set()
        for line in lines:
            _end(line)

    def opened(self, line: socket.socket) -> None:
        with self.lock:
            self._lines.add(line)
            self.most_at_once = max(self.most_at_once, len(self._lines))

    def closed(self, line: socket.socket) -> None:
        with self.lock:
            self._lines.discard(line)

    # --- being asked -------------------------------------------------------------------------------------------------

    def reply(self, request: Request) -> Reply | None:
        """None: hang up."""
        if "/v1.0/" not in request.url and not request.path.startswith("/upload/"):
            return self._token(request)
        step = step_of(request)
        user = parts_of(request.path)[0].lower()
        with self.lock:
            self.steps.append(step)
            self._busy[user] += 1
            self.peak[user] = max(self.peak[user], self._busy[user])
            is_crowd = self._busy[user] > AT_ONCE
        try:
            if is_crowd:
                return error(429, "ApplicationThrottled", Retry_After="1")
            if self.gate is not None:
                self.gate.wait(10)
            return self._answer(step, request)
        finally:
            with self.lock:
                self._busy[user] -= 1

    def _answer(self, step: str, request: Request) -> Reply | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        with self.lock:
            order = self._due(step)
            if order is not None and not order.after:
                return order.deed()
            if step != "upload" and not self.tokens.knows(token, SCOPE):
                return error(401, "InvalidAuthenticationToken")
            if step == "send_draft" and self.sends_nothing:
                return Reply(200)
            done = self.routes.answer(step, request)
            return done if order is None else order.deed()

    def _due(self, step: str) -> Order | None:
        for order in self._orders:
            if order.step in (step, "*") and order.times > 0:
                if order.skip:
                    order.skip -= 1
                    return None
                order.times -= 1
                return order
        return None

    def _token(self, request: Request) -> Reply | None:
        told = self.tokens.answer(request.method, request.path, request.body, f"https://127.0.0.1:{self.port}")
        return None if told is None else Reply(told.status, told.body, told.kind)

    # --- what sending means ------------------------------------------------------------------------------------------

    def _received_draft(self, raw: bytes) -> bytes:
        """The message as the server keeps it: without the headers it strips, with the id it gives."""
        raw = _without(raw, self.strips)
        return self._rename(raw) if self.renames == "draft" else raw

    def _rename(self, raw: bytes) -> bytes:
        self._renamed += 1
        new = f"Message-ID: <renamed-{self._renamed}@graph.example>".encode()
        return re.sub(rb"(?mi)^Message-ID:[^\n]*?(?=\r?\n)", new, raw, count=1)

    def _send(self, box: MailboxStore, item: Item) -> None:
        if self.holds:
            self._held.append((box, item))
        else:
            self._post(box, item)

    def _post(self, box: MailboxStore, item: Item) -> None:
        if self.renames == "send":
            item.raw = self._rename(item.raw)
            item.message_id = item.raw.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()
        item.is_draft = False
        box.move(item, "sentitems")
        letter = Sent(box.address, item.recipients(), _without(mime_of(item), ("bcc",)))
        self.sent.append(letter)
        abroad = tuple(address for address in letter.recipients if address.lower() not in self.mailboxes)
        for address in letter.recipients:
            if there := self.mailboxes.get(address.lower()):
                there.add(letter.raw)
        if abroad:
            self.outbox.append(Sent(box.address, abroad, letter.raw))


def _without(raw: bytes, names: tuple[str, ...]) -> bytes:
    """The message without those header fields; "x-" means every one that begins so."""
    if not names:
        return raw
    head, gap, body = raw.partition(b"\r\n\r\n")
    fields = re.split(rb"\r\n(?![ \t])", head)
    kept = [one for one in fields if not one.lower().startswith(tuple(_beginning(name) for name in names))]
    return b"\r\n".join(kept) + gap + body


def _beginning(name: str) -> bytes:
    return name.lower().encode() if name.endswith("-") else f"{name.lower()}:".encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: Any) -> None:
        """A client that does not trust us hangs up: that is its test's business."""


class _Handler(BaseHTTPRequestHandler):
    owner: ClassVar[GraphServer]
    protocol_version = "HTTP/1.1"
    timeout = 30
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.owner.opened(self.connection)

    def finish(self) -> None:
        self.owner.closed(self.connection)
        super().finish()

    def _reply(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = f"https://{headers.get('host', '')}{self.path}"
        reply = self.owner.reply(Request(self.command, url, headers, body))
        if reply is None:
            self.close_connection = True
            return
        head = [f"HTTP/1.1 {reply.status} -", f"Content-Type: {reply.kind}", f"Content-Length: {len(reply.body)}"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        # In one piece: a second small one would wait for the client's acknowledgement of the first.
        self.wfile.write("\r\n".join([*head, "", ""]).encode() + reply.body)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _reply

    def log_message(self, *_: Any) -> None:
        """Silent: the tests look at `steps`."""


def _end(line: socket.socket) -> None:
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it ended by itself


@pytest.fixture
def open_graph(tmp_path: Path) -> Iterator[Callable[..., GraphServer]]:
    """Starts servers: `open_graph(renames="draft")`; makes a certificate where none is given."""
    started: list[GraphServer] = []

    def start(**how: Any) -> GraphServer:
        how.setdefault("certificate", make_certificate(tmp_path / f"graph-{len(started)}"))
        started.append(GraphServer(**how).start())
        return started[-1]

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def graph_server(open_graph: Callable[..., GraphServer]) -> GraphServer:
    """A server without mailboxes."""
    return open_graph()
