"""How many challenges of strangers one hour brings: above a number of them their letters wait.

Each opens its case and its time runs, for a parent's may be among them; but forged senders by the dozen must not make
us write to a team, or to whoever was forged, by the dozen. What waits goes by itself, the oldest first, in the room
that an hour's newcomers leave. It holds the count of one hour, decides no case, and takes nobody for a stranger whom
the directory knows or for whom the business unit stands.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.engine import held
from bot.model import Case, Contact, Flag, Hold, Letter, Opening, Proof, Sending, Unproven
from bot.model.failpoints import failpoint
from bot.model.letters import Information
from bot.model.letters.standing import Emergency
from bot.rules import book
from bot.rules.directory import Directory
from bot.rules.policy.policy import Policy
from bot.store import cases, meta, outbox
from bot.store.db import Database
from bot.store.outbox import Queued

HOUR = timedelta(hours=1)
_KEY, _FREED = "strangers", "strangers freed"
SUBJECT = "Many challenges of unknown senders"


def counts(case: Case, opening: Opening, directory: Directory) -> bool:
    """Whether it is a stranger's: not of a person of the directory whose mail no border refuses, and nothing that the
    business unit brought in or adopted."""
    mail = opening.mail
    is_known = mail.sender is not None and directory.person(mail.sender.email) is not None
    is_units = not {Flag.ADOPTED, Flag.BROUGHT_IN}.isdisjoint(opening.flags)
    return case.unproven is Unproven.STRANGER and not is_units and (mail.proof is Proof.FAILED or not is_known)


def are_many(tx: Connection, case: int, most: int, now: datetime) -> bool:
    """Counts one more at `now`; whether `most` came before it within the hour."""
    before = _within(tx, _KEY, now)
    _note(tx, _KEY, [*before, (now, case)][-most - 1 :])
    return len(before) >= most


def free(db: Database, most: int, now: datetime) -> int:
    """Lets go what waits, as far as the hour has room for it; how many letters. What is no longer true goes to
    nobody."""
    with db.read() as tx:
        if not (_held(tx) and _room(tx, most, now) > 0):
            return 0
    with db.begin() as tx:
        going = list(_going(tx, _room(tx, most, now), now))
        for one, _ in going:
            outbox.release(tx, one.id, now)
        _note(tx, _FREED, [*_within(tx, _FREED, now), *((now, number) for number in {of for _, of in going})])
        failpoint("strangers.freeing")
    failpoint("strangers.freed")
    return len(going)


def next_at(tx: Connection, most: int, now: datetime) -> datetime | None:
    """When what waits may go; None where nothing waits."""
    if not _held(tx):
        return None
    times = sorted(at for key in (_KEY, _FREED) for at, _ in _within(tx, key, now))
    return times[-most] + HOUR if len(times) >= most else now


def _going(tx: Connection, room: int, now: datetime) -> Iterator[tuple[Queued, int]]:
    """The letters of so many cases, the oldest first, each with its case; the untrue are dropped."""
    taken: set[int] = set()
    for one in _held(tx):
        number = next((of for _, of, _ in cases.find_ids(tx, (one.letter.message_id,))), 0)
        case = cases.load(tx, number).case if number else None
        if held.dropped(tx, one, case if case and case.is_open else None, now):
            continue
        if number in taken or len(taken) < room:
            taken.add(number)
            yield one, number


def _held(tx: Connection) -> list[Queued]:
    return [one for one in outbox.of_status(tx, Sending.HELD) if one.held_for is Hold.STRANGERS]


def _room(tx: Connection, most: int, now: datetime) -> int:
    return most - sum(len(_within(tx, key, now)) for key in (_KEY, _FREED))


def _within(tx: Connection, key: str, now: datetime) -> list[tuple[datetime, int]]:
    """When each came within the hour, and its case; those left out behind which somebody stands by now."""
    noted = (one.partition("=") for one in (meta.get(tx, key) or "").split())
    known = [(datetime.fromisoformat(at), int(number or 0)) for at, _, number in noted]
    return [(at, of) for at, of in known if now - at < HOUR and (not of or _is_strangers(tx, of))]


def _is_strangers(tx: Connection, number: int) -> bool:
    return cases.load(tx, number).case.unproven is Unproven.STRANGER


def _note(tx: Connection, key: str, noted: list[tuple[datetime, int]]) -> None:
    meta.put(tx, key, " ".join(f"{at.isoformat()}={number}" for at, number in noted))


def summary(case: Case, policy: Policy, directory: Directory, most: int, now: datetime) -> Letter:
    """One letter an hour to the business unit and the team's inbox, in place of one for each. Its words never change
    within the hour, so they name no case: OPEN lists them."""
    team = (Contact(case.inbox, case.team),) if case.inbox else ()
    to = (*directory.unit(case.area), *team)
    line = book.emergency_of(policy, case.area)
    ring = Emergency(book.risk(line, policy.about), book.box(line, policy.about))
    return Letter(
        Information.Strangers(emergency=ring, most=most, first=case.ref),
        f"{_KEY}/{case.area}/{case.inbox}/{now:%Y%m%d%H}",
        to,
        decided=now,
        subject=SUBJECT,
    )


def lines(ref: str, most: int) -> list[str]:
    """What the operator hears of it."""
    return [
        f"More than {most} challenges of unknown senders came within an hour, the last as {ref}.",
        "Their cases are open and their time runs; letters about further ones wait.",
        "They go by themselves, the oldest first, as an hour has room for them. See: challenge-bot outbox",
    ]
