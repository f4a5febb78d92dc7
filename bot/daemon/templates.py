"""The letters' texts of a configuration: mail_templates/ as it lies in its folder now, and what of it was tried before.

To try every letter takes seconds, so a digest of what was found sound is kept in `var`. Whoever may write there owns
the database anyway; a file that cannot be read, or understood, is as if it were not there. It tries nothing itself.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from pathlib import Path

from bot import __version__
from bot.letters.render import Templates
from bot.settings.settings import Settings

TRIED = "letters-tried.json"


def templates_of(settings: Settings) -> Templates:
    """Every template by its name. Raises OSError."""
    return Templates.from_texts(
        {path.name: path.read_text("utf-8") for path in sorted(settings.templates.glob("*.j2"))}
    )


def digests(settings: Settings) -> frozenset[str]:
    """What the letters are made of: this program, every file of the templates' folder and the calendar; and one digest
    a policy, of the same and the policy. Raises OSError."""
    files = [path for path in sorted(settings.templates.iterdir()) if path.is_file()]
    common = hashlib.sha256(f"{__version__} {settings.config.calendar!r}".encode())
    for path in files:
        common.update(f"\n{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}".encode())
    each = (f"{common.hexdigest()} {name} {policy!r}" for name, policy in settings.policies.items())
    return frozenset({common.hexdigest(), *(hashlib.sha256(one.encode()).hexdigest() for one in each)})


def tried(var: Path) -> frozenset[str]:
    """The digests that were found sound."""
    try:
        found = json.loads((var / TRIED).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return frozenset()
    return frozenset(one for one in found if isinstance(one, str)) if isinstance(found, list) else frozenset()


def note_tried(var: Path, sound: Iterable[str]) -> None:
    """Keeps these in place of those before, where `var` is there and can be written."""
    draft = var / f"{TRIED}.{os.getpid()}"
    with suppress(OSError), ExitStack() as left:
        left.callback(draft.unlink, missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(sorted(sound), file)
        draft.replace(var / TRIED)
