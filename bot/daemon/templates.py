"""The letters' texts of a configuration: mail_templates/ as it lies in its folder now, and what of it was tried before.

To try every letter takes seconds, so a digest of what was found sound is kept in `var`. Whoever may write there owns
the database anyway; a file that cannot be read, or understood, is as if it were not there. It tries nothing itself.
"""

import hashlib
import os
from contextlib import ExitStack, suppress
from pathlib import Path

from bot import __version__
from bot.letters.render import Templates
from bot.settings.settings import Settings

TRIED = "letters-tried"


def templates_of(settings: Settings) -> Templates:
    """Every template by its name. Raises OSError."""
    return Templates.from_texts(
        {path.name: path.read_text("utf-8") for path in sorted(settings.templates.glob("*.j2"))}
    )


def digest(settings: Settings) -> str:
    """What the letters are made of: the program's version, the calendar, every file of the templates' folder and every
    policy. Raises OSError."""
    made = hashlib.sha256(f"{__version__} {settings.config.calendar!r}".encode())
    for path in sorted(path for path in settings.templates.iterdir() if path.is_file()):
        made.update(f"\n{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    for name, policy in settings.policies.items():
        made.update(f"\n{name} {policy!r}".encode())
    return made.hexdigest()


def tried(var: Path) -> str:
    """The digest of what was found sound last; "" where nothing was."""
    try:
        return (var / TRIED).read_text("ascii")
    except (OSError, ValueError):
        return ""


def note_tried(var: Path, sound: str) -> None:
    """Keeps this in place of the one before, where `var` is there and can be written."""
    draft = var / f"{TRIED}.{os.getpid()}"
    with suppress(OSError), ExitStack() as left:
        left.callback(draft.unlink, missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(sound)
        draft.replace(var / TRIED)
