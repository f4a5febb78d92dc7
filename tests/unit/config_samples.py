"""A small configuration that has no fault, as texts and as a folder, and what is common to tests that break it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from bot.model.errors import ConfigError, Problem
from bot.settings.settings import load

SAMPLE = Path("config")
TODAY = date(2027, 1, 4)

BOT = """\
operator: op@council.example
senders:
  trust: {profile: rfc8601, authserv_ids: [mx.council.example]}
recipients:
  allowed_domains: [council.example, csc.example, health.example, cescp.example]
bot:
  name: The Clock
  address: clock@council.example
  receive: {kind: maildir, path: var/clock}
  send:
    kind: smtp
    host: mail.council.example
    user: clock
    password: ${CLOCK_PASSWORD}
mailboxes:
  - area: CE
    team: Crewe Assessment Team
    address: crewe@csc.example
    policy: cheshire-east
    receive: {kind: maildir, path: var/crewe}
"""

DIRECTORY = """\
area,agency,team,role,name,email,deputy_email,domains
CE,CSC,Crewe Assessment Team,line_manager,Fay,fay@csc.example,,csc.example
CE,CSC,,designated_safeguarding_lead,Dev,dev@csc.example,,
CE,,,business_unit,CESCP,unit@cescp.example,,
CE,,,delegated_safeguarding_partner,DSP,dsp@cescp.example,,
"""

ENV = {"CLOCK_PASSWORD": "correct horse"}


def small(folder: Path) -> Path:
    """A small configuration without a fault, written into that folder."""
    (folder / "policies").mkdir(parents=True)
    (folder / "bot.yaml").write_text(BOT, "utf-8")
    (folder / "directory.csv").write_text(DIRECTORY, "utf-8")
    for name in ("cheshire-east", "pan-cheshire"):  # the first stands on the second
        shutil.copy(SAMPLE / "policies" / f"{name}.yaml", folder / "policies")
    shutil.copytree(SAMPLE / "forms", folder / "forms")
    return folder


def refused(root: Path, env: Mapping[str, str] = ENV, today: date | None = TODAY) -> tuple[Problem, ...]:
    with pytest.raises(ConfigError) as caught:
        load(root, env, today)
    return caught.value.problems


def edit(root: Path, name: str, old: str, new: str) -> str:
    """Replaces text of a file, which must be there, and gives the new text."""
    text = (root / name).read_text("utf-8")
    assert old in text
    text = text.replace(old, new, 1)
    (root / name).write_text(text, "utf-8")
    return text
