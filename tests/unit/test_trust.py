"""How far a sender is proven, and by whom that may be said."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.mail.bytes.headers import split
from bot.mail.read import Reading, read
from bot.mail.trust import Trust, prove
from bot.model import Address, Proof

NOW = datetime(2027, 1, 16, 9, 15, tzinfo=UTC)
SENDER = Address("fay.marsh@csc.example")
STRICT = Trust("rfc8601", ("mx.council.example",), ("gateway.health.example",))
EXCHANGE = Trust("exchange-online", own_domains=("csc.example",))
OURS = "Received: from out.csc.example by mx.council.example; Sat, 16 Jan 2027 09:12:00 +0000\n"
INNER = "Received: from mx.council.example by mailbox.council.example; Sat, 16 Jan 2027 09:12:01 +0000\n"
THEIRS = "Received: from pc by out.csc.example; Sat, 16 Jan 2027 09:11:00 +0000\n"
PASS = (
    "Authentication-Results: mx.council.example; dkim=pass header.d=csc.example;"
    " dmarc=pass (p=reject) header.from=csc.example\n"
)


def proof(block: str, trust: Trust = STRICT, sender: Address | None = SENDER) -> Proof:
    return prove(split((block + "\n").encode())[0], sender, trust)[0]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (PASS + OURS + THEIRS, Proof.PROVEN),
        (OURS + PASS + THEIRS, Proof.PROVEN),
        (INNER + OURS + PASS + THEIRS, Proof.PROVEN),
        (PASS.replace("mx.council", "MX.Council") + OURS, Proof.PROVEN),
        (PASS.replace("dmarc=pass", "dmarc=fail"), Proof.FAILED),
        (PASS.replace("dmarc=pass", "dmarc=none"), Proof.UNPROVEN),
        (PASS.replace("dmarc=pass", "dmarc=bestguesspass"), Proof.UNPROVEN),
        (PASS.replace("header.from=csc", "header.from=evil"), Proof.UNPROVEN),
        (PASS.replace(" header.from=csc.example", ""), Proof.UNPROVEN),
        ("Authentication-Results: mx.council.example; spf=pass smtp.mailfrom=csc.example\n" + OURS, Proof.UNPROVEN),
        (OURS + THEIRS + PASS, Proof.NONE),
        (PASS.replace("mx.council.example", "mx.evil.example") + OURS, Proof.NONE),
        (PASS.replace("mx.council.example", "mx.council.example.evil.example"), Proof.NONE),
        ("Received: from a\n" + PASS, Proof.NONE),
        ("Authentication-Results: mx.council.example; ((((\n" + OURS, Proof.NONE),
        ("Authentication-Results-Original: mx.council.example; dmarc=pass header.from=csc.example\n", Proof.NONE),
        (OURS, Proof.NONE),
        (PASS.replace("dmarc=pass", "dmarc=fail") + PASS, Proof.FAILED),
    ],
)  # fmt: skip
def test_only_our_own_border_proves(block: str, expected: Proof) -> None:
    """A result counts when our host wrote it above the first foreign hop, for the domain in From."""
    assert proof(block) is expected


def test_without_a_single_sender_nothing_is_proven() -> None:
    """A pass for somebody is no pass for nobody."""
    assert proof(PASS + OURS, sender=None) is Proof.UNPROVEN


def test_without_a_profile_nothing_is_read() -> None:
    """No profile, no proof, however well the headers speak."""
    assert proof(PASS + OURS, Trust()) is Proof.NONE


def test_a_neighbour_under_a_shared_suffix_is_foreign() -> None:
    """`mx.council.gov.uk` has brothers in council.gov.uk; `council.gov.uk` has none in gov.uk."""
    result = "Authentication-Results: {0}; dmarc=pass header.from=csc.example\n"
    other = "Received: from a by mail.other.gov.uk; Sat, 16 Jan 2027 09:12:00 +0000\n"
    brother = "Received: from mx.council.gov.uk by box.council.gov.uk; Sat, 16 Jan 2027 09:12:00 +0000\n"
    for server in ("council.gov.uk", "mx.council.gov.uk"):
        assert proof(other + result.format(server), Trust("rfc8601", (server,))) is Proof.NONE
        assert proof(brother + result.format(server), Trust("rfc8601", (server,))) is Proof.PROVEN


ARC = (
    "Authentication-Results: mx.council.example; arc=pass; dmarc=fail header.from=csc.example\n"
    "ARC-Seal: i=1; a=rsa-sha256; cv=none; d=gateway.health.example; s=k; b=x\n"
    "ARC-Authentication-Results: i=1; gateway.health.example; dmarc=pass header.from=csc.example\n"
) + OURS


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (ARC, Proof.PROVEN),
        (ARC.replace("d=gateway", "d=other"), Proof.FAILED),
        (ARC.replace("arc=pass", "arc=fail"), Proof.FAILED),
        (ARC.replace("cv=none", "cv=fail"), Proof.FAILED),
        (ARC.replace("Results: i=1", "Results: i=2"), Proof.FAILED),
        (ARC.replace("Seal: i=1", "Seal: i=one"), Proof.FAILED),
        (ARC + "ARC-Seal: i=2; cv=pass; d=evil.example; s=k; b=x\n", Proof.FAILED),
        (ARC + "ARC-Seal: i=2; cv=pass; d=gateway.health.example; s=k; b=x\n", Proof.PROVEN),
        (ARC + "ARC-Seal: i=2; cv=none; d=gateway.health.example; s=k; b=x\n", Proof.FAILED),
        (ARC + "ARC-Seal: i=1; cv=none; d=gateway.health.example; s=k; b=y\n", Proof.FAILED),
        (ARC.replace("cv=none", "cv=pass"), Proof.FAILED),
        (ARC + "ARC-Authentication-Results: i=1; g; dmarc=pass header.from=csc.example\n", Proof.FAILED),
        (ARC.replace("header.from=csc.example\nReceived", "header.from=evil.example\nReceived"), Proof.FAILED),
    ],
)
def test_a_seal_counts_only_from_a_listed_gateway(block: str, expected: Proof) -> None:
    """ARC mends a broken DMARC result when our border checked it and the last sealer is on the list."""
    assert proof(block) is expected


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("spf=pass (sender IP is 192.0.2.1) smtp.mailfrom=csc.example; dkim=pass header.d=csc.example;"
         "dmarc=pass action=none header.from=csc.example;compauth=pass reason=100", Proof.PROVEN),
        ("dkim=none (not signed) header.d=none;dmarc=none action=none header.from=csc.example;", Proof.UNPROVEN),
        ("spf=fail; dmarc=fail action=quarantine header.from=csc.example;compauth=fail reason=000", Proof.FAILED),
        ("spf=none; dmarc=none header.from=csc.example;compauth=fail reason=001", Proof.FAILED),
        ("dmarc=bestguesspass action=none header.from=csc.example;compauth=pass reason=109", Proof.UNPROVEN),
        ("dmarc=pass action=none header.from=evil.example;compauth=pass reason=100", Proof.UNPROVEN),
    ],
)  # fmt: skip
def test_exchange_speaks_in_its_topmost_field(block: str, expected: Proof) -> None:
    """Exchange Online gives no server name; only its topmost field is its own."""
    below = "\nAuthentication-Results: x.example; dmarc=pass header.from=csc.example\n"
    assert proof(f"Authentication-Results: {block}{below}", EXCHANGE) is expected


def test_mail_from_inside_exchange_is_proven_by_its_own_mark() -> None:
    """AuthAs: Internal counts once, of a domain of ours; twice, or anonymous, or of another's domain it proves nothing;
    another tenant's view never does."""
    inside = "X-MS-Exchange-Organization-AuthAs: Internal\n"
    assert proof(inside, EXCHANGE) is Proof.PROVEN
    assert proof(inside * 2, EXCHANGE) is Proof.NONE
    assert proof(inside.replace("Internal", "Anonymous"), EXCHANGE) is Proof.NONE
    assert proof("X-MS-Exchange-CrossTenant-AuthAs: Internal\n", EXCHANGE) is Proof.NONE
    assert proof(inside) is Proof.NONE
    assert proof(inside, EXCHANGE, Address("helen.visser@health.example")) is Proof.NONE
    assert proof(inside, Trust("exchange-online")) is Proof.NONE


