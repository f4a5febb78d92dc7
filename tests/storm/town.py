"""The town of a storm: one partnership, two teams behind doors of different kinds, and files that say so.

Crewe is read by IMAP, as is the bot's own mailbox; Macclesfield is a Maildir. The policy is Cheshire East's, whose
window of 24 hours is made one of three, so that chasers and lapses fall due while the storm lasts.
"""

from __future__ import annotations

import csv
import re
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.doors.maildir.send import deliver
from tests.servers.dovecot import PASSWORD, Dovecot

HOUSE = Path(__file__).parents[2]
BOT, OPERATOR, UNIT = "challenge-clock@council.example", "bot-operator@council.example", "cescp@cescp.example"
WINDOW = "3 hours"
DOMAINS = ("council.example", "csc.example", "health.example", "school.example", "cescp.example", "cwcsc.example",
           "cwscp.example")  # fmt: skip


@dataclass(frozen=True)
class Team:
    """A watched team: its manager, who stands in for them, and where its mail lies: an IMAP user or a folder."""

    name: str
    address: str
    manager: str
    manager_name: str
    deputy: str
    box: str


TEAMS = (
    Team("Crewe Assessment Team", "crewe.assessment@csc.example", "fay.marsh@csc.example", "Fay Marsh",
         "tom.lee@csc.example", "crewe"),
    Team("Macclesfield Assessment Team", "macclesfield.assessment@csc.example", "kay.lund@csc.example", "Kay Lund",
         "sue.hale@csc.example", ""),
)  # fmt: skip
LEAD, LEAD_NAME = "dev.patel@csc.example", "Dev Patel"
#: The raisers' own manager, and those whom Step 2 and Step 3 call in.
MANAGER = "mo.reid@health.example"
SECOND = frozenset({LEAD, "csc.dsl.duty@csc.example", "ruth.okoye@health.example"})
THIRD = frozenset({"dsp@cescp.example", "manager@cescp.example"})


def raiser(n: int) -> tuple[str, str]:
    """Name and address of the n-th practitioner."""
    return f"Robin Number{n}", f"raiser{n}@health.example"


class Town:
    """The folder in which the daemon lives."""

    def __init__(self, root: Path, server: Dovecot, database: str, smtp_port: int, raisers: int) -> None:
        self.root, self.raisers = root, raisers
        self._server = server
        self._clock = server.new_user()
        self._boxes = {team.address: server.new_user() if team.box else "" for team in TEAMS}
        self._folder = root / "var" / "mail" / "macclesfield"
        self.config = root / "config"
        shutil.copytree(HOUSE / "config", self.config, ignore=shutil.ignore_patterns("demo", "forms"))
        shutil.copytree(HOUSE / "config" / "forms", self.config / "forms")
        shutil.copytree(HOUSE / "mail_templates", root / "mail_templates")
        for other in ("sandwell", "salford", "cumberland"):
            (self.config / "policies" / f"{other}.yaml").unlink()
        (root / "var").mkdir(mode=0o700)
        self._folder.parent.mkdir(mode=0o700)
        self._write_policy()
        self._write_directory()
        (self.config / "bot.yaml").write_text(self._bot(smtp_port))
        self.env = {"PW": PASSWORD, "DATABASE": database}  # what the daemon must know beside its files

    def deliver(self, address: str, raw: bytes, at: datetime) -> None:
        """Into the inbox of a team or of the bot."""
        if address == BOT:
            self._server.deliver(self._clock, raw, received=at)
        elif user := self._boxes[address]:
            self._server.deliver(user, raw, received=at)
        else:
            deliver(self._folder, raw, at)

    def _write_policy(self) -> None:
        file = self.config / "policies" / "cheshire-east.yaml"
        text = file.read_text("utf-8")
        tier = "{window: 24 hours, needs: [rationale, call_time]}"
        assert tier in text
        file.write_text(text.replace(tier, f"{{window: {WINDOW}}}").replace("24 hours", WINDOW), "utf-8")

    def _write_directory(self) -> None:
        csc = ["CE", "CSC", "social_care"]
        rows = [
            [*csc, TEAMS[1].name, "line_manager", TEAMS[1].manager_name, TEAMS[1].manager, "", TEAMS[1].deputy, "", "",
             "yes", "", ""],
            [*csc, TEAMS[1].name, "team_inbox", TEAMS[1].name, TEAMS[1].address, "", "", "", "", "yes", "", ""],
        ]  # fmt: skip
        for n in range(self.raisers):
            # A team of their own each: of two practitioners in one team the program warns.
            health = ["CE", "Cheshire Health", "health_visiting", f"Health Visiting {n}"]
            for role, name, address in (("practitioner", *raiser(n)), ("line_manager", "Mo Reid", MANAGER)):
                rows.append([*health, role, name, address, "", "", "", "", "yes", "", ""])
        file = self.config / "directory.csv"
        kept = [line for line in file.read_text("utf-8").splitlines() if re.match("area|C[EW],", line)]
        with file.open("w", newline="", encoding="utf-8") as out:
            out.write("\n".join(kept) + "\n")
            csv.writer(out).writerows(rows)

    def _bot(self, smtp_port: int) -> str:
        where = f"host: {self._server.host}, port: {self._server.port}, tls: none"
        imap = f'{{kind: imap, {where}, password: "${{PW}}", user: '
        doors = {team.address: f"{imap}{self._boxes[team.address]}}}" for team in TEAMS if team.box}
        boxes = "".join(
            f"  - area: CE\n    team: {team.name}\n    address: {team.address}\n    policy: cheshire-east\n"
            f"    receive: {doors.get(team.address, f'{{kind: maildir, path: {self._folder}}}')}\n"
            for team in TEAMS
        )
        return f"""database: "${{DATABASE}}"
mode: live
operator: {OPERATOR}
var: {self.root}/var
least_free_mb: 1
senders:
  trust: {{profile: rfc8601, authserv_ids: [mx.council.example]}}
recipients:
  allowed_domains: [{", ".join(DOMAINS)}]
bot:
  name: Safeguarding Challenge Clock (automatic)
  address: {BOT}
  receive: {imap}{self._clock}}}
  send: {{kind: smtp, host: 127.0.0.1, port: {smtp_port}, tls: none, timeout: 5}}
mailboxes:
{boxes}"""
