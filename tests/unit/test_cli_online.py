"""`check --online`: the domains of the directory asked for DMARC, by the real command."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import settings
from tests import operator
from tests.operator import command, rows
from tests.servers.dns import DnsServer


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return operator.folder(tmp_path_factory.mktemp("sample"))


def test_domains_without_dmarc_are_named(sample: Path, dns_server: DnsServer) -> None:
    """Each is a warning with the line of the directory that names it first, and no fault."""
    domains = settings.load(sample / "config", {}).directory.domains
    dns_server.records = {f"_dmarc.{domain}": ("v=DMARC1; p=none",) for domain in domains - {"csc.example"}}
    *found, last = rows(sample, "check", "--online", "--dns", dns_server.address)
    (warned,) = (row for row in found if "DMARC" in row["text"])
    line = (sample / "config/directory.csv").read_text().splitlines()[warned["line"] - 1]
    assert warned["is_warning"] and "csc.example publishes no DMARC record" in warned["text"]
    assert "csc.example" in line
    assert last["ok"]


def test_without_the_word_nobody_is_asked(sample: Path) -> None:
    """A plain check needs no network and says nothing of DMARC."""
    assert not [row for row in rows(sample, "check") if "DMARC" in row["text"]]


def test_a_name_server_that_is_none_ends_with_two(sample: Path) -> None:
    """It says what to write, and shows no traceback."""
    ran = command(sample, "check", "--dns", "nowhere")
    assert ran.returncode == 2
    assert "write HOST or HOST:PORT" in " ".join(ran.stderr.split())
    assert "Traceback" not in ran.stderr
