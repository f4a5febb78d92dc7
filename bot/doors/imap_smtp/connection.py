"""One logged-in connection to an IMAP server, made when it is needed and dropped when anything goes wrong on it.

It knows TLS, login by password or token, IDLE and which words of an error may be repeated; it must not know cursors,
folders or mails. Everything that fails comes out as DoorClosed with a sentence that holds no password, token or user
and no piece of mail. It waits for answers and never for mail: an idling line is for whoever waits for many. One thread
uses it at a time.
"""

import contextlib
import logging
import re
import select
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError, ProtocolError

from bot.doors.imap_smtp.pace import LOGINS
from bot.doors.ports import Look
from bot.doors.tokens import Tokens, tokens_of
from bot.model.errors import DoorClosed, LoginRefused, Throttled
from bot.settings.settings import Door

#: How Exchange asks for patience (in a BAD answer to any command).
BACKOFF = re.compile(r"Suggested Backoff Time: (\d{1,9}) milliseconds")

#: Seconds after which IDLE is asked for anew: servers and NAT boxes forget it silently, and until then a line that has
#: died looks like one on which nothing happens. With the answer that is waited for it is noticed within 90 seconds.
IDLE_SECONDS = 50
#: Seconds until the next look where IDLE was refused twice in a row: each of them costs a login.
REFUSED_SECONDS = 15
#: How long the end of IDLE may take: a server that is there answers at once, a silent line never.
DONE_SECONDS = 25
#: Seconds of silence before the system asks the other side for a sign, between two such questions, and how many.
KEEPALIVE = ((socket.TCP_KEEPIDLE, 30), (socket.TCP_KEEPINTVL, 10), (socket.TCP_KEEPCNT, 3))

APP_ADVICE = "check that the app may use IMAP (IMAP.AccessAsApp) and has full access to this mailbox"

# At DEBUG the library writes whole lines of other people's mail, and ours may be switched on where that is not wanted.
logging.getLogger("imapclient").setLevel(logging.WARNING)


