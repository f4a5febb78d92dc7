"""Authentication-Results and its kin -> how far the sender is proven.

Only what our own border has written counts. Profile `rfc8601`: fields of a configured authserv-id where the border
writes them, and none further down. Profile `exchange-online`: the topmost field, which has no authserv-id, or, for our
own domains, Exchange's mark for mail from inside. The worst that is said counts. Proof is of the domain in From: what
the person may do is rules/authority.py's business. It checks no signature itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from mailparser.exceptions import MailParserError
from mailparser.utils import parse_received

from bot.mail import re2
from bot.mail.bytes import results as field
from bot.mail.bytes.headers import Headers
from bot.mail.bytes.results import Result
from bot.model import Address, Proof

_RESULTS = "authentication-results"
_MAX_FIELDS = 60
#: A local part in quotes, or with what ends a result: some borders write it without them.
_CARRIES = re2.compile(r"[;\"()\s]")
#: Our own host's hand-over to itself: to the store, or back from a filter.
_HANDED_OVER = re2.compile(r"(?i)\bwith\s+(?:utf8)?lmtp|\(localhost \[(?:127\.0\.0\.1|::1)\]\)")
_EXCHANGE_HOSTS = (".outlook.com", ".office365.us", ".partner.outlook.cn")


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is believed. `authserv_ids` and `arc_sealers` are host names, compared without case; `own_domains`: of the
    mailboxes that Exchange keeps for us, for which alone its mark for mail from inside speaks."""

    profile: Literal["rfc8601", "exchange-online", "none"] = "none"
    authserv_ids: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()
    own_domains: tuple[str, ...] = ()


def prove(headers: Headers, sender: Address | None, trust: Trust) -> tuple[Proof, str]:
    """How far the single From is proven, and the evidence in words. Without a single From nothing is."""
    if trust.profile == "none":
        return Proof.NONE, "no trust profile is configured"
    if sender is None:
        return Proof.UNPROVEN, "the mail has no single sender"
    domain = sender.email.rpartition("@")[2]
    if trust.profile == "exchange-online":
        proof, why = _exchange(headers, domain, trust)
    else:
        proof, why = _judge(_ours(headers, {name.lower() for name in trust.authserv_ids}), domain, headers, trust)
    if proof is Proof.PROVEN and _CARRIES.search(headers.get("return-path").strip().strip("<>")):
        return Proof.UNPROVEN, "the envelope's sender may have written into the results"
    return proof, why


def _exchange(headers: Headers, domain: str, trust: Trust) -> tuple[Proof, str]:
    topmost = _of_exchange(headers)
    _, results = field.read(f"exchange-online; {topmost}")
    if any(r.method == "compauth" and r.result in ("fail", "softpass") for r in results) and not _passes(
        results, domain
    ):
        return Proof.FAILED, "composite authentication failed"
    if _is_inside(headers, domain, trust) and not any(r.method == "dmarc" and r.result == "fail" for r in results):
        return Proof.PROVEN, "from inside the organisation (AuthAs: Internal)"
    if not topmost.strip():
        return Proof.NONE, "no Authentication-Results of Exchange"
    return _judge(results, domain, headers, trust)


def _is_inside(headers: Headers, domain: str, trust: Trust) -> bool:
    """Whether Exchange marks the mail as from inside, it is of a domain of ours, and no foreign host handed it in."""
    marks = headers.all("x-ms-exchange-organization-authas")
    if [value.strip().lower() for value in marks] != ["internal"]:
        return False
    own = {one.lower() for one in trust.own_domains}
    hops = (_host(value) for value in headers.all("received"))
    return domain in own and all(host.endswith((*_EXCHANGE_HOSTS, *(f".{one}" for one in own))) for host in hops)


def _of_exchange(headers: Headers) -> str:
    """The topmost field, if Exchange wrote it: it names no server, and no foreign host stands above it."""
    for name, value in headers.fields[:_MAX_FIELDS]:
        if name == "received" and not _host(value).endswith(_EXCHANGE_HOSTS):
            return ""
        if name == _RESULTS:
            return value if "=" in value.partition(";")[0] else ""
    return ""


