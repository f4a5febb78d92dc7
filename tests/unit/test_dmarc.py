"""Which domains publish DMARC, asked of a name server on loopback."""

from __future__ import annotations

import time

import pytest

from bot.doors.dmarc import Finding, published, silent
from tests.servers.dns import DnsServer

POLICY = ("v=DMARC1; p=none; rua=mailto:reports@council.example",)


@pytest.mark.parametrize(
    ("domain", "records", "has"),
    [
        ("csc.example", {"_dmarc.csc.example": POLICY}, True),
        ("mail.csc.example", {"_dmarc.csc.example": POLICY}, True),
        ("a.b.csc.example", {"_dmarc.b.csc.example": ("v=DMARC1 ;p=reject",)}, True),
        ("csc.example", {}, False),
        ("csc.example", {"_dmarc.csc.example": ("v=spf1 -all",)}, False),
        ("csc.example", {"_dmarc.csc.example": ("v=DMARC10; p=none",)}, False),
        ("csc.example", {"_dmarc.csc.example": ("something else", *POLICY)}, True),
        ("csc.example", {"_dmarc.csc.example": ("v=DMARC1; p=none; x=" + "y" * 400,)}, True),
        ("crewe.gov.example", {"_dmarc.gov.example": ("v=DMARC1; p=reject; psd=y",)}, False),
        ("csc.example", {"_dmarc.example": POLICY}, False),
    ],
)
def test_a_record_of_the_domain_or_its_parents_counts(
    domain: str, records: dict[str, tuple[str, ...]], has: bool, dns_server: DnsServer
) -> None:
    """The domain itself, then each parent of two labels and more; a public suffix speaks for nobody."""
    dns_server.records = records
    (found,) = published([domain], dns_server.address)
    assert (found.domain, found.has) == (domain, has)


def test_one_that_cannot_be_asked_is_neither(dns_server: DnsServer) -> None:
    """A failing or silent name server says nothing about a domain, and the sentence says so."""
    dns_server.records = {"_dmarc.council.example": POLICY}
    dns_server.failing, dns_server.silent = {"_dmarc.csc.example"}, {"_dmarc.health.example"}
    council, csc, health = published(["health.example", "csc.example", "council.example"], dns_server.address, 0.8)
    assert (council.has, csc.has, health.has) == (True, None, None)
    assert list(silent([council, csc, health])) == [
        "whether csc.example publishes DMARC could not be asked: the name server refused or failed",
        "whether health.example publishes DMARC could not be asked: the name server did not answer in time",
    ]


def test_many_silent_domains_take_no_longer_than_allowed(dns_server: DnsServer) -> None:
    """However many are asked, the answer comes within the seconds given."""
    domains = [f"d{n}.example" for n in range(200)]
    dns_server.silent = {f"_dmarc.{domain}" for domain in domains}
    began = time.monotonic()
    found = published(domains, dns_server.address, seconds=0.5)
    assert time.monotonic() - began < 5
    assert {one.has for one in found} == {None}


def test_domains_that_share_a_reason_share_a_sentence() -> None:
    """A name server that is gone is told once."""
    lost = [Finding(name, None, "it was gone") for name in ("a.example", "b.example")]
    assert list(silent(lost)) == ["whether a.example, b.example publish DMARC could not be asked: it was gone"]


@pytest.mark.parametrize("server", ["nowhere", "127.0.0.1:port", "127.0.0.1:99999", "127.0.0.1:-1"])
def test_a_name_server_that_is_none_is_a_sentence(server: str) -> None:
    """It says what to write."""
    with pytest.raises(ValueError, match="write HOST or HOST:PORT"):
        published(["csc.example"], server)
