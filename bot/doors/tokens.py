"""Access tokens for a door: by an app's secret or certificate (msal), or by the operator's own command.

A token is kept and renewed before it runs out. It opens no mailbox; a server that refuses a token is told of by
`refuse`, and the next `get` asks anew. What cannot be had is DoorClosed with a sentence an operator can act on: it
holds the authority's own code, and neither secret nor token. Not handled: tokens of a person who must be asked.
"""

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msal
import re2
import requests
from jwt.exceptions import PyJWTError
from msal.exceptions import MsalServiceError

from bot.doors import https
from bot.model.errors import DoorClosed, LoginRefused
from bot.settings.door import MICROSOFT, Door, OAuth

#: Seconds before its end at which a token is no longer given out; a command that names no end is asked again after.
MARGIN, UNKNOWN = 300.0, 300.0
LONGEST_TOKEN = 65_536

BEGIN = "-----BEGIN"
NO_SERVICE = "what answered is no token service: check authority and tenant"
NO_KEY = "is no PEM file with one RSA private key, without a passphrase, and its certificate: put both into it"

#: Microsoft's own number of what is wrong, and what to do about it.
ADVICE = {
    "7000222": "the app's secret has expired: make a new one in the app's registration and put it in its place",
    "7000215": "the app's secret is wrong: take its value, not its id, from the app's registration",
    "700027": "the app's certificate is not known there: upload it to the app's registration",
    "700024": "the app's certificate is out of its days, or this machine's clock is wrong: check both",
    "700016": "there is no such app in this tenant: check client_id and tenant",
    "90002": "there is no such tenant: check tenant",
    "900023": "there is no such tenant: check tenant",
    "65001": "nobody has consented to what the app may do: an administrator must grant it",
    "500011": "the tenant does not know what the token is for: check scope",
    "1002012": "the scope is not one for an app: it must end in /.default",
    "7000112": "the app has been switched off: an administrator must enable it",
    "53003": "a conditional access policy forbids it: an administrator must let this app through",
}
_CODE = re2.compile(r"AADSTS(\d{1,9})")
LONGEST_ANSWER = 10_000

# It writes whole answers into its log, of whoever answered.
logging.getLogger("msal").setLevel(logging.CRITICAL)