class Connection:
    """`name` is how sentences call the mailbox. Opening touches no network."""

    def __init__(self, name: str, door: Door) -> None:
        self.name = name
        self._door = door
        # Any: the library's own signatures are untyped.
        self._client: Any = None
        self._tokens = tokens_of(door) if door.oauth else None
        self._token = ""
        self._is_idling = False
        self._refusals = 0  # of IDLE, in a row
        self._asked: float | None = None  # since when the answer to the end of IDLE is waited for, steady clock

    @property
    def is_open(self) -> bool:
        return self._client is not None

    @contextlib.contextmanager
    def client(self) -> Iterator[Any]:
        """The logged-in imapclient, idling no more. Raises DoorClosed, Throttled; the connection is gone then."""
        try:
            if self._client is None:
                self._client = self._connect()
            if self._is_idling:
                self._end_idle(self._client)
            yield self._client
        except (IMAPClientError, OSError, ValueError) as error:  # ValueError: what the library's parser cannot read
            self.drop()
            raise self._closed(error) from error

    def idle(self, client: Any) -> Look:
        """Begins to idle on the examined folder.

        The library's own `idle_check` takes a closed connection for silence, over and over; so whoever waits watches
        the socket, and IDLE is ended by `idle_done`, which fails on a dead connection.
        """
        try:
            client.idle()
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            self.drop()  # the server spoke before it consented, or refused; the library has lost its place
            self._refusals += 1
            return Look(seconds=0 if self._refusals == 1 else REFUSED_SECONDS)
        self._is_idling, self._asked, self._refusals = True, None, 0
        return Look(seconds=0 if self._has_unread(client) else IDLE_SECONDS, line=client.socket())

    def still_idles(self) -> Look | None:
        """What to wait for while IDLE goes on; None where it is over, or its end can be read. When its time is over
        the server is asked to end it, and the answer is waited for as news are: a line that has died holds up nobody.

        Raises DoorClosed when that answer does not come.
        """
        client = self._client
        if client is None or not self._is_idling:
            return None
        patience = min(self._door.timeout, DONE_SECONDS)
        try:
            if self._can_be_read(client):
                return None
            if self._asked is None:
                client._imap.send(b"DONE\r\n")
                self._asked = time.monotonic()
            left = self._asked + patience - time.monotonic()
            if left <= 0:
                raise TimeoutError("timed out")
        except (IMAPClientError, OSError) as error:
            self.drop()
            raise self._closed(error) from error
        return Look(seconds=left, line=client.socket())

    def _end_idle(self, client: Any) -> None:
        """Waits for the end of IDLE, asking for it where that was not done. A server that is there answers at once."""
        line = client.socket()
        line.settimeout(min(self._door.timeout, DONE_SECONDS))
        if self._asked is None:
            client.idle_done()
        else:
            client._consume_until_tagged_response(client._idle_tag, "IDLE")
        self._is_idling, self._asked = False, None
        line.settimeout(self._door.timeout)

    def _can_be_read(self, client: Any) -> bool:
        """Whether there is something to read, or the line's end."""
        watched = select.poll()
        watched.register(client.socket(), select.POLLIN)
        return bool(watched.poll(0)) or self._has_unread(client)

    def _has_unread(self, client: Any) -> bool:
        """Whether the library holds lines that it has not looked at.

        A notice may come in one packet with the server's consent to IDLE. It lies in the library's buffer then, where
        no watching of the socket ever finds it, and the library itself offers no look at it.
        """
        line = client.socket()
        line.settimeout(0)
        try:
            return bool(client._imap.file.peek(1))
        except ssl.SSLWantReadError:
            return False
        finally:
            line.settimeout(self._door.timeout)

    def drop(self) -> None:
        """Lets go of the connection without a word; the next use makes another."""
        client, self._client = self._client, None
        self._is_idling, self._asked = False, None
        if client is not None:
            _hang_up(client)

    def close(self) -> None:
        """Logs out, waiting a second at most; an idling line, which may be dead, is dropped. The next use connects."""
        if self._client is not None and not self._is_idling:
            # The server may be gone already, which is all we want.
            with contextlib.suppress(IMAPClientError, OSError):
                self._client.socket().settimeout(1)
                self._client.logout()
        self.drop()

    def _connect(self) -> Any:
        """A new connection, logged in. A refused token is given up and one other is tried, on a connection of its own:
        a server may revoke what it has given before it runs out."""
        if self._tokens is None:
            return self._logged_in()
        self._token = self._token_from(self._tokens)
        try:
            return self._logged_in()
        except LoginError as error:
            if BACKOFF.search(str(error)):
                raise
            self._tokens.refuse()
            self._token = self._token_from(self._tokens)
            return self._logged_in()

    def _token_from(self, tokens: Tokens) -> str:
        try:
            return tokens.get()
        except DoorClosed as closed:
            raise type(closed)(f"{self.name}: {closed}") from closed

    def _logged_in(self) -> Any:
        door = self._door
        context = None if door.tls == "none" else self._context()
        is_implicit = door.tls == "implicit"
        port = door.port or (993 if is_implicit else 143)
        LOGINS[door.host].wait()
        # Any: see above.
        client: Any = IMAPClient(door.host, port, ssl=is_implicit, ssl_context=context, timeout=door.timeout)
        try:
            client.normalise_times = False
            _keep_alive(client.socket())
            if door.tls == "starttls":
                client.starttls(context)
            self._log_in(client)
        except BaseException:
            _hang_up(client)
            raise
        return client

    def _log_in(self, client: Any) -> None:
        try:
            self._give_proof(client)
        except LoginError as error:
            if isinstance(error.__context__, IMAPClientAbortError):
                raise error.__context__ from None  # the line was cut; the library calls that a refused login
            raise

    def _give_proof(self, client: Any) -> None:
        user, password = self._door.user, self._door.password.get_secret_value()
        if self._tokens is not None:
            client.oauth2_login(user, self._token)
        elif (user + password).isascii():
            client.login(user, password)
        else:  # LOGIN is ASCII only; PLAIN carries UTF-8.
            client.plain_login(user, password)

    def _context(self) -> ssl.SSLContext:
        file = self._door.ca_file
        try:
            context = ssl.create_default_context(cafile=file or None)
        except OSError as error:
            raise DoorClosed(
                f"{self.name}: no certificate can be read from ca_file {file}: {error.strerror}"
            ) from error
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _closed(self, error: Exception) -> DoorClosed:
        door = self._door
        words = " ".join(str(error).split())[:200] or type(error).__name__
        # a certificate that does not hold is a ValueError too, whose words help
        is_nonsense = isinstance(error, ValueError) and not isinstance(error, ssl.SSLError)
        if is_nonsense or isinstance(error, ProtocolError) or "unexpected" in words:
            words = "its answer made no sense"  # the library quotes the line, which may be a piece of mail
        for secret in filter(None, (door.password.get_secret_value(), self._token, door.user)):
            words = words.replace(secret, "...")
        if slow := BACKOFF.search(words):
            return Throttled(f"{self.name}: {door.host} asks us to slow down", int(slow.group(1)) / 1000)
        if isinstance(error, LoginError):
            check = APP_ADVICE if self._tokens else "check user and password"
            return LoginRefused(f"{self.name}: {door.host} {LoginRefused.MARK} ({words}): {check}")
        if isinstance(error, ssl.SSLError):
            return DoorClosed(f"{self.name}: no safe connection to {door.host} ({words}): check tls and ca_file")
        return DoorClosed(f"{self.name}: the connection to {door.host} failed ({words}): it is tried again")


def _keep_alive(line: socket.socket) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE:
        line.setsockopt(socket.IPPROTO_TCP, option, value)


def _hang_up(client: Any) -> None:
    # Whatever it says, it is not used again.
    with contextlib.suppress(OSError):
        client.shutdown()
