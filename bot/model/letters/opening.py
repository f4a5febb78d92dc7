"""The first letters of a case: to who raised it, and to who is challenged."""

from dataclasses import dataclass

from bot.model.letters.parts import FormRow, Original, Person
from bot.model.letters.wording import Wording
from bot.model.marks import PlainText


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receipt(Wording):
    """`asks`: codes of the questions that ride in it, for each of which the template has a sentence. `same_as`: the ref
    of the case that it may be written of again."""

    asks: tuple[PlainText, ...]
    held_before: tuple[PlainText, ...]  # names of stages
    raise_within: PlainText
    exclusions: tuple[PlainText, ...]
    forms: tuple[FormRow, ...] = ()


class Acknowledgement:
    """To the raiser."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Opened(_Receipt):
        same_as: PlainText = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Provisional(_Receipt):
        """Their address could not be proven."""

        same_as: PlainText = ""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Brought(_Receipt):
        """The business unit handed it in for them: is it theirs?"""

        by: Person

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Stranger(Wording):
        """The one letter that may leave the allow-list."""


class Notice:
    """To those who are challenged."""

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Opened(Wording):
        original: Original
        ask_commitment: bool
        asks: tuple[PlainText, ...]
        forms: tuple[FormRow, ...] = ()

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Provisional(Wording):
        """Of a stranger's mail: to team inbox and business unit."""

        original: Original
