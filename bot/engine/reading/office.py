"""Mail of people whom the directory knows, where no case answers it: each hears what was done, or why nothing was.

It reads the business unit's line, finds the case that the line names, and answers what was placed in no case, or in
one that its writer may not know of: that letter is the same whether there is such a case or not. An inbox is answered
only to a word; what has no new word once for each sender, thread and day; what answers an answer not at all. It places
nothing itself (place.py) and opens nothing (pen.py, brought.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import re2
from sqlalchemy import Connection

from bot.case.placement import Attach, Ignore, Pen, Placement
from bot.case.said.unit import others
from bot.engine.turn import Turn
from bot.mail.subject import ref_in
from bot.mail.words import office
from bot.mail.words.office import Line
from bot.model import WAITING, Case, Contact, How, Inbox, Letter, LetterKind, Mail, MailKind, Proof, Word, Wording
from bot.model.letters import Answer, person
from bot.model.letters.parts import Choice
from bot.model.letters.standing import Emergency
from bot.rules import book
from bot.rules.directory import UNIT, Directory
from bot.store import cases, outbox

SUBJECT = "Your mail to the challenge clock"
#: So many answers a day to one address, of whatever case or none.
ANSWERS_A_DAY = 10
_NUMBER = re2.compile(r"(?i)^duplicate\D{0,6}(\d{1,9})\b")
_HELP: Choice = ("HELP", "every word you can send")
_OF_CASE: Choice = ("STATUS CE-2027-0007", "a word about a case: its ref stands behind the word")
_NEW: Choice = ("NEW", "a challenge made by telephone; then a line each: Who, Whom, When, How urgent, About")


@dataclass(eq=False, slots=True)
class Office:
    """Answers mail. `watched`: mailbox -> what it is."""

    turn: Turn
    watched: Mapping[str, Inbox]

    @property
    def directory(self) -> Directory:
        return self.turn.books.settings.directory

    # --- what the business unit means -----------------------------------------------------------------------------

    def understood(self, mail: Mail) -> Mail:
        """The mail with the word that its line asks with, if the business unit wrote it; any other as it is."""
        if mail.kind is not MailKind.HUMAN or mail.is_list or mail.is_unsure or not self.areas(mail):
            return mail
        command = office.first_line(mail.new_text).command
        return mail if command is None else replace(mail, command=command)

    def areas(self, mail: Mail) -> tuple[str, ...]:
        """The areas whose business unit the sender is, by address alone: what they may do asks for proof as well."""
        email = mail.sender.email if mail.sender else ""
        return tuple(areas_of(self.directory, email)) if email else ()

    def placed(self, tx: Connection, mail: Mail, placement: Placement) -> tuple[Placement, tuple[str, ...]]:
        """Where the mail goes once the line was read: a case that it names, or whose people are to be reminded. And
        the other cases it names that its sender may speak of, as refs."""
        areas = self.areas(mail)
        if mail.command is None or isinstance(placement, Ignore):
            return placement, ()
        line = office.first_line(mail.new_text)
        if not areas:
            number = placement.case if isinstance(placement, Attach) else None
            return placement, tuple(self._own_refs(tx, mail, line, number))
        found = self._named(tx, mail, line, areas)
        if len(found) == 1 and not (isinstance(placement, Attach) and placement.case == found[0].number):
            placement = Attach(found[0].number, How.LINE)
        return placement, tuple(self._others(tx, line, areas))

    def _named(self, tx: Connection, mail: Mail, line: Line, areas: tuple[str, ...]) -> list[Case]:
        """The cases that the line names: by ref, by whom it reminds; of a line without one, those in the subject."""
        if line.ref:
            return list(self._cases(tx, (line.ref,), areas))
        if mail.command is not None and mail.command.word is Word.NUDGE and mail.command.note:
            return self._waiting_for(tx, mail.command.note, areas)
        return list(self._cases(tx, ref_in(mail.subject), areas)) if line.others else []

    def _cases(self, tx: Connection, refs: tuple[str, ...], areas: tuple[str, ...]) -> Iterator[Case]:
        for _, number in cases.find_refs(tx, refs):
            case = cases.load(tx, number).case
            if case.area in areas:
                yield case

    def _others(self, tx: Connection, line: Line, areas: tuple[str, ...]) -> Iterator[str]:
        """Refs that stand beside the case's own, or the ref whose last number alone does: "duplicate of 0147"."""
        yield from (case.ref for case in self._cases(tx, line.others, areas))
        number = _NUMBER.search(line.command.note) if line.command and line.command.word is Word.CORRECT else None
        if number is not None and not line.others:
            ends = f"-{number.group(1):0>4}"
            found = [case.ref for case in cases.all_cases(tx) if case.area in areas and case.ref.endswith(ends)]
            yield from found if len(found) == 1 else ()

    def _own_refs(self, tx: Connection, mail: Mail, line: Line, number: int | None) -> Iterator[str]:
        """Refs behind a raiser's word that are challenges of the same raiser."""
        if number is None or not line.others:
            return
        own = cases.load(tx, number).case.raiser.email
        for _, other in cases.find_refs(tx, line.others):
            case = cases.load(tx, other).case
            if self.directory.same_person(case.raiser.email, own) and mail.sender is not None:
                yield case.ref

    def _waiting_for(self, tx: Connection, words: str, areas: tuple[str, ...]) -> list[Case]:
        """Open cases that wait for a person whom the words name."""
        said = f" {' '.join(''.join(c if c.isalnum() else ' ' for c in words.casefold()).split())} "
        return [
            case
            for case in cases.open_cases(tx)
            if case.area in areas
            and case.state in WAITING
            and any(_is_named(served.contact, said, words) for served in case.served)
        ]

    # --- the answer -----------------------------------------------------------------------------------------------

    def answer(self, tx: Connection, mail: Mail, inbox: Inbox, placement: Placement, now: datetime) -> None:
        """What its sender is told where no case tells them. In a team's inbox nobody of no case is answered, and so
        nobody who may not know of one; of a copy the one that came to us counts."""
        email = mail.sender.email if mail.sender else ""
        known = self.directory.person(email) if email else None
        if known is None or mail.kind is not MailKind.HUMAN or mail.proof is Proof.FAILED:
            return
        if mail.is_list and not isinstance(placement, Attach):
            return
        match placement:
            case Attach(case=number) if inbox.is_bot:
                stored = cases.load(tx, number)
                if others.is_third(stored.case, email, self.turn.rules_of(stored)):
                    self._post(tx, mail, known, self._elsewhere(mail, email), now)
            case Pen(asks=()) if inbox.is_bot:
                areas = self.areas(mail)
                is_theirs = areas and not self._is_of_others(mail, areas)
                told = self._to_unit(tx, mail, areas) if is_theirs else self._elsewhere(mail, email)
                self._post(tx, mail, known, told, now)

    def tell(
        self, tx: Connection, mail: Mail, done: tuple[str, ...], undone: tuple[str, ...], now: datetime,
        choices: tuple[Choice, ...] = (),
    ) -> None:  # fmt: skip
        """The business unit hears what its mail has done, and what not."""
        email = mail.sender.email if mail.sender else ""
        known = self.directory.person(email)
        if known is not None:
            emergency = self.emergency(next(iter(self.areas(mail)), ""))
            told = Answer.Office(emergency=emergency, done=done, undone=undone, choices=choices)
            self._post(tx, mail, known, told, now, has_word=True)

    def _post(
        self, tx: Connection, mail: Mail, to: Contact, values: Wording, now: datetime, *, has_word: bool = False
    ) -> None:
        """`has_word`: the mail asked for something, whether or not in a word of the table."""
        has_word = has_word or mail.command is not None
        cited = outbox.by_message_id(tx, mail.cited) if mail.cited else []
        if not has_word and (
            others.is_inbox(self.directory, [box.address for box in self.watched.values()], to.email)
            or any(queued.letter.kind is LetterKind.ANSWER for queued in cited)
        ):
            return
        if outbox.answers_to(tx, to.email, now - timedelta(days=1)) >= ANSWERS_A_DAY:
            return
        thread = next(iter((*mail.references, *mail.in_reply_to)), "") or " ".join(mail.subject.casefold().split())
        occasion = mail.digest if has_word else f"answered:{thread}:{now:%Y%m%d}"
        cites = tuple(i for i in (*mail.references[-5:], mail.message_id or "") if i)
        letter = Letter(
            values, occasion, (to,), decided=now, subject=SUBJECT,
            in_reply_to=mail.message_id or "", references=cites,
        )  # fmt: skip
        self.turn.post(tx, letter, now)

    def _is_of_others(self, mail: Mail, areas: tuple[str, ...]) -> bool:
        """Whether a ref of another area stands in what a unit wrote, there or not."""
        return any(ref.partition("-")[0] not in areas for ref in ref_in(f"{mail.subject}\n{mail.new_text}"))

    def _elsewhere(self, mail: Mail, email: str) -> Wording:
        """The area is that of a ref as it is written, there or not; else the sender's own."""
        named = (ref.partition("-")[0] for ref in ref_in(f"{mail.subject}\n{mail.new_text}"))
        own = sorted(area for area in self.directory.areas if self.directory.roles_of(email, area))
        watched = {box.area for box in self.watched.values() if box.policy}
        area = next((one for one in (*named, *own) if one in watched), next(iter(sorted(watched)), ""))
        operator = Contact(self.turn.books.settings.config.operator, "the operator of this service")
        unit = next(iter(self.directory.unit(area)), operator)
        return Answer.Elsewhere(emergency=self.emergency(area), unit=person(unit))

    def emergency(self, area: str) -> Emergency:
        """Both numbers of that area, of any where it has none."""
        settings = self.turn.books.settings
        policies = [settings.policies[box.policy] for box in self.watched.values() if box.policy in settings.policies]
        numbers = [(policy, line) for policy in policies for where, line in policy.emergency.items() if where == area]
        numbers += [(policy, line) for policy in policies for line in policy.emergency.values()]
        if not numbers:
            return Emergency("", "")
        policy, line = numbers[0]
        return Emergency(book.risk(line, policy.about), book.box(line, policy.about))

    def _to_unit(self, tx: Connection, mail: Mail, areas: tuple[str, ...]) -> Wording:
        line = office.first_line(mail.new_text)
        lacks, choices = self._lacks(tx, mail, line, areas)
        return Answer.Office(emergency=self.emergency(areas[0]), done=(), undone=(lacks,), choices=choices)

    def _lacks(self, tx: Connection, mail: Mail, line: Line, areas: tuple[str, ...]) -> tuple[str, tuple[Choice, ...]]:
        """Why nothing was done, in a sentence, and what would do something."""
        command = line.command
        if mail.proof is not Proof.PROVEN:
            return "It could not be proven that your mail came from your mailbox. Please send it again", ()
        if command is None:
            return "No word that acts was read in your mail. It waits for a person and stands in the daily letter", (
                _OF_CASE, _NEW, _HELP,
            )  # fmt: skip
        if line.ref:
            return f"There is no case {line.ref} in your area", (("OPEN", "which challenges are open"),)
        if command.word is Word.NUDGE and command.note:
            found = self._waiting_for(tx, command.note, areas)
            if found:
                refs = tuple((f"NUDGE {case.ref}", "the reminder goes for this case") for case in found)
                return "More than one case waits for them, so nobody was reminded", refs
            return "No open case waits for anybody you name, so nobody was reminded", (_OF_CASE, _HELP)
        return f"{command.word} names no case. Its ref stands behind the word", (
            (f"{command.word} CE-2027-0007", "with the ref of the case you mean"), _HELP,
        )  # fmt: skip


def areas_of(directory: Directory, email: str, on: date | None = None) -> dict[str, Contact]:
    """The areas whose business unit or manager this address is, on that day if one is given, with its contact there."""
    return {
        area: contact if directory.same_person(contact.email, email) else replace(contact, email=email, name="")
        for area in sorted(directory.areas)
        for role in UNIT
        for contact in directory.holders(role, area, on=on)
        if directory.same_person(contact.email, email) or contact.deputy == email
    }


def _is_named(contact: Contact, said: str, words: str) -> bool:
    name = " ".join(contact.name.casefold().split())
    return (bool(name) and f" {name} " in said) or contact.email in words.casefold()
