"""Five open cases of one inbox on the real App, and what must still be true after hostile mail.

Real reading, real store, real letters into a Maildir, a clock that stands still until it is told. It forges nothing
(techniques.py) and is built once for each technique.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli.rehearsal import story
from bot.cli.rehearsal.rehearse import StillNow
from bot.daemon import app
from bot.doors.maildir.send import deliver
from bot.model import Case, LetterKind, Mail, State
from bot.settings.settings import Senders, Settings, Trust
from bot.store import cases, mails, outbox
from bot.store.outbox import Queued

BOT = story.BOT_ADDRESS
GATEWAY = story.GATEWAY
INBOX = "crewe.assessment@csc.example"
READY = timedelta(minutes=10)  # how long it takes until all five stand as they should
LATE = timedelta(hours=5)  # by then a server that found nobody would have said so
START = datetime(2027, 1, 12, 10, 0, tzinfo=UTC)
HELEN, SAM, ALI, NINA, KIM = (
    "helen.visser@health.example", "sam.oak@school.example", "ali.gp@surgery.example", "nina.rose@health.example",
    "kim.lane@school.example",
)  # fmt: skip
FAY, TOM, KAY, UNIT = "fay.marsh@csc.example", "tom.lee@csc.example", "kay.hill@csc.example", "unit@cescp.example"
DEPUTY_ELSEWHERE, COLLEAGUE = "pat.cole@police.example", "other.worker@health.example"
EVIL = "x@evil.example"
OPENED = "a case was opened"

_CSC = {"area": "CE", "agency": "CSC", "sector": "social_care"}
_HEALTH = {"area": "CE", "agency": "Cheshire Health", "sector": "hospital"}
_SCHOOL = {"area": "CE", "agency": "Oak School", "sector": "school"}
_GP = {"area": "CE", "agency": "Surgery", "sector": "general_practice"}
_POLICE = {"area": "CE", "agency": "Police", "sector": "police"}


def _row(agency: dict[str, str], role: str, name: str, email: str, **more: str) -> dict[str, str]:
    return agency | {"role": role, "name": name, "email": email} | more


DIRECTORY = (
    _row(_CSC, "line_manager", "Fay Marsh", FAY, team="Crewe Assessment Team", deputy_email=TOM, domains="csc.example"),
    _row(_CSC, "line_manager", "Kay Hill", KAY, team="Hillside Team"),
    _row(_CSC, "designated_safeguarding_lead", "Dev Patel", "dev.patel@csc.example"),
    _row(_HEALTH, "practitioner", "Helen Visser", HELEN, team="Health Visiting", domains="health.example"),
    _row(_HEALTH, "practitioner", "Nina Rose", NINA, team="Midwives"),
    _row(_HEALTH, "line_manager", "Mo Reid", "mo.reid@health.example", team="Health Visiting"),
    _row(_HEALTH, "designated_safeguarding_lead", "Ruth Okoye", "ruth.okoye@health.example"),
    _row(_SCHOOL, "practitioner", "Sam Oak", SAM, domains="school.example"),
    _row(_SCHOOL, "practitioner", "Kim Lane", KIM),
    _row(_SCHOOL, "designated_safeguarding_lead", "Head Oak", "head@school.example"),
    _row(_GP, "practitioner", "Ali Khan", ALI, domains="surgery.example"),
    _row(_GP, "designated_safeguarding_lead", "Lee Khan", "lee@surgery.example"),
    _row(_POLICE, "designated_safeguarding_lead", "Jo Ward", "jo.ward@police.example", deputy_email=DEPUTY_ELSEWHERE,
         domains="police.example"),
    {"area": "CE", "role": "delegated_safeguarding_partner", "name": "Partners", "email": "dsp@cescp.example"},
    {"area": "CE", "role": "business_unit", "name": "Unit", "email": UNIT, "domains": "cescp.example"},
)  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A case as a forger may know it, and more: every id is handed out."""

    n: int
    ref: str
    raiser: str
    original: str
    to_raiser: str  # id of our letter to the raiser
    to_responder: str  # id of our letter to the responder


