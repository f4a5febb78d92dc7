"""One way to one mailbox on an Exchange server (exchangelib): logged in, certificates checked, nothing tried twice.

Each Exchange has sessions of its own: exchangelib would share them, and how failures are met, between everybody who
logs in alike at one address. What fails comes out as DoorClosed, with a sentence that holds no password, no user and no
piece of mail. It knows no cursor and no letter. Not handled: autodiscover (the door names its endpoint), Kerberos.
"""

import contextlib
import itertools
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import requests
from exchangelib import UTC, Account, Configuration, Credentials, FailFast, Version, errors
from exchangelib.credentials import DELEGATE, IMPERSONATION
from exchangelib.protocol import Protocol
from exchangelib.transport import BASIC, CBA, DEFAULT_HEADERS, NTLM, OAUTH2, get_auth_instance
from exchangelib.version import EXCHANGE_2010_SP2, EXCHANGE_2013, EXCHANGE_2013_SP1, EXCHANGE_2016, EXCHANGE_2019
from requests.auth import AuthBase, HTTPBasicAuth

from bot.doors import https
from bot.doors.tokens import Tokens, tokens_of
from bot.model.errors import DoorClosed, LoginRefused, Throttled
from bot.settings.door import Door

#: Seconds that a server may ask us to wait before it is asked again all the same.
LONGEST_WAIT = 900.0
#: Seconds of patience where a server is busy and does not say for how long.
BUSY = 30.0

#: Bytes of an answer handed to the parser at once; exchangelib hands over each byte by itself.
PIECE = 65_536

VERSIONS = {
    "Exchange2010_SP2": EXCHANGE_2010_SP2,
    "Exchange2013": EXCHANGE_2013,
    "Exchange2013_SP1": EXCHANGE_2013_SP1,
    "Exchange2016": EXCHANGE_2016,
    "Exchange2019": EXCHANGE_2019,
    "ExchangeSE": EXCHANGE_2019,
}
AUTHS = {"basic": BASIC, "ntlm": NTLM, "certificate": CBA, "oauth": OAUTH2}

#: What an error by its name means for whoever runs the bot.
ADVICE = {
    "ErrorNonExistentMailbox": "knows no mailbox {mailbox}: was it deleted or renamed?",
    "ErrorImpersonateUserDenied": "does not let us act as {mailbox}: grant ApplicationImpersonation for it",
    "ErrorImpersonationDenied": "does not let us act as {mailbox}: grant ApplicationImpersonation for it",
    "ErrorAccessDenied": "does not let us into {mailbox}: grant full access to it, or mend access",
    "ErrorSendAsDenied": "does not let us send as {mailbox}: grant Send As for it",
    "ErrorQuotaExceeded": "says that {mailbox} is full: make room there",
    "ErrorMailboxStoreUnavailable": "cannot reach the mailbox {mailbox} just now: it is tried again",
    "ErrorMailboxMoveInProgress": "is moving the mailbox {mailbox} just now: it is tried again",
    "ErrorInternalServerTransientError": "is out of order just now: it is tried again",
    "ErrorInvalidServerVersion": "does not speak our version of the protocol: mend version",
    "UnauthorizedError": "refused the login: check user and password, or the token's rights",
}

# At ERROR it writes whole requests into the log: letters, and the login beside them.
logging.getLogger("exchangelib").setLevel(logging.CRITICAL)


