"""One mailbox of Microsoft Graph: requests with a token, at most three at once, and what their answers mean.

Nothing is tried twice here but a read whose token was refused. Every failure comes out as a sentence that an operator
can act on; it holds no token and no piece of a mail, and of the service's words only its code. Ids are immutable ones:
each request asks for them. It knows neither folders nor letters: receive.py and send.py do.
"""

import json
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import re2
import requests

from bot.doors import https
from bot.doors.tokens import tokens_of
from bot.model.errors import DoorClosed, LoginRefused, Throttled, Unsure
from bot.settings.door import Door

#: The service allows an app four requests at once for a mailbox; a reader, a sender and a look for proof share these.
AT_ONCE = 3
#: Seconds to wait where the service asks for patience and does not say how much, and the most we believe.
PATIENCE, MOST_PATIENCE = 30.0, 3600.0
#: Bytes of the largest answer that is no mail.
LARGEST_ANSWER = 16_000_000

IMMUTABLE = 'IdType="ImmutableId"'
#: The service's words for a mailbox that is not there.
NO_MAILBOX = frozenset(
    {"ErrorInvalidUser", "MailboxNotEnabledForRESTAPI", "MailboxNotFound", "ErrorNonExistentMailbox"}
)
NO_MAILBOX |= {"ResourceNotFound", "Request_ResourceNotFound", "ErrorMailboxNotEnabledForRESTAPI"}

#: One for each (endpoint, mailbox) of this process.
_GATES: defaultdict[tuple[str, str], threading.Semaphore] = defaultdict(lambda: threading.Semaphore(AT_ONCE))

