"""A process that runs the whole engine over a scripted week, to be killed: mail in, decisions, deadlines, letters out.

The real App on Maildirs and SQLite; what is scripted is the clock and what people write. A life remembers at which
instant it was, and the next begins there, as the daemon does: it frees what the life before it held. What a killed
life was delivering is looked for, and sent again, at the instants that follow.
"""

from __future__ import annotations

import functools
import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.cli.rehearsal.rehearse import StillNow
from bot.cli.rehearsal.story import BOT_ADDRESS, Answered, Story, StoryMail, compose, maildir, message_id, settings_of
from bot.daemon.app import App, build, open_database
from bot.doors.maildir.send import deliver
from bot.letters.mime import message_id as message_id_of
from bot.settings import settings
from bot.store import cases, deadlines, mails, meta, outbox

CONFIG = Path(__file__).parents[2] / "config"
OWNER = "killed"
START = datetime(2027, 1, 12, 9, tzinfo=UTC)
CREWE = "crewe.assessment@csc.example"
HELEN, FAY, DEV = "helen.visser@health.example", "fay.marsh@csc.example", "dev.patel@csc.example"
UNIT = "cescp@cescp.example"
#: A letter in doubt is sent again after a quarter of an hour: each instant is looked at again after that.
AGAIN = timedelta(minutes=17)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return START.replace(day=day, hour=hour, minute=minute)


def row(role: str, name: str, email: str, agency: str = "", team: str = "", **more: str) -> dict[str, str]:
    sector = "social_care" if agency == "CSC" else "hospital" if agency else ""
    area = {"area": "CE", "agency": agency, "team": team, "sector": sector}
    return area | {"role": role, "name": name, "email": email} | more


MAILS = (
    {"id": "lunch", "at": at(12, 9, 30), "from": f"Fay Marsh <{FAY}>", "subject": "Lunch", "text": "Is at noon."},
    {"id": "m1", "at": at(12, 10), "from": f"Helen Visser <{HELEN}>", "to": [FAY], "cc": [CREWE],
     "subject": "Professional Safeguarding Challenge – 24 hours", "text": "The baby was not seen."},
    {"id": "m2", "at": at(12, 10), "from": f"Helen Visser <{HELEN}>", "to": [FAY], "cc": [CREWE],
     "subject": "Professional Safeguarding Challenge – 10 working days", "text": "The plan was not shared with us."},
    {"id": "away", "at": at(12, 10, 5), "from": f"Fay Marsh <{FAY}>", "to": [BOT_ADDRESS], "answers": "m1",
     "auto": "out-of-office", "text": "I am away."},
    {"id": "reply", "at": at(13, 15), "from": f"Dev Patel <{DEV}>", "to": [HELEN], "cc": [CREWE], "answers": "m1",
     "text": "The visit was made today and the baby was seen. A strategy meeting is arranged."},
    {"id": "word", "at": at(13, 16), "from": f"Helen Visser <{HELEN}>", "to": [BOT_ADDRESS], "answers": "m1",
     "text": "RESOLVED"},
    {"id": "outcome", "at": at(14, 11), "from": f"Dev Patel <{DEV}>", "to": [BOT_ADDRESS], "answers": "m1",
     "text": "OUTCOME: joint visit every week"},
    {"id": "gone", "at": at(14, 12), "from": f"Helen Visser <{HELEN}>", "to": [BOT_ADDRESS], "answers": "m2",
     "text": "WITHDRAW\nthe plan has come"},
    # More of the raiser's questions than a day has answers, and more strangers than an hour: what waits goes by itself.
    *({"id": f"asks{n}", "at": at(12, 12, n), "from": f"Helen Visser <{HELEN}>", "to": [BOT_ADDRESS], "answers": "m2",
       "text": f"STATUS\nthe {n}th time of asking, and still no answer to me"} for n in range(11)),
    *({"id": f"p{n}", "at": at(12, 13, n), "from": f"p{n}@home{n}.example", "to": [CREWE], "proof": "unproven",
       "subject": "Professional Safeguarding Challenge – 10 working days", "text": f"Nobody asked family {n}."}
      for n in range(6)),
    # What no case can be told for waits for the unit, which calls it none of its business: its text goes a day later.
    {"id": "concern", "at": at(12, 14), "from": "Ruth Okoye <ruth.okoye@health.example>", "to": [BOT_ADDRESS],
     "subject": "A concern", "text": "We want to challenge the decision to close the plan of the younger brother."},
    {"id": "notours", "at": at(13, 9, 20), "from": f"CESCP <{UNIT}>", "to": [BOT_ADDRESS],
     "subject": "Today", "text": "A not ours"},
)  # fmt: skip
#: The letter that a mail answers, by its key.
CITES = {"notours": f"digest/CE/2027-01-13/digest/{UNIT}"}
#: What ids of letters are made with: the same in every life, so that mails that cite one are the same too.
SECRET = "5e" * 32
STORY = Story.model_validate(
    {
        "story": "a week to be killed in",
        "policy": "cheshire-east",
        "starts": START,
        "until": at(15, 9),
        "inbox": {"team": "Crewe Assessment Team", "agency": "CSC", "address": CREWE},
        "directory": [
            row("line_manager", "Fay Marsh", FAY, "CSC", "Crewe Assessment Team",
                deputy_email="tom.lee@csc.example", domains="csc.example"),
            row("designated_safeguarding_lead", "Dev Patel", DEV, "CSC"),
            row("practitioner", "Helen Visser", HELEN, "Health", "Visiting", domains="health.example"),
            row("line_manager", "Mo Reid", "mo.reid@health.example", "Health", "Visiting"),
            row("designated_safeguarding_lead", "Ruth Okoye", "ruth.okoye@health.example", "Health"),
            row("delegated_safeguarding_partner", "Partners", "dsp@cescp.example"),
            row("business_unit", "CESCP", UNIT, domains="cescp.example"),
        ],
        "mail": MAILS,
    }
)  # fmt: skip
#: Chasers, the lapse and its repeats fall due between the mails.
DUE = (at(12, 22), at(13, 6), at(13, 10), at(13, 9), at(14, 9), at(15, 9))
INSTANTS = tuple(sorted({START} | {i + d for i in (*DUE, *(m.at for m in STORY.mail)) for d in (timedelta(), AGAIN)}))


