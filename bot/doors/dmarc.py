"""Which domains publish DMARC: a sender of one that does not can never be proven, whatever else is right.

It asks the domain and then its parents, as receivers do (RFC 9989, the tree walk, down to two labels), and is done
within the seconds it is given. A domain that could not be asked is neither with nor without. It judges no mail.
"""

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import dns.exception
import dns.resolver
from dns.rdtypes.txtbase import TXTBase

#: Seconds for one question, and questions under way at once.
PATIENCE = 3.0
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """What a domain publishes. `has`: None where it could not be asked, and `why` says what stood in the way."""

    domain: str
    has: bool | None
    why: str = ""

    @property
    def text(self) -> str:
        """One sentence for a domain without DMARC."""
        return (
            f"{self.domain} publishes no DMARC record: nobody who writes from there is ever proven, so their words "
            f"close, withdraw and prolong nothing. Ask its administrators for a TXT record at _dmarc.{self.domain}"
        )


def published(domains: Iterable[str], server: str = "", seconds: float = 20.0) -> tuple[Finding, ...]:
    """A finding for each domain, in order. `server`: HOST or HOST:PORT to ask in place of the system's.

    Raises ValueError for a server that is no address.
    """
    ask = _resolver(server)
    end = time.monotonic() + seconds
    wanted = sorted(set(domains))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(pool.map(lambda domain: _find(ask, domain, end), wanted))


def silent(findings: Iterable[Finding]) -> Iterator[str]:
    """A sentence for each reason why domains could not be asked, however many they are."""
    reasons: dict[str, list[str]] = {}
    for one in findings:
        if one.has is None:
            reasons.setdefault(one.why, []).append(one.domain)
    for why, domains in reasons.items():
        verb = "publishes" if len(domains) == 1 else "publish"
        yield f"whether {', '.join(domains)} {verb} DMARC could not be asked: {why}"


def _resolver(server: str) -> dns.resolver.Resolver:
    if not server:
        try:
            return dns.resolver.Resolver()
        except dns.resolver.NoResolverConfiguration:
            raise ValueError("this machine names no name server: give one with --dns HOST") from None
    host, port = server.split(":") if server.count(":") == 1 else (server, "53")
    made = dns.resolver.Resolver(configure=False)
    if not port.isdecimal() or int(port) > 65535:
        raise ValueError(f"{server} is no name server: write HOST or HOST:PORT with the host's IP address")
    try:
        made.nameservers = [host.strip("[]")]
    except ValueError:
        raise ValueError(f"{server} is no name server: write HOST or HOST:PORT with the host's IP address") from None
    made.port = int(port)
    return made


def _find(ask: dns.resolver.Resolver, domain: str, end: float) -> Finding:
    for name in _walk(domain):
        left = min(PATIENCE, end - time.monotonic())
        if left <= 0:
            return Finding(domain, None, "the time was over")
        try:
            answer = ask.resolve(f"_dmarc.{name}", "TXT", lifetime=left, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            continue
        except dns.exception.DNSException as error:
            return Finding(domain, None, _reason(error))
        if any(isinstance(row, TXTBase) and _is_policy(b"".join(row.strings)) for row in answer):
            return Finding(domain, True)
    return Finding(domain, False)


def _walk(domain: str) -> Iterator[str]:
    labels = domain.split(".")
    for n in range(max(1, len(labels) - 1)):
        yield ".".join(labels[n:])


def _is_policy(text: bytes) -> bool:
    """Whether it is a DMARC record; one of a public suffix such as gov.uk speaks for nobody below it."""
    tags = [tag.strip().lower().replace(b" ", b"") for tag in text.split(b";")]
    return tags[0] == b"v=dmarc1" and b"psd=y" not in tags


def _reason(error: dns.exception.DNSException) -> str:
    if isinstance(error, dns.exception.Timeout):
        return "the name server did not answer in time"
    if isinstance(error, dns.resolver.NoNameservers):
        return "the name server refused or failed"
    return type(error).__name__