class _OwnCredentials(Credentials):  # type: ignore[misc]
    """Equal to no others, so that exchangelib's cache of protocols, by address and credentials, never hits."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__


class _Bearer(AuthBase):
    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._tokens.get()}"
        return request


class Exchange:
    """`name`: how sentences call it. Opening touches no network. For one thread at a time."""

    def __init__(self, name: str, door: Door) -> None:
        self.name = name
        self._door = door
        self._tokens = tokens_of(door) if door.oauth is not None else None
        self._account: Any = None
        self._numbers = itertools.count(1)
        self.answers: list[requests.Response] = []  # the last one
        self._is_cut = False

    @contextlib.contextmanager
    def account(self) -> Iterator[Any]:
        """exchangelib's Account. Raises DoorClosed, Throttled for whatever goes wrong inside."""
        try:
            if self._account is None:
                self._account = self._opened()
            yield self._account
        except DoorClosed as closed:
            if str(closed).startswith(f"{self.name}: "):
                raise
            raise type(closed)(f"{self.name}: {closed}") from closed
        except Exception as error:
            if not _is_foreign(error):
                raise
            raise self.closed(error) from error

    def closed(self, error: Exception) -> DoorClosed:
        """What went wrong, as a sentence."""
        while isinstance(error.__context__, errors.EWSError):
            error = error.__context__  # the library calls whatever might pass busy, and hides the rest in its guesses
        kind = code_of(error)
        if isinstance(error, errors.UnauthorizedError) and self._tokens is not None:
            self._tokens.refuse()
        if isinstance(error, errors.ErrorServerBusy | errors.RateLimitError):
            wait = getattr(error, "back_off", None) or getattr(error, "wait", None) or BUSY
            return Throttled(f"{self._where} asks us to slow down", min(float(wait), LONGEST_WAIT))
        below = error.__context__
        if isinstance(error, errors.TransportError) and isinstance(below, requests.RequestException):
            return DoorClosed(f"{self._where}: {https.words(below)}")
        if kind in ADVICE:
            made = LoginRefused if LoginRefused.MARK in ADVICE[kind] else DoorClosed
            return made(f"{self._where} {ADVICE[kind].format(mailbox=self._door.mailbox)}")
        if isinstance(error, errors.ResponseMessageError):
            return DoorClosed(f"{self._where} answered {kind}: it is tried again")
        strange = "is no Exchange server, or something stands between (a login page, a proxy): check endpoint"
        return DoorClosed(f"{self._where}: what answered {strange} ({kind})")

    @property
    def has_spoken(self) -> bool:
        """Whether the last answer was Exchange's own, and not one of what stands in front of it."""
        return any(
            answer.status_code in (200, 500) and "xml" in answer.headers.get("Content-Type", "")
            for answer in self.answers
        )

    def cut(self) -> None:
        """Ends, from another thread, an answer that is being read, and every later one. It is not used again."""
        self._is_cut = True
        for answer in self.answers:
            _cut(answer)

    def close(self) -> None:
        """Lets go of every session. The next use makes others."""
        account, self._account = self._account, None
        if account is not None:
            account.protocol.close()
            with contextlib.suppress(KeyError):
                del Protocol[account.protocol.config]

    @property
    def _where(self) -> str:
        return f"{self.name}: {self._door.endpoint}"

    # --- the way there ----------------------------------------------------------------------------------------------

    def _opened(self) -> Any:
        door = self._door
        if door.certificate and not os.access(door.certificate, os.R_OK):
            raise DoorClosed(f"{self.name}: the certificate {door.certificate} cannot be read")
        config = Configuration(
            service_endpoint=door.endpoint,
            credentials=_OwnCredentials(door.user, door.password.get_secret_value()),
            auth_type=AUTHS[door.auth],
            version=Version(VERSIONS[door.version]) if door.version else None,
            retry_policy=FailFast(),  # the other one sends letters twice, and sleeps where nobody can wake it
            max_connections=1,
        )
        access = IMPERSONATION if door.access == "impersonation" else DELEGATE
        account = Account(door.mailbox, config=config, autodiscover=False, access_type=access, default_timezone=UTC)
        # On this protocol alone, which is ours alone: the library's own ways are settings of the whole process.
        account.protocol.TIMEOUT = door.timeout
        account.protocol.create_session = self._session
        return account

    def _session(self) -> Any:
        """A session as exchangelib wants one, with this door's certificates, proxy and login."""
        door = self._door
        made: Any = https.session(door.ca_file, door.endpoint, door.timeout)
        made.headers.update(DEFAULT_HEADERS | {"User-Agent": "challenge-bot"})
        made.auth = self._login()
        made.cert = door.certificate or None
        made.hooks["response"].append(self._answered)
        made.session_id, made.usage_count = next(self._numbers), 0
        return made

    def _login(self) -> AuthBase | None:
        door, password = self._door, self._door.password.get_secret_value()
        if self._tokens is not None:
            return _Bearer(self._tokens)
        if door.auth == "certificate":
            return None
        if door.auth == "ntlm":
            user = f"\\{door.user}" if "@" in door.user else door.user  # or what follows the @ is taken for a domain
            login: AuthBase = get_auth_instance(auth_type=NTLM, username=user, password=password)
            return login
        return HTTPBasicAuth(door.user.encode(), password.encode())

    def _answered(self, answer: requests.Response, *, stream: bool = False, **_: Any) -> None:
        self.answers[:] = [answer]
        if self._is_cut:
            _cut(answer)
        if not stream:
            whole = answer.iter_content
            vars(answer)["iter_content"] = lambda size=1, *more: whole(max(size, PIECE), *more)


def was_never_heard(error: Exception) -> bool:
    """Whether a request failed before a word of it was sent: there was no connection, or none to be trusted."""
    below = error.__context__
    early = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "CERTIFICATE_VERIFY_FAILED")
    return isinstance(below, requests.RequestException) and any(word in repr(below) for word in early)


def code_of(error: Exception) -> str:
    """Exchange's own name of an error."""
    return type(error).__name__


def _cut(answer: requests.Response) -> None:
    line = getattr(getattr(answer.raw, "connection", None), "sock", None)
    if line is not None:
        with contextlib.suppress(OSError):  # it is gone already
            line.shutdown(socket.SHUT_RDWR)


def _is_foreign(error: Exception) -> bool:
    """Whether the error came out of the library or below it: its parsers fail in many ways on strange answers."""
    kinds = (errors.EWSError, requests.RequestException, OSError, AttributeError, ValueError, KeyError, TypeError)
    return isinstance(error, kinds) and "exchangelib" in _origin(error)


def _origin(error: Exception) -> str:
    """The file in which an error arose, among those of the library if one is on its way."""
    trace, found = error.__traceback__, ""
    while trace is not None:
        found += trace.tb_frame.f_code.co_filename
        trace = trace.tb_next
    return found