@functools.cache
def base() -> settings.Settings:
    return settings.load(CONFIG, {})


@dataclass(frozen=True)
class End:
    """What a life leaves: every case, letter (with how many copies lie there), fact and mail."""

    cases: tuple[tuple[str, str, str, str], ...]
    letters: tuple[tuple[str, ...], ...]
    facts: tuple[tuple[str, str, str], ...]
    mails: tuple[tuple[str, str], ...]
    copies: tuple[int, ...]
    unfinished: tuple[str, ...]
    faults: tuple[str, ...]


@contextmanager
def running(folder: Path) -> Iterator[tuple[App, StillNow]]:
    clock = StillNow(START)
    of = settings_of(STORY, folder, base())
    db = open_database(of)
    with db.begin() as tx:
        meta.put(tx, "secret", SECRET)
    db.close()
    app = build(of, read_now=clock, in_process=True, owner=OWNER, strict=True)
    try:
        yield app, clock
    finally:
        app.close()


def live(folder: Path, failpoint: str = "") -> None:
    """Lives on from where the life before stopped, to the end; with a failpoint, until it is killed there."""
    reached = folder / "reached"
    since = int(reached.read_text()) if reached.exists() else 0
    if failpoint:
        os.environ["CHALLENGE_BOT_FAILPOINT"] = failpoint
    with running(folder) as (app, clock):
        for n, now in enumerate(INSTANTS[since:], since):
            reached.write_text(str(n))
            clock.now = now
            if n == since:
                free(app, now)
            for mail in STORY.mail:
                if mail.at <= now:
                    put(folder, mail)
            app.once(now)


def free(app: App, now: datetime) -> None:
    with app.db.begin() as tx:
        deadlines.free(tx, OWNER)
        outbox.free(tx, OWNER, now)


def put(folder: Path, mail: StoryMail) -> None:
    """Into the inbox it is for, once however often it is asked."""
    to = mail.to or (CREWE,)
    answered = Answered(cited(mail))
    if isinstance(mail.answers, str):
        original = next(m for m in STORY.mail if m.id == mail.answers)
        answered = Answered(message_id(original), (), original.subject)
    raw = compose(mail, STORY, answered)
    address = BOT_ADDRESS if BOT_ADDRESS in to else CREWE
    deliver(maildir(folder, address), raw, mail.at, name=hashlib.sha256(raw).hexdigest()[:16])


def cited(mail: StoryMail) -> str:
    """The id of the letter that it answers, "" where it answers none."""
    key = CITES.get(mail.id)
    return message_id_of(bytes.fromhex(SECRET), "", key, BOT_ADDRESS.rpartition("@")[2]) if key else ""


def end(folder: Path) -> End:
    """What there is, without names that differ from life to life."""
    with running(folder) as (app, _), app.db.read() as tx:
        every = cases.all_cases(tx)
        letters = [q for status in ("sent", "refused") for q in outbox.of_status(tx, status)]
        rows = [(c.ref, j) for c in every for j in cases.journal(tx, c.number)]
        listed = [m for what in ("case", "holding_pen", "ignored", "set_aside") for m in mails.listed(tx, what)]
        lying = Counter(p.name.partition(".")[0] for p in (folder / "letters").glob("*/*"))
        return End(
            tuple((c.ref, c.state.value, c.stage, str(c.closed_as)) for c in every),
            tuple(sorted(words(q) for q in letters)),
            tuple(sorted((ref, kind, by) for ref, j in rows for kind, _, by, _ in j.events)),
            tuple(sorted((m.disposition, m.digest) for m in listed)),
            tuple(sorted(lying.values())),
            tuple(q.letter.key for q in outbox.open_letters(tx)),
            tuple(cases.verify(tx)),
        )


def words(queued: outbox.Queued) -> tuple[str, ...]:
    letter = queued.letter
    return (
        letter.kind.value,
        letter.variant,
        letter.ref,
        letter.stage,
        queued.status,
        *(f"{address} {status}" for address, status, _ in sorted(queued.recipients)),
    )
