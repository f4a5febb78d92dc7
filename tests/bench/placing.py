"""What it costs to place one mail, by how many cases are open and by what the mail cites.

One case is opened by the bot's own turn; the others are its rows again under other numbers, refs, raisers and ids, with
the one letter that each is answered by, so that fifty thousand are there in seconds. Ten belong to each raiser.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from statistics import median

from sqlalchemy import Connection, insert, select

from bot.daemon.app import App, build
from bot.engine.reading.place import place
from bot.mail.read import read
from bot.model import Address, Inbox, Mail
from bot.rules.directory import Directory
from bot.settings.settings import Settings
from bot.store import schema
from bot.store.proof.states import found_by
from tests.bench.backlog import clock
from tests.bench.boxes import TEAM_NAME
from tests.bench.corpus import MANAGER, TEAM, opening

MAILS = 40
EACH = 10
BATCH = 1_000


def measured(settings: Settings, count: int) -> dict[str, float]:
    """Seconds of processor time to place one mail of each kind (the median of MAILS) beside `count` open cases."""
    app = build(settings, read_now=clock, in_process=True)
    try:
        first = read(opening(0, clock(), random.Random(1))[1].raw, app.intake.reading, clock())
        inbox = app.intake.boxes.inboxes[TEAM_NAME]
        with app.db.begin() as tx:
            app.turn.open(tx, first, inbox, clock())
        for start in range(1, count, BATCH):
            with app.db.begin() as tx:
                _copy(tx, range(start, min(start + BATCH, count)))
        return {kind: _cost(app, inbox, first, make, count) for kind, make in KINDS.items()}
    finally:
        app.close()


def _copy(tx: Connection, numbers: range) -> None:
    model = tx.execute(select(schema.cases).where(schema.cases.c.number == 1)).one()
    letter = tx.execute(select(schema.outbox).where(schema.outbox.c.case_number == 1).limit(1)).one()
    rows, ids, people, letters = [], [], [], []
    for n in numbers:
        fields = json.loads(model.snapshot)
        fields |= {"number": n + 1, "ref": _ref(n), "raiser": fields["raiser"] | {"email": _raiser(n)}, "people": []}
        row = model._asdict() | {"number": n + 1, "ref": _ref(n), "snapshot": json.dumps(fields)}
        rows.append(row)
        ids += [
            {"message_id": f"{what}-{n}@health.example", "case_number": n + 1, "what": what}
            for what in ("original", "content", "words")
        ]
        people += [{"address": a, "case_number": n + 1, "is_raiser": r} for a, r in found_by(fields).items()]
        letters.append(
            {name: value for name, value in letter._asdict().items() if name != "id"}
            | {"case_number": n + 1, "message_id": _letter(n), "status": "sent"}
            | {"letter": json.dumps(json.loads(letter.letter) | {"message_id": _letter(n)})}
        )
    for table, made in (
        (schema.cases, rows), (schema.ids, ids), (schema.involved, people), (schema.outbox, letters),
    ):  # fmt: skip
        tx.execute(insert(table), made)


def _ref(n: int) -> str:
    return f"CE-2031-{n:05}"


def _letter(n: int) -> str:
    return f"letter-{n}@council.example"


def _raiser(n: int) -> str:
    return f"person-{n // EACH}@health.example"


def _cost(app: App, inbox: Inbox, first: Mail, make: Callable[[Mail, int], Mail], count: int) -> float:
    dice, directory = random.Random(2), app.settings.directory
    times = []
    for n in range(MAILS + 5):
        one = make(replace(first, date=None, message_id=f"new-{n}@health.example"), dice.randrange(1, count))
        times.append(_placed(app, one, inbox, directory))
    return median(times[5:])  # the first ones compile their statements


def _placed(app: App, one: Mail, inbox: Inbox, directory: Directory) -> float:
    with app.db.read() as tx:
        start = time.process_time()
        place(tx, one, inbox, directory, is_old=False)
        return time.process_time() - start


def _from(one: Mail, email: str, *to: str) -> Mail:
    return replace(one, sender=Address(email, ""), to=tuple(Address(e, "") for e in to), cc=())


def _said(one: Mail, n: int, subject: str) -> Mail:
    """A mail that is no challenge, in words of its own."""
    text = f"We have looked at number {n} once more and write again when the plan has been agreed by all of us."
    plain = replace(
        one,
        subject=subject,
        trigger=type(one.trigger)(),
        new_text=text,
        text=text,
        quoted="",
        in_reply_to=(),
        references=(),
    )
    return replace(plain, received=one.received + timedelta(minutes=1))


KINDS: dict[str, Callable[[Mail, int], Mail]] = {
    "cites a letter by its id": lambda one, n: replace(
        _from(_said(one, n, "Re: a challenge"), MANAGER[1], TEAM), in_reply_to=(_letter(n),)
    ),
    "a ref in its subject": lambda one, n: _from(_said(one, n, f"Re: [{_ref(n)}]"), MANAGER[1], TEAM),
    "cites nothing, from a known person": lambda one, n: _from(_said(one, n, "The plan"), MANAGER[1], _raiser(n)),
    "cites nothing, from a stranger": lambda one, n: _from(
        _said(one, n, "The plan"), "aunt@post.example", TEAM, _raiser(n)
    ),
    "a new challenge": lambda one, n: replace(
        _from(one, _raiser(n), MANAGER[1], TEAM), new_text=f"{one.new_text} Number {n}.", text=f"{one.text} {n}"
    ),
}