class World:
    """The cases: two wait for a reply, one for the raiser's word, one for the outcome, one is provisional."""

    def __init__(
        self, folder: Path, shipped: Settings, prepared: Path | None = None, *, in_process: bool = True
    ) -> None:
        if prepared is not None:
            shutil.copytree(prepared, folder, dirs_exist_ok=True)
            with closing(sqlite3.connect(folder / "story.db")) as db, db:  # a copy is no mailbox that has moved
                db.execute("UPDATE mailboxes SET door = NULL")
        told = story.Story.model_validate(
            {"story": "forged", "policy": "cheshire-east", "starts": START, "until": START, "directory": DIRECTORY,
             "inbox": {"team": "Crewe Assessment Team", "agency": "CSC", "address": INBOX}}
        )  # fmt: skip
        self.folder = folder
        self.clock = StillNow(START if prepared is None else START + READY)
        self.settings = story.settings_of(told, folder, shipped)
        self.app = self._built(in_process=in_process)
        if prepared is None:
            self.app.once(START)
            self._open()
        self.targets = self._targets()
        self.before = self.cases()
        self.penned = self.pen()

    def _open(self) -> None:
        hours, days = "24 hours", "10 working days"
        for name, who, window, proof in (
            ("one", HELEN, hours, "pass"), ("two", SAM, days, "pass"), ("three", ALI, hours, "pass"),
            ("four", NINA, hours, "pass"), ("five", KIM, hours, "none"),
        ):  # fmt: skip
            text = f"The plan for this family was closed without a visit, and I ask you to look again. {name}"
            title = f"Professional Safeguarding Challenge – {window}"
            self.genuine(name, who, text, title, to=(FAY,), cc=(INBOX,), proof=proof)
        self.genuine("answer", FAY, "We have visited today and the plan was changed.", "RE: x", to=(ALI,), cc=(INBOX,),
                     cites="three")  # fmt: skip
        self.genuine("word", NINA, "RESOLVED", "RE: x", to=(BOT,), cites="four")
        self.genuine("more", HELEN, "EXTEND 30 hours", "RE: x", to=(BOT,), cites="one")
        self.genuine("stray", "head@school.example", "This is about one of your families.", "A mail", to=(BOT,))
        self.genuine("doubt", HELEN, "RESOLVED", "RE: x", to=(BOT,), cites="one", proof="none")

    def genuine(
        self, name: str, who: str, text: str, title: str, *, to: tuple[str, ...], cc: tuple[str, ...] = (),
        cites: str = "", proof: str = "pass",
    ) -> None:  # fmt: skip
        """A mail as its writer's server would send it."""
        domain = who.partition("@")[2]
        lines = [
            f"Authentication-Results: {GATEWAY}; dmarc={proof} header.from={domain}",
            f"Received: from out.{domain} by {GATEWAY} with ESMTPS; Tue, 12 Jan 2027 10:00:00 +0000",
            f"From: {who}", f"To: {', '.join(to)}", *([f"Cc: {', '.join(cc)}"] if cc else []), f"Subject: {title}",
            "Date: Tue, 12 Jan 2027 10:00:00 +0000", f"Message-ID: <{name}@{domain}>",
            *([f"In-Reply-To: <{self._id(cites)}>"] if cites else []), "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", text, "",
        ]  # fmt: skip
        raw = "\r\n".join(lines).encode()
        (self.folder / f"{name}.eml").write_bytes(raw)
        for address in {*to, *cc} & {BOT, INBOX}:
            self.put(raw, address)
        self.pass_time(1)

    def raw(self, name: str) -> bytes:
        """A genuine mail, as it went over the wire."""
        return (self.folder / f"{name}.eml").read_bytes()

    def read(self, name: str) -> Mail:
        """A genuine mail as the bot has read it."""
        return self.app.reader.read(self.raw(name), START)

    def _id(self, name: str) -> str:
        head = self.raw(name).partition(b"Message-ID: <")[2]
        return head.partition(b">")[0].decode()

    def _built(self, *, in_process: bool = True) -> app.App:
        return app.build(self.settings, read_now=self.clock, in_process=in_process, strict=True)

    # --- another world ------------------------------------------------------------------------------------------

    def is_late(self) -> None:
        """Every letter was accepted hours ago."""
        self.clock.now = START + READY + LATE

    def is_at_microsoft(self) -> None:
        """The mailboxes are Exchange Online's, and its marks are believed in place of a gateway's."""
        senders = Senders(trust=Trust(profile="exchange-online"))
        self.settings = replace(self.settings, config=self.settings.config.model_copy(update={"senders": senders}))
        self.app.close()
        self.app = self._built()

    # --- mail and time ------------------------------------------------------------------------------------------

    def put(self, raw: bytes, address: str = BOT) -> None:
        deliver(story.maildir(self.folder, address), raw, self.clock.now)

    def pass_time(self, minutes: int) -> None:
        self.app.once(self.clock.now)
        self.clock.now += timedelta(minutes=minutes)
        self.app.once(self.clock.now)

    # --- what is so ---------------------------------------------------------------------------------------------

    def cases(self) -> dict[int, Case]:
        with self.app.db.read() as tx:
            return dict(enumerate(cases.all_cases(tx), 1))

    def letters(self) -> list[Queued]:
        with self.app.db.read() as tx:
            statuses = ("queued", "sent", "held", "deferred", "refused", "unknown", "claimed", "in_data", "withheld")
            return [queued for status in statuses for queued in outbox.of_status(tx, status)]

    def pen(self) -> int:
        """How many mails wait for a person."""
        with self.app.db.read() as tx:
            return len(mails.listed(tx, "holding_pen"))

    def unread(self) -> int:
        with self.app.db.read() as tx:
            return mails.unread(tx)

    def question(self) -> str:
        """Id of the letter that asks Helen whether an unproven word was hers."""
        return next(q.letter.message_id for q in self.letters() if q.letter.variant == "confirm_word")

    def _targets(self) -> tuple[Target, ...]:
        letters = self.letters()
        found = []
        for n, case in self.cases().items():
            own = [q.letter for q in letters if q.case == case.number]
            receipt = next(one for one in own if one.kind is LetterKind.ACKNOWLEDGEMENT)
            notice = next(one for one in own if one.kind is LetterKind.NOTICE)
            found.append(Target(n, case.ref, case.raiser.email, case.opening_id, receipt.message_id, notice.message_id))
        return tuple(found)

    def close(self) -> None:
        self.app.close()

    def harm(self) -> list[str]:
        """Everything that hostile mail has done and must not do."""
        found = []
        now = self.cases()
        for n, before in self.before.items():
            case = now[n]
            if not case.is_open:
                found.append(f"case {n} was closed")
                continue
            if case.state is not before.state and not (before.unproven and case.state is State.AWAITING_RESPONSE):
                found.append(f"case {n} went from {before.state.value} to {case.state.value}")
            if case.stage != before.stage:
                found.append(f"case {n} was moved to {case.stage}")
            if before.due and (case.due is None or case.due > before.due):
                found.append(f"case {n} has more time: {before.due} became {case.due}")
            if before.run and case.run and case.run.ended != before.run.ended:
                found.append(f"the clock of case {n} was stopped")
            gone = {a.kind for a in before.deadlines} - {a.kind for a in case.deadlines} - {"chaser", "repeat"}
            if gone and before.state in (State.AWAITING_RESPONSE, State.PROVISIONAL):
                found.append(f"case {n} lost its alarms: {sorted(gone)}")
            if case.hold_until is not None:
                found.append(f"case {n} is held")
            if (case.team, case.raiser.email) != (before.team, before.raiser.email):
                found.append(f"case {n} has other parties")
        if set(now) - set(self.before):
            found.append(OPENED)
        if self.pen() < self.penned:
            found.append("a mail of the holding pen was placed")
        return found + self._strays()

    def _strays(self) -> list[str]:
        known = {row["email"] for row in DIRECTORY} | {TOM, DEPUTY_ELSEWHERE, INBOX, self.settings.config.operator}
        return [
            f"a letter of kind {q.letter.kind.value} to {address}"
            for q in self.letters()
            for address, _, _ in q.recipients
            if address not in known and not q.letter.to_stranger
        ]

    def goes_on(self) -> list[str]:
        """Whether the clocks still run: a day later the urgent cases have gone to the next stage."""
        self.clock.now = max(case.due for n, case in self.before.items() if n in (1, 5) and case.due)
        self.clock.now += timedelta(minutes=1)
        self.app.once(self.clock.now)
        now = self.cases()
        return [f"case {n} did not lapse" for n in (1, 5) if now[n].stage == self.before[n].stage]
