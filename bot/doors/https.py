"""The one way to speak HTTPS: certificates are always checked, nothing is tried twice, no plain http is spoken.

The environment chooses a proxy (HTTPS_PROXY, NO_PROXY) and nothing else: REQUESTS_CA_BUNDLE or a .netrc would
override what the door says. It knows no server and no token; `words` says a failure so that an operator can mend it.
"""

import ssl
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies

from bot.model.errors import DoorClosed

SECONDS = 60.0


class _Bounded(HTTPAdapter):
    """Gives every request a time limit that names none, and never tries again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        super().__init__(max_retries=0)

    def send(self, request: requests.PreparedRequest, *given: Any, **more: Any) -> requests.Response:
        more["timeout"] = more.get("timeout") or self._seconds
        return super().send(request, *given, **more)


def session(ca_file: str, url: str, timeout: float = SECONDS) -> requests.Session:
    """A session for one thread and one server, that of `url`. `ca_file`: PEM, "" for the system's own authorities.

    `timeout`: seconds that a request waits to connect, and then for each piece of an answer, where it says nothing
    else. Raises DoorClosed when `ca_file` cannot be used. Requests raise requests.RequestException.
    """
    if ca_file:
        try:
            ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise DoorClosed(f"no certificate can be read from ca_file {ca_file}: {error.strerror or error}") from error
    made = requests.Session()
    made.trust_env = False
    made.verify = ca_file or True
    made.proxies.update(get_environ_proxies(url))
    made.adapters.clear()  # a redirect to plain http finds no way out
    made.mount("https://", _Bounded(timeout))
    return made


def words(error: requests.RequestException) -> str:
    """What went wrong on the way to a server, and what to look at. Holds no address, header or body of the request."""
    text = repr(error)
    if isinstance(error, requests.exceptions.SSLError):
        return "no safe connection (its certificate cannot be trusted, or a proxy cut in): check ca_file and the proxy"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy does not let us through: check HTTPS_PROXY and NO_PROXY"
    if isinstance(error, requests.exceptions.InvalidSchema):
        return "it sent us on to an unprotected address: a proxy or a login page may stand between"
    if isinstance(error, requests.Timeout):
        return "it did not answer in time: it is tried again"
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return "its name is not known: check the name and this machine's DNS"
    if "Connection refused" in text:
        return "nobody listens there: check the address and the firewall"
    return "the connection was lost: it is tried again"
