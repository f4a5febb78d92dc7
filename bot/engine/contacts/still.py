"""What a contact says when asked whether they still answer: YES, NO, or NAME and who it is now.

Proven words of whoever was asked count, and of nobody else. YES and NO are noted: who says NO stays in the directory
until somebody takes their place, and the business unit hears. NAME is proposed to the unit as a change (spoc.py).
"""

from dataclasses import dataclass
from datetime import date, datetime

import re2
from sqlalchemy import Connection

from bot.case import dated
from bot.engine.contacts import facts, proposed, quarter
from bot.engine.reading.spoc import UNPROVEN, Changes
from bot.mail.words.brought import addresses, phone
from bot.model import Contact, Mail, Proof, Word
from bot.model.letters import Question
from bot.rules.answering import quarter as rules
from bot.rules.answering.quarter import Duty
from bot.store.outbox import Queued

_NAME = re2.compile(r"(?i)^\W*name\b[\s:,-]*(.*)$")
_NO_NAME = re2.compile(r"(?i)\b(?:deputy|tel|telephone|phone|mobile|mob)\b")
_NOT_A_NAME = re2.compile(r"\S+@\S+|[^\w\s.'’-]+")


def about(cited: list[Queued], mail: Mail) -> Queued | None:
    """The letter about the directory that the mail answers. A word of its own, such as HELP, answers none."""
    if mail.command is not None and mail.command.word not in (Word.YES, Word.NO):
        return None
    return next((q for q in cited if _is_about_it(q.letter.values)), None)


def _is_about_it(values: object) -> bool:
    return isinstance(values, Question.Still) or proposed.proposal(values) is not None


def take(changes: Changes, tx: Connection, mail: Mail, cited: Queued, now: datetime) -> str:
    """What the answer does. Returns why the mail must wait for a person, "" when it need not."""
    values = cited.letter.values
    if isinstance(values, Question.Still):
        return Still(changes, cited, values).take(tx, mail, now)
    return changes.take(tx, mail, cited, now)


@dataclass(eq=False, slots=True)
class Still:
    """One such question, answered."""

    changes: Changes
    cited: Queued
    values: Question.Still

    def take(self, tx: Connection, mail: Mail, now: datetime) -> str:
        """Words of somebody else, words without proof and other words count for nothing; whoever the directory knows is
        told so."""
        by = self.changes.directory.person(mail.sender.email if mail.sender else "")
        if by is None or mail.proof is Proof.FAILED:
            return "an answer about the directory that counts for nothing"
        done, undone, held = "", self._why_not(mail, by), self._held(by, now)
        if not undone:
            done, undone = self._follow(tx, mail, by, held, now)
        area = next((duty.area for duty in held), "")
        self.changes.tell(tx, mail, by, f"{mail.digest}/{area}", now, done=done, undone=undone)
        return ""

    def _why_not(self, mail: Mail, by: Contact) -> str:
        """Why the words do not count, "" where they do."""
        who = self.cited.letter.to[0]
        if not self.changes.directory.same_person(who.email, by.email):
            return f"It was {who} who was asked, and whose word counts"
        is_old = dated.outdated(mail, self.cited.queued, is_seen=False, behind=dated.SLOW)
        return UNPROVEN if mail.proof is not Proof.PROVEN or is_old else ""

    def _follow(
        self, tx: Connection, mail: Mail, by: Contact, held: tuple[Duty, ...], now: datetime
    ) -> tuple[str, str]:
        """What was done, or why nothing was, in a sentence."""
        if not held:
            return "", "The directory does not name you there any more, so there is nothing to change"
        if mail.command is not None and mail.command.word is Word.YES:
            self._note(tx, by, facts.YES, now)
            return "Noted: that is still right. Thank you", ""
        if mail.command is not None:
            self._note(tx, by, facts.NO, now)
            self._tell_unit(tx, mail, held, now)
            return "Noted. Letters go there until somebody else is named, and the business unit is told", ""
        line = next((line for line in mail.new_text.split("\n") if line.strip()), "")
        match = _NAME.match(line)
        if match is None:
            return "", "Only YES, NO or NAME on the first line is read here"
        return self._propose(tx, mail, by, match.group(1), held, now)

    def _propose(
        self, tx: Connection, mail: Mail, by: Contact, said: str, held: tuple[Duty, ...], now: datetime
    ) -> tuple[str, str]:
        """Each role that they hold is proposed by itself: the unit may say YES to one and NO to another."""
        found, number = addresses(said), phone(said)
        email, bare = next(iter(found), ""), _NO_NAME.sub(" ", said.replace(number, " ") if number else said)
        name = " ".join(_NOT_A_NAME.sub(" ", bare).split())
        if not email:
            return "", "NAME needs the address of who it is now, on the same line"
        lacks = [self.changes.propose(tx, mail, by, duty, name, email, number, now) for duty in held]
        if all(lacks):
            return "", f"Nothing was changed. What is needed is {lacks[0]}"
        self._note(tx, by, facts.NAMED, now)
        noted = f"{name or email}{f', {number}' if number else ''}"
        return f"Noted: {noted}. The business unit is asked; letters go there once it says YES", self._left_out(found)

    def _left_out(self, found: tuple[str, ...]) -> str:
        """What was not taken of the words, in a sentence; "" for nothing."""
        if len(found) < 2:
            return ""
        return f"Only one address is taken here, so {' and '.join(found[1:])} was not. Tell the unit of a deputy"

    def _day(self, now: datetime) -> date:
        return now.astimezone(self.changes.turn.books.settings.calendar.zone).date()

    @property
    def _contact(self) -> str:
        return self.values.whom.email if self.values.whom else self.cited.letter.to[0].email

    def _held(self, by: Contact, now: datetime) -> tuple[Duty, ...]:
        """What the contact holds today, of what was asked about, be it of a stage or not; of what a deputy is asked
        about, that for which they still are one."""
        directory, day = self.changes.directory, self._day(now)
        duties = (
            Duty(row.area, row.agency, row.team, row.role, row.deputy_email)
            for row in directory.rows
            if row.email == self._contact and row.is_valid(day)
        )
        named = {(one.whose, one.role) for one in self.values.held}
        theirs = [duty for duty in dict.fromkeys(duties) if (duty.whose, duty.role) in named]
        if self.values.whom is None:
            return tuple(theirs)
        return tuple(duty for duty in theirs if directory.same_person(duty.deputy, by.email))

    def _note(self, tx: Connection, by: Contact, word: str, now: datetime) -> None:
        facts.note_word(tx, rules.named(self._day(now)), self._contact, by.email, word, now)

    def _tell_unit(self, tx: Connection, mail: Mail, duties: tuple[Duty, ...], now: datetime) -> None:
        """The business unit of each area, else the operator, hears that somebody does not answer there any more."""
        directory, day = self.changes.directory, self._day(now)
        who = directory.person(self._contact) or Contact(self._contact)
        for area in dict.fromkeys(duty.area for duty in duties):
            held = [duty for duty in duties if duty.area == area]
            roles = " and ".join(f"{duty.role.replace('_', ' ')} of {duty.whose}" for duty in held)
            said = f"{who} ({who.email}) is not {roles} any more, we were told. Please write SPOC with who it is now"
            for one in directory.unit(area, day) or (quarter.unit_of(self.changes.turn, area, now),):
                self.changes.tell(tx, None, one, f"{mail.digest}/{area}", now, done=said)
