"""What one reader said of one mail, ours or another; and precision and recall of what many said.

It knows neither mails nor readers, and prints nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Pairs = Sequence[tuple[object, object]]  # (labelled, said); what is empty or False is "none"
_TOKEN = re.compile(r"\w+|[^\w\s]")
#: By which of its reasons (`meant.by` of understand) our reader shows that it saw a sign only, kept words and asks.
_REACTION, _KEPT = ("reaction", "list: signs"), ("uncut", "inline")


@dataclass(frozen=True, slots=True)
class Said:
    """`kind` and `meaning` as `understand` has them, `meaning` "" where it is no person's mail."""

    kind: str
    meaning: str
    is_reaction: bool = False
    is_kept: bool = False  # words kept because no cut was sure, and asked about
    is_away: bool = False
    is_trigger: bool = False
    window: str = ""
    command: str = ""


def ours(answer: dict[str, Any]) -> Said:
    """What this bot said, from what `understand` gives."""
    why = answer["meant"]["by"] if answer["meant"] else ""
    return Said(
        answer["kind"],
        answer["meaning"] or "",
        is_reaction=why in _REACTION,
        is_kept=why in _KEPT,
        is_away=answer["kind"] == "auto_reply" or why == "notice",
        is_trigger=answer["trigger"],
        window=answer["window"] or "",
        command=answer["command"] or "",
    )


def rates(pairs: Pairs) -> tuple[float | None, float | None]:
    """Precision and recall. A value that was said and is another than the labelled one counts against both."""
    hit = sum(bool(was) and _same(was, said) for was, said in pairs)
    return _share(hit, sum(bool(said) for _, said in pairs)), _share(hit, sum(bool(was) for was, _ in pairs))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _same(was: object, said: object) -> bool:
    """Two instants are the same in whatever zone they are written."""
    if isinstance(was, str) and isinstance(said, str) and was != said:
        try:
            return datetime.fromisoformat(was) == datetime.fromisoformat(said)
        except ValueError:  # no instants
            return False
    return was == said


def nearness(one: str, other: str) -> float:
    """F1 of the words and marks that two texts share, each counted as often as it stands there."""
    here, there = (Counter(_TOKEN.findall(plain(text).lower())) for text in (one, other))
    shared = sum((here & there).values())
    return 2 * shared / (here.total() + there.total()) if here or there else 1.0


def plain(text: str) -> str:
    return " ".join(text.split())