@pytest.mark.parametrize(
    ("above", "expected"),
    [
        ("Authentication-Results: dkim=none; dmarc=none header.from=csc.example;compauth=none\n", Proof.PROVEN),
        ("Authentication-Results: dmarc=fail action=none header.from=csc.example\n", Proof.FAILED),
        ("Authentication-Results: dmarc=fail header.from=csc.example;compauth=fail reason=000\n", Proof.FAILED),
        ("Authentication-Results: dmarc=pass header.from=csc.example;dmarc=fail header.from=x.example\n", Proof.FAILED),
        ("Received: from evil by mail.evil.example; Sat, 16 Jan 2027 09:12:01 +0000\n", Proof.NONE),
        ("Received: from a by b.prod.outlook.com; Sat, 16 Jan 2027 09:12:01 +0000\n", Proof.PROVEN),
        ("Received: from a by hub.csc.example; Sat, 16 Jan 2027 09:12:01 +0000\n", Proof.PROVEN),
    ],
)
def test_the_mark_from_inside_overrules_nothing(above: str, expected: Proof) -> None:
    """AuthAs: Internal stands back behind what Exchange found, and counts where no foreign host handed the mail in."""
    assert proof(f"{above}X-MS-Exchange-Organization-AuthAs: Internal\n", EXCHANGE) is expected


