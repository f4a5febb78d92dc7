"""What can go wrong, whose fault it is, and what to do about it.

Every message is a plain sentence that names the file, line, mail or address and says what to do. Whoever catches
one of these shows its text and no traceback; anything else that escapes is a fault of our own.
"""

from collections.abc import Sequence
from dataclasses import dataclass

#: How the last error of a letter begins where the cause is ours and the operator must know at once.
FAULT = "fault: "


class BotError(Exception):
    """Something an operator or a correspondent can understand and mend."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault in a file of the configuration. `line` is 1-based, 0 where no line can be named."""

    file: str
    line: int
    text: str
    is_warning: bool = False

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.text}"


class ConfigError(BotError):
    """The configuration cannot be used; carries every fault found, not the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(str(p) for p in self.problems))


class DoorClosed(BotError):
    """A mailbox or a transport cannot be used just now (refused login, lost connection): try again later."""


class LoginRefused(DoorClosed):
    """The server knows us and says no: only a human helps, and hears of it sooner. Its text holds MARK, by which it is
    known again where only the text was kept."""

    MARK = "refused the login"


class LifeOver(BotError):
    """Another life works on the database now: this one may commit nothing more."""


class MailWithheld(DoorClosed):
    """The server lists a mail and does not give it: it is asked again some times, then goes on without."""


class Throttled(DoorClosed):
    """The server asked us to slow down; `seconds` is how long it wants us to wait."""

    def __init__(self, text: str, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(text)


class Unsure(BotError):
    """A letter was handed over and the answer was lost: it may or may not have arrived."""


class CaseMoved(BotError):
    """The case changed between reading and saving: decide again."""


class StoreError(BotError):
    """The database cannot be used as it stands (wrong version, broken file, no space)."""


class Overtaken(StoreError, CaseMoved):
    """The database undid it, for others held what it was to change: begin again."""


def in_words(error: BaseException) -> str:
    """What an error says to the person who must mend it; of a fault of our own only its kind, as its words may quote a
    mail."""
    if isinstance(error, BotError):
        return str(error)
    if isinstance(error, OSError) and error.strerror:
        return f"the machine says: {error.strerror}"
    return f"a fault of this program ({type(error).__name__})"
