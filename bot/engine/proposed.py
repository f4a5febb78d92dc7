"""Changes of the directory that were told by mail: who has said YES, and which of them the directory does not hold yet.

What is proposed stands in the letter that asks about it; beside it are kept two words and no name. The file is the
operator's and is changed by nobody here. What words mean and who is asked is reading/spoc.py's.
"""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.model.letters import Answer, Question
from bot.model.letters.parts import Proposal
from bot.rules.directory import Directory
from bot.store import meta, outbox

_PREFIX = "spoc/"
#: In which order a line names its cells: that of the shipped file.
HEADER = "area,agency,sector,team,role,name,email,phone,deputy_email,aliases,domains,secure,valid_from,valid_to"
#: A side that has not answered; one that nobody stands on has said what the other says.
OPEN, YES, NO = "-", "YES", "NO"


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the business unit has said of a proposal, and who was asked besides. `letter`: id of the unit's letter."""

    letter: str
    unit: str = OPEN
    other: str = OPEN

    @property
    def is_confirmed(self) -> bool:
        return (self.unit, self.other) == (YES, YES)

    @property
    def is_refused(self) -> bool:
        return NO in (self.unit, self.other)


def keep(tx: Connection, digest: str, said: Agreed) -> None:
    """`digest`: of the mail that told of the change."""
    meta.put(tx, _PREFIX + digest, f"{said.letter} {said.unit} {said.other}")


def of(tx: Connection, digest: str) -> Agreed | None:
    kept = meta.get(tx, _PREFIX + digest)
    return Agreed(*kept.split(" ")) if kept else None


def proposal(values: object) -> Proposal | None:
    """What a letter asks about, if it is one of these."""
    return values.proposal if isinstance(values, (Answer.Proposed, Question.Proposed)) else None


def not_held(tx: Connection, directory: Directory, area: str) -> Iterator[Proposal]:
    """What both have confirmed and the directory does not hold, of one area."""
    for kept in meta.with_prefix(tx, _PREFIX).values():
        said = Agreed(*kept.split(" "))
        asked = outbox.by_message_id(tx, (said.letter,)) if said.is_confirmed else []
        found = proposal(asked[0].letter.values) if asked else None
        if found is not None and found.area == area and not holds(directory, found):
            yield found


def holds(directory: Directory, one: Proposal) -> bool:
    """Whether the directory names that address for the team and role."""
    return any(
        (row.area, row.team, row.role) == (one.area, one.team, one.role) and one.email.lower() in row.addresses
        for row in directory.rows
    )


def csv_line(directory: Directory, one: Proposal) -> tuple[str, int]:
    """The line for directory.csv, and the line of the file in whose place it stands, 0 for none. What the file says of
    the agency stays; a telephone number and a deputy are the person's before, and are left out."""
    rows = [
        r for r in directory.rows if (r.area, r.agency, r.team, r.role) == (one.area, one.agency, one.team, one.role)
    ]
    row = rows[0] if len(rows) == 1 else None
    same = row is not None and row.email.rpartition("@")[2] == one.email.rpartition("@")[2]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(
        (
            one.area, one.agency, row.sector if row else "", one.team, one.role, one.name, one.email, "", "", "",
            " ".join(row.domains) if row else "", "yes" if row and row.secure and same else "", "", "",
        )
    )  # fmt: skip
    return out.getvalue(), row.line if row else 0
