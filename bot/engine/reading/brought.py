"""The business unit hands in a challenge that somebody else has made: forwarded, or told by telephone.

The raiser is who wrote the quoted original, or whom the unit names; a person of the directory, never the unit itself.
What is missing is asked for in the minute of the mail; what can be assumed is, so that the clock runs. Only the unit's
proven mail opens anything. What the words say is mail/words/brought.py's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.case.placement import Open, Pen, Placement
from bot.engine.reading.office import Office, areas_of
from bot.engine.reading.place import keys_of
from bot.engine.turn import Turn
from bot.mail.words import brought, office
from bot.mail.words.brought import Told
from bot.model import Address, Case, Contact, Decision, Flag, Inbox, Mail, MailKind, Proof, SubjectReading, Word
from bot.model.letters.parts import Choice
from bot.rules import workdays
from bot.rules.directory import Directory
from bot.rules.windows import requested
from bot.store import cases

HANDED_IN = "handed in by the business unit"
#: A mail may give the time of an original in another zone than ours.
_SAME_TIME = timedelta(hours=1, minutes=10)
LINES: tuple[Choice, ...] = (("NEW", "then a line each: Who: Whom: When: How urgent: About:"),)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What came of it: the case, if one was opened, and sentences of what was done and what was not."""

    decision: Decision | None
    done: tuple[str, ...]
    undone: tuple[str, ...]


