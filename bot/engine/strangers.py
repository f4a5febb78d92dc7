"""How many challenges of strangers one hour brings: above a number of them their letters are held.

Each opens its case and its time runs, for a parent's may be among them; but forged senders by the dozen must not make
us write to a team, or to whoever was forged, by the dozen. It holds the count of one hour, decides no case, and knows
nothing of who they are.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from bot.model import Case, Contact, Letter
from bot.model.letters import Information
from bot.model.letters.standing import Emergency
from bot.rules import book
from bot.rules.directory import Directory
from bot.rules.policy.policy import Policy
from bot.store import meta

HOUR = timedelta(hours=1)
_KEY = "strangers"
SUBJECT = "Many challenges of unknown senders"


def are_many(tx: Connection, most: int, now: datetime) -> bool:
    """Counts one more at `now`; whether `most` came before it within the hour."""
    before = [at for at in (meta.get(tx, _KEY) or "").split() if now - datetime.fromisoformat(at) < HOUR]
    meta.put(tx, _KEY, " ".join((*before, now.isoformat())[-most - 1 :]))
    return len(before) >= most


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
        "Their cases are open and their time runs; letters about further ones are held. See: challenge-bot outbox",
    ]
