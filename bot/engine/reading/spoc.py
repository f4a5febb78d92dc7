"""A change of who answers, told by the business unit in words: read, asked about, put to the operator; never made here.

What was read goes back to the unit in the same minute, and to whom it names, or who holds the role today: is this
right? Only proven words of those who were asked count. Once both have said YES the operator has the line for the file,
which is the operator's; letters go to whom the file names until then. What was said is kept by engine/proposed.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import re2
from sqlalchemy import Connection

from bot.case import dated
from bot.engine import proposed
from bot.engine.proposed import NO, OPEN, YES, Agreed
from bot.engine.reading.office import Office
from bot.engine.turn import Turn
from bot.letters import render
from bot.mail.words.brought import addresses
from bot.model import Contact, Letter, Mail, Proof, Word, Wording
from bot.model.letters import Answer, Question, person
from bot.model.letters.parts import Proposal
from bot.rules.directory import ROLES, Directory
from bot.store.outbox import Queued

_CHANGES = re2.compile(r"(?i)\b(?:is now|are now|will be|changes? to|replaced by|instead of|has left|from now on)\b")
_NAME = re2.compile(r"(?i:\b(?:is now|are now|will be|changes? to|replaced by)\b)[\s:]*([^,;<(\n@]{3,60})")
_AT = re2.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True)
class Change:
    """What the words say: "" and () for what they do not. `now`: who holds the role today."""

    team: str
    role: str
    name: str
    email: str
    now: tuple[Contact, ...]

    def lines(self) -> Iterator[str]:
        """What was read, a sentence each."""
        before = ", ".join(f"{one} ({one.email})" for one in self.now) or "nobody"
        yield f"Team: {self.team or 'none named'}. Role: {self.role.replace('_', ' ') or 'none named'}"
        yield f"Today: {before}. From now on: {self.name or 'no name'} ({self.email or 'no address'})"

    def proposal(self, directory: Directory, area: str) -> Proposal:
        agency = directory.agency_of_team(self.team, area) if self.team else ""
        agency = agency or next((c.agency for c in self.now), "") or directory.agency_of(self.email, area)
        return Proposal(area, agency, self.team, self.role, self.name, self.email, tuple(map(person, self.now)))

    @property
    def missing(self) -> tuple[str, ...]:
        named = (("the team", self.team), ("the role", self.role), ("the address", self.email))
        return tuple(what for what, value in named if not value)


def is_change(note: str) -> bool:
    """Whether the words behind SPOC tell of a change, and do not only ask."""
    return bool(_CHANGES.search(note)) or bool(addresses(note))


def change(directory: Directory, area: str, note: str) -> Change:
    """What the words say of an area. The longest team and role that stand in them count."""
    said = " ".join(note.casefold().replace("-", " ").split())
    team = max((t for t in directory.teams(area) if t.casefold() in said), key=len, default="")
    role = max((r for r in ROLES if r.replace("_", " ") in said), key=len, default="")
    if not role and team and "manager" in said:
        role = "line_manager"
    found = _NAME.search(_AT.sub("", note))
    email = next(iter(addresses(note)), "")
    agency = directory.agency_of_team(team, area) if team else ""
    now = directory.holders(role, area, agency, team) if role else ()
    return Change(team, role, found.group(1).strip(" .") if found else "", email, now)


# --- asked of both, and what they say ---------------------------------------------------------------------------------

SUBJECT = "A change of the directory"
_UNPROVEN = "It could not be proven that your mail came from your mailbox"
_SETTLED = "This was settled before. SPOC tells of a change anew"


@dataclass(eq=False, slots=True)
class Changes:
    """Puts a change to both, and takes their YES and NO."""

    turn: Turn
    office: Office

    @property
    def directory(self) -> Directory:
        return self.turn.books.settings.directory

    def put(self, tx: Connection, mail: Mail, by: Contact, area: str, note: str, now: datetime) -> None:
        """The unit is told what was read, and asked; so is whoever is named, else whoever holds the role today."""
        read = change(self.directory, area, note)
        found, lacks = read.proposal(self.directory, area), " and ".join(read.missing)
        other = None if lacks else self._other(found, by, now)
        lines = [f"{by} ({by.email}) writes: “{note}”", *read.lines()]
        lines.append(
            f"Nothing was changed: {lacks} could not be read, and the business unit is asked" if lacks
            else f"Nothing was changed. {other or 'Nobody else'} and the business unit are asked whether it is right"
        )  # fmt: skip
        self.turn.alert(tx, f"spoc/{mail.digest}", "A change of the directory is proposed", lines, now)
        told = Answer.Proposed(proposal=found, asked=person(other) if other else None, lacks=lacks)
        letter = self._post(tx, mail, by, told, f"{mail.digest}/{area}", now)
        if lacks:
            return
        asked = render.message_id(self.turn.secret, "", letter.key, self.turn.domain)
        proposed.keep(tx, f"{mail.digest}/{area}", Agreed(asked, other=OPEN if other else YES))
        if other:
            self._post(tx, None, other, Question.Proposed(proposal=found, by=person(by)), f"{mail.digest}/{area}", now)

    def _other(self, found: Proposal, by: Contact, now: datetime) -> Contact | None:
        """Whom it names, if the directory knows them; else who holds the role today, else the agency's lead."""
        directory, today = self.directory, now.date()
        named = directory.person(found.email)
        held = directory.holders(found.role, found.area, found.agency, found.team, today)
        leads = directory.holders("designated_safeguarding_lead", found.area, found.agency, on=today)
        row = (*([named] if named else ()), *held, *leads)
        return next((one for one in row if not directory.same_person(one.email, by.email)), None)

    def about(self, cited: list[Queued], mail: Mail) -> Queued | None:
        """The letter about a change that the mail answers. A word of its own, such as HELP, answers none."""
        is_word = mail.command is None or mail.command.word in (Word.YES, Word.NO)
        return next((q for q in cited if is_word and proposed.proposal(q.letter.values) is not None), None)

    def take(self, tx: Connection, mail: Mail, asked: Queued, now: datetime) -> str:
        """What a YES or NO does. Returns why the mail must wait for a person, "" when it need not. Words of somebody
        else, words without proof and other words count for nothing; whoever the directory knows is told so."""
        values, digest = asked.letter.values, asked.letter.occasion.removeprefix("spoc/")
        found, kept = proposed.proposal(values), proposed.of(tx, digest)
        who, email = asked.letter.to[0], mail.sender.email if mail.sender else ""
        by = self.directory.person(email)
        if found is None or kept is None or by is None or mail.proof is Proof.FAILED:
            return "an answer about the directory that counts for nothing"
        if not self.directory.same_person(who.email, email):
            undone = f"It was {who} who was asked, and whose word counts"
        elif mail.proof is not Proof.PROVEN or dated.outdated(mail, asked.queued, is_seen=False, behind=dated.SLOW):
            undone = _UNPROVEN
        elif kept.is_confirmed or kept.is_refused:
            undone = _SETTLED
        elif mail.command is None:
            undone = "Only YES or NO on the first line is read here"
        else:
            word = YES if mail.command.word is Word.YES else NO
            is_unit = isinstance(values, Answer.Proposed)
            kept = Agreed(kept.letter, word if is_unit else kept.unit, kept.other if is_unit else word)
            proposed.keep(tx, digest, kept)
            self._tell(tx, mail, by, digest, now, done=self._became(tx, found, digest, kept, now))
            return ""
        self._tell(tx, mail, by, digest, now, undone=undone)
        return ""

    def _became(self, tx: Connection, found: Proposal, digest: str, kept: Agreed, now: datetime) -> str:
        """What follows from the words of both, in a sentence for whoever spoke last."""
        if kept.is_refused:
            lines = [f"It was said that {found.name or found.email} is not right for {found.team}. Nothing changes."]
            self.turn.alert(tx, f"spoc-refused/{digest}", "A change of the directory is not right", lines, now)
            for one in self.directory.unit(found.area) if kept.other == NO else ():
                why = f"Whoever was asked says that the change to {found.name or found.email} is not right"
                self._tell(tx, None, one, digest, now, undone=why)
            return "Noted: it is not right, and nothing changes"
        if not kept.is_confirmed:
            return "Noted: it is right. The other side is asked as well, and nothing has changed yet"
        line, old = proposed.csv_line(self.directory, found)
        lines = ["Both have said that it is right. The line for directory.csv:", proposed.HEADER, line]
        lines.append(f"It stands in place of line {old}" if old else "It is a new line: see which of the old ones go")
        lines.append("Nothing was changed. When it is in, run: challenge-bot check")
        self.turn.alert(tx, f"spoc-right/{digest}", "A change of the directory is confirmed", lines, now)
        return "Noted: both have said that it is right. The operator has the line for the directory"

    def _tell(
        self, tx: Connection, mail: Mail | None, to: Contact, digest: str, now: datetime, done: str = "",
        undone: str = "",
    ) -> None:  # fmt: skip
        emergency = self.office.emergency(digest.rpartition("/")[2])
        rows = [(one,) if one else () for one in (done, undone)]
        told = Answer.Office(emergency=emergency, done=rows[0], undone=rows[1], choices=())
        self._post(tx, mail, to, told, f"{mail.digest if mail else digest}/said", now)

    def _post(
        self, tx: Connection, mail: Mail | None, to: Contact, values: Wording, what: str, now: datetime
    ) -> Letter:
        cited = tuple(i for i in (*mail.references[-5:], mail.message_id or "") if i) if mail else ()
        answered = (mail.message_id or "") if mail else ""
        letter = Letter(
            values, f"spoc/{what}", (to,), decided=now, subject=SUBJECT, in_reply_to=answered, references=cited
        )
        self.turn.post(tx, letter, now)
        return letter
