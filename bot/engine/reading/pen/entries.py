"""What the names in an answer to the holding pen mean: which entries wait, by which letter, and which case a ref is.

It places nothing and decides nothing of who may. Which words name an entry or a case is mail/words/orders.py's.
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from bot.model import Disposition
from bot.model.letters import Answer, Digest, Information
from bot.store import cases, mails
from bot.store.mails import Listed
from bot.store.outbox import Queued


def waiting(tx: Connection) -> list[Listed]:
    """Every mail that waits for a person, in the pen or set aside."""
    return [row for disposition in (Disposition.PEN, Disposition.ASIDE) for row in mails.listed(tx, disposition)]


def lists_entries(queued: Queued) -> bool:
    """Whether a letter of ours lists entries of the pen: a digest, or the one about older challenges."""
    listing = (Digest.Daily, Digest.Unchanged, Information.InFlight, Answer.Pen)
    return queued.case is None and isinstance(queued.letter.values, listing)


def lettered(digests: Sequence[Queued]) -> dict[str, int]:
    """The letters of the latest digest cited."""
    daily = [(q.id, q.letter.values) for q in digests if isinstance(q.letter.values, Digest.Daily)]
    latest = max(daily, key=lambda one: one[0], default=(0, None))[1]
    rows = (*latest.pen, *latest.set_aside) if latest else ()
    return {row.letter: row.entry for row in rows if row.letter}


def case_of(tx: Connection, ref: str, areas: tuple[str, ...]) -> tuple[str, int | None]:
    """The case of a ref, or of the last number of one; (what is wrong, None) where that is not exactly one."""
    if not ref.isdecimal():
        number = cases.by_ref(tx, ref)
        is_theirs = number is not None and cases.load(tx, number).case.area in areas
        return (ref, number) if is_theirs else (f"there is no case {ref} in your area", None)
    all_ = [case for case in cases.all_cases(tx) if case.area in areas and case.ref.endswith(f"-{ref:0>4}")]
    fitting = [case for case in all_ if case.is_open] or all_
    if len(fitting) == 1:
        return fitting[0].ref, fitting[0].number
    if fitting:
        return f"{ref} may be {' or '.join(case.ref for case in fitting)}; please write the whole ref", None
    return f"there is no case {ref} in your area", None