EXO = "Authentication-Results: dmarc=pass action=none header.from=csc.example;compauth=pass reason=100\n"
INSIDE = (
    "Received: from A.prod.outlook.com by B.EURPRD01.PROD.OUTLOOK.COM with HTTPS; Sat, 16 Jan 2027 09:12:01 +0000\n"
)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (INSIDE + EXO + THEIRS, Proof.PROVEN),
        (OURS + EXO, Proof.NONE),
        (INSIDE + THEIRS + EXO, Proof.NONE),
        ("Received: from a by outlook.com.evil.example; Sat, 16 Jan 2027 09:12:01 +0000\n" + EXO, Proof.NONE),
        ("Authentication-Results: mx.evil.example; dmarc=pass header.from=csc.example\n", Proof.NONE),
        ("Authentication-Results-Original: dmarc=pass header.from=csc.example\n" + INSIDE, Proof.NONE),
    ],
)
def test_exchange_is_believed_only_above_every_foreign_hop(block: str, expected: Proof) -> None:
    """A field that names a server, or stands below somebody else's hop, was not written by Exchange Online."""
    assert proof(block, EXCHANGE) is expected


def test_a_doubtful_from_is_never_proven() -> None:
    """A name that looks like another's address takes the proof away, whatever the border says."""
    reading = Reading(trust=STRICT)
    for name, expected in (("Fay Marsh", Proof.PROVEN), ('"boss@council.example"', Proof.UNPROVEN)):
        raw = (PASS + OURS + f"From: {name} <fay.marsh@csc.example>\n\nRESOLVED\n").encode()
        assert read(raw, reading, NOW).proof is expected