@dataclass(eq=False, slots=True)
class Brought:
    """Opens such challenges. `watched`: mailbox -> what it is."""

    turn: Turn
    office: Office
    watched: Mapping[str, Inbox]

    @property
    def directory(self) -> Directory:
        return self.turn.books.settings.directory

    def is_handed_in(self, mail: Mail, placement: Placement, *, is_old: bool) -> bool:
        """Whether a person of the unit hands a challenge in by a proven mail: forwarded, or with the word NEW."""
        if is_old or mail.proof is not Proof.PROVEN or not isinstance(placement, Open | Pen):
            return False
        if mail.kind is not MailKind.HUMAN or mail.is_list:
            return False
        says_new = mail.command is not None and mail.command.word is Word.NEW
        return (says_new or self._is_passed_on(mail) or mail.trigger.phrase is not None) and bool(
            self.office.areas(mail)
        )

    def open(self, tx: Connection, mail: Mail, now: datetime) -> HandedIn:
        """Opens the case of who made the challenge, or says what is missing."""
        areas = self.office.areas(mail)
        line = office.first_line(mail.new_text)
        note = line.command.note if line.command is not None and line.command.word is Word.NEW else ""
        is_passed_on = self._is_passed_on(mail)
        told = brought.told(mail, note, is_prose=not is_passed_on)
        whom = told.whom or (mail.quoted_to if is_passed_on else told.prose)
        box = self._box(whom, areas)
        raiser, why = self._raiser(mail, told, box, is_passed_on)
        if raiser is None or box is None:
            no_team = "It does not say which team is challenged (Whom: a team or person we watch)"
            lacks = (*((why,) if raiser is None else ()), *(() if box else (no_team,)))
            return HandedIn(None, (), lacks)
        known = self._known(tx, raiser, mail, box) if is_passed_on else None
        if known is not None:
            return HandedIn(None, (), (f"It is {known.ref} already, so nothing was opened",))
        restated = self._restated(mail, told, raiser, whom, box)
        since = told.when or mail.received
        flags = (Flag.REPORTED_START, Flag.BROUGHT_IN)
        decision = self.turn.open(tx, restated, box, now, flags, "", since)
        cases.note_ids(tx, decision.case.number, keys_of(mail))
        return HandedIn(decision, self._done(decision.case), self._lacks(decision.case, told))

    def _is_passed_on(self, mail: Mail) -> bool:
        """Whether it quotes the original of somebody who is not the unit."""
        is_challenge = mail.quoted_trigger is not None or mail.trigger.phrase is not None
        writer = (mail.quoted_from or "").lower()
        return bool(writer) and is_challenge and not areas_of(self.directory, writer)

    def _raiser(self, mail: Mail, told: Told, box: Inbox | None, is_passed_on: bool) -> tuple[Contact | None, str]:
        """Who made the challenge; None and what is missing where that is not one person of the directory."""
        if is_passed_on and not told.who:
            found = self.directory.person((mail.quoted_from or "").lower())
            return found, f"It was written by {mail.quoted_from}, whom the directory does not name (Who: whom it names)"
        people = [one for one in self._people(told.who or told.prose) if not areas_of(self.directory, one.email)]
        if not told.who and box is not None:
            people = [one for one in people if self.directory.team_of(one.email, box.area) != box.team]
        if len(people) == 1:
            return people[0], ""
        who = (
            f"“{told.who}” is not one person whom the directory names" if told.who else "It does not say who raises it"
        )
        return None, f"{who} (Who: a name or address of the directory)"

    def _people(self, words: str) -> list[Contact]:
        """Whom the words name, by address or by name; each once."""
        said = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in words.casefold()).split())} "
        given = [self.directory.person(address) for address in brought.addresses(words)]
        found = {one.email: one for one in given if one is not None}
        for row in self.directory.rows:
            name = " ".join(row.name.casefold().split())
            if name and f" {name} " in said and (known := self.directory.person(row.email)) is not None:
                found.setdefault(known.email, known)
        return list(found.values())

    def _box(self, words: str, areas: Iterable[str]) -> Inbox | None:
        """The watched inbox of the team that the words mean; of an area with a single one, that."""
        boxes = [box for box in self.watched.values() if not box.is_bot and box.area in areas and box.policy]
        said, people = words.casefold(), self._people(words)
        teams = [
            box
            for box in boxes
            if box.address in said
            or (box.team and box.team.casefold() in said)
            or (box.team and any(self.directory.team_of(one.email, box.area) == box.team for one in people))
        ]
        return next(iter(teams or (boxes if len(boxes) == 1 else [])), None)

    def _known(self, tx: Connection, raiser: Contact, mail: Mail, box: Inbox) -> Case | None:
        """The open case that the forwarded challenge has opened already."""
        return next(
            (
                case
                for case in cases.open_cases(tx)
                if case.area == box.area
                and self.directory.same_person(case.raiser.email, raiser.email)
                and mail.quoted_sent is not None
                and abs(case.opened - mail.quoted_sent) <= _SAME_TIME
            ),
            None,
        )

    def _restated(self, mail: Mail, told: Told, raiser: Contact, whom: str, box: Inbox) -> Mail:
        """The mail as the challenge it hands in: of whom, to whom, with which time."""
        policy = self.turn.books.settings.policies[box.policy]
        sent = mail.quoted_sent or told.when or mail.received
        given = mail.quoted_trigger if mail.quoted_trigger and _names_time(mail.quoted_trigger) else mail.trigger
        asked = requested(told.urgent or told.prose, sent, [tier.window for tier in policy.intake.tiers])
        phrase = given.phrase or policy.intake.subjects[0]
        if told.urgent or not _names_time(given):
            given = SubjectReading(phrase=phrase, window=asked.window, by=asked.by, flags=asked.flags)
        agency = self.directory.agency_of_team(box.team, box.area)
        addressed = tuple(Address(one.email, one.name) for one in self._people(whom) if one.agency == agency and agency)
        return replace(mail, trigger=given, quoted_from=raiser.email, to=addressed, cc=())

    def _done(self, case: Case) -> tuple[str, ...]:
        cal = self.turn.books.settings.calendar
        to = next((str(one.contact) for one in case.served), "nobody yet")
        due = workdays.say(case.due, cal) if case.due else "a day that is not known yet"
        return (
            f"{case.ref} is open: {case.raiser} to {to}, due {due}",
            f"Its time counts from {workdays.say(case.opened, cal)}",
            f"{case.raiser} was asked this minute whether it is theirs; until their YES they read no words of others",
        )

    def _lacks(self, case: Case, told: Told) -> tuple[str, ...]:
        lacks = []
        if case.has(Flag.WINDOW_ASSUMED):
            unread = f"“{told.urgent}” could not be read as a time to answer in" if told.urgent else ""
            how = unread or "How urgent it is was not said"
            lacks.append(f"{how}, so the shortest time was taken; the raiser is asked as well")
        if told.when_words and told.when is None:
            lacks.append(f"“{told.when_words}” could not be read as a time that is past, so it counts from your mail")
        if case.has(Flag.LATE_START):
            lacks.append("Its time was over or nearly so, so a little more was given")
        return tuple(lacks)


def _names_time(given: SubjectReading) -> bool:
    return given.window is not None or given.by is not None
