"""Who answers professional challenges, as a page to print: a table a team, as PDF.

It is laid out by contacts.typ. It asks nobody: who answers is given to it. The same values give the
same bytes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from bot.letters.wording import clean
from bot.records.pdf import pdf
from bot.rules import workdays
from bot.rules.workdays import Calendar

HEADINGS = ("Stage", "Does", "Role", "Name", "Telephone", "Email", "If away")


@dataclass(frozen=True, slots=True)
class Team:
    """A watched team. `rows`: a text for each heading."""

    name: str
    rows: tuple[tuple[str, ...], ...]


def as_pdf(title: str, emergency: Sequence[str], teams: Sequence[Team], made: datetime, cal: Calendar) -> bytes:
    """`emergency`: sentences that stand before the tables. Raises typst.TypstError if it cannot be laid out."""
    values = {
        "title": clean(title),
        "emergency": [clean(line) for line in emergency],
        "headings": list(HEADINGS),
        "teams": [{"name": clean(t.name), "rows": [[clean(cell) for cell in row] for row in t.rows]} for t in teams],
        "made": workdays.say(made, cal),
    }
    layout = files("bot.records.contacts").joinpath("contacts.typ").read_bytes()
    return pdf(layout, {"contacts": json.dumps(values, sort_keys=True)}, made)
