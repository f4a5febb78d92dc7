"""What was read in the forms of a case's mails, kept beside the case's other personal texts.

It goes with them when a case is purged, and no journal row holds it. It reads no form.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from bot.model import Mail, MailForms
from bot.store import codec, schema

_texts = schema.texts
_PREFIX = "form:"
_KEY = 64


def keep(tx: Connection, number: int, mail: Mail) -> None:
    """The forms of a mail that is of the case; kept once."""
    if mail.forms:
        text = codec.dumps(MailForms(mail.digest, mail.received, mail.forms))
        row = {"case_number": number, "key": f"{_PREFIX}{mail.digest}"[:_KEY], "text": text}
        tx.execute(schema.insert_into(tx, _texts).on_conflict_do_nothing(), [row])


def of_case(tx: Connection, number: int) -> tuple[MailForms, ...]:
    """In order of arrival; () after a purge."""
    mine = select(_texts.c.text).where(_texts.c.case_number == number, _texts.c.key.startswith(_PREFIX))
    found = [codec.loads(MailForms, text) for text in tx.execute(mine).scalars()]
    return tuple(sorted(found, key=lambda one: (one.received, one.mail)))
