"""Authentication-Results and its kin -> how far the sender is proven.

Only what our own border has written counts. Profile `rfc8601`: fields of a configured authserv-id that stand above the
first Received of a foreign host. Profile `exchange-online`: the topmost field, which has no authserv-id, or Exchange's
own mark for mail from inside. Proof is of the domain in From: what the person may do is rules/authority.py's business.
It checks no signature itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import authres
import re2
from authres.core import AuthResError
from mailparser.exceptions import MailParserError
from mailparser.utils import parse_received

from bot.mail.bytes.headers import Headers
from bot.model import Address, Proof

_RESULTS = "authentication-results"
_MAX_FIELDS = 60
#: How one result begins: nothing else may stand between semicolons, where a field is read piece by piece.
_BEGINS = re2.compile(
    r"(?i)^[a-z0-9_-]+(?:\s*/\s*\d+)?\s*=\s*(?:pass|fail|none|neutral|softfail|hardfail|softpass|policy|temperror"
    r"|permerror|nxdomain|discard|unknown|bestguesspass|signed)(?:\s|\(|$)"
)
_EXCHANGE_HOSTS = (".outlook.com", ".office365.us", ".partner.outlook.cn")


@dataclass(frozen=True, slots=True)
class Trust:
    """Who is believed. `authserv_ids` and `arc_sealers` are host names, compared without case."""

    profile: Literal["rfc8601", "exchange-online", "none"] = "none"
    authserv_ids: tuple[str, ...] = ()
    arc_sealers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    method: str
    result: str
    header_from: str


def prove(headers: Headers, sender: Address | None, trust: Trust) -> tuple[Proof, str]:
    """How far the single From is proven, and the evidence in words. Without a single From nothing is."""
    if trust.profile == "none":
        return Proof.NONE, "no trust profile is configured"
    if sender is None:
        return Proof.UNPROVEN, "the mail has no single sender"
    domain = sender.email.rpartition("@")[2]
    if trust.profile == "exchange-online":
        return _exchange(headers, domain, trust)
    results = _ours(headers, {name.lower() for name in trust.authserv_ids})
    return _judge(results, domain, headers, trust)


def _exchange(headers: Headers, domain: str, trust: Trust) -> tuple[Proof, str]:
    inside = headers.all("x-ms-exchange-organization-authas")
    if [value.strip().lower() for value in inside] == ["internal"]:
        return Proof.PROVEN, "from inside the organisation (AuthAs: Internal)"
    topmost = _of_exchange(headers)
    if not topmost.strip():
        return Proof.NONE, "no Authentication-Results of Exchange"
    _, results = _read(f"exchange-online; {topmost}")
    if any(r.method == "compauth" and r.result in ("fail", "softpass") for r in results) and not _passes(
        results, domain
    ):
        return Proof.FAILED, "composite authentication failed"
    return _judge(results, domain, headers, trust)


def _of_exchange(headers: Headers) -> str:
    """The topmost field, if Exchange wrote it: it names no server, and no foreign host stands above it."""
    for name, value in headers.fields[:_MAX_FIELDS]:
        if name == "received" and not _host(value).endswith(_EXCHANGE_HOSTS):
            return ""
        if name == _RESULTS:
            return value if "=" in value.partition(";")[0] else ""
    return ""


def _judge(results: Sequence[Result], domain: str, headers: Headers, trust: Trust) -> tuple[Proof, str]:
    if not results:
        return Proof.NONE, "no Authentication-Results of our own border"
    if _passes(results, domain):
        return Proof.PROVEN, f"dmarc=pass header.from={domain}"
    if any(r.method == "arc" and r.result == "pass" for r in results) and _sealed(headers, domain, trust):
        return Proof.PROVEN, f"arc=pass, sealed by a trusted gateway, dmarc=pass header.from={domain}"
    verdict = next((r.result for r in results if r.method == "dmarc"), "")
    if verdict == "fail":
        return Proof.FAILED, "dmarc=fail"
    return Proof.UNPROVEN, f"dmarc={verdict or 'not given'}"


def _passes(results: Sequence[Result], domain: str) -> bool:
    first = next((r for r in results if r.method == "dmarc"), None)
    return first is not None and first.result == "pass" and first.header_from == domain


def _ours(headers: Headers, servers: set[str]) -> list[Result]:
    """Results of the topmost believed field that speaks of DMARC, else of all believed fields together."""
    gathered: list[Result] = []
    for name, value in headers.fields[:_MAX_FIELDS]:
        if name == "received" and _is_foreign(value, servers):
            break
        if name != _RESULTS:
            continue
        server, results = _read(value)
        if server not in servers:
            continue
        gathered += results
        if any(r.method == "dmarc" for r in results):
            break
    return gathered


def _is_foreign(received: str, servers: set[str]) -> bool:
    """Whether this hop was written by a host that is none of ours. One that does not say who wrote it is foreign."""
    host = _host(received)
    return not any(host == server or host.endswith("." + _realm(server)) for server in servers)


def _host(received: str) -> str:
    """Who wrote the hop, "" where it does not say."""
    try:
        by = str(parse_received(received).get("by", "")).strip().lower()  # type: ignore[no-untyped-call]
    except (MailParserError, ValueError, TypeError, IndexError):
        return ""
    return by.split()[0].strip("[]().;") if by else ""


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
        if len(seen) == 1 and _passes(_read(seen[0])[1], domain):
            return True
    return False


def _tags(value: str) -> dict[str, str]:
    """Tags of an ARC-Seal; empty unless `i` is a plain small number."""
    pairs = (piece.partition("=") for piece in value.split(";"))
    tags = {key.strip().lower(): text.strip() for key, _, text in pairs}
    return tags if tags.get("i", "").isdigit() and len(tags["i"]) < 3 and tags["i"].isascii() else {}


def _read(value: str) -> tuple[str, list[Result]]:
    """One field by the grammar of RFC 8601: who says it, and what. Where the whole is no such field, each result of it
    by itself; an unreadable one has said nothing. Unreadable altogether: nobody says nothing."""
    whole = _parsed(value.strip().rstrip(";"))
    if whole is not None:
        return whole
    first, *pieces = _pieces(value) or [""]
    server = first.split()[0].lower() if first.split() else ""
    if not server or not all(_BEGINS.match(piece) for piece in pieces):  # a ";" in somebody's words
        return "", []
    results = [result for piece in pieces for result in _one(server, piece)]
    verdicts = {(r.result, r.header_from) for r in results if r.method == "dmarc"}
    return (server, results) if len(verdicts) < 2 else ("", [])


def _one(server: str, piece: str) -> list[Result]:
    """One result; without its evidence where that cannot be read."""
    found = _parsed(f"{server}; {piece}")
    method = piece.partition("=")[0].partition("/")[0].strip().lower()
    return found[1] if found is not None else [Result(method, "unreadable", "")]


def _parsed(value: str) -> tuple[str, list[Result]] | None:
    try:
        parsed = authres.AuthenticationResultsHeader.parse_value(value)  # type: ignore[call-arg, no-untyped-call]
    except (AuthResError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    results = [
        Result(str(r.method).lower(), str(r.result).lower(), _header_from(r))
        for r in parsed.results
        if hasattr(r, "method")
    ]
    return str(parsed.authserv_id).lower(), results


def _pieces(value: str) -> list[str]:
    """The field at its semicolons, those in quotes and comments left alone; empty where these do not end."""
    pieces, start, depth, is_quoted, is_escaped = [], 0, 0, False, False
    for n, letter in enumerate(value):
        if is_escaped:
            is_escaped = False
        elif letter == "\\" and (is_quoted or depth):
            is_escaped = True
        elif letter == '"' and not depth:
            is_quoted = not is_quoted
        elif letter in "()" and not is_quoted:
            depth += 1 if letter == "(" else -1
        elif letter == ";" and not is_quoted and not depth:
            pieces.append(value[start:n])
            start = n + 1
        if depth < 0:
            return []
    pieces.append(value[start:])
    stripped = [piece.strip() for piece in pieces]
    return [] if depth or is_quoted else [stripped[0], *(piece for piece in stripped[1:] if piece)]


def _header_from(result: authres.AuthenticationResult) -> str:
    given = [p.value for p in result.properties if p.type == "header" and p.name == "from"]
    return str(given[0]).strip().rpartition("@")[2].lower() if len(given) == 1 else ""