def _judge(results: Sequence[Result], domain: str, headers: Headers, trust: Trust) -> tuple[Proof, str]:
    """Where a method has two results, the worse counts."""
    if not results:
        return Proof.NONE, "no Authentication-Results of our own border"
    if _passes(results, domain):
        return Proof.PROVEN, f"dmarc=pass header.from={domain}"
    seals = {r.result for r in results if r.method == "arc"}
    if seals == {"pass"} and _sealed(headers, domain, trust):
        return Proof.PROVEN, f"arc=pass, sealed by a trusted gateway, dmarc=pass header.from={domain}"
    verdicts = [r.result for r in results if r.method == "dmarc"]
    if "fail" in verdicts:
        return Proof.FAILED, "dmarc=fail"
    worst = next((one for one in verdicts if one != "pass"), next(iter(verdicts), "not given"))
    return Proof.UNPROVEN, f"dmarc={worst}"


def _passes(results: Sequence[Result], domain: str) -> bool:
    verdicts = {(r.result, r.header_from) for r in results if r.method == "dmarc"}
    return verdicts == {("pass", domain)}


def _ours(headers: Headers, servers: set[str]) -> list[Result]:
    """What the border says: its fields above its own Received, or the topmost right below it, where filters of Postfix
    and Sendmail write. Any hop below what was found ends it, since a sender writes fields of any name further down."""
    groups: list[list[Result]] = []
    has_crossed = is_bounded = False
    for name, value in headers.fields[:_MAX_FIELDS]:
        if name == "received":
            if groups or has_crossed or _is_foreign(value, servers):
                is_bounded = bool(groups) and not has_crossed
                break
            has_crossed = not _is_within(value, servers)
        elif name == _RESULTS:
            server, results = field.read(value)
            if server in servers:
                groups.append(results)
    believed = groups if is_bounded else groups[:1]
    return [result for results in believed for result in results]


def _is_foreign(received: str, servers: set[str]) -> bool:
    """Whether this hop was written by a host that is none of ours. One that does not say who wrote it is foreign."""
    host = _host(received)
    return not any(host == server or host.endswith("." + _realm(server)) for server in servers)


def _is_within(received: str, servers: set[str]) -> bool:
    """Whether a hop of ours is one from our own hosts: the border's own stands below it."""
    giver = _host(received, "from")
    named = any(giver == server or giver.endswith("." + _realm(server)) for server in servers)
    return named or bool(_HANDED_OVER.search(received))


def _host(received: str, side: Literal["by", "from"] = "by") -> str:
    """Who wrote the hop, or whom it names as the giver; "" where it does not say."""
    try:
        name = str(parse_received(received).get(side, "")).strip().lower()  # type: ignore[no-untyped-call]
    except (MailParserError, ValueError, TypeError, IndexError):
        return ""
    return name.split()[0].strip("[]().;") if name else ""


def _realm(server: str) -> str:
    """The part of a host name that its neighbours share: `council.gov.uk` of `mx.council.gov.uk`, never `gov.uk`."""
    parent = server.partition(".")[2]
    labels = parent.split(".")
    is_shared = len(labels) < 2 or (len(labels) == 2 and len(labels[1]) == 2)
    return server if is_shared else parent


def _sealed(headers: Headers, domain: str, trust: Trust) -> bool:
    """Whether a trusted gateway saw DMARC pass, and every seal set after its own is a trusted one too."""
    trusted = {name.lower() for name in trust.arc_sealers}
    seals = [seal for value in headers.all("arc-seal") if (seal := _tags(value))]
    for number in range(len(seals), 0, -1):
        mine = [seal for seal in seals if int(seal["i"]) == number]
        if len(mine) != 1 or mine[0].get("d", "").lower() not in trusted:
            return False
        if mine[0].get("cv", "").lower() != ("none" if number == 1 else "pass"):
            return False
        seen = [
            rest
            for value in headers.all("arc-authentication-results")
            for instance, _, rest in [value.partition(";")]
            if instance.replace(" ", "").lower() == f"i={number}"
        ]
        if len(seen) == 1 and _passes(field.read(seen[0])[1], domain):
            return True
    return False


def _tags(value: str) -> dict[str, str]:
    """Tags of an ARC-Seal; empty unless `i` is a plain small number."""
    pairs = (piece.partition("=") for piece in value.split(";"))
    tags = {key.strip().lower(): text.strip() for key, _, text in pairs}
    return tags if tags.get("i", "").isdigit() and len(tags["i"]) < 3 and tags["i"].isascii() else {}
