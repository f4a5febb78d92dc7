"""Letters of a case's end: the outcome to all, and the record to where it is filed."""

from dataclasses import dataclass
from datetime import datetime

from bot.model.letters.parts import Action, FileEntry, Original, Person, PromptLine
from bot.model.letters.wording import Wording
from bot.model.marks import PlainText


class Outcome:
    """To everybody involved."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Closed(Wording):
        """`by`: whose word was the last; `ask_child_file`: the entry on the child's own record is asked for."""

        closed_as: PlainText
        by: Person
        at: datetime
        outcome_missing: bool
        original_of_outcome: Original | None
        ask_child_file: bool
        actions: tuple[Action, ...]
        prompts: tuple[PromptLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Filed(Wording):
    """Decided before the record is made: `manifest` and `where` are told when the letter goes."""

    prompts: tuple[PromptLine, ...]
    manifest: tuple[FileEntry, ...] = ()  # none: the files that the letter carries
    where: PlainText = "with this service, whose operator can produce it"
    themes: tuple[PlainText, ...] = ()  # what it may have been about: the unit is asked


class Record:
    """To where the policy has the record filed."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Minimal(_Filed):
        pass

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Full(_Filed):
        """`parts`: how many letters the record takes; 0 where its mails stay with us."""

        part: int = 1
        parts: int = 1

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Form(Wording):
        """A completed form. `goes`: its mail comes with this letter."""

        form: PlainText  # its title
        who: Person
        when: datetime
        goes: bool