class Tokens:
    """Tokens of one door. For any thread. `scope`: what they are asked for; `ca_file`, `timeout`: see https.session."""

    def __init__(
        self,
        oauth: OAuth,
        scope: str,
        ca_file: str = "",
        timeout: float = 60.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._oauth = oauth
        self._scope = scope
        self._ca_file = oauth.ca_file or ca_file
        self._timeout = timeout
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._app: Any = None
        self._printed, self._until = "", 0.0

    def get(self) -> str:
        """A token that is good for some minutes at least. Raises DoorClosed."""
        with self._lock:
            return self._from_command() if self._oauth.command else self._from_authority()

    def refuse(self) -> None:
        """The server did not take the token: the next `get` asks for another."""
        with self._lock:
            self._printed = ""
            if self._app is not None:
                self._app.remove_tokens_for_client()

    # --- an authority ------------------------------------------------------------------------------------------------

    def _from_authority(self) -> str:
        try:
            if self._app is None:
                self._app = self._register()
            told = self._app.acquire_token_for_client([self._scope])
        except requests.RequestException as error:
            raise self._closed(https.words(error)) from error
        except MsalServiceError as error:
            raise self._closed("it is out of order just now: it is tried again") from error
        except (PyJWTError, TypeError) as error:
            raise DoorClosed(f"{self._oauth.certificate}: {NO_KEY}") from error
        except ValueError as error:
            # The library tells the answer in the first of two errors alone.
            raise self._refused(f"{error} {error.__context__}", NO_SERVICE) from error
        token = told.get("access_token")
        if not isinstance(token, str):
            said = f"{told.get('error', '')}: {told.get('error_description', '')}"
            raise self._refused(said, f"it gave no token ({_code_word(told)})")
        return token

    def _register(self) -> Any:
        oauth = self._oauth
        authority = f"{oauth.authority}/{oauth.tenant}"
        return msal.ConfidentialClientApplication(
            oauth.client_id,
            authority=authority,
            client_credential=_key(oauth.certificate) if oauth.certificate else oauth.client_secret.get_secret_value(),
            http_client=https.session(self._ca_file, authority, self._timeout),
            instance_discovery=None if oauth.authority == MICROSOFT else False,
        )

    def _refused(self, said: str, otherwise: str) -> DoorClosed:
        """A refusal where the authority gave its code in `said`; else that there is no token, and why (`otherwise`)."""
        advice = _advice(said)
        if not advice:
            return self._closed(otherwise)
        return LoginRefused(f"{self._host} {LoginRefused.MARK} of the app: {advice}")

    def _closed(self, text: str) -> DoorClosed:
        return DoorClosed(f"no token from {self._host}: {text}")

    @property
    def _host(self) -> str:
        return urlsplit(self._oauth.authority).hostname or ""

    # --- a command ---------------------------------------------------------------------------------------------------

    def _from_command(self) -> str:
        if self._printed and self._monotonic() < self._until:
            return self._printed
        self._printed = ""
        began = self._monotonic()
        token, seconds = _printed(self._run())
        self._until = began + (UNKNOWN if seconds is None else seconds - MARGIN)
        self._printed = token
        return token

    def _run(self) -> str:
        name = Path(self._oauth.command[0]).name
        try:
            done = subprocess.run(  # noqa: S603 - the operator's own command, and no shell reads it
                self._oauth.command, capture_output=True, timeout=self._timeout, check=True, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired as error:
            raise DoorClosed(f"the token command {name} did not end within {self._timeout:g} seconds") from error
        except subprocess.CalledProcessError as error:
            text = f"the token command {name} ended with code {error.returncode}: run it by hand to see why"
            raise DoorClosed(text) from error
        except OSError as error:
            raise DoorClosed(f"the token command {name} cannot be run: {error.strerror}") from error
        printed = done.stdout.decode("utf-8", "replace")
        if not _printed(printed)[0]:
            raise DoorClosed(f"the token command {name} printed no token: it should print the token and nothing else")
        return printed


def tokens_of(door: Door) -> Tokens:
    """The tokens of a door that has an oauth block."""
    if door.oauth is None:
        raise ValueError(f"{door.kind}: this door has no oauth block")
    return Tokens(door.oauth, door.scope, door.ca_file, door.timeout)


def _printed(text: str) -> tuple[str, float | None]:
    """The one token among the words of `text` ("" unless exactly one) and the seconds it is good for, if told."""
    seconds, tokens = None, []
    for word in text[: 2 * LONGEST_TOKEN].split():
        name, is_given, value = word.partition("expires_in=")
        if is_given and not name and value.isascii() and value.isdigit():
            seconds = float(value[:9])
        else:
            tokens.append(word)
    is_one = len(tokens) == 1 and len(tokens[0]) <= LONGEST_TOKEN and tokens[0].isascii() and tokens[0].isprintable()
    return (tokens[0] if is_one else ""), seconds


def _key(file: str) -> dict[str, str]:
    """The private key and the certificates of a PEM file, in whatever order they stand there."""
    try:
        text = Path(file).read_text("utf-8")
    except OSError as error:
        raise DoorClosed(f"the certificate {file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DoorClosed(f"{file}: {NO_KEY}") from error
    blocks = [BEGIN + block for block in text.split(BEGIN)[1:]]
    keys = [block for block in blocks if "PRIVATE KEY-----" in block.partition("\n")[0]]
    certificates = [block for block in blocks if block.startswith(f"{BEGIN} CERTIFICATE-----")]
    if len(keys) != 1 or not certificates:
        raise DoorClosed(f"{file}: {NO_KEY}")
    return {"private_key": keys[0], "public_certificate": "".join(certificates)}


def _advice(said: str) -> str:
    """A sentence for the authority's own code in `said`, with the code; "" when it names none."""
    found = _CODE.search(said[:LONGEST_ANSWER])
    if found is None:
        return ""
    advice = ADVICE.get(found[1], "look the code up in Microsoft's list of sign-in errors")
    return f"{advice} (AADSTS{found[1]})"


def _code_word(told: dict[str, Any]) -> str:
    """The standard's own word for the error (RFC 6749, 5.2), if it is one."""
    word = str(told.get("error", ""))[:60]
    return word if re2.fullmatch(r"[a-z_]+", word) else "and did not say why"