SPF = "Authentication-Results: mx.council.example; spf=pass smtp.mailfrom=evil.example\n"
AR = "Authentication-Results: mx.council.example; "
DMARC = "dmarc=pass header.from=csc.example"
RELAY = "Received: from x by relay.council.example; Sat, 16 Jan 2027 09:11:30 +0000\n"
LMTP = "Received: from mx.council.example by mx.council.example with LMTP; Sat, 16 Jan 2027 09:12:01 +0000\n"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (SPF + OURS + PASS, Proof.UNPROVEN),
        (SPF + OURS + RELAY + PASS, Proof.UNPROVEN),
        (OURS + RELAY + PASS, Proof.NONE),
        (OURS + SPF + PASS, Proof.UNPROVEN),
        (SPF + PASS, Proof.UNPROVEN),
        (SPF + PASS + OURS, Proof.PROVEN),
        (INNER + PASS + OURS + THEIRS, Proof.PROVEN),
        (LMTP + PASS + OURS + THEIRS, Proof.PROVEN),
        (LMTP + OURS + PASS + THEIRS, Proof.PROVEN),
        (LMTP + OURS + RELAY + PASS, Proof.NONE),
        ("Received: from a by mx.evilcouncil.example; x\n" + PASS, Proof.NONE),
    ],
)
def test_a_field_below_the_borders_own_is_a_strangers(block: str, expected: Proof) -> None:
    """What stands below what the border wrote, or below the hop that it wrote, came with the mail."""
    assert proof(block) is expected


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (f"{DMARC}; dmarc=fail header.from=csc.example", Proof.FAILED),
        (f"dmarc=fail header.from=csc.example; {DMARC}", Proof.FAILED),
        (f"{DMARC}; {DMARC}", Proof.PROVEN),
        (f"{DMARC}; dmarc=none", Proof.UNPROVEN),
        (f"{DMARC}; dmarc=pass header.from=evil.example", Proof.UNPROVEN),
        (f"spf=pass smtp.mailfrom=x;{DMARC}; dmarc=fail header.from=csc.example", Proof.FAILED),
        (f"spf=pass smtp.mailfrom=x;{DMARC};iprev=pass policy.iprev=y@evil.example", Proof.UNPROVEN),
        (f"spf=pass smtp.mailfrom=x ;{DMARC}", Proof.UNPROVEN),
        (f'spf=pass smtp.mailfrom="x; {DMARC}"@evil.example; dmarc=fail header.from=csc.example', Proof.FAILED),
        (f'spf=pass smtp.mailfrom="x; {DMARC}"@evil.example', Proof.UNPROVEN),
        (f"spf=pass smtp.mailfrom=x@evil.example; {DMARC}", Proof.PROVEN),
        (f"spf=none smtp.mailfrom= smtp.helo=out.csc.example; {DMARC}", Proof.PROVEN),
        (f"spf=pass (x) ; {DMARC}) smtp.mailfrom=a@evil.example; dmarc=fail header.from=csc.example", Proof.NONE),
        (f'dmarc=fail reason="; {DMARC}" header.from=csc.example', Proof.FAILED),
        ("dmarc=pass header.from=a@csc.example", Proof.PROVEN),
        ('dmarc=pass header.from="csc.example"', Proof.PROVEN),
        ('dmarc=pass header.from="x@evil.example @csc.example"', Proof.UNPROVEN),
        ("dmarc=pass header.from=x@evil.example @csc.example", Proof.UNPROVEN),
        ("dmarc=pass header.from=x header.from=csc.example", Proof.UNPROVEN),
        ("dmarc=pass header.from=csc.example.", Proof.UNPROVEN),
        ("dmarc=pass (p=reject; (dis=none)) policy.dmarc=reject header.from = csc.example", Proof.PROVEN),
        ("DMARC / 1 = PASS HEADER.FROM=CSC.EXAMPLE", Proof.PROVEN),
        ("none", Proof.NONE),
    ],
)  # fmt: skip
def test_the_worst_that_a_field_says_counts(results: str, expected: Proof) -> None:
    """Two results of one method, a stranger's words without quotes, an address that is none: no proof comes of them."""
    assert proof(f"{AR}{results}\n{OURS}") is expected
    assert proof(f"Authentication-Results: mx.council.example 1; {results}\n{OURS}") is expected
    assert proof(f"Authentication-Results: mx.council.example 2; {results}\n{OURS}") is Proof.NONE


@pytest.mark.parametrize("path", ['<"x;dmarc=pass"@evil.example>', "<x;y@evil.example>", "<x (a)@evil.example>"])
def test_an_envelope_that_could_have_written_the_result_proves_nothing(path: str) -> None:
    """A border that does not quote hands on the local part as if it were its own words."""
    assert proof(f"Return-Path: {path}\n{PASS}{OURS}") is Proof.UNPROVEN
    assert proof(f"Return-Path: <SRS0=a=b=c.example=d@evil.example>\n{PASS}{OURS}") is Proof.PROVEN