# How a request failed when no connection was made, so that nothing of it can have arrived.
_NEVER_LEFT = ("NewConnectionError", "NameResolutionError", "ConnectTimeoutError", "CERTIFICATE_VERIFY_FAILED")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the service's own `code` for an error, the JSON that it `told`, or the `raw` bytes of a mail.

    `size`: bytes of the whole mail, of which `raw` is the beginning. `patience`: seconds to wait, where it said so.
    """

    status: int
    code: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    raw: bytes = b""
    size: int = 0
    patience: float | None = None
    is_page: bool = False  # a web page stood in place of an answer


class Graph:
    """The mailbox that `door` names. `name`: how sentences call it; `grant`: the permission it takes, for them too.

    For one thread. Opening touches no network.
    """

    def __init__(self, name: str, door: Door, grant: str) -> None:
        self._name = name
        self._door = door
        self._grant = grant
        self._tokens = tokens_of(door)
        self._gate = _GATES[door.endpoint, door.mailbox.lower()]
        self._made: requests.Session | None = None

    def url(self, *parts: str, **query: str) -> str:
        """The address of something in the mailbox. `query`: names without the $ that each of them begins with."""
        path = "/".join(quote(part, safe="") for part in ("users", self._door.mailbox, *parts))
        told = urlencode({f"${name}": value for name, value in query.items()}, quote_via=quote)
        return f"{self._door.endpoint}/{path}?{told}".rstrip("?")

    def is_ours(self, link: str) -> bool:
        """Whether a link leads to the server of this door: no other is ever shown our token."""
        ours, theirs = urlsplit(self._door.endpoint), urlsplit(link)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)

    def ask(
        self, method: str, url: str, body: bytes | Mapping[str, Any] = b"", *, page: int = 0, also: Collection[int] = ()
    ) -> Answer:
        """One request whose answer is JSON. `body`: a mapping goes as JSON, bytes as text. `page`: rows asked for.

        Statuses in `also` are returned for the caller to understand, but no 404 without the service's own word, which
        something between may have said. Raises DoorClosed, Throttled for the others.
        """
        answer = self._once(method, url, body, page)
        if answer.status == 401:
            self._tokens.refuse()
            answer = self._once(method, url, body, page)
        return self._fine(answer, also)

    def mail(self, url: str, most: int, keep: int, also: Collection[int] = ()) -> Answer:
        """The MIME behind `url`: whole up to `most` bytes, else its first `keep`. Raises DoorClosed, Throttled."""
        answer = self._once("GET", url, most=most, keep=keep)
        if answer.status == 401:
            self._tokens.refuse()
            answer = self._once("GET", url, most=most, keep=keep)
        return self._fine(answer, also)

    def hand_over(self, url: str) -> Answer:
        """A POST that cannot be taken back, asked once, whatever the answer.

        Raises DoorClosed when it surely was not received, Unsure when it may have been.
        """
        headers = self._headers(0)
        try:
            answer = self._exchange("POST", url, b"", headers, LARGEST_ANSWER, 0)
        except requests.RequestException as error:
            if any(word in repr(error) for word in _NEVER_LEFT):
                raise self.closed(https.words(error)) from error
            raise Unsure(f"{self._name}: {self._host}: {https.words(error)}") from error
        if answer.status == 401:
            self._tokens.refuse()
        return answer

    def put(self, url: str, body: bytes, span: str) -> Answer:
        """A piece of an upload, without a token: the address is the permission. Raises DoorClosed, Throttled."""
        try:
            return self._fine(self._exchange("PUT", url, body, {"Content-Range": span}, LARGEST_ANSWER, 0), ())
        except requests.RequestException as error:
            raise self.closed(https.words(error)) from error

    def refusal(self, answer: Answer) -> DoorClosed:
        """What an answer that is no success means, for the operator."""
        what = f"{answer.status} {answer.code}".strip()
        if answer.is_page:
            return self.closed("what answered is a web page: a proxy or a login page may stand between")
        if answer.status == 429 or (answer.status == 503 and answer.patience is not None):
            seconds = PATIENCE if answer.patience is None else answer.patience
            text = f"{self._name}: {self._host} asks us to slow down ({what}): not before {seconds:g} seconds are over"
            return Throttled(text, seconds)
        if answer.status == 401:
            return self._unwanted(f"({what}): check tenant, client_id and scope")
        if answer.status == 404 and answer.code in NO_MAILBOX:
            return self.closed(f"there is no mailbox {self._door.mailbox} ({what}): was it deleted or renamed?")
        if answer.status == 403:
            return self._unwanted(f"to the mailbox {self._door.mailbox} ({what}): it takes {self._grant}")
        if answer.status >= 500:
            return self.closed(f"it is out of order just now ({what}): it is tried again")
        return self.closed(f"it answered {what}, which was not to be expected")

    def _unwanted(self, text: str) -> LoginRefused:
        return LoginRefused(f"{self._name}: {self._host} {LoginRefused.MARK} {text}")

    def closed(self, text: str) -> DoorClosed:
        return DoorClosed(f"{self._name}: {self._host}: {text}")

    def close(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None

    # --- one exchange ------------------------------------------------------------------------------------------------

    @property
    def _host(self) -> str:
        return urlsplit(self._door.endpoint).hostname or ""

    def _once(
        self,
        method: str,
        url: str,
        body: bytes | Mapping[str, Any] = b"",
        page: int = 0,
        most: int = LARGEST_ANSWER,
        keep: int = 0,
    ) -> Answer:
        headers = self._headers(page)
        if isinstance(body, bytes):
            headers |= {"Content-Type": "text/plain"} if body else {}
        else:
            headers["Content-Type"], body = "application/json", json.dumps(body).encode()
        try:
            return self._exchange(method, url, body, headers, most, keep)
        except requests.RequestException as error:
            raise self.closed(https.words(error)) from error

    def _headers(self, page: int) -> dict[str, str]:
        with self._named():
            token = self._tokens.get()
        prefer = f"{IMMUTABLE}, odata.maxpagesize={page}" if page else IMMUTABLE
        return {"Authorization": f"Bearer {token}", "Prefer": prefer}

    @contextmanager
    def _named(self) -> Iterator[None]:
        """A sentence about the token begins with the mailbox that cannot be used for want of it."""
        try:
            yield
        except DoorClosed as closed:
            raise type(closed)(f"{self._name}: {closed}") from closed

    def _exchange(self, method: str, url: str, body: bytes, headers: Mapping[str, str], most: int, keep: int) -> Answer:
        if self._made is None:
            with self._named():
                self._made = https.session(self._door.ca_file, self._door.endpoint, self._door.timeout)
        with (
            self._gate,
            self._made.request(
                method, url, data=body or None, headers=headers, stream=True, allow_redirects=False
            ) as response,
        ):
            raw, size = _body(response, most, keep or most)
        kind = response.headers.get("Content-Type", "")
        patience = _patience(response.headers.get("Retry-After", ""))
        if kind.startswith("text/html"):
            return Answer(response.status_code, patience=patience, is_page=True)
        if keep and response.status_code == 200:
            return Answer(200, raw=raw, size=size)
        told = _json(raw)
        return Answer(response.status_code, _code(told), told, patience=patience)

    def _fine(self, answer: Answer, also: Collection[int]) -> Answer:
        is_ours = answer.code not in NO_MAILBOX and (answer.code != "" or answer.status != 404)
        is_good = 200 <= answer.status < 300 or (answer.status in also and is_ours)
        if answer.is_page or not is_good:
            raise self.refusal(answer)
        return answer


def _body(response: requests.Response, most: int, keep: int) -> tuple[bytes, int]:
    """The body if it has no more than `most` bytes, else its first `keep`; and how long it is. Never holds more."""
    held, size = bytearray(), 0
    for piece in response.iter_content(65_536):
        size += len(piece)
        if size <= most:
            held += piece
        elif len(held) > keep:
            del held[keep:]
        elif len(held) < keep:
            held += piece[: keep - len(held)]
    return bytes(held), size


def _json(raw: bytes) -> Mapping[str, Any]:
    """The object that was told; an empty one where there is none."""
    try:
        told = json.loads(raw)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _code(told: Mapping[str, Any]) -> str:
    """The service's own word for an error, if it is one."""
    error = told.get("error")
    word = str(error.get("code", ""))[:80] if isinstance(error, dict) else ""
    return word if re2.fullmatch(r"[A-Za-z0-9_.-]+", word) else ""


def _patience(value: str) -> float | None:
    """Seconds that a Retry-After header asks for, written as such; None where it says nothing that can be used."""
    text = value.strip()[:20]
    return min(float(text), MOST_PATIENCE) if text.isascii() and text.isdigit() else None
