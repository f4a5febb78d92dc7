"""A change of who answers, told by the business unit in words: read, asked about, and agreed.

What was read goes back to the unit in the same minute, and to whom it names, or who holds the role today: is this
right? Only proven words of those who were asked count. Once both have said YES it stands over the file, letters go
there, and the operator has the line; the file is the operator's and is written by nobody here. What was said is kept
by contacts/proposed.py, what was agreed by contacts/facts.py; what contacts say each quarter is contacts/still.py's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import re2
from sqlalchemy import Connection

from bot.case import dated
from bot.engine.contacts import facts, proposed, quarter
from bot.engine.contacts.proposed import NO, OPEN, YES, Agreed
from bot.engine.reading.office import Office, areas_of
from bot.engine.turn import Turn
from bot.letters import render
from bot.mail.words.brought import addresses, phone
from bot.model import Contact, Letter, Mail, Proof, Word, Wording
from bot.model.letters import Answer, Person, Question, person
from bot.model.letters.parts import Proposal
from bot.rules import directory_file
from bot.rules.answering import over
from bot.rules.answering import quarter as rules
from bot.rules.answering.quarter import Duty
from bot.rules.answering.today import MANY
from bot.rules.directory import ROLES, Directory, domain_of
from bot.store.outbox import Queued

_CHANGES = re2.compile(r"(?i)\b(?:is now|are now|will be|changes? to|replaced by|instead of|has left|from now on)\b")
_NAME = re2.compile(r"(?i:\b(?:is now|are now|will be|changes? to|replaced by)\b)[\s:]*([^,;<(\n@\d]{3,60})")
_CAPITALS = re2.compile(r"\p{Lu}[\p{L}\p{M}'’.-]*(?: \p{Lu}[\p{L}\p{M}'’.-]*){1,3}")
_AT = re2.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True)
class Change:
    """What the words say: "" and () for what they do not. `now`: who holds the role today."""

    team: str
    role: str
    name: str
    email: str
    now: tuple[Contact, ...]
    agency: str = ""
    phone: str = ""

    def lines(self) -> Iterator[str]:
        """What was read, a sentence each."""
        before = ", ".join(f"{one} ({one.email})" for one in self.now) or "nobody"
        whose, role = self.team or self.agency or "nobody named", self.role.replace("_", " ") or "none named"
        yield f"For: {whose}. Role: {role}"
        yield f"Today: {before}. From now on: {self.name or 'no name'} ({self.email or 'no address'})"

    def proposal(self, directory: Directory, area: str) -> Proposal:
        agency = self.agency or next((c.agency for c in self.now), "") or directory.agency_of(self.email, area)
        now, whose = tuple(map(person, self.now)), directory.agency_of(self.email, area)
        return Proposal(area, agency, self.team, self.role, self.name, self.email, now, whose, self.phone)

    @property
    def missing(self) -> tuple[str, ...]:
        named = (("the team or agency", self.team or self.agency), ("the role", self.role), ("the address", self.email))
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
    email = next(iter(addresses(note)), "")
    agencies = {row.agency for row in directory.rows if row.area == area and row.agency}
    whole = f" {' '.join(re2.sub(r'[^0-9a-z&]+', ' ', said).split())} "
    agency = max((a for a in agencies if f" {a.casefold()} " in whole), key=len, default="")
    agency = directory.agency_of_team(team, area) if team else agency
    now = directory.holders(role, area, agency, team) if role and (team or agency) else ()
    return Change(team, role, _name(note, team, role, agency), email, now, agency, phone(note))


def _name(note: str, *others: str) -> str:
    """Who it is from now on: behind "is now" and its like, else the one part of a list that looks like a name and is
    neither team, role nor agency."""
    bare = _AT.sub("", note)
    if found := _NAME.search(bare):
        return str(found.group(1)).strip(" .")
    known = {one.casefold().replace("_", " ") for one in others}
    parts = [" ".join(part.strip(" .<>()").split()) for part in re2.split(r"[,;:\n]", bare)]
    names = [one for one in parts if _CAPITALS.fullmatch(one) and one.casefold().replace("-", " ") not in known]
    return names[0] if len(names) == 1 else ""


# --- asked of both, and what they say ---------------------------------------------------------------------------------

SUBJECT = "A change of the directory"
HEADER = ",".join(directory_file.COLUMNS)
UNPROVEN = "It could not be proven that your mail came from your mailbox"
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
        found, lacks = read.proposal(self.directory, area), " and ".join(read.missing) or self._lack(read.email)
        other = None if lacks else self._other(found, by, now)
        lines = [f"{by} ({by.email}) tells of a change. What was read of it, for the words may name a child:"]
        lines += read.lines()
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

    def _lack(self, email: str) -> str:
        """What is wrong with the address, "" for one that letters may go to."""
        allowed = self.turn.books.settings.config.recipients.allowed_domains
        return "" if domain_of(email) in allowed else "an address at a domain that letters may go to"

    def _other(self, found: Proposal, by: Contact, now: datetime) -> Contact | None:
        """Who is asked besides: the first who is somebody else."""
        row = self._askable(found, now)
        return next((one for one in row if not self.directory.same_person(one.email, by.email)), None)

    def _askable(self, found: Proposal, now: datetime) -> tuple[Contact, ...]:
        """Whom it names, if the directory knows them; who holds the role today; the agency's lead."""
        directory, today = self.directory, now.date()
        named = directory.person(found.email)
        held = directory.holders(found.role, found.area, found.agency, found.team, today)
        leads = directory.holders("designated_safeguarding_lead", found.area, found.agency, on=today)
        return (*([named] if named else ()), *held, *leads)

    def _may_say(self, found: Proposal, email: str, now: datetime, *, is_unit: bool) -> bool:
        """Whether whoever was asked would be asked today too: who has left a post says nothing of it."""
        if is_unit:
            return found.area in areas_of(self.directory, email, now.date())
        return any(self.directory.same_person(one.email, email) for one in self._askable(found, now))

    def propose(
        self, tx: Connection, mail: Mail, by: Contact, held: Duty, name: str, email: str, phone: str, now: datetime
    ) -> str:  # fmt: skip
        """Who held a role, or their deputy, names who has it now: the business unit alone is still to say that it is
        right. Returns what is wrong with it, "" where the unit is asked."""
        unit = next(iter(self.directory.unit(held.area, now.date())), None)
        if unit is None:
            return "a business unit that could be asked"
        if lacks := self._lack(email):
            return lacks
        before = self.directory.holders(held.role, held.area, held.agency, held.team, now.date())
        whose = self.directory.agency_of(email, held.area)
        now_is = tuple(map(person, before))
        found = Proposal(held.area, held.agency, held.team, held.role, name, email, now_is, whose, phone)
        what = f"{mail.digest}/{held.role}/{held.team or held.agency}/{held.area}"
        told = Question.Proposed(proposal=found, by=person(by), by_holder=True)
        letter = self._post(tx, None, unit, told, what, now)
        asked = render.message_id(self.turn.secret, "", letter.key, self.turn.domain)
        proposed.keep(tx, what, Agreed(asked, other=YES))
        return ""

    def take(self, tx: Connection, mail: Mail, asked: Queued, now: datetime) -> str:
        """What a YES or NO does. Returns why the mail must wait for a person, "" when it need not. Words of somebody
        else, words without proof and other words count for nothing; whoever the directory knows is told so."""
        values, digest = asked.letter.values, asked.letter.occasion.removeprefix("spoc/")
        found, kept = proposed.proposal(values), proposed.of(tx, digest)
        who, email = asked.letter.to[0], mail.sender.email if mail.sender else ""
        by = self.directory.person(email)
        if found is None or kept is None or by is None or mail.proof is Proof.FAILED:
            return "an answer about the directory that counts for nothing"
        is_unit = asked.letter.message_id == kept.letter
        if not self.directory.same_person(who.email, email):
            undone = f"It was {who} who was asked, and whose word counts"
        elif mail.proof is not Proof.PROVEN or dated.outdated(mail, asked.queued, is_seen=False, behind=dated.SLOW):
            undone = UNPROVEN
        elif not self._may_say(found, email, now, is_unit=is_unit):
            undone = "The directory names others there today, and their word counts. SPOC tells of a change anew"
        elif kept.is_confirmed or kept.is_refused:
            undone = _SETTLED
        elif mail.command is None:
            undone = "Only YES or NO on the first line is read here"
        else:
            word = YES if mail.command.word is Word.YES else NO
            kept = Agreed(kept.letter, word if is_unit else kept.unit, kept.other if is_unit else word)
            proposed.keep(tx, digest, kept)
            has_said = self._is_theirs(asked, found)
            self.tell(tx, mail, by, digest, now, done=self._became(tx, found, by, digest, kept, now, has_said))
            return ""
        self.tell(tx, mail, by, digest, now, undone=undone)
        return ""

    def _is_theirs(self, asked: Queued, found: Proposal) -> bool:
        """Whether who answers from now on is the one who was asked beside the business unit."""
        values = asked.letter.values
        other: Contact | Person | None = None
        if isinstance(values, Answer.Proposed):
            other = values.asked
        elif isinstance(values, Question.Proposed) and not values.by_holder:
            other = asked.letter.to[0]
        return other is not None and self.directory.same_person(other.email, found.email)

    def _became(
        self, tx: Connection, found: Proposal, by: Contact, digest: str, kept: Agreed, now: datetime, has_said: bool
    ) -> str:
        """What follows from the words of both, in a sentence for whoever spoke last. `has_said`: one of them is who
        answers from now on, and need not be asked again."""
        if kept.is_refused:
            lines = [f"It was said that {found.name or found.email} is not right for {found.whose}. Nothing changes."]
            self.turn.alert(tx, f"spoc-refused/{digest}", "A change of the directory is not right", lines, now)
            heard = self.directory.unit(found.area) if kept.other == NO else self._before(found)
            for one in heard:
                why = f"Whoever was asked says that the change to {found.name or found.email} is not right"
                self.tell(tx, None, one, digest, now, undone=why)
            return "Noted: it is not right, and nothing changes"
        if not kept.is_confirmed:
            return "Noted. The other side is asked too, and nothing has changed yet"
        change = proposed.agreed(found, now.astimezone(self.turn.books.settings.calendar.zone).date())
        line, old = proposed.csv_line(self.directory, change)
        if not line:
            lines = [f"Both have said that it is right that {found.name or found.email} answers for {found.whose}."]
            lines.append("The directory has changed since, and nothing was changed now. See what is right today")
            self.turn.alert(tx, f"spoc-right/{digest}", "A change of the directory came too late", lines, now)
            return "Noted. The directory has changed since, so the operator is asked to look"
        facts.accept(tx, change, now)
        if not has_said:
            self._ask_new(tx, change, digest, now)
        self._tell_before(tx, found, by, digest, now)
        lines = ["Both have said that it is right. The line for directory.csv:", HEADER, line]
        where = f"in place of line {' and '.join(map(str, old))}" if any(old) else "as a new line"
        lines.append(f"It stands over the file from now on, {where}; the file itself was not changed")
        lines.append("See: challenge-bot directory diff. To bring it into the file: challenge-bot directory write")
        self.turn.alert(tx, f"spoc-right/{digest}", "A change of the directory is confirmed", lines, now)
        return f"Noted: both have said that it is right. Letters go to {found.name or found.email} from now on"

    def _before(self, found: Proposal) -> Iterator[Contact]:
        """Whom the directory named when it was proposed, as far as it knows them."""
        yield from (one for who in found.before if (one := self.directory.person(who.email)) is not None)

    def _tell_before(self, tx: Connection, found: Proposal, by: Contact, digest: str, now: datetime) -> None:
        """Nobody's post goes to another without a word to them: others may have agreed to it."""
        said = f"Challenges for the {found.role.replace('_', ' ')} of {found.whose} go to {found.name or found.email}"
        unit = quarter.unit_of(self.turn, found.area, now)
        said = f"{said} from now on, as was agreed. If that is not right, tell {unit} ({unit.email})"
        for one in self._before(found) if found.role not in MANY else ():
            if not any(self.directory.same_person(one.email, other) for other in (by.email, found.email)):
                self.tell(tx, None, one, digest, now, done=said)

    def _ask_new(self, tx: Connection, change: over.Change, digest: str, now: datetime) -> None:
        """Whoever answers from now on hears of it, and may say that it is not right."""
        who = Contact(change.email, change.name, change.role, change.agency, change.team)
        held = Duty(change.area, change.agency, change.team, change.role)
        end = rules.until(now, self.turn.books.settings.calendar)
        quarter.ask(self.turn, tx, who, (held,), now, until=end, occasion=f"still/{digest}", is_new=True)

    def tell(
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
